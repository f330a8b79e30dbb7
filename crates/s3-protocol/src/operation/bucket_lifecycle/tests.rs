//! Lifecycle documents: what is read, what is shown again, and what each mistake is called.

use super::*;

fn read(rules: &str) -> Result<Lifecycle, ErrorCode> {
    let body = format!(
        "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rules}</LifecycleConfiguration>"
    );
    decode_put(&HeaderMap::new(), body.as_bytes()).map_err(|error| error.code)
}

/// An enabled rule with what is given.
fn rule(contents: &str) -> Result<LifecycleRule, ErrorCode> {
    read(&format!("<Rule><ID>a</ID><Status>Enabled</Status>{contents}</Rule>"))
        .map(|lifecycle| lifecycle.rules()[0].clone())
}

fn shown(lifecycle: &Lifecycle) -> String {
    let answer = encode_get(lifecycle).unwrap();
    String::from_utf8(answer.into_body().to_vec()).unwrap()
}

const EXPIRES: &str = "<Expiration><Days>1</Days></Expiration>";

#[test]
fn the_rules_of_r2s_page_are_read_and_shown_again() {
    let lifecycle = read(
        "<Rule><ID>Delete 2019 Documents</ID><Status>Enabled</Status><Filter><Prefix>2019/</Prefix></Filter>\
         <Expiration><Date>2024-01-01T00:00:00.000Z</Date></Expiration></Rule>\
         <Rule><ID>To IA</ID><Status>Enabled</Status>\
         <Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition></Rule>\
         <Rule><ID>Delete Old Logs</ID><Status>Disabled</Status><Filter><Prefix>logs/</Prefix></Filter>\
         <Expiration><Days>90</Days></Expiration></Rule>\
         <Rule><ID>Abort</ID><Status>Enabled</Status>\
         <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload></Rule>",
    );
    let lifecycle = lifecycle.unwrap();
    let rules = lifecycle.rules();
    assert_eq!(rules[0].expiration, Some(LifecycleTime::Date(Timestamp(1_704_067_200_000))));
    assert_eq!((rules[1].prefix.as_str(), rules[1].transitions.len()), ("", 1));
    assert_eq!(rules[1].transitions[0].time, LifecycleTime::Age(30 * 86_400));
    assert_eq!((rules[2].enabled, rules[2].prefix.as_str()), (false, "logs/"));
    assert_eq!(rules[3].abort_uploads_after, Some(7 * 86_400));
    let text = shown(&lifecycle);
    for expected in [
        "<Filter><Prefix>2019/</Prefix></Filter>",
        "<Expiration><Date>2024-01-01T00:00:00.000Z</Date></Expiration>",
        "<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
        "<Status>Disabled</Status><Expiration><Days>90</Days></Expiration>",
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let again = decode_put(&HeaderMap::new(), text.as_bytes()).unwrap();
    assert_eq!(again, lifecycle, "what GET answers, PUT takes");
}

#[test]
fn a_new_bucket_shows_its_rule_and_a_bucket_without_rules_none() {
    let text = shown(&Lifecycle::of_new_bucket());
    assert!(
        text.contains(
            "<Rule><ID>Default Multipart Abort Rule</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
             <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
             </AbortIncompleteMultipartUpload></Rule>"
        ),
        "{text}"
    );
    let refused = encode_get(&Lifecycle::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchLifecycleConfiguration);
}

#[test]
fn every_form_of_a_filter_gives_its_prefix() {
    for (filter, prefix, outside) in [
        ("", "", false),
        ("<Filter/>", "", false),
        ("<Filter><Prefix/></Filter>", "", false),
        ("<Filter><Prefix> a&amp;/</Prefix></Filter>", " a&/", false),
        ("<Filter><And><Prefix>a</Prefix></And></Filter>", "a", false),
        ("<Prefix>a</Prefix>", "a", true),
        ("<Prefix/>", "", true),
    ] {
        let rule = rule(&format!("{filter}{EXPIRES}")).unwrap();
        assert_eq!((rule.prefix.as_str(), rule.prefix_outside_filter), (prefix, outside), "{filter}");
        let text = shown(&Lifecycle::new(vec![rule]).unwrap());
        assert_eq!(text.contains("<Filter>"), !outside, "the older form is answered as it came: {text}");
    }
}

#[test]
fn what_r2_has_not_is_not_implemented() {
    for contents in [
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>",
        "<NoncurrentVersionTransition/>",
        "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
        "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>",
        "<Filter><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter>",
        "<Filter><And><Prefix>a</Prefix><Tag/></And></Filter>",
        "<Filter><And><ObjectSizeLessThan>1</ObjectSizeLessThan></And></Filter>",
        "<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>",
    ] {
        assert_eq!(rule(&format!("{contents}{EXPIRES}")), Err(ErrorCode::NotImplemented), "{contents}");
    }
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-amz-transition-default-minimum-object-size"),
        http::HeaderValue::from_static("all_storage_classes_128K"),
    )]);
    assert_eq!(decode_put(&headers, b"").unwrap_err().code, ErrorCode::NotImplemented);
}

#[test]
fn values_that_make_no_sense_are_refused_as_s3_refuses_them() {
    let abort = |days| {
        format!(
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>{days}</DaysAfterInitiation>\
             </AbortIncompleteMultipartUpload>"
        )
    };
    for contents in [
        "<Expiration><Days>0</Days></Expiration>",
        "<Expiration><Days>-1</Days></Expiration>",
        "<Transition><Days>-1</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
        &abort("0"),
    ] {
        assert_eq!(rule(contents), Err(ErrorCode::InvalidArgument), "{contents}");
    }
    assert_eq!(rule(""), Err(ErrorCode::InvalidRequest), "no action");
    assert_eq!(rule(&format!("<Filter><Prefix>a&#1;</Prefix></Filter>{EXPIRES}")), Err(ErrorCode::MalformedXml));
    assert!(rule("<Expiration><Date>2024-01-01T01:02:03Z</Date></Expiration>").is_ok(), "any time of day");
    let transition = "<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>";
    assert_eq!(rule(&transition.repeat(2)), Err(ErrorCode::InvalidRequest));
    let long = format!("<Filter><Prefix>{}</Prefix></Filter>{EXPIRES}", "p".repeat(1025));
    assert_eq!(rule(&long), Err(ErrorCode::InvalidRequest));
    let named = |id: &str| format!("<Rule><ID>{id}</ID><Status>Enabled</Status>{EXPIRES}</Rule>");
    assert_eq!(read(&named("a").repeat(2)).unwrap_err(), ErrorCode::InvalidArgument);
    assert_eq!(read(&named(&"a".repeat(256))).unwrap_err(), ErrorCode::InvalidArgument);
    assert!(read(&named("").repeat(2)).is_ok(), "rules without an id get one each");
}

#[test]
fn documents_of_another_schema_are_malformed() {
    for contents in [
        "<Expiration/>",
        "<Expiration><Days>1</Days><Date>2024-01-01</Date></Expiration>",
        "<Expiration><Days>one</Days></Expiration>",
        "<Expiration><Days>99999999999</Days></Expiration>",
        "<Expiration><Date>20240101</Date></Expiration>",
        "<Expiration><Date>2024-02-30</Date></Expiration>",
        "<Expiration><Hours>1</Hours></Expiration>",
        "<Transition><Days>30</Days></Transition>",
        "<Transition><StorageClass>STANDARD_IA</StorageClass></Transition>",
        "<Transition><Days>30</Days><StorageClass>STANDARD</StorageClass></Transition>",
        "<Transition><Days>30</Days><StorageClass>nonsense</StorageClass></Transition>",
        "<AbortIncompleteMultipartUpload/>",
        "<AbortIncompleteMultipartUpload><Days>1</Days></AbortIncompleteMultipartUpload>",
        &format!("<Filter/><Prefix/>{EXPIRES}"),
        &format!("<Filter><And/></Filter>{EXPIRES}"),
        &format!("<Filter><Prefix>a</Prefix><Prefix>b</Prefix></Filter>{EXPIRES}"),
        &format!("<Filter><Other/></Filter>{EXPIRES}"),
        &format!("{EXPIRES}{EXPIRES}"),
        &format!("{EXPIRES}<Status>Enabled</Status>"),
        &format!("{EXPIRES}<Other/>"),
    ] {
        assert_eq!(rule(contents), Err(ErrorCode::MalformedXml), "{contents}");
    }
    for rules in [
        String::new(),
        "<Other/>".to_owned(),
        format!("<Rule><ID>a</ID>{EXPIRES}</Rule>"),
        format!("<Rule><Status>enabled</Status>{EXPIRES}</Rule>"),
        format!("<Rule><Status>Enabled</Status>{EXPIRES}</Rule>").repeat(1001),
    ] {
        assert_eq!(read(&rules).unwrap_err(), ErrorCode::MalformedXml);
    }
    assert_eq!(decode_put(&HeaderMap::new(), b"").unwrap_err().code, ErrorCode::MalformedXml);
}

#[test]
fn a_marker_that_is_not_to_be_removed_is_nothing_to_do() {
    let kept = "<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>";
    assert_eq!(rule(kept).unwrap().expiration, Some(LifecycleTime::days(1)));
}
