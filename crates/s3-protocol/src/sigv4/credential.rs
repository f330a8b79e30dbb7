//! The `Credential` of a signature: `<access key id>/<date>/<region>/<service>/aws4_request`.

use std::borrow::Cow;
use types::{ErrorCode, OperationError};

/// A credential whose scope is one of ours.
#[derive(Clone, Debug)]
pub(super) struct Credential<'a> {
    pub(super) access_key_id: Cow<'a, str>,
    /// `20220518`.
    pub(super) date: Cow<'a, str>,
    /// `auto`, `us-east-1` or empty, as sent.
    pub(super) region: Cow<'a, str>,
}

impl<'a> Credential<'a> {
    /// Reads the text; `code` is the error of the place where it stands.
    pub(super) fn parse(text: Cow<'a, str>, code: ErrorCode) -> Result<Self, OperationError> {
        match text {
            Cow::Borrowed(text) => {
                let (access_key_id, date, region) = split(text, code)?;
                Ok(Self { access_key_id: access_key_id.into(), date: date.into(), region: region.into() })
            }
            Cow::Owned(text) => {
                let (access_key_id, date, region) = split(&text, code)?;
                let owned = |text: &str| Cow::Owned(text.to_owned());
                Ok(Self { access_key_id: owned(access_key_id), date: owned(date), region: owned(region) })
            }
        }
    }

    /// `<date>/<region>/s3/aws4_request`.
    pub(super) fn scope(&self) -> String {
        [&self.date, "/", &self.region, "/s3/aws4_request"].concat()
    }

    /// Appends what [`Credential::scope`] returns.
    pub(super) fn write_scope(&self, out: &mut Vec<u8>) {
        for part in [&self.date, "/", &self.region, "/s3/aws4_request"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// The regions a request may be signed for. Sources: R2 "S3 API compatibility", Bucket region; R2 "boto3", whose
/// `region_name` is a location hint or `auto`; R2 "Data location" for the hints.
const REGIONS: [&str; 9] = ["auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac", "oc"];

/// Access key id, date and region. From the right, since an access key id may hold a slash.
fn split(text: &str, code: ErrorCode) -> Result<(&str, &str, &str), OperationError> {
    let error = |message: String| OperationError::new(code, message);
    let mut parts = text.rsplitn(5, '/');
    let (terminator, service, region, date, access_key_id) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key_id)) =
        (terminator, service, region, date, access_key_id)
    else {
        return Err(error(
            "The Credential is malformed; expecting \"<access key id>/YYYYMMDD/auto/s3/aws4_request\".".to_owned(),
        ));
    };
    if access_key_id.is_empty() || date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error("The Credential is malformed; it must begin with \"<access key id>/YYYYMMDD/\".".to_owned()));
    }
    if service != "s3" {
        return Err(error(format!(
            "The Credential is wrong: incorrect service \"{service}\"; this endpoint belongs to \"s3\"."
        )));
    }
    if !REGIONS.contains(&region) {
        return Err(error(format!("The Credential is wrong: the region '{region}' is wrong; expecting 'auto'.")));
    }
    Ok((access_key_id, date, region))
}
