//! GetBucketLifecycleConfiguration, PutBucketLifecycleConfiguration and DeleteBucketLifecycle, with the older form of
//! the same document. Sources: R2 "Object lifecycles"; S3 for what is malformed and what each refusal is called.
//!
//! Prefixes may overlap and times may conflict: R2 says which rule then wins. A rule needs no filter.

use super::Answer;
use super::shared::{document, empty, invalid_argument, not_implemented};
use crate::xml::reader::malformed;
use crate::xml::{Reader, XmlWriter};
use http::StatusCode;
use http::header::HeaderMap;
use types::lifecycle::{days_in_seconds, seconds_in_days};
use types::limits::LIFECYCLE_RULES_MAX;
use types::{
    ErrorCode, InvalidLifecycle, Lifecycle, LifecycleRule, LifecycleTime, LifecycleTransition, OperationError,
    StorageClass, Timestamp,
};

/// Classes that S3 moves objects to and R2 has not.
pub(super) const CLASSES_OF_S3: [&str; 5] =
    ["DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA"];

/// Reads a PutBucketLifecycleConfiguration: at least one rule; those without an id have an empty one.
///
/// # Errors
/// `MalformedXML`; `InvalidArgument` and `InvalidRequest` for values that make no sense; `NotImplemented` for
/// versions, tags, sizes of objects and storage classes R2 has not.
pub fn decode_put(headers: &HeaderMap, body: &[u8]) -> Result<Lifecycle, OperationError> {
    const SIZE_HEADER: &str = "x-amz-transition-default-minimum-object-size";
    if headers.contains_key(SIZE_HEADER) {
        return Err(not_implemented(format!("Header '{SIZE_HEADER}' is not implemented: leave it out.")));
    }
    let mut document = Reader::open(body, "LifecycleConfiguration")?;
    let mut rules = Vec::new();
    while let Some(name) = document.next_child()? {
        match &*name {
            "Rule" if rules.len() == LIFECYCLE_RULES_MAX => return Err(refused(&InvalidLifecycle::TooManyRules)),
            "Rule" => rules.push(decode_rule(&mut document)?),
            other => return Err(malformed(format!("'{other}' stands where a 'Rule' must"))),
        }
    }
    document.close()?;
    if rules.is_empty() {
        return Err(malformed("a 'Rule' is missing"));
    }
    Lifecycle::new(rules).map_err(|invalid| refused(&invalid))
}

/// What S3 calls rules that cannot be.
fn refused(invalid: &InvalidLifecycle) -> OperationError {
    let code = match invalid {
        InvalidLifecycle::TooManyRules | InvalidLifecycle::NoXml => return malformed(invalid),
        InvalidLifecycle::IdTooLong
        | InvalidLifecycle::IdTwice(_)
        | InvalidLifecycle::NoAge
        | InvalidLifecycle::AgeTooLong => ErrorCode::InvalidArgument,
        InvalidLifecycle::PrefixTooLong | InvalidLifecycle::NoAction | InvalidLifecycle::ClassTwice => {
            ErrorCode::InvalidRequest
        }
    };
    OperationError::new(code, format!("{invalid}."))
}

/// The elements of a rule as far as they are read.
#[derive(Default)]
struct RuleDraft {
    id: Option<String>,
    enabled: Option<bool>,
    filter: Option<String>,
    outer_prefix: Option<String>,
    expiration: Option<LifecycleTime>,
    transitions: Vec<LifecycleTransition>,
    abort_uploads_after: Option<u64>,
}

impl RuleDraft {
    fn finish(self) -> Result<LifecycleRule, OperationError> {
        if self.filter.is_some() && self.outer_prefix.is_some() {
            return Err(malformed("a 'Rule' has a 'Filter' or a 'Prefix', not both"));
        }
        let prefix_outside_filter = self.outer_prefix.is_some();
        Ok(LifecycleRule {
            id: self.id.unwrap_or_default(),
            enabled: self.enabled.ok_or_else(|| malformed("a 'Rule' has no 'Status'"))?,
            prefix: self.filter.or(self.outer_prefix).unwrap_or_default(),
            prefix_outside_filter,
            expiration: self.expiration,
            transitions: self.transitions,
            abort_uploads_after: self.abort_uploads_after,
        })
    }
}

fn decode_rule(document: &mut Reader<'_>) -> Result<LifecycleRule, OperationError> {
    let mut rule = RuleDraft::default();
    while let Some(name) = document.next_child()? {
        match &*name {
            "ID" => set(&mut rule.id, "ID", document.text()?)?,
            "Status" => set(&mut rule.enabled, "Status", decode_status(document)?)?,
            "Prefix" => set(&mut rule.outer_prefix, "Prefix", document.text()?)?,
            "Filter" => set(&mut rule.filter, "Filter", decode_filter(document)?)?,
            "Expiration" => set(&mut rule.expiration, "Expiration", decode_expiration(document)?)?,
            "Transition" => rule.transitions.push(decode_transition(document)?),
            "AbortIncompleteMultipartUpload" => {
                set(&mut rule.abort_uploads_after, &name, decode_abort(document)?)?;
            }
            "NoncurrentVersionExpiration" | "NoncurrentVersionTransition" => return Err(unsupported(&name)),
            other => return Err(malformed(format!("'{other}' is no element of a 'Rule'"))),
        }
    }
    rule.finish()
}

/// Fills a place that an element may fill once.
fn set<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), OperationError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(malformed(format!("'{name}' is there twice"))),
    }
}

fn unsupported(element: &str) -> OperationError {
    not_implemented(format!("Lifecycle element '{element}' is not implemented: leave it out."))
}

fn decode_status(document: &mut Reader<'_>) -> Result<bool, OperationError> {
    match document.text()?.trim() {
        "Enabled" => Ok(true),
        "Disabled" => Ok(false),
        _ => Err(malformed("'Status' must be Enabled or Disabled")),
    }
}

/// The prefix of a filter, alone or in an `And`; an empty filter is for all keys.
fn decode_filter(document: &mut Reader<'_>) -> Result<String, OperationError> {
    let mut prefix = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "Prefix" => set(&mut prefix, "Prefix", document.text()?)?,
            "And" => set(&mut prefix, "And", decode_and(document)?)?,
            other => return Err(no_filter(other)),
        }
    }
    Ok(prefix.unwrap_or_default())
}

fn decode_and(document: &mut Reader<'_>) -> Result<String, OperationError> {
    let mut prefix = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "Prefix" => set(&mut prefix, "Prefix", document.text()?)?,
            other => return Err(no_filter(other)),
        }
    }
    prefix.ok_or_else(|| malformed("'And' is empty"))
}

fn no_filter(element: &str) -> OperationError {
    match element {
        "Tag" | "ObjectSizeGreaterThan" | "ObjectSizeLessThan" => unsupported(element),
        other => malformed(format!("'{other}' is no element of a 'Filter'")),
    }
}

fn decode_expiration(document: &mut Reader<'_>) -> Result<LifecycleTime, OperationError> {
    let mut time = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "Days" => set(&mut time, "Days", LifecycleTime::days(positive(document, "Expiration")?))?,
            "Date" => set(&mut time, "Date", decode_date(document)?)?,
            // There are no versions, and so no markers; some clients say that they want none removed.
            "ExpiredObjectDeleteMarker" if document.text()?.trim() == "false" => {}
            "ExpiredObjectDeleteMarker" => return Err(unsupported(&name)),
            other => return Err(malformed(format!("'{other}' is no element of 'Expiration'"))),
        }
    }
    time.ok_or_else(|| malformed("'Expiration' needs 'Days' or 'Date'"))
}

fn decode_transition(document: &mut Reader<'_>) -> Result<LifecycleTransition, OperationError> {
    let (mut time, mut class) = (None, None);
    while let Some(name) = document.next_child()? {
        match &*name {
            "Days" => set(&mut time, "Days", LifecycleTime::days(days(document, "Transition", 0)?))?,
            "Date" => set(&mut time, "Date", decode_date(document)?)?,
            "StorageClass" => set(&mut class, "StorageClass", decode_class(document)?)?,
            other => return Err(malformed(format!("'{other}' is no element of 'Transition'"))),
        }
    }
    let time = time.ok_or_else(|| malformed("'Transition' needs 'Days' or 'Date'"))?;
    let class = class.ok_or_else(|| malformed("'Transition' has no 'StorageClass'"))?;
    Ok(LifecycleTransition { time, class })
}

/// Seconds after which an upload is aborted.
fn decode_abort(document: &mut Reader<'_>) -> Result<u64, OperationError> {
    let mut after = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "DaysAfterInitiation" => {
                let days = positive(document, "AbortIncompleteMultipartUpload")?;
                set(&mut after, &name, days_in_seconds(days))?;
            }
            other => return Err(malformed(format!("'{other}' is no element of 'AbortIncompleteMultipartUpload'"))),
        }
    }
    after.ok_or_else(|| malformed("'AbortIncompleteMultipartUpload' has no 'DaysAfterInitiation'"))
}

fn positive(document: &mut Reader<'_>, action: &str) -> Result<u32, OperationError> {
    days(document, action, 1)
}

/// A number of days, at least `least`.
fn days(document: &mut Reader<'_>, action: &str, least: i32) -> Result<u32, OperationError> {
    let text = document.text()?;
    let number: i32 = text.trim().parse().map_err(|_| malformed(format!("the days of '{action}' are no integer")))?;
    u32::try_from(number).ok().filter(|_| number >= least).ok_or_else(|| {
        let kind = if least > 0 { "positive" } else { "nonnegative" };
        invalid_argument(format!("The number of days of an {action} action must be a {kind} integer."))
    })
}

/// A date, with a time of day or without: rules that came by R2's API have one, and go back as they were shown.
fn decode_date(document: &mut Reader<'_>) -> Result<LifecycleTime, OperationError> {
    let date = Timestamp::parse_iso8601(&document.text()?);
    let date = date.ok_or_else(|| malformed("a 'Date' is not of ISO 8601"))?;
    Ok(LifecycleTime::Date(date))
}

fn decode_class(document: &mut Reader<'_>) -> Result<StorageClass, OperationError> {
    match document.text()?.trim() {
        "STANDARD_IA" => Ok(StorageClass::InfrequentAccess),
        class if CLASSES_OF_S3.contains(&class) => Err(not_implemented(format!(
            "Transitions to the storage class '{class}' are not implemented: the only one is STANDARD_IA."
        ))),
        class => Err(malformed(format!("'{class}' is no 'StorageClass' of a transition: use STANDARD_IA"))),
    }
}

/// GetBucketLifecycleConfiguration: 200 with the rules.
///
/// # Errors
/// `NoSuchLifecycleConfiguration` if there are none.
pub fn encode_get(lifecycle: &Lifecycle) -> Result<Answer, OperationError> {
    let rules = lifecycle.rules();
    if rules.is_empty() {
        return Err(ErrorCode::NoSuchLifecycleConfiguration.into());
    }
    Ok(document(XmlWriter::document("LifecycleConfiguration", rules.len() * 256, |xml| {
        rules.iter().for_each(|rule| xml.element("Rule", |xml| write_rule(xml, rule)));
    })))
}

fn write_rule(xml: &mut XmlWriter, rule: &LifecycleRule) {
    xml.text("ID", &rule.id);
    if rule.prefix_outside_filter {
        xml.text("Prefix", &rule.prefix);
    } else {
        xml.element("Filter", |xml| xml.text("Prefix", &rule.prefix));
    }
    xml.plain("Status", if rule.enabled { "Enabled" } else { "Disabled" });
    for transition in &rule.transitions {
        xml.element("Transition", |xml| {
            write_time(xml, transition.time);
            xml.plain("StorageClass", transition.class.s3_name());
        });
    }
    if let Some(time) = rule.expiration {
        xml.element("Expiration", |xml| write_time(xml, time));
    }
    if let Some(seconds) = rule.abort_uploads_after {
        let days = seconds_in_days(seconds);
        xml.element("AbortIncompleteMultipartUpload", |xml| xml.number("DaysAfterInitiation", days));
    }
}

fn write_time(xml: &mut XmlWriter, time: LifecycleTime) {
    match time {
        LifecycleTime::Age(seconds) => xml.number("Days", seconds_in_days(seconds)),
        LifecycleTime::Date(date) => xml.plain("Date", &date.to_iso8601()),
    }
}

/// PutBucketLifecycleConfiguration: 200.
pub fn encode_put() -> Answer {
    empty(StatusCode::OK)
}

/// DeleteBucketLifecycle: 204, whether there were rules or not.
pub fn encode_delete() -> Answer {
    empty(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
