//! CORS through the socket: the rules of a bucket, preflights, and what other answers say to browsers.

use crate::server_with;
use crate::support::{Answer, Client, elements};

const PAGE: &str = "https://app.example.com";

/// A document with one rule.
fn document(rule: &str) -> String {
    format!("<CORSConfiguration><CORSRule>{rule}</CORSRule></CORSConfiguration>")
}

fn uploads_rule() -> String {
    document(&format!(
        "<AllowedOrigin>{PAGE}</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>\
         <AllowedMethod>HEAD</AllowedMethod><AllowedMethod>DELETE</AllowedMethod>\
         <AllowedHeader>Content-Type</AllowedHeader><ExposeHeader>ETag</ExposeHeader>\
         <MaxAgeSeconds>600</MaxAgeSeconds>"
    ))
}

async fn put_rules(client: &Client, bucket: &str, document: &str) -> Answer {
    client.put(&format!("/{bucket}?cors"), document).send().await
}

/// Sends a request as it is, unsigned.
async fn send_unsigned(client: &Client, method: &str, target: &str, host: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
    client.exchange_raw(head.as_bytes(), method == "HEAD").await
}

async fn preflight(client: &Client, target: &str, host: &str, origin: &str, method: &str, headers: &str) -> Answer {
    let sent =
        [("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", headers)];
    let sent = if headers.is_empty() { &sent[..2] } else { &sent };
    send_unsigned(client, "OPTIONS", target, host, sent).await
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

/// An answer that says nothing to a browser.
#[track_caller]
fn assert_silent(answer: &Answer) {
    let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(told, None, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_kept_replaced_and_removed() {
    let server = server_with("rules").await;
    let client = &server.client;
    client.get("/rules?cors").send().await.refused(404, "NoSuchCORSConfiguration");
    assert_eq!(client.delete("/rules?cors").send().await.status, 204, "there was nothing to remove");

    put_rules(client, "rules", &uploads_rule()).await.ok();
    let any = document("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>");
    assert_eq!(put_rules(client, "rules", &any).await.ok().status, 200);
    let server = server.restart().await;
    let client = &server.client;
    let shown = client.get("/rules?cors").send().await.ok();
    assert_eq!(elements(shown.text(), "AllowedOrigin"), ["*"]);
    assert_eq!(shown.text().matches("<CORSRule>").count(), 1);

    put_rules(client, "rules", "<CORSConfiguration/>").await.refused(400, "MalformedXML");
    put_rules(client, "rules", "").await.refused(400, "MalformedXML");
    let patch = document("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>");
    put_rules(client, "rules", &patch).await.refused(400, "InvalidRequest");
    assert_eq!(client.get("/rules?cors").send().await.ok().text(), shown.text(), "what was refused changed nothing");

    assert_eq!(client.delete("/rules?cors").send().await.status, 204);
    client.get("/rules?cors").send().await.refused(404, "NoSuchCORSConfiguration");
    assert_eq!(client.get("/rules/a").send().await.ok().text(), "abc");
    put_rules(client, "gone", &any).await.refused(404, "NoSuchBucket");
    client.get("/gone?cors").send().await.refused(404, "NoSuchBucket");
    client.delete("/gone?cors").send().await.refused(404, "NoSuchBucket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_made_again_has_no_rules() {
    let server = server_with("again").await;
    let client = &server.client;
    put_rules(client, "again", &uploads_rule()).await.ok();
    assert_eq!(allowed_origin(&client.get("/again/a").header("origin", PAGE).send().await), Some(PAGE));
    client.delete("/again/a").send().await.ok();
    let removed = client.delete("/again").header("origin", PAGE).send().await.ok();
    assert_eq!(allowed_origin(&removed), Some(PAGE), "the page is to learn that its request succeeded");
    client.request("PUT", "/again").send().await.ok();
    client.get("/again?cors").send().await.refused(404, "NoSuchCORSConfiguration");
    assert_silent(&client.get("/again").header("origin", PAGE).send().await.ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_is_answered_unsigned_under_every_name_of_the_bucket() {
    let server = server_with("hosted").await;
    let client = &server.client;
    put_rules(client, "hosted", &uploads_rule()).await.ok();
    let (account, path_style) = (client.account, client.address.to_string());
    let presigned = client.put("/hosted/new?x-id=PutObject", "").header("content-type", "image/png").presign(60).0.uri;
    for (host, target) in [
        (path_style.clone(), "/hosted/a".to_owned()),
        (path_style.clone(), "/hosted/not%20there?partNumber=1&uploadId=x".to_owned()),
        (path_style.clone(), "/hosted".to_owned()),
        (path_style.clone(), "/hosted/?delete".to_owned()),
        (path_style.clone(), presigned.to_string()),
        (path_style, format!("{presigned}0")),
        (format!("{account}.r2.localhost"), "/hosted/a".to_owned()),
        ("hosted.localhost".to_owned(), "/a".to_owned()),
        (format!("hosted.{account}.r2.localhost"), "/".to_owned()),
    ] {
        let answer = preflight(client, &target, &host, PAGE, "PUT", "content-type").await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{host}{target}");
        assert_eq!(answer.header("access-control-allow-headers"), Some("content-type"), "{host}{target}");
        let told = ["origin", "methods", "headers"].map(|what| answer.header(&format!("access-control-allow-{what}")));
        assert_eq!(told, [Some(PAGE), Some("PUT, GET, HEAD, DELETE"), Some("content-type")], "{host}{target}");
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_of_a_jurisdiction_has_rules_of_its_own() {
    let server = server_with("twice").await;
    let client = &server.client;
    let eu = format!("{}.eu.r2.localhost", client.account);
    client.request("PUT", "/twice").host(&eu).send().await.ok();
    client.put("/twice?cors", uploads_rule()).host(&eu).send().await.ok();
    let elsewhere = format!("{}.r2.localhost", client.account);
    for (host, told) in [(&eu, Some(PAGE)), (&elsewhere, None)] {
        let answer = preflight(client, "/twice/a", host, PAGE, "PUT", "").await;
        assert_eq!(allowed_origin(&answer), told, "{host}");
        let answer = client.get("/twice?list-type=2").host(host).header("origin", PAGE).send().await.ok();
        assert_eq!(allowed_origin(&answer), told, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_that_no_rule_allows_is_no_error_and_tells_nothing() {
    let server = server_with("strict").await;
    let client = &server.client;
    client.request("PUT", "/plain").send().await.ok();
    put_rules(client, "strict", &uploads_rule()).await.ok();
    let host = client.address.to_string();
    let other_account = format!("strict.{}.r2.localhost", "0".repeat(32));
    for (target, host, origin, method, headers) in [
        ("/strict/a", &host, "https://other.example.com", "PUT", ""),
        ("/strict/a", &host, PAGE, "POST", ""),
        ("/strict/a", &host, PAGE, "PATCH", ""),
        ("/strict/a", &host, PAGE, "PUT", "content-type, x-amz-meta-a"),
        ("/plain/a", &host, PAGE, "PUT", ""),
        ("/gone/a", &host, PAGE, "PUT", ""),
        ("/x_y/a", &host, PAGE, "PUT", ""),
        ("/", &host, PAGE, "GET", ""),
        ("/a", &other_account, PAGE, "PUT", ""),
    ] {
        let answer = preflight(client, target, host, origin, method, headers).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{host}{target} {origin} {method} {headers}");
        assert_silent(&answer);
    }
    for sent in [&[][..], &[("Access-Control-Request-Method", "PUT")], &[("Origin", PAGE)]] {
        for target in ["/strict/a", "/plain", "/gone/a"] {
            send_unsigned(client, "OPTIONS", target, &host, sent).await.refused(400, "BadRequest");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_an_allowed_page_says_so_also_a_refusal() {
    let server = server_with("pages").await;
    let client = &server.client;
    put_rules(client, "pages", &uploads_rule()).await.ok();
    let host = client.address.to_string();
    let mut answers = vec![
        (200, client.get("/pages/a").header("origin", PAGE).send().await),
        (206, client.get("/pages/a").header("origin", PAGE).header("range", "bytes=0-0").send().await),
        (304, client.get("/pages/a").header("origin", PAGE).header("if-none-match", "*").send().await),
        (200, client.head("/pages/a").header("origin", PAGE).send().await),
        (404, client.head("/pages/none").header("origin", PAGE).send().await),
        (404, client.get("/pages/none").header("origin", PAGE).send().await),
        (200, client.put("/pages/b", "b").header("origin", PAGE).send().await),
        (204, client.delete("/pages/b").header("origin", PAGE).send().await),
        (200, client.get("/pages?list-type=2").header("origin", PAGE).send().await),
        (501, client.get("/pages?website").header("origin", PAGE).send().await),
        (401, send_unsigned(client, "GET", "/pages/a", &host, &[("Origin", PAGE)]).await),
    ];
    let (mut parts, body) = client.put("/pages/c", "c").presign(60);
    parts.headers.insert("origin", PAGE.parse().unwrap());
    answers.push((200, client.exchange(&parts, &body).await));
    parts.uri = format!("{}0", parts.uri).parse().unwrap();
    answers.push((403, client.exchange(&parts, &body).await));
    for (status, answer) in answers {
        assert_eq!((answer.status, allowed_origin(&answer)), (status, Some(PAGE)), "{answer:?}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
        assert_eq!(answer.header("access-control-allow-headers"), None, "that is for preflights");
        assert!(answer.header("vary").is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_no_rule_allows_is_served_and_told_nothing() {
    let server = server_with("pages").await;
    let client = &server.client;
    assert_silent(&client.get("/pages/a").header("origin", PAGE).send().await.ok());
    put_rules(client, "pages", &uploads_rule()).await.ok();
    let other = "https://other.example.com";
    let answer = client.get("/pages/a").header("origin", other).send().await.ok();
    assert_eq!(answer.text(), "abc");
    assert_silent(&answer);
    assert!(answer.header("vary").is_some(), "a cache must not give this answer to the page that is allowed");
    assert_silent(&client.put("/pages/other", "x").header("origin", other).send().await.ok());
    assert_silent(&client.post("/pages/post", "x").header("origin", PAGE).send().await.ok());
    let without = client.get("/pages/a").send().await.ok();
    assert_silent(&without);
    assert_eq!(without.header("vary"), None);
    client.delete("/pages?cors").send().await.ok();
    assert_silent(&client.get("/pages/a").header("origin", PAGE).send().await.ok());
}
