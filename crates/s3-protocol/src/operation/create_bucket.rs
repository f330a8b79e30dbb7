//! CreateBucket. Sources: R2 "S3 API compatibility", Bucket region; R2 "Data location", hints via the S3 API.

use super::Answer;
use super::shared::{empty, not_implemented};
use crate::header;
use crate::xml::Reader;
use http::StatusCode;
use http::header::LOCATION;
use types::{BucketName, ErrorCode, LocationHint, OperationError};

/// A bucket to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateBucket {
    /// Its name.
    pub bucket: BucketName,
    /// Where its data would best be; `None` for `auto`, its aliases, and no `LocationConstraint` at all.
    pub location: Option<LocationHint>,
}

/// Reads the request; an empty body asks for nothing in particular.
///
/// # Errors
/// `MalformedXML`; `InvalidLocationConstraint`; `NotImplemented` for elements R2 has not.
pub fn decode(bucket: BucketName, body: &[u8]) -> Result<CreateBucket, OperationError> {
    if body.trim_ascii().is_empty() {
        return Ok(CreateBucket { bucket, location: None });
    }
    let mut document = Reader::open(body, "CreateBucketConfiguration")?;
    let mut location = None;
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

fn parse_location(text: &str) -> Result<Option<LocationHint>, OperationError> {
    let text = text.trim();
    if ["", "auto", "us-east-1"].iter().any(|alias| alias.eq_ignore_ascii_case(text)) {
        return Ok(None);
    }
    LocationHint::parse(text).map(Some).ok_or_else(|| {
        let known: Vec<_> = LocationHint::ALL.iter().map(|hint| hint.name()).collect();
        OperationError::new(
            ErrorCode::InvalidLocationConstraint,
            format!(
                "The specified location constraint '{text}' is not valid: use 'auto', or one of {}.",
                known.join(", ")
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

    fn location(body: &str) -> Result<Option<LocationHint>, ErrorCode> {
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
        for body in ["", "\n", "<CreateBucketConfiguration/>"] {
            assert_eq!(location(body), Ok(None), "{body}");
        }
        for alias in ["auto", "AUTO", "us-east-1", "", " "] {
            assert_eq!(location(&constraint(alias)), Ok(None), "{alias:?}");
        }
        for (sent, hint) in [("WNAM", LocationHint::WesternNorthAmerica), ("Oc", LocationHint::Oceania)] {
            assert_eq!(location(&constraint(sent)), Ok(Some(hint)), "{sent}");
        }
    }

    #[test]
    fn other_places_and_elements_are_refused() {
        for other in ["eu-west-1", "EU", "fedramp", "wnam1"] {
            assert_eq!(location(&constraint(other)), Err(ErrorCode::InvalidLocationConstraint), "{other}");
        }
        let tags = "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>";
        assert_eq!(location(tags), Err(ErrorCode::NotImplemented));
        assert_eq!(location("<Other/>"), Err(ErrorCode::MalformedXml));
    }
}
