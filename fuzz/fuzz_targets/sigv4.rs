//! Signatures: nothing panics, what we sign verifies, and nothing else does.
#![no_main]

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use libfuzzer_sys::fuzz_target;
use s3_protocol::RequestHead;
use s3_protocol::sigv4::{Authentication, Credentials, SigningKey, parse, presign, sign};
use types::Timestamp;

const NOW: Timestamp = Timestamp(1_369_353_600_000);
const HASH: &str = "UNSIGNED-PAYLOAD";

fn credentials() -> Credentials<'static> {
    Credentials { access_key_id: "AKID", secret_access_key: "secret", session_token: None, region: "auto" }
}

fn verifies(head: &RequestHead<'_>) -> bool {
    match parse(head) {
        Ok(Authentication::Signed(claim)) => {
            let key = SigningKey::derive("secret", claim.date(), claim.region());
            claim.verify(head, &key, NOW).is_ok()
        }
        _ => false,
    }
}

/// A target with some of a signature's parameters, although not with those that make it a claim.
fn is_presigned_in_part(parts: &Parts) -> bool {
    ["X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Security-Token"]
        .into_iter()
        .any(|name| RequestHead::new(parts).query().has(name))
}

/// A request of four lines: target, name and value of a header, `Authorization`.
fn request(input: &str) -> Option<Parts> {
    let mut lines = input.split('\n');
    let target = format!("http://h/{}", lines.next()?);
    let (mut parts, ()) = http::Request::put(target).body(()).ok()?.into_parts();
    let header = HeaderName::try_from(lines.next()?).ok().zip(HeaderValue::from_str(lines.next()?).ok());
    if let Some((name, value)) = header {
        parts.headers.insert(name, value);
    }
    if let Some(claim) = lines.next().and_then(|claim| HeaderValue::from_str(&format!("AWS4-HMAC-SHA256 {claim}")).ok())
    {
        parts.headers.insert("authorization", claim);
    }
    Some(parts)
}

fuzz_target!(|input: &str| {
    let Some(mut parts) = request(input) else { return };
    assert!(!verifies(&RequestHead::new(&parts)), "an invented claim verified");
    // What follows signs a request that claims nothing yet.
    parts.headers.remove("authorization");
    let head = RequestHead::new(&parts);
    if !matches!(parse(&head), Ok(Authentication::Anonymous)) || parts.headers.contains_key("host") {
        return;
    }
    let mut signed = parts.clone();
    sign(&mut signed, &credentials(), HASH, NOW).expect("signing does not fail");
    assert!(verifies(&RequestHead::new(&signed)), "a signed request does not verify");
    let mut url = parts;
    if !is_presigned_in_part(&url) && presign(&mut url, &credentials(), 60, NOW).is_ok() {
        assert!(verifies(&RequestHead::new(&url)), "a presigned request does not verify");
    }
    let other = RequestHead { method: &http::Method::GET, ..RequestHead::new(&signed) };
    assert!(!verifies(&other), "another method verified");
    let path = format!("{}x", signed.uri.path());
    let other = RequestHead { path: &path, ..RequestHead::new(&signed) };
    assert!(!verifies(&other), "another path verified");
});
