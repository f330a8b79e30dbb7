//! The audit log: every change of configuration is in it with who made it, nothing else is, and no secret ever.
//! Source: R2 "Audit Logs".

use crate::support::{Client, TestServer, sha256_hex};
use metadata::rows::TokenOwner;
use operations::audit::{AuditField, AuditFilter, AuditPage, ListAuditLog};
use operations::tokens::TokenContent;
use operations::{AuditRow, Interface};
use std::time::Duration;
use types::{
    AddressCondition, BucketName, Effect, ErrorCode, PermissionGroup, Policy, PolicyResource, StorageClass, Timestamp,
};

const CORS: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
                    <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
const LIFECYCLE: &str = "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix>\
                         </Filter><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>";

async fn page(server: &TestServer, query: ListAuditLog) -> AuditPage {
    let caller = server.caller().await;
    server.instance.store().list_audit_log(&caller, &query).await.expect("a page")
}

/// The whole log, oldest first.
async fn log(server: &TestServer) -> Vec<AuditRow> {
    page(server, ListAuditLog { oldest_first: true, limit: 1000, ..ListAuditLog::default() }).await.entries
}

fn actions(entries: &[AuditRow]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

fn content(group: PermissionGroup) -> TokenContent {
    let (id, effect) = ([1; 16], Effect::Allow);
    TokenContent {
        name: "deploy".to_owned(),
        disabled: None,
        policies: vec![Policy { id, effect, groups: vec![group], resources: vec![PolicyResource::AllBuckets] }],
        addresses: AddressCondition::default(),
        not_before: None,
        expires: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_a_bucket_is_in_the_log_with_its_values() {
    let server = TestServer::start().await;
    let client = &server.client;
    client.request("PUT", "/audited").send().await.ok();
    client.put("/audited?cors", CORS).send().await.ok();
    client.delete("/audited?cors").send().await.ok();
    client.put("/audited?lifecycle", LIFECYCLE).send().await.ok();
    client.delete("/audited?lifecycle").send().await.ok();
    client.put("/audited/a", "abc").send().await.ok();
    client.delete("/audited/a").send().await.ok();
    let (caller, name) = (server.caller().await, BucketName::parse("audited").unwrap());
    let class = StorageClass::InfrequentAccess;
    server.instance.store().set_default_class(&caller, &name, class).await.expect("a change");
    client.delete("/audited").send().await.ok();

    let entries = log(&server).await;
    let expected = [
        ("CreateBucket", "create"),
        ("PutBucketCors", "create"),
        ("DeleteBucketCors", "delete"),
        ("PutBucketLifecycleConfiguration", "update"),
        ("DeleteBucketLifecycleConfiguration", "delete"),
        ("PutBucketStorageClass", "update"),
        ("DeleteBucket", "delete"),
    ];
    assert_eq!(entries.iter().map(|entry| (&*entry.action, entry.kind.name())).collect::<Vec<_>>(), expected);
    for entry in &entries {
        assert_eq!((&*entry.resource_id, entry.resource.name()), ("audited", "r2.bucket"), "{}", entry.action);
        assert_eq!((entry.token.to_string(), &*entry.token_name), (client.access_key_id.clone(), "root"));
        let in_process = entry.action == "PutBucketStorageClass";
        assert_eq!(entry.interface, if in_process { Interface::Cli } else { Interface::S3 }, "{}", entry.action);
        assert_eq!(entry.address, (!in_process).then_some(client.address.ip()), "{}", entry.action);
    }
    let (create, cors, no_cors, rules) = (&entries[0], &entries[1], &entries[2], &entries[3]);
    assert_eq!(create.new_value, r#"{"jurisdiction":"default","location":null,"storage_class":"Standard"}"#);
    assert_eq!((&*create.old_value, &*cors.old_value, &*no_cors.new_value), ("", "", ""));
    assert_eq!(no_cors.old_value, cors.new_value);
    assert!(cors.new_value.contains("https://a.example") && rules.new_value.contains("logs/"), "{cors:?} {rules:?}");
    assert!(entries[5].old_value.contains("Standard") && entries[5].new_value.contains("InfrequentAccess"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_or_is_refused_or_is_no_configuration_is_not_in_the_log() {
    let server = TestServer::start().await;
    let client = &server.client;
    client.request("PUT", "/audited").send().await.ok();
    client.request("PUT", "/audited").send().await.refused(409, "BucketAlreadyOwnedByYou");
    client.put("/audited?cors", "<CORSConfiguration/>").send().await.refused(400, "MalformedXML");
    client.put("/absent?cors", CORS).send().await.refused(404, "NoSuchBucket");
    client.delete("/absent").send().await.refused(404, "NoSuchBucket");
    client.put("/audited/a", "abc").send().await.ok();
    client.delete("/audited").send().await.refused(409, "BucketNotEmpty");
    let stranger = Client { secret_access_key: "0".repeat(64), ..client.clone() };
    stranger.delete("/audited?cors").send().await.refused(403, "SignatureDoesNotMatch");
    assert_eq!(actions(&log(&server).await), ["CreateBucket"]);
    let server = server.restart().await;
    assert_eq!(actions(&log(&server).await), ["CreateBucket"], "and it stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_in_the_log_without_their_secrets() {
    let server = TestServer::start().await;
    let (caller, store) = (server.caller().await, server.instance.store());
    let owner = TokenOwner::Account;
    let made = store.create_token(&caller, owner, content(PermissionGroup::R2StorageRead)).await.expect("a token");
    let id = made.token.id;
    let off = TokenContent { disabled: Some(true), ..content(PermissionGroup::R2StorageRead) };
    store.update_token(&caller, owner, id, off).await.expect("a change");
    let rolled = store.roll_token(&caller, owner, id).await.expect("a new value");
    store.delete_token(&caller, owner, id).await.expect("an end");
    store.delete_token(&caller, owner, id).await.map(|()| "removed twice").unwrap_err();
    let entries = log(&server).await;
    assert_eq!(actions(&entries), ["CreateToken", "UpdateToken", "RollToken", "DeleteToken"]);
    assert!(entries[0].new_value.contains("Workers R2 Storage Read"), "{:?}", entries[0]);
    assert!(entries[1].old_value.contains("active") && entries[1].new_value.contains("disabled"));
    let shown = format!("{entries:?}");
    for value in [&made.value, &rolled.value, &sha256_hex(made.value.as_bytes()), &sha256_hex(rolled.value.as_bytes())]
    {
        assert!(!shown.contains(value.as_str()), "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_by_page_time_and_filter_and_ends_after_18_months() {
    let server = TestServer::start().await;
    for number in 0..5 {
        server.client.request("PUT", &format!("/bucket-{number}")).send().await.ok();
        server.clock.advance(Duration::from_secs(1));
    }
    let names = |page: &AuditPage| page.entries.iter().map(|entry| entry.resource_id.clone()).collect::<Vec<_>>();
    for (oldest_first, expected) in [(false, [4, 3, 2, 1, 0]), (true, [0, 1, 2, 3, 4])] {
        let expected = expected.map(|number| format!("bucket-{number}"));
        let query = ListAuditLog { oldest_first, limit: 2, ..ListAuditLog::default() };
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let next = page(&server, ListAuditLog { cursor, ..query.clone() }).await;
            seen.extend(names(&next));
            cursor = next.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
        assert_eq!(names(&page(&server, ListAuditLog { offset: 2, ..query.clone() }).await), expected[2..4]);
    }
    let first = log(&server).await[0].clone();
    let of = |field, value: &str, not| AuditFilter { field, values: vec![value.to_owned()], not };
    let client = &server.client;
    for (filter, count) in [
        (of(AuditField::ResourceId, "bucket-3", false), 1),
        (of(AuditField::ResourceId, "bucket-3", true), 4),
        (of(AuditField::ActionType, "create", false), 5),
        (of(AuditField::ActionType, "delete", false), 0),
        (of(AuditField::Id, &types::ids::hex(&first.id), false), 1),
        (of(AuditField::TokenId, &client.access_key_id, false), 5),
        (of(AuditField::Address, "127.0.0.0/8", false), 5),
        (of(AuditField::Address, "192.0.2.1", false), 0),
        (of(AuditField::Interface, "S3", true), 0),
        (of(AuditField::ActorType, "user", false), 5),
    ] {
        let query = ListAuditLog { filters: vec![filter.clone()], limit: 1000, ..ListAuditLog::default() };
        assert_eq!(page(&server, query).await.entries.len(), count, "{filter:?}");
    }
    let (since, before) = (Some(Timestamp(first.when.0 + 1000)), Some(Timestamp(first.when.0 + 3000)));
    let between = ListAuditLog { since, before, limit: 1000, ..ListAuditLog::default() };
    assert_eq!(names(&page(&server, between).await), ["bucket-2", "bucket-1"]);
    let caller = server.caller().await;
    for query in [
        ListAuditLog { limit: 0, ..ListAuditLog::default() },
        ListAuditLog { limit: 1001, ..ListAuditLog::default() },
        ListAuditLog { limit: 1, offset: 10_001, ..ListAuditLog::default() },
        ListAuditLog { limit: 1, cursor: Some("00".into()), ..ListAuditLog::default() },
    ] {
        let refused = server.instance.store().list_audit_log(&caller, &query).await.map(|_| ()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
    }
    server.clock.advance(Duration::from_secs(types::limits::AUDIT_SECONDS_KEPT - 4));
    assert_eq!(actions(&log(&server).await).len(), 4, "the oldest is 18 months old");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_see_the_account_does_not_see_its_log() {
    let server = TestServer::start().await;
    let (caller, store) = (server.caller().await, server.instance.store());
    let made = store.create_token(&caller, TokenOwner::Account, content(PermissionGroup::R2StorageWrite)).await;
    let other = store.credential(made.expect("a token").token.id).await.expect("a credential").caller;
    let query = ListAuditLog { limit: 1, ..ListAuditLog::default() };
    let refused = store.list_audit_log(&other, &query).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
}

/// Each change says what it replaced, however many there are at once: the values are one chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_value_of_a_change_is_the_new_one_of_the_change_before() {
    const CHANGES: usize = 24;
    let server = TestServer::start().await;
    server.client.request("PUT", "/audited").send().await.ok();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CHANGES {
        let client = server.client.clone();
        tasks.spawn(async move {
            let cors = CORS.replace("a.example", &format!("{number}.example"));
            client.put("/audited?cors", cors).send().await.ok();
            let lifecycle = LIFECYCLE.replace("logs/", &format!("{number}/"));
            client.put("/audited?lifecycle", lifecycle).send().await.ok();
        });
    }
    tasks.join_all().await;
    let entries = log(&server).await;
    for action in ["PutBucketCors", "PutBucketLifecycleConfiguration"] {
        let changes: Vec<_> = entries.iter().filter(|entry| entry.action == action).collect();
        assert_eq!(changes.len(), CHANGES);
        let first = changes.iter().filter(|entry| !changes.iter().any(|other| other.new_value == entry.old_value));
        let [first] = first.collect::<Vec<_>>()[..] else { panic!("one change of {action} is the first") };
        let (mut value, mut seen) = (first.old_value.clone(), 0);
        while let Some(next) = changes.iter().find(|entry| entry.old_value == value) {
            (value, seen) = (next.new_value.clone(), seen + 1);
        }
        assert_eq!(seen, CHANGES, "{action}: each value was replaced once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_older_than_18_months_leave_the_store() {
    let server = TestServer::start().await;
    for number in 0..3 {
        server.client.request("PUT", &format!("/audited-{number}")).send().await.ok();
        server.clock.advance(Duration::from_secs(1));
    }
    let store = server.instance.store();
    assert_eq!(store.forget_old_audit_entries().await.unwrap(), 0);
    server.clock.advance(Duration::from_secs(types::limits::AUDIT_SECONDS_KEPT - 2));
    // The loop of the server may have been faster.
    store.forget_old_audit_entries().await.unwrap();
    assert_eq!(store.forget_old_audit_entries().await.unwrap(), 0);
    let left: Vec<String> = log(&server).await.into_iter().map(|entry| entry.resource_id).collect();
    assert_eq!(left, ["audited-1", "audited-2"]);
}
