//! Temporary credentials of a parent token, for one bucket. Source: R2's API, `r2.temporary_credentials`.

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::temporary_credentials::{CreateTemporaryCredentials, Scope};
use serde::Deserialize;
use serde_json::json;
use types::{AccessKeyId, BucketName, ErrorCode};

/// How long credentials are good unless the client says otherwise, in seconds. Source: the API's `ttlSeconds`.
const SECONDS_DEFAULT: u64 = 900;

/// Credentials as clients ask for them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    bucket: String,
    parent_access_key_id: String,
    permission: String,
    ttl_seconds: Option<u64>,
    prefixes: Option<Vec<String>>,
    objects: Option<Vec<String>>,
}

impl Asked {
    fn read(self, endpoint_domain: &str) -> Result<CreateTemporaryCredentials, RestError> {
        let unknown_permission = || {
            let names = Scope::ALL.map(Scope::name).join(", ");
            RestError::argument(format!("permission is one of {names}."))
        };
        Ok(CreateTemporaryCredentials {
            bucket: BucketName::parse(&self.bucket).map_err(|_| ErrorCode::InvalidBucketName)?,
            parent: AccessKeyId::parse(&self.parent_access_key_id).ok_or(ErrorCode::NoSuchToken)?,
            scope: Scope::parse(&self.permission).ok_or_else(unknown_permission)?,
            seconds: self.ttl_seconds.unwrap_or(SECONDS_DEFAULT),
            prefixes: self.prefixes.unwrap_or_default(),
            objects: self.objects.unwrap_or_default(),
            endpoint_domain: endpoint_domain.to_owned(),
        })
    }
}

/// Makes temporary credentials, and shows them this once.
///
/// # Errors
/// 10006 without such a bucket; 10000 for what caller or parent may not do; 10040 for content that makes no sense.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let asked = json::read::<Asked>(body).await?.read(call.endpoint_domain)?;
    let made = call.store.create_temporary_credentials(call.caller, &asked).await?;
    envelope::success(&json!({
        "accessKeyId": made.access_key_id.to_string(),
        "secretAccessKey": made.secret_access_key,
        "sessionToken": made.session_token,
    }))
}
