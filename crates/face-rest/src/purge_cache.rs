//! Purging what is kept before custom domains. Source: Cloudflare's API, `POST /zones/{zone_id}/purge_cache`.

use crate::domains;
use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use http::Uri;
use operations::purge_cache::{CachedUrl, Purge};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use types::{DomainName, ObjectKey};

/// What one call may name. Source: Cloudflare "Purge cache", Max operations per request.
const NAMED_MAX: usize = 100;

/// Cloudflare's number of a body that names nothing to purge, or two kinds of things.
const NOTHING_NAMED: u32 = 1012;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    purge_everything: Option<bool>,
    files: Option<Vec<File>>,
    hosts: Option<Vec<String>>,
    prefixes: Option<Vec<String>>,
    tags: Option<Vec<String>>,
}

/// A URL, alone or with the headers of a key that depends on some: ours depends on none.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Url(String),
    WithHeaders {
        url: String,
        #[serde(default, rename = "headers")]
        _headers: Value,
    },
}

impl Body {
    /// # Errors
    /// 1012 unless it names one kind of things; 10040 for too many of them, and for what is no URL.
    fn purge(self) -> Result<Purge, RestError> {
        let named = [self.files.is_some(), self.hosts.is_some(), self.prefixes.is_some(), self.tags.is_some()];
        let kinds = named.into_iter().filter(|named| *named).count();
        match (self.purge_everything, self.files, self.hosts, self.prefixes) {
            (Some(true), None, None, None) if kinds == 0 => Ok(Purge::Everything),
            _ if kinds != 1 || self.purge_everything == Some(true) => Err(nothing_named()),
            (_, Some(files), ..) => Ok(Purge::Urls(all(files, |file| match file {
                File::Url(url) | File::WithHeaders { url, .. } => cached_url(&url),
            })?)),
            (_, _, Some(hosts), _) => Ok(Purge::Hosts(all(hosts, |host| domain(&host))?)),
            (_, _, _, Some(prefixes)) => Ok(Purge::Prefixes(all(prefixes, |text| prefix(&text))?)),
            _ => Err(RestError::argument("Nothing is tagged: purge by files, hosts or prefixes, or everything.")),
        }
    }
}

fn nothing_named() -> RestError {
    let message = "Request must contain one of \"purge_everything\", \"files\", \"tags\", \"hosts\" or \"prefixes\"";
    RestError::new(400, NOTHING_NAMED, message)
}

fn all<T, U>(named: Vec<T>, read: impl Fn(T) -> Result<U, RestError>) -> Result<Vec<U>, RestError> {
    if named.is_empty() {
        return Err(nothing_named());
    }
    if named.len() > NAMED_MAX {
        return Err(RestError::argument(format!("One call purges at most {NAMED_MAX} things.")));
    }
    named.into_iter().map(read).collect()
}

fn domain(text: &str) -> Result<DomainName, RestError> {
    DomainName::parse(text).map_err(|invalid| RestError::argument(invalid.to_string()))
}

fn cached_url(text: &str) -> Result<CachedUrl, RestError> {
    let invalid =
        || RestError::argument("A file is not valid: write its whole URL, such as https://a.example.com/b.png.");
    let uri: Uri = text.parse().map_err(|_| invalid())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(invalid());
    }
    let host = domain(uri.host().ok_or_else(invalid)?)?;
    let path: Vec<u8> = percent_decode_str(uri.path().strip_prefix('/').unwrap_or_default()).collect();
    // At the root nothing is ever cached, but sites purge it together with what is.
    let key = (!path.is_empty()).then(|| ObjectKey::parse_bytes(&path)).transpose().map_err(|_| invalid())?;
    Ok(CachedUrl { host, key, query: uri.query().map(str::to_owned) })
}

/// `host/beginning`, without a scheme. A query or a fragment is no beginning of a path: nothing would be purged.
fn prefix(text: &str) -> Result<(DomainName, String), RestError> {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let invalid = || RestError::argument("A prefix is not valid: write host and path, such as a.example.com/images.");
    if path.contains(['?', '#']) {
        return Err(invalid());
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| invalid())?;
    Ok((domain(host)?, path.into_owned()))
}

/// Makes the caches before a zone's custom domains forget.
///
/// # Errors
/// 7003 for what can be no zone; 1012 unless one kind of things is named; 10040 for what is none, or of another zone.
pub(crate) async fn purge(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let zone = call.path.text("zone")?;
    if !domains::is_zone(&zone) {
        return Err(RestError::no_route(call.head.uri.path()));
    }
    let purge = json::read::<Body>(body).await?.purge()?;
    call.store.purge_cache(call.caller, &zone, &purge).await?;
    envelope::success(&json!({ "id": zone }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: Value) -> Option<Purge> {
        serde_json::from_value::<Body>(body).ok()?.purge().ok()
    }

    #[test]
    fn one_kind_of_things_is_named() {
        let host = DomainName::parse("a.example.com").unwrap();
        assert_eq!(of(json!({ "purge_everything": true })), Some(Purge::Everything));
        assert_eq!(of(json!({ "hosts": ["A.example.com"] })), Some(Purge::Hosts(vec![host.clone()])));
        let prefixes = json!({ "prefixes": ["a.example.com/%C3%A9/b", "a.example.com"] });
        let expected = vec![(host.clone(), "\u{e9}/b".to_owned()), (host.clone(), String::new())];
        assert_eq!(of(prefixes), Some(Purge::Prefixes(expected)));
        let url = |query: Option<&str>| CachedUrl {
            host: host.clone(),
            key: ObjectKey::parse("b c.png").ok(),
            query: query.map(str::to_owned),
        };
        let files = json!({ "files": [
            "https://a.example.com/b%20c.png",
            { "url": "http://A.example.com:80/b%20c.png?v=1", "headers": { "Origin": "https://b.example.com" } },
        ] });
        assert_eq!(of(files), Some(Purge::Urls(vec![url(None), url(Some("v=1"))])));
        let root = CachedUrl { key: None, ..url(None) };
        let files = json!({ "files": ["https://a.example.com/", "https://a.example.com"] });
        assert_eq!(of(files), Some(Purge::Urls(vec![root.clone(), root])));
        let escaped = json!({ "prefixes": ["a.example.com/b%3Fc%23"] });
        assert_eq!(of(escaped), Some(Purge::Prefixes(vec![(host.clone(), "b?c#".to_owned())])));
    }

    #[test]
    fn bodies_that_make_no_sense_are_refused() {
        let file = "https://a.example.com/b.png";
        for body in [
            json!({}),
            json!([]),
            json!({ "purge_everything": false }),
            json!({ "purge_everything": "true" }),
            json!({ "purge_everything": true, "files": [file] }),
            json!({ "purge_everything": true, "tags": ["a"] }),
            json!({ "files": [] }),
            json!({ "files": [file], "hosts": ["a.example.com"] }),
            json!({ "tags": ["a"] }),
            json!({ "files": ["/b.png"] }),
            json!({ "files": ["ftp://a.example.com/b.png"] }),
            json!({ "files": ["https://a.example.com/%ff"] }),
            json!({ "files": ["https://127.0.0.1/b.png"] }),
            json!({ "files": [1] }),
            json!({ "files": vec![file; NAMED_MAX + 1] }),
            json!({ "hosts": ["*"] }),
            json!({ "prefixes": ["https://a.example.com/b"] }),
            json!({ "prefixes": ["a.example.com/b?v=1"] }),
            json!({ "prefixes": ["a.example.com/b#c"] }),
            json!({ "prefixes": ["a.example.com?v=1"] }),
            json!({ "everything": true }),
        ] {
            assert_eq!(of(body.clone()), None, "{body}");
        }
        assert!(of(json!({ "files": vec![file; NAMED_MAX] })).is_some());
    }
}
