//! What policies allow, and what is none.

use crate::form::{FileSizes, FormFields, Policy};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use types::{BucketName, ErrorCode, OperationError, Timestamp};

const NOW: Timestamp = Timestamp(1_652_894_399_000);

fn parsed(document: &str) -> Result<Policy, OperationError> {
    Policy::parse(&BASE64_STANDARD.encode(document))
}

fn with(conditions: &str) -> String {
    format!(r#"{{"expiration": "2022-05-18T17:19:59Z", "conditions": {conditions}}}"#)
}

fn fields(pairs: &[(&str, &str)]) -> FormFields {
    let mut fields = FormFields::default();
    for (name, value) in pairs {
        fields.add(name, value.as_bytes().to_vec()).unwrap();
    }
    fields
}

/// The message, if the policy with these conditions denies these fields.
fn denied(conditions: &str, pairs: &[(&str, &str)]) -> Option<String> {
    let bucket = BucketName::parse("bucket").unwrap();
    let error = parsed(&with(conditions)).unwrap().check(&bucket, &fields(pairs), NOW).err()?;
    assert_eq!(error.code, ErrorCode::AccessDenied);
    Some(error.message().trim_start_matches("Invalid according to Policy: ").to_owned())
}

#[test]
fn conditions_hold_by_value_or_by_prefix() {
    let bucket = r#"{"bucket": "bucket"}"#;
    for (condition, name, value, holds) in [
        (r#"{"key": "a"}"#, "key", "a", true),
        (r#"{"key": "a"}"#, "key", "ab", false),
        (r#"{"KEY": "a"}"#, "Key", "a", true),
        (r#"{"key": "a"}"#, "key", "A", false),
        (r#"["eq", "$key", "a"]"#, "key", "a", true),
        (r#"["EQ", "$kEy", "a"]"#, "key", "a", true),
        (r#"["eq", "$key", ""]"#, "key", "a", false),
        (r#"["starts-with", "$key", "user/"]"#, "key", "user/a", true),
        (r#"["starts-with", "$key", "user/"]"#, "key", "users/a", false),
        (r#"["StArTs-WiTh", "$key", ""]"#, "key", "a", true),
        (r#"["starts-with", "$Content-Type", "image/"]"#, "content-type", "image/png,image/gif, image/jpeg", true),
        (r#"["starts-with", "$Content-Type", "image/"]"#, "content-type", "image/png,text/html", false),
        (r#"["eq", "$Content-Type", "image/png,image/gif"]"#, "content-type", "image/png,image/gif", true),
        (r#"["starts-with", "$x-amz-meta-a", "image/"]"#, "x-amz-meta-a", "image/a,text", true),
        (r#"["eq", "$key", "\$5\v\\\""]"#, "key", "$5\u{b}\\\"", true),
        (r#"["eq", "$key", "\\$5"]"#, "key", "\\$5", true),
        (r#"["eq", "$key", "\u00fc"]"#, "key", "ü", true),
        (r#"["eq", "$key", "ü"]"#, "key", "ü", true),
    ] {
        let conditions = format!("[{bucket}, {condition}]");
        assert_eq!(denied(&conditions, &[(name, value)]).is_none(), holds, "{condition} of {value}");
    }
}

#[test]
fn every_field_must_be_covered_and_every_condition_met() {
    let conditions = r#"[{"bucket": "bucket"}, ["starts-with", "$key", ""], {"acl": "private"}]"#;
    let whole = [("key", "a"), ("acl", "private")];
    assert_eq!(denied(conditions, &whole), None);
    let ignored = [("policy", "p"), ("x-amz-signature", "s"), ("X-Ignore-Me", "i"), ("bucket", "other")];
    assert_eq!(denied(conditions, &[&whole[..], &ignored].concat()), None, "the URL says which bucket");
    let extra = denied(conditions, &[&whole[..], &[("x-amz-meta-a", "1"), ("submit", "ok")]].concat());
    assert_eq!(extra.as_deref(), Some("Extra input fields: x-amz-meta-a, submit"));
    let missing = denied(conditions, &whole[..1]);
    assert_eq!(missing.as_deref(), Some(r#"Policy Condition failed: ["eq", "$acl", "private"]"#));
    let key = "x-amz-server-side-encryption-customer-key";
    let of_another_key = denied(&format!(r#"[{{"{key}": "secret"}}]"#), &[(key, "other")]);
    assert!(of_another_key.is_some_and(|message| !message.contains("secret") && !message.contains("other")));
    let of_no_bucket = denied(r#"[["starts-with", "$key", ""]]"#, &whole[..1]);
    assert_eq!(of_no_bucket.as_deref(), Some("Extra input fields: bucket"));
    let of_another = denied(r#"[{"bucket": "other"}, ["starts-with", "$key", ""]]"#, &whole[..1]);
    assert_eq!(of_another.as_deref(), Some(r#"Policy Condition failed: ["eq", "$bucket", "other"]"#));
}

#[test]
fn a_policy_is_good_until_it_expires() {
    let policy = parsed(&with(r#"[{"bucket": "bucket"}]"#)).unwrap();
    let bucket = BucketName::parse("bucket").unwrap();
    policy.check(&bucket, &fields(&[]), NOW).unwrap();
    let error = policy.check(&bucket, &fields(&[]), Timestamp(NOW.0 + 1)).unwrap_err();
    assert_eq!(error.message(), "Invalid according to Policy: Policy expired.");
}

#[test]
fn sizes_have_two_bounds() {
    let sizes = |conditions: &str| parsed(&with(conditions)).map(|policy| policy.sizes()).map_err(|error| error.code);
    assert_eq!(sizes("[]"), Ok(FileSizes::default()));
    assert_eq!(sizes(r#"[["content-length-range", 1, 10]]"#), Ok(FileSizes { min: 1, max: 10 }));
    assert_eq!(sizes(r#"[["Content-Length-Range", "1", "10"]]"#), Ok(FileSizes { min: 1, max: 10 }));
    let several = r#"[["content-length-range", 1, 10], ["content-length-range", 5, 20]]"#;
    assert_eq!(sizes(several), Ok(FileSizes { min: 5, max: 10 }));
    for bad in ["", ", 0", ", -1, 0", ", 0, 1.5", ", 0, null", ", 0, 1, 2", r#", "a", 1"#] {
        let conditions = format!(r#"[["content-length-range"{bad}]]"#);
        assert_eq!(sizes(&conditions), Err(ErrorCode::InvalidPolicyDocument), "{bad}");
    }
}

#[test]
fn documents_that_are_no_policy_are_refused() {
    for document in [
        "",
        "{",
        "[]",
        "null",
        r#"{"expiration": "2022-05-18T17:19:59Z"}"#,
        r#"{"conditions": []}"#,
        r#"{"expiration": "2022-05-18T17:19:59Z", "CONDITIONS": []}"#,
        r#"{"EXPIRATION": "2022-05-18T17:19:59Z", "conditions": []}"#,
        r#"{"expiration": 1652894399, "conditions": []}"#,
        r#"{"expiration": "2022-05-18 17:19:59+00:00", "conditions": []}"#,
        r#"{"expiration": "2022-05-18", "conditions": []}"#,
        r#"{"expiration": "2022-05-18T17:19:59", "conditions": []}"#,
        r#"{"expiration": "2022-02-30T17:19:59Z", "conditions": []}"#,
        r#"{"expiration": "2022-05-18T17:19:59Z", "conditions": {}}"#,
        r#"{"expiration": "2022-05-18T17:19:59Z", "conditions": []} x"#,
    ] {
        let error = parsed(document).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPolicyDocument, "{document}");
    }
    for condition in [
        "{}",
        r#"{"a": 1}"#,
        r#"{"a": "1", "b": "2"}"#,
        "[]",
        r#""key""#,
        r#"["eq"]"#,
        r#"["eq", "key", "a"]"#,
        r#"["eq", "$key", 1]"#,
        r#"["eq", "$key", "a", "b"]"#,
        r#"["ends-with", "$key", "a"]"#,
        &"[".repeat(5000),
    ] {
        let error = parsed(&with(&format!("[{condition}]"))).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPolicyDocument, "{condition}");
    }
    assert_eq!(Policy::parse("{}").unwrap_err().code, ErrorCode::InvalidPolicyDocument);
    let wrapped = BASE64_STANDARD.encode(with("[]")).replace('N', "N\r\n ");
    assert!(Policy::parse(&wrapped).is_ok(), "forms are wrapped by hand");
}

#[test]
fn the_files_name_stands_for_itself_in_every_field() {
    for (sent, expected) in
        [("a.txt", "up/a.txt"), ("C:\\dir\\a.txt", "up/a.txt"), ("/x/y/a.txt", "up/a.txt"), ("", "up/"), ("d/", "up/")]
    {
        let mut fields =
            fields(&[("key", "up/${filename}"), ("policy", "${filename}"), ("x-amz-meta-n", "${filename}!")]);
        fields.put_file_name(sent).unwrap();
        assert_eq!(fields.get("key"), Some(expected));
        assert_eq!(fields.get("policy"), Some("${filename}"));
        assert_eq!(fields.get("x-amz-meta-n").map(str::len), Some(expected.len() - 3 + 1));
    }
    let mut long = fields(&[("key", "${filename}")]);
    assert_eq!(long.put_file_name(&"n".repeat(1025)).unwrap_err().code, ErrorCode::InvalidArgument);
}

#[test]
fn a_field_comes_once_and_is_text() {
    let mut fields = fields(&[("key", "a")]);
    assert_eq!(fields.add("KEY", b"b".to_vec()).unwrap_err().code, ErrorCode::InvalidArgument);
    assert_eq!(fields.add("x-amz-meta-a", vec![0xff]).unwrap_err().code, ErrorCode::InvalidArgument);
    assert_eq!(FormFields::default().add("Key", vec![0xff]).unwrap_err().code, ErrorCode::InvalidObjectName);
}
