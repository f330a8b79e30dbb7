//! Session tokens as they are made here, as others make them, and as nobody may.

use super::*;

const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn claims() -> Claims {
    Claims {
        sub: "account".into(),
        iss: "parent".into(),
        aud: "account.r2.localhost".into(),
        iat: 1.0,
        exp: 901.5,
        nbf: None,
        bucket: "bucket".into(),
        scope: "object-read-only".into(),
        actions: Some(vec!["GetObject".into()]),
        paths: Some(PathClaims { prefix_paths: vec!["a/".into()], object_paths: vec!["b".into()] }),
    }
}

/// A token of these parts, signed with [`SECRET`].
fn token_of(header: &str, claims: &str) -> String {
    let signed = [BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims)].join(".");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&signing_key(SECRET), signed.as_bytes()));
    BASE64_STANDARD.encode(format!("jwt/{signed}.{signature}"))
}

fn refusal(text: &str) -> ErrorCode {
    verify(text, SECRET).map(|_| ()).unwrap_err().code
}

#[test]
fn whole_seconds_are_written_as_integers() {
    let text = serde_json::to_string(&Claims { nbf: Some(1_795_294_635.0), ..claims() }).unwrap();
    for expected in [r#""iat":1,"#, r#""exp":901.5,"#, r#""nbf":1795294635,"#] {
        assert!(text.contains(expected), "{text}");
    }
    let read: Claims = serde_json::from_str(&text).unwrap();
    assert_eq!((read.iat, read.exp, read.nbf), (1.0, 901.5, Some(1_795_294_635.0)));
}

#[test]
fn a_token_says_what_was_signed() {
    let token = sign(&claims(), SECRET).unwrap();
    let (read, secret) = verify(&token.text, SECRET).unwrap();
    assert_eq!((read, secret), (claims(), token.secret));
    assert_eq!(verify(token.text.trim_end_matches('='), SECRET).unwrap().1, token.secret, "without padding");
}

/// Made with Python's hmac, json and base64.
#[test]
fn a_token_that_a_client_signed_is_read() {
    let text = "and0L2V5SmhiR2NpT2lBaVNGTXlOVFlpTENBaWRIbHdJam9nSWtwWFZDSjkuZXlKemRXSWlPaUFpWVdOamIzVnVkQ0lzSUNK\
                cGMzTWlPaUFpY0dGeVpXNTBJaXdnSW1GMVpDSTZJQ0poWTJOdmRXNTBMbkl5TG14dlkyRnNhRzl6ZENJc0lDSnBZWFFpT2lB\
                eExDQWlaWGh3SWpvZ09UQXhMalVzSUNKaWRXTnJaWFFpT2lBaVluVmphMlYwSWl3Z0luTmpiM0JsSWpvZ0ltOWlhbVZqZEMx\
                eVpXRmtMVzl1YkhraUxDQWlZV04wYVc5dWN5STZJRnNpUjJWMFQySnFaV04wSWwwc0lDSndZWFJvY3lJNklIc2ljSEpsWm1s\
                NFVHRjBhSE1pT2lCYkltRXZJbDBzSUNKdlltcGxZM1JRWVhSb2N5STZJRnNpWWlKZGZYMC5PcWl3Qm1zRG5FV05VMlRNdTJW\
                czJVZTN4dmxCa05TY18tNEZZQlVEVGpJ";
    let (read, secret) = verify(text, SECRET).unwrap();
    assert_eq!(read, claims());
    assert_eq!(types::ids::hex(&secret), "8c0865d9fbee2f0b64a558c3a5fd6e82012d60d046fcfbb42bd1b92ddb5c272b");
}

#[test]
fn another_secret_or_a_changed_byte_does_not_match() {
    let token = sign(&claims(), SECRET).unwrap();
    let other = verify(&token.text, &SECRET.replace("00", "01")).map(|_| ()).unwrap_err().code;
    assert_eq!(other, ErrorCode::SignatureDoesNotMatch);
    let jwt = jwt_of(&token.text).unwrap();
    let (head, rest) = jwt.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let wider = serde_json::to_vec(&Claims { actions: None, paths: None, ..claims() }).unwrap();
    let forged = format!("jwt/{head}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(wider));
    assert_eq!(refusal(&BASE64_STANDARD.encode(forged)), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn other_algorithms_and_extensions_are_refused() {
    let claims = serde_json::to_string(&claims()).unwrap();
    assert!(verify(&token_of(HEADER, &claims), SECRET).is_ok());
    assert!(verify(&token_of(r#"{"alg":"HS256","kid":"a"}"#, &claims), SECRET).is_ok());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"hs256"}"#, r#"{"alg":"HS512"}"#, r#"{"typ":"JWT"}"#, "[]"] {
        assert_eq!(refusal(&token_of(header, &claims)), ErrorCode::InvalidToken, "{header}");
    }
    let critical = r#"{"alg":"HS256","crit":["b64"],"b64":false}"#;
    assert_eq!(refusal(&token_of(critical, &claims)), ErrorCode::InvalidToken);
    let signed = [BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), BASE64_URL_SAFE_NO_PAD.encode(claims)].join(".");
    let unsigned = BASE64_STANDARD.encode(format!("jwt/{signed}."));
    assert_eq!(refusal(&unsigned), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn claims_that_cannot_be_read_are_refused() {
    let whole = serde_json::to_value(claims()).unwrap();
    for missing in ["sub", "iss", "aud", "iat", "exp", "bucket", "scope"] {
        let mut claims = whole.clone();
        claims.as_object_mut().unwrap().remove(missing);
        assert_eq!(refusal(&token_of(HEADER, &claims.to_string())), ErrorCode::InvalidToken, "without {missing}");
    }
    for (name, value) in [
        ("exp", serde_json::json!("901")),
        ("actions", serde_json::json!("GetObject")),
        ("paths", serde_json::json!({ "prefixPaths": "a/" })),
        ("paths", serde_json::json!({ "suffixPaths": [".txt"] })),
        ("paths", serde_json::json!("a/")),
    ] {
        let mut claims = whole.clone();
        claims[name] = value;
        assert_eq!(refusal(&token_of(HEADER, &claims.to_string())), ErrorCode::InvalidToken, "{claims}");
    }
    let twice = whole.to_string().replacen('{', r#"{"bucket":"other","#, 1);
    assert_eq!(refusal(&token_of(HEADER, &twice)), ErrorCode::InvalidToken, "a claim twice");
}

#[test]
fn what_is_no_token_is_refused_and_bounded() {
    let token = sign(&claims(), SECRET).unwrap().text;
    let bare = BASE64_STANDARD.encode(jwt_of(&token).unwrap());
    let long = "a".repeat(SESSION_TOKEN_BYTES_MAX + 1);
    for text in ["", "=", "token", "!!!!", &bare, &BASE64_STANDARD.encode(b"jwt/\xff"), "and0Lw==", "and0Ly4=", &long] {
        assert_eq!(refusal(text), ErrorCode::InvalidToken, "{text}");
    }
    let paths = PathClaims { prefix_paths: vec!["a".repeat(SESSION_TOKEN_BYTES_MAX)], object_paths: Vec::new() };
    let too_long = sign(&Claims { paths: Some(paths), ..claims() }, SECRET).map(|_| ()).unwrap_err();
    assert_eq!(too_long.code, ErrorCode::InvalidArgument);
}
