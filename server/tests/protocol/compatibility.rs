//! Each line of docs/s3.md, sent to a server: what is refused changes nothing, what is ignored changes no answer, and
//! what is implemented is never refused by name. Source: R2 "S3 API compatibility".

use crate::server_with;
use crate::support::{Answer, TestServer, elements};
use s3_protocol::compatibility::{EVERYWHERE, Feature, Level, OperationEntry, Place, State, operations};

/// A bucket with the objects `a` and `source`.
async fn compatible() -> TestServer {
    let server = server_with("compatible").await;
    server.client.put("/compatible/source", "abc").send().await.ok();
    server
}

/// Sends the request of an operation, perhaps with one more header or parameter.
async fn send(server: &TestServer, entry: &OperationEntry, feature: Option<&Feature>) -> Answer {
    let path = match entry.level {
        Level::Account => "/",
        Level::Bucket => "/compatible",
        Level::Object => "/compatible/a",
    };
    let (mut query, mut header) = (entry.query.to_owned(), None);
    match feature {
        Some(Feature { place: Place::Parameter, name, value, .. }) => query = format!("{query}&{name}={value}"),
        Some(Feature { place: Place::Header, name, value, .. }) => header = Some((*name, *value)),
        None => {}
    }
    let mut request = server.client.request(entry.method, &format!("{path}?{}", query.trim_start_matches('&')));
    for (name, value) in entry.headers.iter().copied().chain(header) {
        request = request.header(name, value);
    }
    request.send().await
}

fn refused_by_name(answer: &Answer, entry: &OperationEntry, name: &str) {
    assert_eq!(answer.status, 501, "{} with {name}: {}", entry.name, answer.text());
    if entry.method != "HEAD" {
        let (code, message) = (answer.element("Code").unwrap(), answer.element("Message").unwrap());
        assert_eq!(code, "NotImplemented", "{} with {name}", entry.name);
        assert!(message.contains(name), "{} with {name}: {message}", entry.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_is_not_there_is_refused_by_its_name_and_changes_nothing() {
    let server = compatible().await;
    for entry in operations().filter(|entry| entry.state == State::NotImplemented) {
        refused_by_name(&send(&server, entry, None).await, entry, entry.name);
        for feature in entry.all_features() {
            assert_eq!(send(&server, entry, Some(feature)).await.status, 501, "{} with {feature:?}", entry.name);
        }
    }
    nothing_has_changed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_header_and_parameter_that_is_not_there_is_refused_by_its_name_and_changes_nothing() {
    let server = compatible().await;
    for entry in operations().filter(|entry| entry.state != State::NotImplemented) {
        for feature in entry.all_features().filter(|feature| feature.state == State::NotImplemented) {
            refused_by_name(&send(&server, entry, Some(feature)).await, entry, feature.name);
        }
    }
    nothing_has_changed(&server).await;
}

async fn nothing_has_changed(server: &TestServer) {
    for object in ["/compatible/a", "/compatible/source"] {
        assert_eq!(server.client.get(object).send().await.ok().text(), "abc");
    }
    let buckets = server.client.get("/").send().await.ok();
    assert_eq!(elements(buckets.text(), "Name"), ["compatible"]);
    let uploads = server.client.get("/compatible?uploads").send().await.ok();
    assert_eq!(elements(uploads.text(), "UploadId"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ignored_changes_no_answer() {
    let server = compatible().await;
    for entry in operations().filter(|entry| entry.state != State::NotImplemented) {
        server.client.put("/compatible/a", "abc").send().await.ok();
        let plain = send(&server, entry, None).await;
        let ignored = entry.all_features().filter(|feature| feature.state == State::Ignored);
        for feature in ignored.chain(EVERYWHERE) {
            let answer = send(&server, entry, Some(feature)).await;
            assert_eq!(answer.status, plain.status, "{} with {feature:?}: {}", entry.name, answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_implemented_is_never_refused_by_name() {
    let server = compatible().await;
    for entry in operations().filter(|entry| entry.state != State::NotImplemented) {
        server.client.put("/compatible/a", "abc").send().await.ok();
        assert_ne!(send(&server, entry, None).await.status, 501, "{}", entry.name);
        for feature in entry.all_features().filter(|feature| feature.state == State::Implemented) {
            let answer = send(&server, entry, Some(feature)).await;
            assert_ne!(answer.status, 501, "{} with {feature:?}: {}", entry.name, answer.text());
        }
    }
}
