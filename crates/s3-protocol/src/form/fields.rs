//! The fields of a form up to its file.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use types::limits::KEY_BYTES_MAX;
use types::{ErrorCode, OperationError};

/// Where the name of the file is put in.
const FILE_NAME: &str = "${filename}";

/// Fields by name. Names mean the same in any case, so they are kept in lower case.
#[derive(Clone, Debug, Default)]
pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// Adds a field.
    ///
    /// # Errors
    /// `InvalidArgument` for a second field of one name, or a value that is not UTF-8; `InvalidObjectName` for a key
    /// that is not.
    pub fn add(&mut self, name: &str, value: Vec<u8>) -> Result<(), OperationError> {
        let name = name.to_ascii_lowercase();
        if self.get(&name).is_some() {
            // Else the policy would be asked about one of them, and the other might be stored.
            return Err(invalid(format!("Bucket POST must contain the field '{name}' only once.")));
        }
        let value = String::from_utf8(value).map_err(|_| match name.as_str() {
            "key" => OperationError::new(ErrorCode::InvalidObjectName, "The key must be UTF-8."),
            _ => invalid(format!("The value of the field '{name}' is not valid: it must be UTF-8.")),
        })?;
        self.0.push((name, value));
        Ok(())
    }

    /// The value of a field; `name` in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Names, in lower case, and values, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Puts the name of the file in the place of `${filename}`, in every field but those that sign. Of a path only
    /// what follows the last slash or backslash counts.
    ///
    /// # Errors
    /// `InvalidArgument` if that name is longer than a key may be.
    pub fn put_file_name(&mut self, sent: &str) -> Result<(), OperationError> {
        let file_name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let takes_it =
            |name: &str, value: &str| value.contains(FILE_NAME) && !matches!(name, "policy" | "x-amz-signature");
        for (name, value) in &mut self.0 {
            if takes_it(name, value) {
                if file_name.len() > KEY_BYTES_MAX {
                    return Err(invalid(format!("The file's name is too long for ${{filename}} in '{name}'.")));
                }
                *value = value.replace(FILE_NAME, file_name);
            }
        }
        Ok(())
    }

    /// The fields that stand for headers of PutObject, as those headers.
    ///
    /// # Errors
    /// `InvalidArgument` for a name or value that no header can have.
    pub(crate) fn headers(&self) -> Result<HeaderMap, OperationError> {
        let mut headers = HeaderMap::new();
        for (field, value) in self.iter() {
            let Some(name) = header_name(field) else { continue };
            let header =
                HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value.as_bytes()).ok());
            let (name, value) = header.ok_or_else(|| {
                invalid(format!("The field '{field}' stands for a header, but its name or value cannot be one."))
            })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// The header that a field stands for, if it stands for one.
fn header_name(field: &str) -> Option<&str> {
    const PLAIN: [&str; 11] = [
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "expires",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
    ];
    match field {
        "acl" => Some("x-amz-acl"),
        "tagging" => Some("x-amz-tagging"),
        // About the signature, or about the framing of a body that is not this one.
        "x-amz-algorithm"
        | "x-amz-credential"
        | "x-amz-date"
        | "x-amz-signature"
        | "x-amz-security-token"
        | "x-amz-content-sha256"
        | "x-amz-decoded-content-length"
        | "x-amz-trailer" => None,
        _ => (field.starts_with("x-amz-") || PLAIN.contains(&field)).then_some(field),
    }
}

fn invalid(message: String) -> OperationError {
    OperationError::new(ErrorCode::InvalidArgument, message)
}
