//! Which rules are accepted, and which of them allow what.

use super::*;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn fields(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsFields {
    CorsFields {
        origins: strings(origins),
        methods: strings(methods),
        headers: strings(headers),
        ..CorsFields::default()
    }
}

fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
    CorsRule::new(fields(origins, methods, headers)).unwrap()
}

fn allowed(rule: &CorsRule, origin: &str, method: &str, headers: &[&str]) -> bool {
    rule.allows(&CorsRequest { origin, method, headers: headers.to_vec() })
}

#[test]
fn an_origin_is_matched_exactly_but_for_its_wildcard() {
    for (pattern, origin, expected) in [
        ("*", "https://a.example.com", true),
        ("*", "null", true),
        ("http://localhost:3000", "http://localhost:3000", true),
        ("http://localhost:3000", "http://localhost", false),
        ("http://localhost:3000", "http://localhost:3001", false),
        ("http://localhost", "https://localhost", false),
        ("http://localhost", "http://localhost/", false),
        ("http://example.com", "http://example.com:80", false),
        ("https://example.com", "https://EXAMPLE.com", false),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://a.b.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://a.example.com.evil", false),
        ("https://*.example.com", "http://a.example.com", false),
        ("https://*.example.com", "https://a.example.com:8443", false),
        ("https://*-app.example.com", "https://1-app.example.com", true),
        ("https://*-app.example.com", "https://-app.example.com", true),
        ("https://*-app.example.com", "https://app.example.com", false),
        ("https://ab*ba", "https://aba", false),
        ("https://*", "https://anything:1", true),
        ("https://[::1]:9000", "https://[::1]:9000", true),
    ] {
        assert_eq!(allowed(&rule(&[pattern], &["GET"], &[]), origin, "GET", &[]), expected, "{pattern} for {origin}");
    }
}

#[test]
fn headers_match_whatever_their_case() {
    for (patterns, asked, expected) in [
        (&[][..], &[][..], true),
        (&[], &["x-a"], false),
        (&["*"], &["x-a", "Authorization"], true),
        (&["X-A", "content-type"], &["x-a", "Content-Type"], true),
        (&["X-A"], &["x-a", "x-b"], false),
        (&["X-AMZ-*"], &["x-amz-meta-a", "x-amz-"], true),
        (&["x-amz-*"], &["x-am"], false),
        (&["x-*-id"], &["X-User-Id"], true),
        (&["x-*-id"], &["x-id"], false),
    ] {
        assert_eq!(
            allowed(&rule(&["*"], &["PUT"], patterns), "http://a", "PUT", asked),
            expected,
            "{patterns:?} for {asked:?}"
        );
    }
}

#[test]
fn the_first_rule_that_allows_all_of_a_request_counts() {
    let only_get = rule(&["http://a", "http://b"], &["GET"], &[]);
    let put_with_headers = rule(&["http://a"], &["PUT", "GET"], &["*"]);
    let policy = CorsPolicy::new(vec![only_get.clone(), put_with_headers.clone()]).unwrap();
    let asked = |origin, method, headers: &[&'static str]| {
        policy.allowing(&CorsRequest { origin, method, headers: headers.to_vec() }).cloned()
    };
    assert_eq!(asked("http://a", "GET", &[]), Some(only_get.clone()));
    assert_eq!(asked("http://a", "GET", &["x-a"]), Some(put_with_headers.clone()));
    assert_eq!(asked("http://a", "PUT", &["x-a"]), Some(put_with_headers));
    assert_eq!(asked("http://b", "GET", &[]), Some(only_get));
    assert_eq!(asked("http://b", "PUT", &[]), None);
    assert_eq!(asked("http://a", "get", &[]), None);
    assert_eq!(asked("http://a", "OPTIONS", &[]), None);
    assert_eq!(asked("http://a", "PUT", &["x"; HEADERS_MAX + 1]), None);
}

#[test]
fn origins_are_those_a_browser_could_send() {
    for good in [
        "*",
        "https://static.example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
        "https://*.example.com",
        "https://*-app.example.com:8443",
        "https://[2001:db8::1]:443",
        "capacitor://localhost",
        "chrome-extension://abcdef",
        "http://under_score.example",
    ] {
        assert!(CorsRule::new(fields(&[good], &["GET"], &[])).is_ok(), "{good}");
    }
    for bad in [
        "",
        "null",
        "example.com",
        "*.example.com",
        "https://",
        "https://static.example.com/",
        "https://static.example.com/fonts/Calibri.woff2",
        "https://a.example.com?b",
        "https://user@example.com",
        "https://a b",
        " https://a",
        "http://localhost:*",
        "http://localhost:",
        "http://localhost:65536",
        "http://localhost:+1",
        "*://example.com",
        "1http://example.com",
        "https://m\u{fc}nchen.example",
        "https://[::1",
        "https://[a*b]",
        "https://a\r\nb",
    ] {
        let refused = CorsRule::new(fields(&["*", bad], &["GET"], &[]));
        assert_eq!(refused, Err(InvalidCors::Origin(bad.to_owned())), "{bad}");
    }
    let two = "https://*.*.example.com";
    assert_eq!(CorsRule::new(fields(&[two], &["GET"], &[])), Err(InvalidCors::OriginWildcards(two.to_owned())));
}

#[test]
fn a_rule_names_an_origin_and_known_methods() {
    assert_eq!(CorsRule::new(fields(&[], &["GET"], &[])), Err(InvalidCors::NoOrigin));
    assert_eq!(CorsRule::new(fields(&["*"], &[], &[])), Err(InvalidCors::NoMethod));
    for bad in ["OPTIONS", "PATCH", "get", "*", ""] {
        assert_eq!(CorsRule::new(fields(&["*"], &["GET", bad], &[])), Err(InvalidCors::Method(bad.to_owned())));
    }
    assert!(CorsRule::new(fields(&["*"], &CORS_METHODS, &[])).is_ok());
}

#[test]
fn headers_are_names_and_only_allowed_ones_have_a_wildcard() {
    for bad in ["", "a b", "a:b", "\u{e9}", "a\r\nb"] {
        assert_eq!(CorsRule::new(fields(&["*"], &["GET"], &[bad])), Err(InvalidCors::Header(bad.to_owned())));
        let exposed = CorsFields { expose_headers: strings(&[bad]), ..fields(&["*"], &["GET"], &[]) };
        assert_eq!(CorsRule::new(exposed), Err(InvalidCors::ExposeHeader(bad.to_owned())));
    }
    assert_eq!(
        CorsRule::new(fields(&["*"], &["GET"], &["x-*-*"])),
        Err(InvalidCors::HeaderWildcards("x-*-*".to_owned()))
    );
    for bad in ["*", "x-amz-meta-*"] {
        let exposed = CorsFields { expose_headers: strings(&["ETag", bad]), ..fields(&["*"], &["GET"], &[]) };
        assert_eq!(CorsRule::new(exposed), Err(InvalidCors::ExposeHeaderWildcard(bad.to_owned())));
    }
}

#[test]
fn a_day_255_characters_and_100_rules_are_the_bounds() {
    let bounded = |id: usize, max_age_seconds| {
        let id = Some("\u{e9}".repeat(id));
        CorsRule::new(CorsFields { id, max_age_seconds: Some(max_age_seconds), ..fields(&["*"], &["GET"], &[]) })
    };
    assert!(bounded(255, 86_400).is_ok() && bounded(0, 0).is_ok());
    assert_eq!(bounded(256, 0), Err(InvalidCors::LongId));
    assert_eq!(bounded(0, 86_401), Err(InvalidCors::MaxAge(86_401)));
    let rule = rule(&["*"], &["GET"], &[]);
    assert!(CorsPolicy::new(vec![rule.clone(); 100]).is_ok());
    assert_eq!(CorsPolicy::new(vec![rule; 101]), Err(InvalidCors::TooManyRules));
}
