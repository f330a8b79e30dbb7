//! DeleteObjects. Sources: R2 "Release notes" 2022-04-04, 2022-07-01 (1000 keys), 2022-08-17 (blanks around keys
//! belong to them).

use super::Answer;
use super::shared::{document, not_implemented};
use crate::xml::reader::malformed;
use crate::xml::{Reader, XmlWriter};
use types::limits::DELETE_KEYS_MAX;
use types::{BucketName, ObjectKey, OperationError};

/// Objects to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteObjects {
    /// Their bucket.
    pub bucket: BucketName,
    /// Up to `types::limits::DELETE_KEYS_MAX` keys as sent, in the order sent. Each that is no key gets an error of
    /// its own in the answer.
    pub keys: Vec<String>,
    /// Whether to answer errors only.
    pub quiet: bool,
}

impl DeleteObjects {
    /// A key of the list, checked.
    ///
    /// # Errors
    /// `InvalidObjectName`, for the answer's row.
    pub fn parse_key(text: &str) -> Result<ObjectKey, OperationError> {
        ObjectKey::parse(text)
            .map_err(|invalid| OperationError::new(types::ErrorCode::InvalidObjectName, invalid.to_string()))
    }
}

/// What became of each key, in the order of the request.
#[derive(Debug)]
pub struct DeletedObjects<'a> {
    /// The key as sent, and why it is still there, if it is.
    pub outcomes: Vec<(&'a str, Result<(), OperationError>)>,
}

/// Reads the request.
///
/// # Errors
/// `MalformedXML`, also for more keys than allowed or none; `NotImplemented` for version ids and conditions.
pub fn decode(bucket: BucketName, body: &[u8]) -> Result<DeleteObjects, OperationError> {
    let mut document = Reader::open(body, "Delete")?;
    let mut request = DeleteObjects { bucket, keys: Vec::new(), quiet: false };
    while let Some(name) = document.next_child()? {
        match &*name {
            "Quiet" => request.quiet = decode_quiet(&document.text()?)?,
            "Object" if request.keys.len() == DELETE_KEYS_MAX => {
                return Err(malformed(format!("it may name at most {DELETE_KEYS_MAX} objects")));
            }
            "Object" => request.keys.push(decode_object(&mut document)?),
            other => return Err(malformed(format!("'{other}' is no element of 'Delete'"))),
        }
    }
    document.close()?;
    if request.keys.is_empty() {
        return Err(malformed("'Delete' must name at least one object"));
    }
    Ok(request)
}

/// XML's booleans, in letters of either case; nothing is no.
fn decode_quiet(text: &str) -> Result<bool, OperationError> {
    match &*text.trim().to_ascii_lowercase() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(malformed("'Quiet' must be true or false")),
    }
}

fn decode_object(document: &mut Reader<'_>) -> Result<String, OperationError> {
    let mut key = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "Key" if key.is_none() => key = Some(document.text()?),
            "VersionId" | "ETag" | "LastModifiedTime" | "Size" => {
                return Err(not_implemented(format!("DeleteObjects element '{}' is not implemented.", &*name)));
            }
            other => return Err(malformed(format!("'{other}' stands where one 'Key' must"))),
        }
    }
    key.ok_or_else(|| malformed("an 'Object' has no 'Key'"))
}

/// Writes the answer: 200, also where single keys failed.
pub fn encode(request: &DeleteObjects, deleted: &DeletedObjects<'_>) -> Answer {
    document(XmlWriter::document("DeleteResult", 128 + deleted.outcomes.len() * 128, |xml| {
        for (key, outcome) in &deleted.outcomes {
            match outcome {
                Ok(()) if request.quiet => {}
                Ok(()) => xml.element("Deleted", |xml| xml.text("Key", key)),
                Err(error) => xml.element("Error", |xml| {
                    xml.text("Key", key);
                    xml.plain("Code", error.code.s3_name());
                    xml.text("Message", error.message());
                }),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ErrorCode;

    fn read(body: &str) -> Result<DeleteObjects, ErrorCode> {
        decode(BucketName::parse("abc").unwrap(), body.as_bytes()).map_err(|error| error.code)
    }

    #[test]
    fn blanks_around_keys_belong_to_them() {
        let body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key> a&#10;</Key></Object>\
                    <Object>\n<Key>123</Key></Object><Quiet>true</Quiet></Delete>";
        let request = read(body).unwrap();
        assert_eq!((request.keys, request.quiet), (vec![" a\n".to_owned(), "123".to_owned()], true));
    }

    #[test]
    fn no_key_too_many_keys_and_unknown_elements_are_refused() {
        let objects = |count| format!("<Delete>{}</Delete>", "<Object><Key>a</Key></Object>".repeat(count));
        assert_eq!(read(&objects(1000)).unwrap().keys.len(), 1000);
        for body in
            [objects(0), objects(1001), "<Delete><Key>a</Key></Delete>".into(), "<Delete><Object/></Delete>".into()]
        {
            assert_eq!(read(&body), Err(ErrorCode::MalformedXml));
        }
        let twice = "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>";
        assert_eq!(read(twice), Err(ErrorCode::MalformedXml));
        let version = "<Delete><Object><Key>a</Key><VersionId>1</VersionId></Object></Delete>";
        assert_eq!(read(version), Err(ErrorCode::NotImplemented));
    }

    #[test]
    fn quiet_is_a_boolean() {
        let quiet = |text: &str| {
            let body = format!("<Delete><Object><Key>a</Key></Object><Quiet>{text}</Quiet></Delete>");
            read(&body).map(|request| request.quiet)
        };
        assert_eq!(["true", "True", " 1 "].map(quiet), [Ok(true), Ok(true), Ok(true)]);
        assert_eq!(["false", "0", ""].map(quiet), [Ok(false), Ok(false), Ok(false)]);
        assert_eq!(quiet("maybe"), Err(ErrorCode::MalformedXml));
    }

    #[test]
    fn quiet_answers_errors_only() {
        let mut request = read("<Delete><Object><Key>a</Key></Object></Delete>").unwrap();
        let outcomes = vec![("a<", Ok(())), ("b", Err(ErrorCode::AccessDenied.into()))];
        let deleted = DeletedObjects { outcomes };
        let text = |answer: Answer| String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert!(text(encode(&request, &deleted)).contains("<Deleted><Key>a&lt;</Key></Deleted><Error><Key>b</Key>"));
        request.quiet = true;
        assert!(!text(encode(&request, &deleted)).contains("Deleted"));
    }
}
