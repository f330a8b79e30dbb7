//! The policy of a form: a JSON document that says until when which fields, and how large a file, may be uploaded.
//! Source: AWS "Creating a POST policy" (condition matching, conditions, character escaping).

use super::FormFields;
use crate::operation::customer_key;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use types::{BucketName, ErrorCode, OperationError, Timestamp};

/// What a policy allows. Whoever signed it is none of its business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
    sizes: FileSizes,
}

/// Sizes that a form's file may have, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSizes {
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
}

impl Default for FileSizes {
    /// Any size.
    fn default() -> Self {
        Self { min: 0, max: u64::MAX }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    /// The field's name in lower case, without `$`.
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    StartsWith,
}

impl Policy {
    /// Reads the text of the field `policy`.
    ///
    /// # Errors
    /// `InvalidPolicyDocument` for anything but the base64 text of a JSON document with an expiration and conditions.
    pub fn parse(text: &str) -> Result<Self, OperationError> {
        let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let document = BASE64_STANDARD.decode(text).map_err(|_| invalid("it is not base64"))?;
        let document: Map<String, Value> =
            serde_json::from_slice(&plain_json(&document)).map_err(|_| invalid("Invalid JSON"))?;
        let expiration = match document.get("expiration") {
            Some(Value::String(text)) => {
                expiration(text).ok_or_else(|| invalid(&format!("Invalid 'expiration' value: '{text}'")))?
            }
            _ => return Err(invalid("Policy missing expiration")),
        };
        let Some(Value::Array(listed)) = document.get("conditions") else {
            return Err(invalid("Policy missing conditions"));
        };
        let mut policy = Self { expiration, conditions: Vec::new(), sizes: FileSizes::default() };
        listed.iter().try_for_each(|condition| policy.add(condition))?;
        Ok(policy)
    }

    /// The sizes that the file may have.
    pub fn sizes(&self) -> FileSizes {
        self.sizes
    }

    /// Decides whether a form for `bucket` is what the policy allows now. Its file's name must be put in already.
    ///
    /// # Errors
    /// `AccessDenied` if the policy has expired, for a condition that does not hold, and for a field that no condition
    /// is about.
    pub fn check(&self, bucket: &BucketName, fields: &FormFields, now: Timestamp) -> Result<(), OperationError> {
        if now > self.expiration {
            return Err(denied("Policy expired."));
        }
        let value = |field: &str| if field == BUCKET { Some(bucket.as_str()) } else { fields.get(field) };
        for condition in &self.conditions {
            if !value(&condition.field).is_some_and(|value| condition.holds_for(value)) {
                return Err(denied(&format!("Policy Condition failed: {}", condition.text())));
            }
        }
        let is_covered = |field: &str| self.conditions.iter().any(|condition| condition.field == field);
        let names = fields.iter().map(|(name, _)| name).filter(|name| *name != BUCKET);
        let extra: Vec<_> =
            [BUCKET].into_iter().chain(names).filter(|name| needs_cover(name) && !is_covered(name)).collect();
        if extra.is_empty() { Ok(()) } else { Err(denied(&format!("Extra input fields: {}", extra.join(", ")))) }
    }

    fn add(&mut self, condition: &Value) -> Result<(), OperationError> {
        match condition {
            Value::Object(pairs) => self.add_simple(pairs),
            Value::Array(items) => match items.as_slice() {
                [Value::String(operator), rest @ ..] if operator.eq_ignore_ascii_case("content-length-range") => {
                    self.add_sizes(rest)
                }
                [Value::String(operator), Value::String(field), Value::String(value)] => {
                    self.add_match(operator, field, value)
                }
                _ => Err(invalid("Invalid Condition: wrong number or kind of arguments")),
            },
            _ => Err(invalid("Invalid Condition: it must be an object or a list")),
        }
    }

    /// `{"acl": "public-read"}`.
    fn add_simple(&mut self, pairs: &Map<String, Value>) -> Result<(), OperationError> {
        let mut pairs = pairs.iter();
        match (pairs.next(), pairs.next()) {
            (Some((field, Value::String(value))), None) => {
                self.push(Operator::Equals, field, value);
                Ok(())
            }
            (Some(_), None) => Err(invalid("Invalid Simple-Condition: value must be a string")),
            _ => Err(invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified")),
        }
    }

    /// `["starts-with", "$key", "user/"]`.
    fn add_match(&mut self, operator: &str, field: &str, value: &str) -> Result<(), OperationError> {
        let operator = match operator.to_ascii_lowercase().as_str() {
            "eq" => Operator::Equals,
            "starts-with" => Operator::StartsWith,
            _ => return Err(invalid(&format!("Invalid Condition: unknown operation '{operator}'"))),
        };
        let field = field.strip_prefix('$').ok_or_else(|| invalid("Invalid Condition: a field begins with '$'"))?;
        self.push(operator, field, value);
        Ok(())
    }

    fn push(&mut self, operator: Operator, field: &str, value: &str) {
        self.conditions.push(Condition { field: field.to_ascii_lowercase(), operator, value: value.to_owned() });
    }

    /// `["content-length-range", 1, 1048576]`. Of several all must hold.
    fn add_sizes(&mut self, arguments: &[Value]) -> Result<(), OperationError> {
        let [min, max] = arguments else {
            return Err(invalid("Invalid content-length-range: it must have two arguments"));
        };
        let number = |value: &Value| match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let bound = |value| number(value).ok_or_else(|| invalid("Invalid content-length-range: a bound is no number"));
        self.sizes = FileSizes { min: self.sizes.min.max(bound(min)?), max: self.sizes.max.min(bound(max)?) };
        Ok(())
    }
}

impl Condition {
    fn holds_for(&self, value: &str) -> bool {
        match self.operator {
            Operator::Equals => value == self.value,
            // "Content-Types values for a starts-with condition that include commas are interpreted as lists."
            Operator::StartsWith if self.field == "content-type" => {
                value.split(',').all(|item| item.trim_start().starts_with(&self.value))
            }
            Operator::StartsWith => value.starts_with(&self.value),
        }
    }

    fn text(&self) -> String {
        let operator = match self.operator {
            Operator::Equals => "eq",
            Operator::StartsWith => "starts-with",
        };
        let value = if customer_key::is_secret(&self.field) { "***" } else { &self.value };
        format!("[\"{operator}\", \"${}\", \"{value}\"]", self.field)
    }
}

/// The one name that every policy must speak of and no form needs to have: the bucket is that of the URL.
const BUCKET: &str = "bucket";

/// Every field must be covered by a condition, but for those that sign, and those that the form says to ignore.
fn needs_cover(field: &str) -> bool {
    !matches!(field, "policy" | "x-amz-signature" | "file") && !field.starts_with("x-ignore-")
}

/// A time in GMT, such as `2022-05-18T17:19:59Z`.
fn expiration(text: &str) -> Option<Timestamp> {
    Timestamp::parse_iso8601(text).filter(|_| text.ends_with('Z'))
}

/// S3's documents may have two escapes that JSON has not: `\$` and `\v`.
fn plain_json(document: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(document.len());
    let mut bytes = document.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, if byte == b'\\' { bytes.next() } else { None }) {
            (b'\\', Some(b'$')) => plain.push(b'$'),
            (b'\\', Some(b'v')) => plain.extend_from_slice(b"\\u000b"),
            (byte, escaped) => plain.extend([byte].into_iter().chain(escaped)),
        }
    }
    plain
}

fn invalid(what: &str) -> OperationError {
    OperationError::new(ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {what}."))
}

fn denied(what: &str) -> OperationError {
    OperationError::new(ErrorCode::AccessDenied, format!("Invalid according to Policy: {what}"))
}
