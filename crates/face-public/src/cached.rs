//! The way of a GET or HEAD at a custom domain: what is kept, or one read of the bucket; then the answer that this very
//! request gets of it, with its own conditions, range and CORS. Whoever comes here may read the bucket.

use crate::cache::flights::Boarding;
use crate::cache::key::CacheKey;
use crate::cache::{Kept, PublicCache, What, freshness};
use crate::handle::Answered;
use crate::object_headers::ObjectHeaders;
use crate::{conditions, objects, pages};
use http::header::{AGE, AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response};
use http_support::AnswerBody;
use operations::hold_object::{Held, HeldObject, HoldObject};
use operations::public_bucket::PublicBucket;
use operations::{Caller, Store};
use std::sync::Arc;
use std::time::Duration;
use types::{DomainName, ErrorCode, OperationError};

/// How the cache took part in an answer. Source: Cloudflare "Cache responses".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CacheStatus {
    /// It was kept, and fresh.
    Hit,
    /// It was not kept.
    Miss,
    /// It was kept for too long, and is another by now.
    Expired,
    /// It was kept for too long, and is still the same.
    Revalidated,
    /// It would be kept, but something said that it must not.
    Bypass,
    /// It is nothing that is kept.
    Dynamic,
}

/// The header that tells it.
const CF_CACHE_STATUS: HeaderName = HeaderName::from_static("cf-cache-status");

impl CacheStatus {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Expired => "EXPIRED",
            Self::Revalidated => "REVALIDATED",
            Self::Bypass => "BYPASS",
            Self::Dynamic => "DYNAMIC",
        })
    }
}

/// A request at a custom domain.
pub(crate) struct Asked<'a> {
    /// Where objects are read.
    pub(crate) store: &'a Store,
    /// What is kept.
    pub(crate) cache: &'a PublicCache,
    /// As whom.
    pub(crate) caller: &'a Caller,
    /// The bucket that has the domain.
    pub(crate) bucket: &'a PublicBucket,
    /// The domain.
    pub(crate) host: &'a DomainName,
    /// The head: a GET or HEAD.
    pub(crate) parts: &'a Parts,
}

/// What is shown, and how it came to be.
struct Shown {
    kept: Arc<Kept>,
    status: CacheStatus,
}

impl Asked<'_> {
    /// Answers.
    ///
    /// # Errors
    /// What reading fails with. That there is no such object is an answer.
    pub(crate) async fn answer(&self) -> Answered {
        let object = match objects::key(self.parts) {
            Ok(object) => object,
            Err(error) => return Ok(with_status(self.page(&error), CacheStatus::Dynamic)),
        };
        let key = Arc::new(CacheKey::new(self.host, &self.bucket.domain, object, self.parts.uri.query()));
        if !self.cache.is_eligible(&key) {
            return self.around_the_cache().await;
        }
        let shown = if self.parts.headers.contains_key(AUTHORIZATION) {
            self.read(&key, None).await.map(|(kept, _)| Shown { kept: Arc::new(kept), status: CacheStatus::Bypass })
        } else {
            self.find(&key).await
        };
        let shown = match shown {
            Ok(shown) => shown,
            Err(error) => return self.failed(error, CacheStatus::Miss),
        };
        let mut answer = self.show(&shown.kept).await?;
        if shown.status == CacheStatus::Hit {
            let age = self.now().saturating_sub(shown.kept.read);
            answer.headers_mut().insert(AGE, HeaderValue::from(age.as_secs()));
        }
        Ok(with_status(answer, shown.status))
    }

    /// What is not cached is read as at other names.
    async fn around_the_cache(&self) -> Answered {
        let (store, caller, bucket, parts) = (self.store, self.caller, self.bucket, self.parts);
        let answered = match parts.method {
            Method::HEAD => objects::head(store, caller, bucket, parts).await,
            _ => objects::get(store, caller, bucket, parts).await,
        };
        match answered {
            Err(error) => self.failed(error, CacheStatus::Dynamic),
            Ok(answer) => Ok(with_status(answer, CacheStatus::Dynamic)),
        }
    }

    /// The page of a failure that is the request's or the object's; ours are logged with the request's id, elsewhere.
    fn failed(&self, error: OperationError, status: CacheStatus) -> Answered {
        if error.code.status() < 500 { Ok(with_status(self.page(&error), status)) } else { Err(error) }
    }

    /// What is kept and fresh, or what one request reads for all that wait for it.
    async fn find(&self, key: &Arc<CacheKey>) -> Result<Shown, OperationError> {
        loop {
            if let Some(shown) = self.fresh(key) {
                return Ok(shown);
            }
            match self.cache.flights.board(key) {
                Boarding::First(flight) => {
                    // It may have landed between the two looks.
                    if let Some(shown) = self.fresh(key) {
                        return Ok(shown);
                    }
                    let read = self.read_and_keep(key).await;
                    let for_all = read.as_ref().ok().filter(|shown| shown.status != CacheStatus::Bypass);
                    flight.land(for_all.map(|shown| Arc::clone(&shown.kept)));
                    return read;
                }
                Boarding::Later(wait) => match wait.landed().await {
                    Some(Some(kept)) => return Ok(Shown { kept, status: CacheStatus::Hit }),
                    Some(None) => return self.read_and_keep(key).await,
                    // Whoever read has gone away.
                    None => {}
                },
            }
        }
    }

    fn fresh(&self, key: &Arc<CacheKey>) -> Option<Shown> {
        let kept = self.cache.get(key).filter(|kept| kept.is_fresh(self.now()))?;
        Some(Shown { kept, status: CacheStatus::Hit })
    }

    /// Reads, and keeps what may be kept.
    async fn read_and_keep(&self, key: &Arc<CacheKey>) -> Result<Shown, OperationError> {
        let purges = self.cache.purges();
        let known = self.cache.get(key);
        let (kept, same) = self.read(key, known.as_deref()).await?;
        let kept = Arc::new(kept);
        let may_be_kept = kept.is_fresh(kept.read);
        if may_be_kept {
            self.cache.keep(key, &kept, purges);
        } else if known.is_some() {
            self.cache.forget(key);
        }
        let status = match (may_be_kept, known.is_some(), same) {
            (false, ..) => CacheStatus::Bypass,
            (true, false, _) => CacheStatus::Miss,
            (true, true, true) => CacheStatus::Revalidated,
            (true, true, false) => CacheStatus::Expired,
        };
        Ok(Shown { kept, status })
    }

    /// Reads the bucket: what there is now, and whether it has the content that is known.
    async fn read(&self, key: &CacheKey, known: Option<&Kept>) -> Result<(Kept, bool), OperationError> {
        let known = known.and_then(|known| match &known.what {
            What::Object(object, _) => Some(object),
            What::Missing => None,
        });
        let hold = HoldObject {
            bucket: self.bucket.domain.bucket.clone(),
            key: key.object().clone(),
            known: known.map(|known| known.row.etag),
            memory_bytes_max: self.cache.memory_object_bytes_max(),
        };
        match self.store.hold_object(self.caller, &hold).await {
            Ok(Held::Object(object)) => Ok((self.object(object), false)),
            Ok(Held::Known(row)) => match known {
                Some(known) => Ok((self.object(known.with_row(row)), true)),
                None => Err(OperationError::internal("an object is known that was not")),
            },
            Err(error) if error.code == ErrorCode::NoSuchKey => {
                Ok((self.kept(What::Missing, Some(freshness::MISSING_SECONDS)), false))
            }
            Err(error) => Err(error),
        }
    }

    fn object(&self, object: HeldObject) -> Kept {
        let (row, now) = (&object.row, self.store.clock().now());
        let seconds = freshness::seconds(row.http.cache_control.as_deref(), row.http.expires.as_deref(), now);
        let seconds = seconds.filter(|_| row.size <= self.cache.object_bytes_max());
        let headers = Box::new(ObjectHeaders::of(row));
        self.kept(What::Object(object, headers), seconds)
    }

    /// Something that was read just now; without `seconds` it may not be shown again.
    fn kept(&self, what: What, seconds: Option<u64>) -> Kept {
        let read = self.now();
        let fresh_until = read.saturating_add(Duration::from_secs(seconds.unwrap_or(0)));
        Kept { what, domain: Arc::clone(&self.bucket.domain), read, fresh_until }
    }

    /// The answer that this request gets.
    async fn show(&self, kept: &Kept) -> Answered {
        match &kept.what {
            What::Object(object, headers) => {
                objects::show(object, headers, conditions::conditions(&self.parts.headers), self.parts).await
            }
            What::Missing => Ok(self.page(&ErrorCode::NoSuchKey.into())),
        }
    }

    fn page(&self, error: &OperationError) -> Response<AnswerBody> {
        pages::page(error, self.parts.method == Method::HEAD)
    }

    fn now(&self) -> Duration {
        self.store.clock().monotonic()
    }
}

fn with_status(mut answer: Response<AnswerBody>, status: CacheStatus) -> Response<AnswerBody> {
    answer.headers_mut().insert(CF_CACHE_STATUS, status.header());
    answer
}
