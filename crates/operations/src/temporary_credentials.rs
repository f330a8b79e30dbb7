//! Temporary credentials: made from a parent token, and found again by their session token.
//! Source: R2 "Authentication", Temporary access credentials.

use crate::authenticate::Credential;
use crate::caller::Caller;
use crate::permissions::{Action, Right};
use crate::restriction::Restriction;
pub use crate::restriction::Scope;
use crate::session_token::{self, Claims, PathClaims, SessionToken};
use crate::store::Store;
use crate::token_bounds::Bounds;
use metadata::rows::{TokenRow, TokenState};
use std::sync::Arc;
use types::limits::TEMPORARY_CREDENTIAL_SECONDS_MAX;
use types::{AccessKeyId, BucketName, ErrorCode, Jurisdiction, OperationError, Resource, Timestamp};

/// Temporary credentials to be made.
#[derive(Clone, Debug)]
pub struct CreateTemporaryCredentials {
    /// The bucket they are for, in the caller's jurisdiction.
    pub bucket: BucketName,
    /// The token whose secret signs them, and which they end with.
    pub parent: AccessKeyId,
    /// What they may do.
    pub scope: Scope,
    /// How long they are good: 1 to [`TEMPORARY_CREDENTIAL_SECONDS_MAX`].
    pub seconds: u64,
    /// Only keys that begin with one of these, or are one of `objects`; both empty: all keys.
    pub prefixes: Vec<String>,
    /// See `prefixes`.
    pub objects: Vec<String>,
    /// The domain under which accounts have their S3 endpoints.
    pub endpoint_domain: String,
}

/// An S3 key pair with the session token that must go with it. All three are shown this once and kept nowhere.
pub struct TemporaryCredentials {
    /// The parent's.
    pub access_key_id: AccessKeyId,
    /// Signs requests.
    pub secret_access_key: String,
    /// `X-Amz-Security-Token`.
    pub session_token: String,
}

impl Store {
    /// Makes temporary credentials. They may never do more than their parent, nor than whoever has them made.
    ///
    /// # Errors
    /// `AccessDenied`, also for a scope that caller or parent lack on the bucket, and for what could be used where or
    /// when the caller's token may not; `NoSuchBucket`; `NoSuchToken` for a parent that the account does not have;
    /// `InvalidArgument` for a time out of bounds.
    pub async fn create_temporary_credentials(
        &self,
        caller: &Caller,
        request: &CreateTemporaryCredentials,
    ) -> Result<TemporaryCredentials, OperationError> {
        caller.authorize(Action::CreateTemporaryCredentials, Resource::Bucket(&request.bucket))?;
        if !(1..=TEMPORARY_CREDENTIAL_SECONDS_MAX).contains(&request.seconds) {
            let message = "ttlSeconds must be from 1 to 604800: temporary credentials are good for a week at most.";
            return Err(OperationError::new(ErrorCode::InvalidArgument, message));
        }
        self.find_bucket(caller, &request.bucket).await?;
        let parent = self.parent(caller, request.parent).await?;
        let parent_caller = Caller { policies: Arc::clone(&parent.policies), token: request.parent, ..caller.clone() };
        for (who, name) in [(caller, "Your token"), (&parent_caller, "The parent token")] {
            check_has(who, name, request)?;
        }
        // They may be used where their parent may, as long as it may.
        let end = Timestamp(self.clock.now().0.saturating_add(request.seconds.saturating_mul(1000)));
        let expires = Some(parent.expires.map_or(end, |of_parent| of_parent.min(end)));
        self.check_within_own(caller, &Bounds { expires, ..Bounds::of(&parent) }).await?;
        let secret = types::ids::hex(&parent.secret);
        let claims = claims(caller, request, self.clock.now());
        let SessionToken { text, secret } = session_token::sign(&claims, &secret)?;
        let secret_access_key = types::ids::hex(&secret);
        Ok(TemporaryCredentials { access_key_id: request.parent, secret_access_key, session_token: text })
    }

    async fn parent(&self, caller: &Caller, id: AccessKeyId) -> Result<TokenRow, OperationError> {
        let found = self.metadata.token(id).await?.filter(|token| token.row.account == caller.account);
        let parent = found.ok_or(ErrorCode::NoSuchToken)?;
        if parent.row.state(self.clock.now()) != TokenState::Active {
            return Err(OperationError::new(ErrorCode::AccessDenied, "The parent token may not be used now."));
        }
        Ok(parent.row.clone())
    }

    /// As [`Store::credential`], for a request that shows a session token.
    ///
    /// # Errors
    /// As [`Store::credential`] of the parent; `InvalidToken` for what is no session token of this access key;
    /// `SignatureDoesNotMatch` if another secret signed it; `ExpiredRequest` once its time is over, `AccessDenied`
    /// before it begins.
    pub async fn temporary_credential(
        &self,
        access_key: AccessKeyId,
        session_token: &str,
    ) -> Result<Credential, OperationError> {
        let parent = self.credential(access_key).await?;
        let (claims, secret) = session_token::verify(session_token, &parent.secret_access_key())?;
        let of_parent = claims.sub.eq_ignore_ascii_case(&parent.caller.account.to_string())
            && claims.iss.eq_ignore_ascii_case(&access_key.to_string());
        let restriction = Restriction::of(&claims).filter(|_| of_parent).ok_or(ErrorCode::InvalidToken)?;
        check_time(&claims, self.clock.now())?;
        Ok(parent.restricted(restriction, secret))
    }
}

/// Written so that a time that is no number fails.
fn check_time(claims: &Claims, now: Timestamp) -> Result<(), OperationError> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in 53 bits")]
    let now = now.seconds() as f64;
    let is_before_end = now < claims.exp;
    if !is_before_end {
        let message = "The temporary credentials have expired: get new ones.";
        return Err(OperationError::new(ErrorCode::ExpiredRequest, message));
    }
    let has_begun = claims.nbf.is_none_or(|start| now >= start);
    if has_begun { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
}

/// Whether `who` has every right of the scope on the bucket.
fn check_has(who: &Caller, name: &str, request: &CreateTemporaryCredentials) -> Result<(), OperationError> {
    let bucket = Resource::Bucket(&request.bucket);
    let mut rights = Right::ALL.iter().filter(|right| request.scope.has(**right));
    if rights.all(|right| who.has_right(*right, &bucket)) {
        return Ok(());
    }
    let message = format!("{name} lacks '{}' on this bucket: it cannot be handed on.", request.scope.name());
    Err(OperationError::new(ErrorCode::AccessDenied, message))
}

fn claims(caller: &Caller, request: &CreateTemporaryCredentials, now: Timestamp) -> Claims {
    let has_paths = !(request.prefixes.is_empty() && request.objects.is_empty());
    let paths = PathClaims { prefix_paths: request.prefixes.clone(), object_paths: request.objects.clone() };
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in 53 bits")]
    let (iat, exp) = (now.seconds() as f64, (now.seconds() + request.seconds) as f64);
    Claims {
        sub: caller.account.to_string(),
        iss: request.parent.to_string(),
        aud: endpoint(caller, &request.endpoint_domain),
        iat,
        exp,
        nbf: None,
        bucket: request.bucket.as_str().to_owned(),
        scope: request.scope.name().to_owned(),
        actions: None,
        paths: has_paths.then_some(paths),
    }
}

/// The host of the account's S3 endpoint in the caller's jurisdiction.
fn endpoint(caller: &Caller, domain: &str) -> String {
    match caller.jurisdiction {
        Jurisdiction::Default => format!("{}.{domain}", caller.account),
        jurisdiction => format!("{}.{}.{domain}", caller.account, jurisdiction.name()),
    }
}
