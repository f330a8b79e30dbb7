//! AWS's own examples, round trips with our signer, and every way a claim can be wrong.

use super::*;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const MAY_24: Timestamp = Timestamp(1_369_353_600_000);

fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let builder = http::Request::builder().method(method).uri(target);
    headers
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(*name, *value))
        .body(())
        .unwrap()
        .into_parts()
        .0
}

fn verify_at(parts: &Parts, now: Timestamp) -> Result<(), ErrorCode> {
    let head = RequestHead::new(parts);
    let verdict = parse(&head).and_then(|claim| match claim {
        Authentication::Anonymous => Err(ErrorCode::Unauthorized.into()),
        Authentication::Signed(signed) => {
            assert_eq!(signed.access_key_id(), ACCESS_KEY);
            let key = SigningKey::derive(SECRET, signed.date(), signed.region());
            signed.verify(&head, &key, now)
        }
    });
    verdict.map_err(|error| error.code)
}

fn verify(parts: &Parts) -> Result<(), ErrorCode> {
    verify_at(parts, MAY_24)
}

/// One of AWS's examples, on its host and date.
fn example(method: &str, target: &str, headers: &[(&str, &str)], hash: &str, signed: &str, signature: &str) -> Parts {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},\
         Signature={signature}"
    );
    let fixed = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-content-sha256", hash),
        ("authorization", &authorization),
    ];
    parts(method, target, &[&fixed[..], headers].concat())
}

#[test]
fn awss_examples_of_signed_headers_verify() {
    let get = example(
        "GET",
        "/test.txt",
        &[("range", "bytes=0-9")],
        EMPTY,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    let put = example(
        "PUT",
        "/test$file.text",
        &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    let usual = "host;x-amz-content-sha256;x-amz-date";
    let lifecycle = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
    let list = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    let lifecycle = example("GET", "/?lifecycle", &[], EMPTY, usual, lifecycle);
    let list = example("GET", "/?prefix=J&max-keys=2", &[], EMPTY, usual, list);
    for (name, request) in [("get", get), ("put", put), ("lifecycle", lifecycle), ("list", list)] {
        assert_eq!(verify(&request), Ok(()), "{name}");
    }
}

fn presigned_example() -> Parts {
    let target = format!(
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCESS_KEY}%2F20130524%2Fus-east-1%2Fs3%2F\
         aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=\
         aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
    parts("GET", &target, &[("host", "examplebucket.s3.amazonaws.com")])
}

#[test]
fn awss_example_of_a_presigned_url_verifies_until_it_expires() {
    let seconds = |seconds: u64| Timestamp(MAY_24.0 + seconds * 1000);
    let url = presigned_example();
    assert_eq!(verify_at(&url, seconds(86_400)), Ok(()));
    assert_eq!(verify_at(&url, seconds(86_401)), Err(ErrorCode::ExpiredRequest));
    assert_eq!(verify_at(&url, Timestamp(MAY_24.0 - 900_000)), Ok(()));
    assert_eq!(verify_at(&url, Timestamp(MAY_24.0 - 901_000)), Err(ErrorCode::AccessDenied));
}

#[test]
fn blanks_in_the_authorization_header_are_optional() {
    let mut request = presigned_example();
    request.uri = "http://h/a".parse().unwrap();
    sign(&mut request, &credentials("auto"), EMPTY, MAY_24).unwrap();
    let text = request.headers["authorization"].to_str().unwrap().to_owned();
    for other in [text.replace(", ", ","), text.replace(", ", " ,  "), text.replace("256 Cred", "256   Cred")] {
        request.headers.insert("authorization", HeaderValue::from_str(&other).unwrap());
        assert_eq!(verify(&request), Ok(()), "{other}");
    }
}

fn credentials(region: &'static str) -> Credentials<'static> {
    Credentials { access_key_id: ACCESS_KEY, secret_access_key: SECRET, session_token: Some("token+/="), region }
}

fn signed(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = parts(method, target, headers);
    sign(&mut request, &credentials("auto"), EMPTY, MAY_24).unwrap();
    request
}

#[test]
fn every_alias_of_the_region_verifies_and_others_are_named() {
    for region in ["auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac", "oc"] {
        let mut request = parts("GET", "http://h/a", &[]);
        sign(&mut request, &credentials(region), EMPTY, MAY_24).unwrap();
        assert_eq!(verify(&request), Ok(()), "{region}");
    }
    let mut request = parts("GET", "http://h/a", &[]);
    sign(&mut request, &credentials("eu-west-1"), EMPTY, MAY_24).unwrap();
    let error = parse(&RequestHead::new(&request)).unwrap_err();
    assert_eq!(error.code, ErrorCode::AuthorizationHeaderMalformed);
    assert!(error.message().contains("'eu-west-1' is wrong; expecting 'auto'"), "{error}");
    let mut url = parts("GET", "http://h/a", &[]);
    presign(&mut url, &credentials("eu-west-1"), 60, MAY_24).unwrap();
    assert_eq!(verify(&url), Err(ErrorCode::AuthorizationQueryParametersError));
}

#[test]
fn session_tokens_are_read_from_both_places() {
    let mut url = parts("GET", "http://h/a", &[]);
    presign(&mut url, &credentials("auto"), 60, MAY_24).unwrap();
    for request in [&url, &signed("GET", "http://h/a", &[])] {
        let Authentication::Signed(claim) = parse(&RequestHead::new(request)).unwrap() else { panic!("anonymous") };
        assert_eq!(claim.session_token(), Some("token+/="));
        assert_eq!(claim.time(), MAY_24);
        assert_eq!(verify(request), Ok(()));
    }
}

#[test]
fn clocks_may_differ_by_15_minutes() {
    let request = signed("GET", "http://h/a", &[]);
    for (offset, verdict) in [(900_000, Ok(())), (901_000, Err(ErrorCode::RequestTimeTooSkewed))] {
        assert_eq!(verify_at(&request, Timestamp(MAY_24.0 + offset)), verdict);
        assert_eq!(verify_at(&request, Timestamp(MAY_24.0 - offset)), verdict);
    }
}

#[test]
fn whatever_is_changed_after_signing_is_noticed() {
    let target = "http://h/bucket/key?prefix=a";
    let good = signed("GET", target, &[("x-amz-meta-a", "1"), ("content-type", "a/b")]);
    assert_eq!(verify(&good), Ok(()));
    let refused = |change: &dyn Fn(&mut Parts)| {
        let mut request = parts("GET", target, &[]);
        request.headers = good.headers.clone();
        change(&mut request);
        verify(&request)
    };
    let header = |name: &'static str, value: &'static str| {
        move |request: &mut Parts| {
            drop(request.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value)))
        }
    };
    let mismatch = Err(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(refused(&|request| request.method = http::Method::PUT), mismatch);
    assert_eq!(refused(&|request| request.uri = "http://h/bucket/key2?prefix=a".parse().unwrap()), mismatch);
    assert_eq!(refused(&|request| request.uri = "http://h/bucket/key?prefix=b".parse().unwrap()), mismatch);
    assert_eq!(refused(&|request| request.uri = "http://h/bucket/key".parse().unwrap()), mismatch);
    assert_eq!(refused(&header("host", "other")), mismatch);
    assert_eq!(refused(&header("x-amz-meta-a", "2")), mismatch);
    assert_eq!(refused(&header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")), mismatch);
    assert_eq!(refused(&|request| drop(request.headers.remove("content-type"))), mismatch);
    assert_eq!(refused(&header("x-amz-copy-source", "/other/key")), Err(ErrorCode::AccessDenied));
    assert_eq!(refused(&header("x-amz-date", "20130524T000001Z")), mismatch);
    assert_eq!(refused(&header("x-amz-date", "20130525T000000Z")), Err(ErrorCode::AuthorizationHeaderMalformed));
    assert_eq!(
        refused(&|request| drop(request.headers.remove("x-amz-content-sha256"))),
        Err(ErrorCode::InvalidRequest)
    );
    assert_eq!(refused(&|request| drop(request.headers.remove("authorization"))), Err(ErrorCode::Unauthorized));
}

#[test]
fn a_presigned_url_is_good_for_nothing_else() {
    let mut url = parts("PUT", "http://h/bucket/key", &[]);
    presign(&mut url, &credentials("auto"), 604_800, MAY_24).unwrap();
    assert_eq!(verify(&url), Ok(()));
    let target = url.uri.to_string();
    let with = |target: String, headers: &[(&str, &str)]| {
        verify(&parts("PUT", &target, &[&[("host", "h")], headers].concat()))
    };
    assert_eq!(with(target.clone(), &[]), Ok(()));
    assert_eq!(with(target.clone(), &[("content-type", "a/b"), ("x-amz-content-sha256", EMPTY)]), Ok(()));
    assert_eq!(with(target.clone(), &[("x-amz-copy-source", "/b/k")]), Err(ErrorCode::AccessDenied));
    let mismatch = Err(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(with(target.replace("/bucket/", "/bucket2/"), &[]), mismatch);
    assert_eq!(with(target.replace("Expires=604800", "Expires=604799"), &[]), mismatch);
    assert_eq!(with(format!("{target}&x-amz-storage-class=STANDARD"), &[]), mismatch);
    let parameters = Err(ErrorCode::AuthorizationQueryParametersError);
    for expires in ["0", "604801", "-1", "+1", "x", ""] {
        let tampered = target.replace("Expires=604800", &format!("Expires={expires}"));
        assert_eq!(with(tampered, &[]), mismatch, "tampering goes before bounds: {expires:?}");
    }
    for expires in [0, 604_801] {
        let mut url = parts("PUT", "http://h/bucket/key", &[]);
        presign(&mut url, &credentials("auto"), expires, MAY_24).unwrap();
        assert_eq!(verify(&url), parameters, "{expires}");
    }
    assert_eq!(with(target.replace("Date=20130524", "Date=20130525"), &[]), mismatch);
    for twice in
        ["X-Amz-Expires=604800", "X-Amz-Date=20130524T000000Z", "X-Amz-Signature=00", "X-Amz-SignedHeaders=host"]
    {
        assert_eq!(with(format!("{target}&{twice}"), &[]), mismatch, "{twice}");
    }
    assert_eq!(with(target.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4"), &[]), parameters);
    assert_eq!(with(target.replace("X-Amz-Date=", "X-Amz-Dates="), &[]), parameters);
    assert_eq!(with(target.replace("X-Amz-Date=", "x-amz-date="), &[]), parameters);
    let both = with(target, &[("authorization", "AWS4-HMAC-SHA256 Credential=a")]);
    assert_eq!(both, Err(ErrorCode::InvalidArgument));
}

#[test]
fn signed_headers_of_a_presigned_url_must_be_sent() {
    let mut url = parts("PUT", "http://h/bucket/key", &[("content-type", "image/png")]);
    presign(&mut url, &credentials("auto"), 60, MAY_24).unwrap();
    assert_eq!(verify(&url), Ok(()));
    url.headers.insert("content-type", HeaderValue::from_static("text/html"));
    assert_eq!(verify(&url), Err(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn a_presigned_url_may_cover_the_body() {
    let mut url = parts("PUT", "http://h/b/k", &[("x-amz-content-sha256", EMPTY)]);
    presign(&mut url, &credentials("auto"), 60, MAY_24).unwrap();
    assert_eq!(verify(&url), Ok(()));
    url.headers.insert("x-amz-content-sha256", HeaderValue::from_static("UNSIGNED-PAYLOAD"));
    assert_eq!(verify(&url), Err(ErrorCode::SignatureDoesNotMatch));
    let mut url = parts("PUT", "http://h/b/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-id=PutObject", &[]);
    presign(&mut url, &credentials("auto"), 60, MAY_24).unwrap();
    assert_eq!(verify(&url), Ok(()));
}

#[test]
fn clients_that_sign_what_they_did_not_encode_verify() {
    // Signed over the text as sent, although S3's own form would have escapes.
    for target in ["/b/a!b(c)'d", "/b/%41", "/b/k?prefix=a/b", "/b/k?prefix=a!b&x-id=%41"] {
        let mut request = signed("GET", "http://h/b/k", &[]);
        request.uri = format!("http://h{target}").parse().unwrap();
        let authorization = sign_as_sent(&request);
        request.headers.insert("authorization", HeaderValue::from_str(&authorization).unwrap());
        assert_eq!(verify(&request), Ok(()), "{target}");
    }
}

/// The `Authorization` of a client that encodes nothing.
fn sign_as_sent(request: &Parts) -> String {
    let signed_headers = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    let canonical =
        CanonicalRequest { head: RequestHead::new(request), signed_headers, payload_hash: EMPTY, is_presigned: false };
    let credential = Credential::parse(
        format!("{ACCESS_KEY}/20130524/auto/s3/aws4_request").into(),
        ErrorCode::AuthorizationHeaderMalformed,
    );
    let credential = credential.unwrap();
    let mut buffer = Vec::new();
    canonical.write(&mut buffer, Form::ALL[1]);
    let key = SigningKey::derive(SECRET, &credential.date, &credential.region);
    let signature = key.sign_request(&mut buffer, b"20130524T000000Z", &credential);
    format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{}, SignedHeaders={signed_headers}, Signature={}",
        credential.scope(),
        types::ids::hex(&signature)
    )
}

#[test]
fn a_plus_signed_as_a_plus_is_no_space() {
    let good = signed("GET", "http://h/b?prefix=a%2Bb", &[]);
    assert_eq!(verify(&good), Ok(()));
    let mut changed = parts("GET", "http://h/b?prefix=a+b", &[]);
    changed.headers = good.headers;
    assert_eq!(verify(&changed), Err(ErrorCode::SignatureDoesNotMatch));
}

#[test]
fn claims_that_cannot_be_read_are_refused() {
    let scope = format!("{ACCESS_KEY}/20130524/auto/s3/aws4_request");
    let signature = "0".repeat(64);
    let malformed = ErrorCode::AuthorizationHeaderMalformed;
    for (text, code) in [
        ("AWS AKID:signature".to_owned(), ErrorCode::InvalidRequest),
        ("Bearer token".to_owned(), ErrorCode::InvalidArgument),
        ("AWS4-HMAC-SHA256".to_owned(), malformed),
        (format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host"), malformed),
        (format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={signature}, Extra=1"), malformed),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential={scope}, Credential={scope}, SignedHeaders=host, Signature={signature}"
            ),
            malformed,
        ),
        (format!("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature={signature}"), malformed),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential=/20130524/auto/s3/aws4_request, SignedHeaders=host, Signature={signature}"
            ),
            malformed,
        ),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential=a/2013052/auto/s3/aws4_request, SignedHeaders=host, Signature={signature}"
            ),
            malformed,
        ),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential=a/20130524/auto/ec2/aws4_request, SignedHeaders=host, Signature={signature}"
            ),
            malformed,
        ),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=abc"),
            ErrorCode::SignatureDoesNotMatch,
        ),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=x-a, Signature={signature}"),
            ErrorCode::AccessDenied,
        ),
    ] {
        let headers = [("authorization", &*text), ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", EMPTY)];
        assert_eq!(verify(&parts("GET", "http://h/", &headers)), Err(code), "{text}");
    }
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={signature}");
    for date in [None, Some(("x-amz-date", "yesterday"))] {
        let headers: Vec<_> = [("authorization", &*authorization)].into_iter().chain(date).collect();
        assert_eq!(verify(&parts("GET", "http://h/", &headers)), Err(ErrorCode::AccessDenied));
    }
    assert_eq!(
        verify(&parts("GET", "http://h/?AWSAccessKeyId=a&Signature=b&Expires=1", &[])),
        Err(ErrorCode::InvalidRequest)
    );
}

proptest! {
    #[test]
    fn what_we_sign_we_verify(key in "\\PC{1,40}", value in "\\PC{0,40}", header in "[ -~]{0,40}") {
        let target = format!(
            "http://h/bucket/{}?prefix={}&a",
            crate::percent::encode(&key, crate::percent::Part::Path),
            crate::percent::encode(&value, crate::percent::Part::Query),
        );
        prop_assert_eq!(verify(&signed("GET", &target, &[("x-amz-meta-a", &header)])), Ok(()));
        let mut url = parts("GET", &target, &[("x-amz-meta-a", &header)]);
        presign(&mut url, &credentials("auto"), 60, MAY_24).unwrap();
        prop_assert_eq!(verify(&url), Ok(()));
    }

    #[test]
    fn no_claim_panics(authorization in "\\PC{0,80}", query in "[ -~]{0,80}") {
        let mut request = parts("GET", "/", &[("x-amz-date", "20130524T000000Z")]);
        if let Ok(value) = HeaderValue::from_str(&format!("AWS4-HMAC-SHA256 {authorization}")) {
            request.headers.insert("authorization", value);
        }
        let head = RequestHead { query: Some(&query), ..RequestHead::new(&request) };
        let _ = parse(&head);
    }
}
