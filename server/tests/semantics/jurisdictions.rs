//! Where buckets are: jurisdictions with their own hosts and names, and location hints. Source: R2 "Data location".

use crate::support::{Answer, Client, TestServer, elements};

/// Sends a request to the endpoint of a jurisdiction; none for the default one.
async fn at(client: &Client, jurisdiction: Option<&str>, method: &str, target: &str, body: &str) -> Answer {
    let host = match jurisdiction {
        Some(jurisdiction) => format!("{}.{jurisdiction}.r2.localhost", client.account),
        None => format!("{}.r2.localhost", client.account),
    };
    client.request(method, target).host(&host).body(body).send().await
}

async fn buckets(client: &Client, jurisdiction: Option<&str>) -> Vec<String> {
    elements(at(client, jurisdiction, "GET", "/", "").await.ok().text(), "Name")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_seen_through_its_own_jurisdiction_only() {
    let server = TestServer::start().await;
    let client = &server.client;
    at(client, Some("eu"), "PUT", "/only-eu", "").await.ok();
    at(client, Some("eu"), "PUT", "/only-eu/a", "abc").await.ok();
    at(client, Some("fedramp"), "PUT", "/only-fedramp", "").await.ok();
    for elsewhere in [None, Some("fedramp"), Some("us"), Some("fedramp-high")] {
        for (method, target) in [
            ("GET", "/only-eu"),
            ("GET", "/only-eu?location"),
            ("GET", "/only-eu?uploads"),
            ("GET", "/only-eu/a"),
            ("PUT", "/only-eu/b"),
            ("POST", "/only-eu/b?uploads"),
            ("DELETE", "/only-eu/a"),
            ("DELETE", "/only-eu"),
        ] {
            at(client, elsewhere, method, target, "").await.refused(404, "NoSuchBucket");
        }
        at(client, elsewhere, "HEAD", "/only-eu", "").await.refused_without_body(404);
    }
    client.get("/only-eu/a").send().await.refused(404, "NoSuchBucket");
    assert_eq!(at(client, Some("EU"), "GET", "/only-eu/a", "").await.ok().text(), "abc");
    assert_eq!(buckets(client, Some("eu")).await, ["only-eu"]);
    assert_eq!(buckets(client, Some("fedramp")).await, ["only-fedramp"]);
    assert_eq!(buckets(client, None).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_name_in_two_jurisdictions_is_two_buckets() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (jurisdiction, content) in [(None, "anywhere"), (Some("eu"), "europe"), (Some("fedramp"), "america")] {
        at(client, jurisdiction, "PUT", "/same", "").await.ok();
        at(client, jurisdiction, "PUT", "/same", "").await.refused(409, "BucketAlreadyOwnedByYou");
        at(client, jurisdiction, "PUT", "/same/a", content).await.ok();
    }
    let server = server.restart().await;
    let client = &server.client;
    for (jurisdiction, content) in [(None, "anywhere"), (Some("eu"), "europe"), (Some("fedramp"), "america")] {
        assert_eq!(at(client, jurisdiction, "GET", "/same/a", "").await.ok().text(), content);
        assert_eq!(buckets(client, jurisdiction).await, ["same"]);
    }
    at(client, Some("eu"), "DELETE", "/same/a", "").await.ok();
    at(client, Some("eu"), "DELETE", "/same", "").await.ok();
    assert_eq!(buckets(client, Some("eu")).await, [""; 0]);
    assert_eq!(at(client, None, "GET", "/same/a", "").await.ok().text(), "anywhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_finds_its_source_in_its_own_jurisdiction_only() {
    let server = TestServer::start().await;
    let client = &server.client;
    let host = format!("{}.eu.r2.localhost", client.account);
    at(client, None, "PUT", "/outside", "").await.ok();
    at(client, None, "PUT", "/outside/a", "abc").await.ok();
    at(client, Some("eu"), "PUT", "/inside", "").await.ok();
    at(client, Some("eu"), "PUT", "/inside/a", "abc").await.ok();
    let copy =
        |target: &str, source: &str| client.put(target, "").host(&host).header("x-amz-copy-source", source).send();
    copy("/inside/b", "/inside/a").await.ok();
    copy("/inside/c", "/outside/a").await.refused(404, "NoSuchBucket");
    let out = client.put("/outside/b", "").header("x-amz-copy-source", "/inside/a");
    out.send().await.refused(404, "NoSuchBucket");
    let create = client.post("/inside/parts?uploads", "").host(&host).send().await.ok();
    let part = format!("/inside/parts?partNumber=1&uploadId={}", create.element("UploadId").unwrap());
    copy(&part, "/outside/a").await.refused(404, "NoSuchBucket");
    copy(&part, "/inside/a").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_endpoint_has_one_for_a_jurisdiction() {
    let server = TestServer::start().await;
    let (client, account) = (&server.client, server.client.account);
    at(client, Some("eu"), "PUT", "/hosted", "").await.ok();
    at(client, Some("eu"), "PUT", "/hosted/a", "abc").await.ok();
    for (host, target) in [
        (format!("{account}.eu.r2.localhost"), "/hosted/a"),
        (format!("hosted.{account}.eu.r2.localhost"), "/a"),
        (format!("hosted.{account}.eu.r2.localhost:{}", client.address.port()), "/a"),
        ("eu.r2.localhost".to_owned(), "/hosted/a"),
        ("hosted.eu.r2.localhost".to_owned(), "/a"),
    ] {
        assert_eq!(client.get(target).host(&host).send().await.ok().text(), "abc", "{host}");
        let (mut parts, _) = client.get(target).host(&host).presign(60);
        assert_eq!(client.exchange(&parts, b"").await.ok().text(), "abc", "{host}, presigned");
        // The host is signed: a URL for one jurisdiction is good for no other.
        parts.headers.insert("host", host.replace("eu.", "us.").parse().unwrap());
        client.exchange(&parts, b"").await.refused(403, "SignatureDoesNotMatch");
    }
    for host in [format!("{account}.mars.r2.localhost"), format!("{account}.default.r2.localhost")] {
        client.get("/hosted/a").host(&host).send().await.refused(400, "InvalidURI");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_buckets_stay_within_their_jurisdiction() {
    let server = TestServer::start().await;
    let client = &server.client;
    for jurisdiction in [None, Some("eu")] {
        for name in ["page-1", "page-2", "page-3"] {
            at(client, jurisdiction, "PUT", &format!("/{name}"), "").await.ok();
        }
    }
    let first = at(client, Some("eu"), "GET", "/?max-keys=2", "").await.ok();
    let token = first.element("NextContinuationToken").expect("a token");
    let next = format!("/?max-keys=2&continuation-token={token}");
    let second = at(client, Some("eu"), "GET", &next, "").await.ok();
    assert_eq!(elements(second.text(), "Name"), ["page-3"]);
    at(client, None, "GET", &next, "").await.refused(400, "InvalidArgument");
}

fn constraint(location: &str) -> String {
    format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{location}\
         </LocationConstraint></CreateBucketConfiguration>"
    )
}

/// The location hint of a bucket, which the S3 face never shows.
async fn location(server: &TestServer, bucket: &str) -> Option<&'static str> {
    let (caller, name) = (server.caller().await, types::BucketName::parse(bucket).unwrap());
    let hint = server.instance.store().bucket_location(&caller, &name).await.unwrap();
    hint.map(types::LocationHint::name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn location_hints_are_kept_in_any_case_and_every_answer_says_auto() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (sent, kept) in [
        ("wnam", Some("wnam")),
        ("ENAM", Some("enam")),
        ("Weur", Some("weur")),
        ("EEUR", Some("eeur")),
        ("apac", Some("apac")),
        ("OC", Some("oc")),
        ("auto", None),
        ("us-east-1", None),
        ("", None),
    ] {
        let bucket = format!("at-{}", if sent.is_empty() { "none".to_owned() } else { sent.to_ascii_lowercase() });
        let created = client.put(&format!("/{bucket}"), constraint(sent)).send().await.ok();
        assert_eq!(created.header("location"), Some(&*format!("/{bucket}")));
        assert_eq!(location(&server, &bucket).await, kept, "{sent:?}");
        let shown = client.get(&format!("/{bucket}?location")).send().await.ok();
        assert!(shown.text().ends_with(">auto</LocationConstraint>"), "{}", shown.text());
        let head = client.head(&format!("/{bucket}")).send().await.ok();
        assert_eq!(head.header("x-amz-bucket-region"), Some("auto"));
    }
    for invalid in ["moon", "eu", "us-west-2", "wnam2"] {
        client.put("/nowhere", constraint(invalid)).send().await.refused(400, "InvalidLocationConstraint");
    }
    client.head("/nowhere").send().await.refused_without_body(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_made_again_is_where_the_first_of_its_name_was() {
    let server = TestServer::start().await;
    let client = &server.client;
    client.put("/again", constraint("WNAM")).send().await.ok();
    client.put("/anywhere", "").send().await.ok();
    client.delete("/again").send().await.ok();
    client.delete("/anywhere").send().await.ok();
    let server = server.restart().await;
    let client = &server.client;
    for hint in ["oc", "auto"] {
        client.put("/again", constraint(hint)).send().await.ok();
        assert_eq!(location(&server, "again").await, Some("wnam"), "a hint is honoured once: {hint}");
        client.delete("/again").send().await.ok();
    }
    client.put("/anywhere", constraint("oc")).send().await.ok();
    assert_eq!(location(&server, "anywhere").await, None);
}
