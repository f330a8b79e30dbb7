//! Forms that are cut off, malformed or too large: nothing of them is stored.

use crate::support::{BOUNDARY, Client, Connection, Form, KIB, MIB, body_of, part};
use crate::{nothing_changed, server_with};

/// The outcome of a form with another body.
async fn post(client: &Client, body: &[u8]) -> (u16, String) {
    let wire = Form::new(client, "bad", "b").wire_of(body);
    client.exchange_raw(&wire, false).await.outcome()
}

fn malformed() -> (u16, String) {
    (400, "MalformedPOSTRequest".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_its_end_stores_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    for size in [5, 700 * KIB] {
        let whole = Form::new(client, "bad", "b").file(body_of(1, size)).signed().body();
        let end = whole.windows(BOUNDARY.len()).rposition(|text| text == BOUNDARY.as_bytes()).unwrap();
        for length in [end - size / 2, end - 3, end - 1, end, end + BOUNDARY.len(), end + BOUNDARY.len() + 1] {
            assert_eq!(post(client, &whole[..length]).await, malformed(), "{length} of {}", whole.len());
        }
        assert_eq!(post(client, &whole[..whole.len() - 2]).await.0, 204, "the last line break may be missing");
        client.delete("/bad/b").send().await.ok();
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_whose_connection_breaks_stores_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    for size in [5, 700 * KIB, 3 * MIB] {
        let wire = Form::new(client, "bad", "b").file(body_of(1, size)).signed().wire();
        for missing in [1, 10, size] {
            let mut connection = Connection::open(client.address).await.unwrap();
            connection.send(&wire[..wire.len() - missing]).await.unwrap();
            connection.end_sending().await.unwrap();
            if let Ok(answer) = connection.answer(false).await {
                answer.refused(400, "IncompleteBody");
            }
        }
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_that_are_malformed_store_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    let signed = Form::new(client, "bad", "b").signed();
    let body = signed.body();
    let text = String::from_utf8(body.clone()).unwrap();
    for bent in [
        text.replace("\r\n", "\n"),
        text.replace("form-data", "attachment"),
        text.replace("name=\"key\"", "name=\"\""),
        text.replace("name=\"key\"", "name=\"key"),
        text.replace("Content-Disposition", "Content-Dispositio"),
        text.replace(BOUNDARY, "another"),
        format!("{text}{}", "x".repeat(21 * KIB)),
        String::new(),
        "--".to_owned(),
        format!("--{BOUNDARY}"),
    ] {
        assert_eq!(post(client, bent.as_bytes()).await, malformed(), "{bent}");
    }
    let whole = String::from_utf8(signed.wire()).unwrap();
    for content_type in
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a; boundary=b"]
    {
        let sent = format!("multipart/form-data; boundary={BOUNDARY}");
        let wire = whole.replacen(&sent, content_type, 1);
        assert_eq!(client.exchange_raw(wire.as_bytes(), false).await.outcome(), malformed(), "{content_type}");
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_has_one_key_and_one_file() {
    let server = server_with("bad").await;
    let client = &server.client;
    let invalid = (400, "InvalidArgument".to_owned());
    let form = || Form::new(client, "bad", "b");
    let second_file = form().behind(part("name=\"file\"; filename=\"c\"", b"second")).signed();
    assert_eq!(second_file.send().await.outcome(), invalid);
    let large = form().file(body_of(1, 700 * KIB)).behind(part("name=\"file\"", b"second")).signed();
    assert_eq!(large.send().await.outcome(), invalid);
    let no_file = form().file_disposition("name=\"other\"").signed();
    assert_eq!(no_file.send().await.outcome(), invalid);
    let two_keys = form().uncovered("KEY", b"c").signed();
    assert_eq!(two_keys.send().await.outcome(), invalid);
    let no_key = Form::new(client, "bad", "").condition(r#"["starts-with", "$key", ""]"#).signed();
    assert_eq!(no_key.send().await.outcome(), invalid);
    let none = form().changed("key", None).without_conditions().condition(r#"{"bucket": "bad"}"#).signed();
    assert_eq!(none.send().await.outcome(), invalid);
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_none_are_refused() {
    let server = server_with("bad").await;
    let client = &server.client;
    let any = || Form::new(client, "bad", "x").changed("key", None).without_conditions();
    let any = || any().condition(r#"{"bucket": "bad"}"#).condition(r#"["starts-with", "$key", ""]"#);
    for key in [&b"\xff\xfe"[..], b"a\xc3", &[b'k'; 1025]] {
        let outcome = any().uncovered("key", key).signed().send().await.outcome();
        assert_eq!(outcome, (400, "InvalidObjectName".to_owned()), "{key:?}");
    }
    let metadata = any().uncovered("key", b"b").uncovered("x-amz-meta-a", b"\xff").signed();
    assert_eq!(metadata.send().await.outcome(), (400, "InvalidArgument".to_owned()));
    let injected = any().uncovered("key", b"b").uncovered("x-amz-meta-a", b"1\r\nx-amz-acl: private");
    let injected = injected.condition(r#"["starts-with", "$x-amz-meta-a", ""]"#).signed();
    assert_eq!(injected.send().await.outcome(), (400, "InvalidArgument".to_owned()));
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_before_the_file_is_bounded() {
    let server = server_with("bad").await;
    let client = &server.client;
    let too_long = (400, "MaxPostPreDataLengthExceeded".to_owned());
    let form = || Form::new(client, "bad", "b");
    let huge = form().uncovered("x-ignore-a", &[b'x'; 21 * KIB]).signed();
    assert_eq!(huge.send().await.outcome(), too_long);
    let many = (0..2000).fold(form(), |form, number| form.uncovered(&format!("x-ignore-{number}"), b""));
    assert_eq!(many.signed().send().await.outcome(), too_long);
    let long_name = form().uncovered(&"n".repeat(30 * KIB), b"");
    assert_eq!(long_name.signed().send().await.outcome(), too_long);
    assert_eq!(post(client, &[b'x'; 2 * MIB]).await, too_long, "a preamble without an end");
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_that_are_none_are_refused() {
    let server = server_with("bad").await;
    let client = &server.client;
    for condition in ["{}", r#"{"acl": 1}"#, r#"["content-length-range", 0]"#, "{", r#"["eq", "$acl"]"#] {
        let answer = Form::new(client, "bad", "b").condition(condition).signed().send().await;
        assert_eq!(answer.outcome(), (400, "InvalidPolicyDocument".to_owned()), "{condition}");
    }
    nothing_changed(server, "bad").await;
}
