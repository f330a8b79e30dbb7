//! CORS: the operations on a bucket's rules, the answer to preflights, and what every other answer to a browser says.
//! Source: R2 "Configure CORS"; "Release notes" 2022-09-28 (no rule that matches is no reason for a 403).
//!
//! Rules decide what a browser shows to a page, never what a caller may do. So they are looked up before anybody is
//! authenticated, and answers of every kind carry them: a page is to read why it was refused.

use crate::buckets::full;
use crate::handle::{Answered, Context, S3Face};
use bytes::Bytes;
use http::header::{HeaderMap, ORIGIN};
use http::request::Parts;
use http::{Method, Response};
use http_body::Body;
use http_support::{AnswerBody, cors};
use s3_protocol::operation::{delete_bucket_cors, get_bucket_cors, put_bucket_cors};
use s3_protocol::sigv4::{self, Authentication};
use s3_protocol::{AddressedBucket, RequestHead};
use std::error::Error;
use std::sync::Arc;
use types::{AccessKeyId, BucketName, CorsPolicy, OperationError};

pub(crate) async fn get<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    let policy = context.store.bucket_cors(context.caller, &bucket).await?;
    Ok(full(get_bucket_cors::encode(&policy)))
}

pub(crate) async fn put<B>(mut context: Context<'_, B>, bucket: BucketName) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    let policy = put_bucket_cors::decode(&document)?;
    context.store.put_bucket_cors(context.caller, &bucket, &policy).await?;
    Ok(full(put_bucket_cors::encode()))
}

pub(crate) async fn delete<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.delete_bucket_cors(context.caller, &bucket).await?;
    Ok(full(delete_bucket_cors::encode()))
}

/// True for requests that browsers send before the one they are about. They are not signed.
pub(crate) fn is_preflight(method: &Method) -> bool {
    *method == Method::OPTIONS
}

/// Answers a preflight, but for what [`S3Face::cors_headers`] adds: without it the browser goes no further. The same
/// for every bucket, and for none, so that nobody learns which there are.
pub(crate) fn preflight(parts: &Parts) -> Answered {
    cors::preflight(parts)?;
    Ok(Response::new(AnswerBody::Full(Bytes::new())))
}

impl S3Face {
    /// What the answer to a cross-origin request says to the browser; `None` for any other request, which costs
    /// nothing. To be asked before the request is carried out: it may remove the rules it was allowed by.
    pub(crate) async fn cors_headers(&self, parts: &Parts) -> Option<HeaderMap> {
        if !parts.headers.contains_key(ORIGIN) {
            return None;
        }
        let asked = cors::asked(parts)?;
        // Boxed: nearly every request goes without.
        match Box::pin(self.cors_rules(&RequestHead::new(parts))).await {
            Ok(policy) => Some(cors::headers(&*policy?, &asked, &parts.method)),
            Err(error) => {
                tracing::error!(?error, path = parts.uri.path(), "the CORS rules of a bucket cannot be read");
                None
            }
        }
    }

    /// The rules of the bucket that a URL names.
    async fn cors_rules(&self, head: &RequestHead<'_>) -> Result<Option<Arc<CorsPolicy>>, OperationError> {
        let Some(addressed) = AddressedBucket::of(head, self.hosts()) else { return Ok(None) };
        let account = match addressed.account {
            Some(account) => Some(account),
            None => self.store().claimed_account(claimed_key(head)).await?,
        };
        match account {
            Some(account) => self.store().cors_rules(account, addressed.jurisdiction, &addressed.bucket).await,
            None => Ok(None),
        }
    }
}

/// The access key that a request claims, in its headers or as a presigned URL. Nobody has verified it.
fn claimed_key(head: &RequestHead<'_>) -> Option<AccessKeyId> {
    match sigv4::parse(head) {
        Ok(Authentication::Signed(signed)) => AccessKeyId::parse(signed.access_key_id()),
        Ok(Authentication::Anonymous) | Err(_) => None,
    }
}
