//! PostObject: an upload by HTML form. Once its policy is checked, it is a PutObject whose headers are the form's
//! fields. Source: AWS "POST Object" (form fields, responses).

use super::shared::{document, empty};
use super::{Answer, ObjectTarget};
use crate::form::FormFields;
use crate::header;
use crate::percent::{self, Part};
use crate::request::RequestHead;
use crate::route;
use crate::xml::XmlWriter;
use http::header::{ETAG, HeaderMap, LOCATION};
use http::{StatusCode, Uri};
use std::borrow::Cow;
use types::{BucketName, ErrorCode, ObjectKey, OperationError};

/// An object to store from a form.
#[derive(Clone, Debug)]
pub struct PostObject {
    /// Where.
    pub target: ObjectTarget,
    /// The fields as the headers of a PutObject.
    pub headers: HeaderMap,
    /// What to answer once it is stored.
    pub success: Success,
}

/// What the form asks to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// 200 or 204, without a body.
    Status(StatusCode),
    /// 201 with a document.
    Document,
    /// 303 to this URL.
    Redirect(String),
}

/// Reads the fields of a form for `bucket`.
///
/// # Errors
/// `InvalidArgument` without a key, or for a field that cannot be a header; `InvalidObjectName`; `NotImplemented` for
/// fields that ask for what R2 has not.
pub fn decode(bucket: BucketName, fields: &FormFields) -> Result<PostObject, OperationError> {
    let key = fields.get("key").filter(|key| !key.is_empty()).ok_or_else(|| {
        OperationError::new(
            ErrorCode::InvalidArgument,
            "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
        )
    })?;
    let key = ObjectKey::parse_bytes(key.as_bytes())
        .map_err(|invalid| OperationError::new(ErrorCode::InvalidObjectName, invalid.to_string()))?;
    let headers = fields.headers()?;
    route::check_headers(&headers)?;
    Ok(PostObject { target: ObjectTarget { bucket, key }, headers, success: Success::of(fields) })
}

impl Success {
    /// What cannot be understood counts as absent, as S3 documents it. `redirect` is the older name of the field.
    fn of(fields: &FormFields) -> Self {
        let redirect = fields.get("success_action_redirect").or_else(|| fields.get("redirect"));
        if let Some(url) = redirect.filter(|url| is_web_address(url)) {
            return Self::Redirect(url.to_owned());
        }
        match fields.get("success_action_status") {
            Some("200") => Self::Status(StatusCode::OK),
            Some("201") => Self::Document,
            _ => Self::Status(StatusCode::NO_CONTENT),
        }
    }
}

fn is_web_address(url: &str) -> bool {
    let parsed = url.parse::<Uri>().ok();
    parsed.is_some_and(|uri| uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https")))
}

/// Where the object is: the URL of the form and the key.
pub fn location(head: &RequestHead<'_>, target: &ObjectTarget) -> String {
    let path = head.path.trim_end_matches('/');
    format!("http://{}{path}/{}", head.host, percent::encode(target.key.as_sent(), Part::Path))
}

/// What the form asks to be answered, once the object is stored. `stored` are the headers that PutObject answers,
/// `location` is the URL of the object.
pub fn encode(stored: HeaderMap, request: &PostObject, location: &str) -> Answer {
    let etag = stored.get(ETAG).map(header::free_text).unwrap_or_default();
    let mut answer = match &request.success {
        Success::Status(status) => empty(*status),
        Success::Document => document(post_response(&request.target, location, &etag)),
        Success::Redirect(_) => empty(StatusCode::SEE_OTHER),
    };
    if request.success == Success::Document {
        *answer.status_mut() = StatusCode::CREATED;
    }
    answer.headers_mut().extend(stored);
    let target = match &request.success {
        Success::Redirect(url) => Cow::Owned(redirection(url, &request.target, &etag)),
        Success::Status(_) | Success::Document => Cow::Borrowed(location),
    };
    header::put(answer.headers_mut(), LOCATION, target);
    answer
}

fn post_response(target: &ObjectTarget, location: &str, etag: &str) -> String {
    XmlWriter::bare_document("PostResponse", |xml| {
        xml.text("Location", location);
        xml.text("Bucket", target.bucket.as_str());
        xml.text("Key", target.key.as_sent());
        xml.text("ETag", etag);
    })
}

/// The URL with bucket, key and ETag in its query.
fn redirection(url: &str, target: &ObjectTarget, etag: &str) -> String {
    let (url, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let separator = if url.contains('?') { '&' } else { '?' };
    let encode = |text: &str| percent::encode(text, Part::Query);
    let (bucket, key, etag) = (encode(target.bucket.as_str()), encode(target.key.as_sent()), encode(etag));
    format!("{url}{separator}bucket={bucket}&key={key}&etag={etag}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderValue;

    fn posted(fields: &[(&str, &str)]) -> Result<PostObject, ErrorCode> {
        let mut form = FormFields::default();
        for (name, value) in fields {
            form.add(name, value.as_bytes().to_vec()).unwrap();
        }
        decode(BucketName::parse("bucket").unwrap(), &form).map_err(|error| error.code)
    }

    fn answered(fields: &[(&str, &str)]) -> Answer {
        let stored = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("\"e\""))]);
        encode(stored, &posted(fields).unwrap(), "http://h/bucket/a%20b")
    }

    #[test]
    fn fields_become_the_headers_of_a_put() {
        let post = posted(&[
            ("key", "a b"),
            ("acl", "public-read"),
            ("Content-Type", "text/plain"),
            ("x-amz-meta-Colour", "gr\u{fc}n"),
            ("x-amz-date", "20220518T171959Z"),
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-ignore-me", "1"),
            ("submit", "Upload"),
        ]);
        let post = post.unwrap();
        let mut names: Vec<_> = post.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "x-amz-acl", "x-amz-meta-colour"]);
        assert_eq!(post.headers["x-amz-meta-colour"].as_bytes(), "gr\u{fc}n".as_bytes());
        assert_eq!((post.target.bucket.as_str(), post.target.key.as_sent()), ("bucket", "a b"));
    }

    #[test]
    fn forms_that_cannot_be_stored_are_refused() {
        let long = "k".repeat(1025);
        for (fields, code) in [
            (vec![], ErrorCode::InvalidArgument),
            (vec![("key", "")], ErrorCode::InvalidArgument),
            (vec![("key", long.as_str())], ErrorCode::InvalidObjectName),
            (vec![("key", "a"), ("x-amz-meta-a", "b\r\nc: d")], ErrorCode::InvalidArgument),
            (vec![("key", "a"), ("x-amz-meta-\u{fc}", "b")], ErrorCode::InvalidArgument),
            (vec![("key", "a"), ("tagging", "<Tagging/>")], ErrorCode::NotImplemented),
            (vec![("key", "a"), ("acl", "public-read-write")], ErrorCode::NotImplemented),
        ] {
            assert_eq!(posted(&fields).map(drop), Err(code), "{fields:?}");
        }
    }

    #[test]
    fn answers_are_those_the_form_asks_for() {
        let key = ("key", "a b");
        for (field, status) in [
            (("success_action_status", "200"), 200),
            (("success_action_status", "201"), 201),
            (("success_action_status", "204"), 204),
            (("success_action_status", "404"), 204),
            (("success_action_redirect", "not a url"), 204),
            (("success_action_redirect", "javascript:alert(1)"), 204),
            (("success_action_redirect", "/relative"), 204),
            (("success_action_redirect", "https://example.com/"), 303),
            (("redirect", "https://example.com/"), 303),
        ] {
            let answer = answered(&[key, field]);
            assert_eq!(answer.status(), status, "{field:?}");
            assert_eq!(answer.headers()[ETAG], "\"e\"");
            assert_eq!(answer.body().is_empty(), status != 201);
        }
        let document = answered(&[key, ("success_action_status", "201")]).into_body();
        let text = std::str::from_utf8(&document).unwrap();
        assert!(text.ends_with(
            "<PostResponse><Location>http://h/bucket/a%20b</Location><Bucket>bucket</Bucket><Key>a b</Key>\
             <ETag>&quot;e&quot;</ETag></PostResponse>"
        ));
    }

    #[test]
    fn a_redirection_tells_what_was_stored() {
        for (url, expected) in [
            ("http://h/p", "http://h/p?bucket=bucket&key=a%20b&etag=%22e%22"),
            ("http://h/p?x=1#top", "http://h/p?x=1&bucket=bucket&key=a%20b&etag=%22e%22#top"),
        ] {
            let answer = answered(&[("key", "a b"), ("success_action_redirect", url)]);
            assert_eq!(answer.headers()[LOCATION], expected);
        }
    }
}
