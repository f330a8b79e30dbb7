//! The signature of a form: it covers the text of the form's policy, and nothing else.
//! Source: AWS "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)".

use super::credential::Credential;
use super::key::check_signature;
use super::parse::signature_version_2;
use super::{ALGORITHM, SigningKey};
use crate::form::FormFields;
use types::{ErrorCode, OperationError, Timestamp};

/// A form's claim that the holder of an access key signed its policy. Nothing of it is true until
/// [`SignedPolicy::verify`].
#[derive(Clone, Debug)]
pub struct SignedPolicy<'a> {
    policy: &'a str,
    credential: Credential<'a>,
    signature: [u8; 32],
    session_token: Option<&'a str>,
}

impl<'a> SignedPolicy<'a> {
    /// Reads what signs a form; `None` if nothing does.
    ///
    /// # Errors
    /// `InvalidArgument` for a field that is missing or cannot be read, `InvalidRequest` for Signature Version 2.
    pub fn read(fields: &'a FormFields) -> Result<Option<Self>, OperationError> {
        const FIELDS: [&str; 5] = ["policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
        if FIELDS.iter().all(|name| fields.get(name).is_none()) {
            return Ok(None);
        }
        if fields.get("x-amz-signature").is_none() && fields.get("signature").is_some() {
            return Err(signature_version_2());
        }
        let field = |name: &'static str| fields.get(name).ok_or_else(|| missing(name));
        let policy = field("policy")?;
        if field("x-amz-algorithm")? != ALGORITHM {
            return Err(invalid("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"."));
        }
        let credential = Credential::parse(field("x-amz-credential")?.into(), ErrorCode::InvalidArgument)?;
        let date = field("x-amz-date")?;
        if Timestamp::parse_amz_date(date).is_none() {
            return Err(invalid("X-Amz-Date must be formatted via ISO8601 basic, such as 20220518T171959Z."));
        }
        if !date.starts_with(&*credential.date) {
            return Err(invalid("The date of X-Amz-Credential is not that of X-Amz-Date."));
        }
        let signature = types::ids::parse_hex(field("x-amz-signature")?).ok_or(ErrorCode::SignatureDoesNotMatch)?;
        Ok(Some(Self { policy, credential, signature, session_token: fields.get("x-amz-security-token") }))
    }

    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        &self.credential.access_key_id
    }

    /// The day of the credential's scope, `20220518`.
    pub fn date(&self) -> &str {
        &self.credential.date
    }

    /// The region of the credential's scope, as sent.
    pub fn region(&self) -> &str {
        &self.credential.region
    }

    /// The token of temporary credentials; what it means is for the caller.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token
    }

    /// The policy as sent, in base64.
    pub fn policy(&self) -> &str {
        self.policy
    }

    /// Decides whether the policy was signed with `key`. How long that is good for, the policy itself says.
    ///
    /// # Errors
    /// `SignatureDoesNotMatch`.
    pub fn verify(&self, key: &SigningKey) -> Result<(), OperationError> {
        check_signature(&key.sign_policy(self.policy), &self.signature, "the policy")
    }
}

fn missing(name: &str) -> OperationError {
    OperationError::new(
        ErrorCode::InvalidArgument,
        format!(
            "Bucket POST must contain a field named '{name}'. If it is specified, please check the order of the fields."
        ),
    )
}

fn invalid(message: &'static str) -> OperationError {
    OperationError::new(ErrorCode::InvalidArgument, message)
}
