//! Temporary credentials: what they may do, in header, URL and form; that they never outgrow or outlive their parent.
//! Source: R2 "Authentication", Temporary access credentials.

use crate::server_with;
use crate::support::{Client, Form, Temporary, TestServer, claims, elements};
use metadata::rows::TokenOwner;
use operations::temporary_credentials::{CreateTemporaryCredentials, Scope};
use operations::tokens::{NewToken, TokenContent};
use serde_json::{Value, json};
use std::time::Duration;
use types::{AccessKeyId, AddressCondition, BucketName, Effect, ErrorCode, PermissionGroup, Policy, PolicyResource};

fn of(server: &TestServer, scope: &str, change: impl FnOnce(&mut Value)) -> Temporary {
    let mut claims = claims(&server.client, "temp", scope);
    change(&mut claims);
    Temporary::signed_by(&server.client, &claims)
}

fn denied() -> (u16, String) {
    (403, "AccessDenied".to_owned())
}

fn done(status: u16) -> (u16, String) {
    (status, String::new())
}

fn content(group: PermissionGroup) -> TokenContent {
    TokenContent {
        name: "parent".to_owned(),
        disabled: None,
        policies: vec![Policy {
            id: [1; 16],
            effect: Effect::Allow,
            groups: vec![group],
            resources: vec![PolicyResource::AllBuckets],
        }],
        addresses: AddressCondition::default(),
        not_before: None,
        expires: None,
    }
}

/// A token that has `group` on all buckets, and a client that signs with it.
async fn parent(server: &TestServer, group: PermissionGroup) -> (AccessKeyId, Client) {
    let caller = server.caller().await;
    let made = server.instance.store().create_token(&caller, TokenOwner::Account, content(group)).await;
    let NewToken { token, value } = made.expect("a token");
    let secret_access_key = crate::support::sha256_hex(value.as_bytes());
    (token.id, Client { access_key_id: token.id.to_string(), secret_access_key, ..server.client.clone() })
}

fn wanted(server: &TestServer, scope: Scope) -> CreateTemporaryCredentials {
    CreateTemporaryCredentials {
        bucket: BucketName::parse("temp").unwrap(),
        parent: AccessKeyId::parse(&server.client.access_key_id).unwrap(),
        scope,
        seconds: 900,
        prefixes: Vec::new(),
        objects: Vec::new(),
        endpoint_domain: "r2.localhost".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_read_write_and_administer_one_bucket() {
    let server = server_with("temp").await;
    server.client.request("PUT", "/other").send().await.ok();
    for (scope, write, see, configure) in [
        ("object-read-only", denied(), denied(), denied()),
        ("object-read-write", done(200), denied(), denied()),
        ("admin-read-only", denied(), done(200), denied()),
        ("admin-read-write", done(200), done(200), done(204)),
    ] {
        let temporary = of(&server, scope, |_| ());
        assert_eq!(temporary.outcome("GET", "/temp/a").await, done(200), "{scope}");
        assert_eq!(temporary.outcome("GET", "/temp?list-type=2").await, done(200), "{scope}");
        assert_eq!(temporary.outcome("PUT", "/temp/b").await, write, "{scope}");
        assert_eq!(temporary.outcome("GET", "/temp?encryption").await, see, "{scope}");
        assert_eq!(temporary.outcome("DELETE", "/temp?cors").await, configure, "{scope}");
        assert_eq!(temporary.outcome("GET", "/").await, denied(), "{scope}");
        assert_eq!(temporary.outcome("GET", "/other?list-type=2").await, denied(), "{scope}");
        assert_eq!(temporary.outcome("PUT", "/third").await, denied(), "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_urls_chunks_and_forms_take_them() {
    let server = server_with("temp").await;
    let temporary = of(&server, "object-read-write", |_| ());
    let (parts, body) = temporary.request("PUT", "/temp/url").body("by url").presign(60);
    temporary.client.exchange(&parts, &body).await.ok();
    assert_eq!(temporary.request("GET", "/temp/url").send().await.ok().text(), "by url");
    let form = Form::new(&temporary.client, "temp", "form").field("x-amz-security-token", &temporary.token);
    assert_eq!(form.signed().send().await.status, 204);
    assert_eq!(temporary.request("GET", "/temp/form").send().await.ok().text(), "abc");
    let (mut unsigned, body) = temporary.client.get("/temp/a").presign(60);
    unsigned.headers.insert("x-amz-security-token", temporary.token.parse().unwrap());
    temporary.client.exchange(&unsigned, &body).await.refused(403, "AccessDenied");
    let outside = of(&server, "object-read-write", |claims| claims["paths"] = json!({ "prefixPaths": ["in/"] }));
    let form = Form::new(&outside.client, "temp", "form").field("x-amz-security-token", &outside.token);
    form.signed().send().await.refused(403, "AccessDenied");
    let (parts, body) = outside.request("PUT", "/temp/url").body("changed").presign(60);
    outside.client.exchange(&parts, &body).await.refused(403, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parents_secret_and_the_tokens_secret_are_not_each_others() {
    let server = server_with("temp").await;
    let temporary = of(&server, "object-read-only", |_| ());
    let with_token = server.client.get("/temp/a").session_token(&temporary.token);
    with_token.send().await.refused(403, "SignatureDoesNotMatch");
    temporary.client.get("/temp/a").send().await.refused(403, "SignatureDoesNotMatch");
    let stranger = Client { secret_access_key: "0".repeat(64), ..server.client.clone() };
    let forged = Temporary::signed_by(&stranger, &claims(&server.client, "temp", "object-read-only"));
    assert_eq!(forged.outcome("GET", "/temp/a").await, (403, "SignatureDoesNotMatch".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_none_are_refused_as_such() {
    let server = server_with("temp").await;
    for token in ["token", "and0Lw==", "é", "and0L2EuYi5j"] {
        let answer = server.client.get("/temp/a").session_token(token).send().await;
        assert!(matches!(&*answer.outcome().1, "InvalidToken" | "InvalidArgument"), "{token}: {:?}", answer.outcome());
    }
    let (_, other) = parent(&server, PermissionGroup::R2StorageWrite).await;
    for (name, value) in [
        ("sub", json!("0".repeat(32))),
        ("iss", json!(other.access_key_id)),
        ("bucket", json!("NO")),
        ("bucket", json!(["temp"])),
        ("scope", json!("everything")),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("paths", json!({ "suffixPaths": ["a"] })),
    ] {
        let bent = of(&server, "object-read-write", |claims| claims[name] = value.clone());
        assert_eq!(bent.outcome("GET", "/temp/a").await, (400, "InvalidToken".to_owned()), "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefixes_and_objects_bound_every_operation_on_keys() {
    let server = server_with("temp").await;
    for key in ["in/1", "in/2", "one", "one-more"] {
        server.client.put(&format!("/temp/{key}"), "x").send().await.ok();
    }
    let paths = json!({ "prefixPaths": ["in/"], "objectPaths": ["one"] });
    let temporary = of(&server, "object-read-write", |claims| claims["paths"] = paths);
    for (method, target, expected) in [
        ("GET", "/temp/in/1", done(200)),
        ("GET", "/temp/one", done(200)),
        ("GET", "/temp/one-more", denied()),
        ("GET", "/temp/a", denied()),
        ("GET", "/temp/never-there", denied()),
        ("PUT", "/temp/in/new", done(200)),
        ("PUT", "/temp/out", denied()),
        ("POST", "/temp/out?uploads", denied()),
        ("DELETE", "/temp/a", denied()),
        ("DELETE", "/temp/in/2", done(204)),
        ("GET", "/temp?list-type=2", denied()),
        ("GET", "/temp?prefix=i", denied()),
        ("GET", "/temp?prefix=one", denied()),
        ("GET", "/temp?uploads", denied()),
        ("GET", "/temp?uploads&prefix=in/", done(200)),
        ("GET", "/temp?prefix=in/1", done(200)),
        ("HEAD", "/temp", done(200)),
        ("DELETE", "/temp", denied()),
    ] {
        let (status, code) = temporary.outcome(method, target).await;
        assert_eq!((status, code), expected, "{method} {target}");
    }
    let listed = temporary.request("GET", "/temp?list-type=2&prefix=in/&start-after=a").send().await.ok();
    assert_eq!(elements(listed.text(), "Key"), ["in/1", "in/new"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_deletions_are_answered_each_for_itself() {
    let server = server_with("temp").await;
    server.client.put("/temp/in/1", "x").send().await.ok();
    let temporary = of(&server, "object-read-write", |claims| claims["paths"] = json!({ "prefixPaths": ["in/"] }));
    let document = "<Delete><Object><Key>in/1</Key></Object><Object><Key>a</Key></Object></Delete>";
    let answer = temporary.request("POST", "/temp?delete").body(document).send().await.ok();
    assert!(answer.text().contains("<Deleted><Key>in/1</Key></Deleted><Error><Key>a</Key><Code>AccessDenied"));
    assert_eq!(server.client.get("/temp/a").send().await.ok().text(), "abc", "what is outside stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_needs_both_of_its_keys() {
    let server = server_with("temp").await;
    for key in ["in/1", "out"] {
        server.client.put(&format!("/temp/{key}"), "x").send().await.ok();
    }
    let actions = json!(["CopyObject", "UploadPartCopy", "CreateMultipartUpload"]);
    let temporary = of(&server, "object-read-write", |claims| {
        claims["paths"] = json!({ "prefixPaths": ["in/"] });
        claims["actions"] = actions;
    });
    let copy = async |to: &str, from: &str| {
        temporary.request("PUT", to).header("x-amz-copy-source", from).send().await.outcome()
    };
    assert_eq!(copy("/temp/in/2", "/temp/in/1").await, done(200));
    assert_eq!(copy("/temp/in/3", "/temp/out").await, denied());
    assert_eq!(copy("/temp/out", "/temp/in/1").await, denied());
    let upload = temporary.request("POST", "/temp/in/parts?uploads").send().await.ok().element("UploadId").unwrap();
    let part = format!("/temp/in/parts?partNumber=1&uploadId={upload}");
    assert_eq!(copy(&part, "/temp/in/1").await, done(200));
    assert_eq!(copy(&part, "/temp/out").await, denied());
    assert_eq!(temporary.outcome("GET", "/temp/in/1").await, denied(), "to copy is not to read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_allow_themselves_only() {
    let server = server_with("temp").await;
    let temporary =
        of(&server, "object-read-write", |claims| claims["actions"] = json!(["PutObject", "ListObjectsV2"]));
    for (method, target, expected) in [
        ("PUT", "/temp/b", done(200)),
        ("GET", "/temp?list-type=2", done(200)),
        ("GET", "/temp", denied()),
        ("GET", "/temp/a", denied()),
        ("HEAD", "/temp/a", done(403)),
        ("DELETE", "/temp/a", denied()),
        ("POST", "/temp/b?uploads", denied()),
    ] {
        assert_eq!(temporary.outcome(method, target).await, expected, "{method} {target}");
    }
    let read_only = of(&server, "object-read-only", |claims| claims["actions"] = json!(["PutObject"]));
    assert_eq!(read_only.outcome("PUT", "/temp/b").await, denied(), "an action does not widen the scope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_end_at_their_second() {
    let server = server_with("temp").await;
    let temporary = of(&server, "object-read-only", |_| ());
    let now = server.client.clock.now().seconds();
    let later = of(&server, "object-read-only", |claims| claims["nbf"] = json!(now + 3600));
    let fraction = of(&server, "object-read-only", |claims| claims["exp"] = json!(now as f64 + 3600.5));
    assert_eq!(later.outcome("GET", "/temp/a").await, denied());
    server.clock.advance(Duration::from_secs(3599));
    assert_eq!(temporary.outcome("GET", "/temp/a").await, done(200));
    let (parts, _) = temporary.request("GET", "/temp/a").presign(600);
    temporary.client.exchange(&parts, b"").await.ok();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(temporary.outcome("GET", "/temp/a").await, (400, "ExpiredRequest".to_owned()));
    temporary.client.exchange(&parts, b"").await.refused(400, "ExpiredRequest");
    assert_eq!(fraction.outcome("GET", "/temp/a").await, done(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_die_with_their_parent() {
    let server = server_with("temp").await;
    let (caller, store) = (server.caller().await, server.instance.store());
    let group = PermissionGroup::R2StorageWrite;
    let temporary_of = |client: &Client| Temporary::signed_by(client, &claims(client, "temp", "object-read-only"));

    let (id, client) = parent(&server, group).await;
    let temporary = temporary_of(&client);
    assert_eq!(temporary.outcome("GET", "/temp/a").await, done(200));
    let off = TokenContent { disabled: Some(true), ..content(group) };
    store.update_token(&caller, TokenOwner::Account, id, off).await.expect("a change");
    assert_eq!(temporary.outcome("GET", "/temp/a").await, (401, "Unauthorized".to_owned()), "turned off");
    store
        .update_token(&caller, TokenOwner::Account, id, TokenContent { disabled: Some(false), ..content(group) })
        .await
        .expect("a change");
    assert_eq!(temporary.outcome("GET", "/temp/a").await, done(200), "turned on again");
    store.roll_token(&caller, TokenOwner::Account, id).await.expect("a new value");
    assert_eq!(temporary.outcome("GET", "/temp/a").await, (403, "SignatureDoesNotMatch".to_owned()), "rolled");

    let (id, client) = parent(&server, group).await;
    let temporary = temporary_of(&client);
    store.delete_token(&caller, TokenOwner::Account, id).await.expect("an end");
    assert_eq!(temporary.outcome("GET", "/temp/a").await, (401, "Unauthorized".to_owned()), "removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_parent_may_not_nobody_may_in_its_name() {
    let server = server_with("temp").await;
    let (_, client) = parent(&server, PermissionGroup::R2BucketItemRead).await;
    let temporary = Temporary::signed_by(&client, &claims(&client, "temp", "admin-read-write"));
    assert_eq!(temporary.outcome("GET", "/temp/a").await, done(200));
    assert_eq!(temporary.outcome("PUT", "/temp/b").await, denied());
    assert_eq!(temporary.outcome("GET", "/temp?encryption").await, denied());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_of_another_jurisdiction_or_account_does_not_take_them() {
    let server = server_with("temp").await;
    let (client, account) = (&server.client, server.client.account);
    let eu = format!("{account}.eu.r2.localhost");
    client.request("PUT", "/temp").host(&eu).send().await.ok();
    client.request("PUT", "/temp/a").host(&eu).send().await.ok();
    let here = of(&server, "object-read-only", |_| ());
    let there = of(&server, "object-read-only", |claims| claims["aud"] = json!(eu));
    let at_eu = async |temporary: &Temporary| temporary.request("GET", "/temp/a").host(&eu).send().await.outcome();
    assert_eq!((at_eu(&there).await, there.outcome("GET", "/temp/a").await), (done(200), denied()));
    assert_eq!((at_eu(&here).await, here.outcome("GET", "/temp/a").await), (denied(), done(200)));
    for (audience, expected) in [
        ("127.0.0.1:9000".to_owned(), done(200)),
        (format!("{account}.r2.localhost:9000"), done(200)),
        ("00000000000000000000000000000000.r2.localhost".to_owned(), denied()),
        ("no.endpoint.at.all.r2.localhost".to_owned(), denied()),
    ] {
        let temporary = of(&server, "object-read-only", |claims| claims["aud"] = json!(audience));
        assert_eq!(temporary.outcome("GET", "/temp/a").await, expected, "{audience}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_the_server_makes_are_as_good() {
    let server = server_with("temp").await;
    server.client.put("/temp/in/1", "x").send().await.ok();
    let (caller, store) = (server.caller().await, server.instance.store());
    let prefixes = vec!["in/".to_owned()];
    let request = CreateTemporaryCredentials { prefixes, ..wanted(&server, Scope::ObjectReadWrite) };
    let made = store.create_temporary_credentials(&caller, &request).await.expect("credentials");
    assert_eq!(made.access_key_id, request.parent);
    let client = Client { secret_access_key: made.secret_access_key, ..server.client.clone() };
    let temporary = Temporary { client, token: made.session_token };
    assert_eq!(temporary.outcome("GET", "/temp/in/1").await, done(200));
    assert_eq!(temporary.outcome("GET", "/temp/a").await, denied());
    server.clock.advance(Duration::from_secs(900));
    assert_eq!(temporary.outcome("GET", "/temp/in/1").await, (400, "ExpiredRequest".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_makes_none_that_exceed_anybody() {
    let server = server_with("temp").await;
    let (caller, store) = (server.caller().await, server.instance.store());
    let refused = async |caller: &operations::Caller, request: CreateTemporaryCredentials| {
        store.create_temporary_credentials(caller, &request).await.map(|_| ()).unwrap_err().code
    };
    let whole = wanted(&server, Scope::AdminReadWrite);
    for seconds in [0, 604_801] {
        let request = CreateTemporaryCredentials { seconds, ..whole.clone() };
        assert_eq!(refused(&caller, request).await, ErrorCode::InvalidArgument, "{seconds}");
    }
    let absent = CreateTemporaryCredentials { bucket: BucketName::parse("absent").unwrap(), ..whole.clone() };
    assert_eq!(refused(&caller, absent).await, ErrorCode::NoSuchBucket);
    let unknown = CreateTemporaryCredentials { parent: AccessKeyId([7; 16]), ..whole.clone() };
    assert_eq!(refused(&caller, unknown).await, ErrorCode::NoSuchToken);
    let (reader, reading) = parent(&server, PermissionGroup::R2BucketItemRead).await;
    for scope in [Scope::ObjectReadWrite, Scope::AdminReadOnly, Scope::AdminReadWrite] {
        let request = CreateTemporaryCredentials { parent: reader, scope, ..whole.clone() };
        assert_eq!(refused(&caller, request).await, ErrorCode::AccessDenied, "{scope:?}");
    }
    let request = CreateTemporaryCredentials { parent: reader, scope: Scope::ObjectReadOnly, ..whole.clone() };
    assert!(store.create_temporary_credentials(&caller, &request).await.is_ok());
    let reading = store.credential(AccessKeyId::parse(&reading.access_key_id).unwrap()).await.unwrap().caller;
    assert_eq!(refused(&reading, request).await, ErrorCode::AccessDenied, "the right to make them is another");
}
