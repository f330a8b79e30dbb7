//! CreateBucket. Sources: R2 "S3 API compatibility", Bucket region; R2 "Data location", hints via the S3 API.

use super::Answer;
use super::shared::{empty, not_implemented};
use crate::header;
use crate::xml::Reader;
use http::StatusCode;
use http::header::LOCATION;
use types::{BucketName, ErrorCode, OperationError};

/// A bucket to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateBucket {
    /// Its name.
    pub bucket: BucketName,
    /// Where its data would best be.
    pub location: Location,
}

/// A `LocationConstraint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// `auto`, `us-east-1`, empty or none at all.
    #[default]
    Auto,
    /// A hint, in lower case: one of [`LOCATION_HINTS`].
    Hint(&'static str),
}

/// The hints R2 knows.
pub const LOCATION_HINTS: [&str; 6] = ["wnam", "enam", "weur", "eeur", "apac", "oc"];

/// Reads the request; an empty body asks for nothing in particular.
///
/// # Errors
/// `MalformedXML`; `InvalidLocationConstraint`; `NotImplemented` for elements R2 has not.
pub fn decode(bucket: BucketName, body: &[u8]) -> Result<CreateBucket, OperationError> {
    if body.trim_ascii().is_empty() {
        return Ok(CreateBucket { bucket, location: Location::Auto });
    }
    let mut document = Reader::open(body, "CreateBucketConfiguration")?;
    let mut location = Location::Auto;
    while let Some(name) = document.next_child()? {
        match &*name {
            "LocationConstraint" => location = parse_location(&document.text()?)?,
            other => {
                return Err(not_implemented(format!(
                    "CreateBucketConfiguration element '{other}' is not implemented."
                )));
            }
        }
    }
    document.close()?;
    Ok(CreateBucket { bucket, location })
}

fn parse_location(text: &str) -> Result<Location, OperationError> {
    let text = text.trim();
    if matches!(text, "" | "auto" | "us-east-1") {
        return Ok(Location::Auto);
    }
    let hint = LOCATION_HINTS.into_iter().find(|hint| hint.eq_ignore_ascii_case(text));
    hint.map(Location::Hint).ok_or_else(|| {
        OperationError::new(
            ErrorCode::InvalidLocationConstraint,
            format!(
                "The specified location constraint '{text}' is not valid: use 'auto', or one of {LOCATION_HINTS:?}."
            ),
        )
    })
}

/// 200, with the bucket's path.
pub fn encode(bucket: &BucketName) -> Answer {
    let mut answer = empty(StatusCode::OK);
    header::put(answer.headers_mut(), LOCATION, format!("/{bucket}"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(body: &str) -> Result<Location, ErrorCode> {
        let bucket = BucketName::parse("abc").unwrap();
        decode(bucket, body.as_bytes()).map(|request| request.location).map_err(|error| error.code)
    }

    fn constraint(text: &str) -> String {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{text}</LocationConstraint></CreateBucketConfiguration>"
        )
    }

    #[test]
    fn aliases_of_auto_and_hints_are_accepted() {
        for body in
            ["", "\n", "<CreateBucketConfiguration/>", &constraint("auto"), &constraint("us-east-1"), &constraint("")]
        {
            assert_eq!(location(body), Ok(Location::Auto), "{body}");
        }
        assert_eq!(location(&constraint("WNAM")), Ok(Location::Hint("wnam")));
    }

    #[test]
    fn other_places_and_elements_are_refused() {
        assert_eq!(location(&constraint("eu-west-1")), Err(ErrorCode::InvalidLocationConstraint));
        let tags = "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>";
        assert_eq!(location(tags), Err(ErrorCode::NotImplemented));
        assert_eq!(location("<Other/>"), Err(ErrorCode::MalformedXml));
    }
}
