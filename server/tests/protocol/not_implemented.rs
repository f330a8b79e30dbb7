//! What R2 has not, or what is not built yet: 501 by name, and nothing happens. The lists are those of R2's page
//! "S3 API compatibility".

use crate::server_with;
use crate::support::elements;

const OF_BUCKETS: [(&str, &str); 35] = [
    ("GET", "accelerate"),
    ("GET", "analytics"),
    ("GET", "intelligent-tiering"),
    ("GET", "inventory"),
    ("GET", "logging"),
    ("GET", "metrics"),
    ("GET", "notification"),
    ("GET", "ownershipControls"),
    ("GET", "policy"),
    ("GET", "policyStatus"),
    ("GET", "publicAccessBlock"),
    ("GET", "requestPayment"),
    ("GET", "versions"),
    ("GET", "website"),
    ("PUT", "accelerate"),
    ("PUT", "acl"),
    ("PUT", "analytics"),
    ("PUT", "intelligent-tiering"),
    ("PUT", "inventory"),
    ("PUT", "logging"),
    ("PUT", "metrics"),
    ("PUT", "notification"),
    ("PUT", "object-lock"),
    ("PUT", "ownershipControls"),
    ("PUT", "policy"),
    ("PUT", "publicAccessBlock"),
    ("PUT", "replication"),
    ("PUT", "tagging"),
    ("PUT", "requestPayment"),
    ("PUT", "versioning"),
    ("PUT", "website"),
    ("DELETE", "policy"),
    ("DELETE", "replication"),
    ("DELETE", "tagging"),
    ("DELETE", "website"),
];

const OF_OBJECTS: [(&str, &str); 20] = [
    ("GET", "acl"),
    ("GET", "attributes"),
    ("GET", "legal-hold"),
    ("GET", "retention"),
    ("GET", "tagging"),
    ("GET", "torrent"),
    ("GET", "versionId=1"),
    ("HEAD", "versionId=1"),
    ("PUT", "acl"),
    ("PUT", "encryption"),
    ("PUT", "legal-hold"),
    ("PUT", "retention"),
    ("PUT", "tagging"),
    ("PUT", "renameObject"),
    ("PUT", "append"),
    ("POST", "restore"),
    ("POST", "select&select-type=2"),
    ("DELETE", "tagging"),
    ("DELETE", "versionId=1"),
    ("PUT", "unknown-parameter"),
];

const HEADERS: [(&str, &str); 20] = [
    ("x-amz-acl", "public-read-write"),
    ("x-amz-grant-full-control", "id=1"),
    ("x-amz-grant-read", "id=1"),
    ("x-amz-grant-read-acp", "id=1"),
    ("x-amz-grant-write-acp", "id=1"),
    ("x-amz-bypass-governance-retention", "true"),
    ("x-amz-expected-bucket-owner", "1"),
    ("x-amz-source-expected-bucket-owner", "1"),
    ("x-amz-mfa", "1"),
    ("x-amz-object-lock-mode", "COMPLIANCE"),
    ("x-amz-object-lock-retain-until-date", "2033-01-01T00:00:00Z"),
    ("x-amz-object-lock-legal-hold", "ON"),
    ("x-amz-request-payer", "requester"),
    ("x-amz-server-side-encryption", "aws:kms"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "1"),
    ("x-amz-server-side-encryption-context", "1"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
    ("x-amz-tagging", "a=b"),
    ("x-amz-website-redirect-location", "/"),
    ("x-amz-write-offset-bytes", "3"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_refused_by_name_and_changes_nothing() {
    let server = server_with("refuse").await;
    let client = &server.client;
    for (base, table) in [("/refuse", &OF_BUCKETS[..]), ("/refuse/a", &OF_OBJECTS[..])] {
        for (method, parameter) in table {
            let answer = client.request(method, &format!("{base}?{parameter}")).send().await;
            assert_eq!(answer.status, 501, "{method} {base}?{parameter}");
            if *method != "HEAD" {
                answer.refused(501, "NotImplemented");
                let name = parameter.split(['=', '&']).next().unwrap();
                assert!(answer.element("Message").unwrap().contains(name), "{}", answer.text());
            }
        }
    }
    for (name, value) in HEADERS {
        let answer = client.put("/refuse/a", "changed").header(name, value).send().await;
        assert_eq!(answer.outcome(), (501, "NotImplemented".to_owned()), "{name}");
        assert!(answer.element("Message").unwrap().contains(name), "{}", answer.text());
    }
    assert_eq!(client.get("/refuse/a").send().await.ok().text(), "abc");
    let buckets = client.get("/").send().await.ok();
    assert_eq!(elements(buckets.text(), "Name"), ["refuse"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_mean_nothing_are_not_allowed() {
    let server = server_with("refuse").await;
    for (method, target) in
        [("PATCH", "/refuse/a"), ("TRACE", "/refuse"), ("PUT", "/"), ("DELETE", "/"), ("PROPFIND", "/refuse/a")]
    {
        server.client.request(method, target).send().await.refused(405, "MethodNotAllowed");
    }
    assert_eq!(server.client.get("/refuse/a").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_means_nothing_to_r2_but_hurts_nobody_is_accepted() {
    let server = server_with("refuse").await;
    let client = &server.client;
    for (name, value) in [("x-amz-acl", "private"), ("x-amz-acl", "public-read"), ("x-amz-sdk-request", "attempt=1")] {
        client.put("/refuse/b", "x").header(name, value).send().await.ok();
    }
    client.put("/refuse/b?x-id=PutObject", "x").send().await.ok();
    client.get("/refuse/b?x-id=GetObject").send().await.ok();
}
