//! The root token of a store is given a new value by whoever has its directory.

use super::stub::run;
use super::support::{Cairn, TestServer, sha256_hex};
use metadata::rows::TokenOwner;
use operations::audit::ListAuditLog;
use operations::{Action, Interface};
use serde_json::Value;
use types::Resource;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

async fn stop(mut cairn: Cairn) {
    let pid = i32::try_from(cairn.pid()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(cairn.ended().await.0.success());
}

#[tokio::test]
async fn a_lost_root_token_gets_a_new_value_once_the_server_is_stopped() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let directory = data.to_str().unwrap().to_owned();
    let mut cairn = Cairn::spawn(&data, &[]);
    let before = cairn.ready().await;
    let old = cairn.client().await;
    old.request("PUT", "/kept").send().await.ok();
    run(&["token", "reset-root", "--data", &directory], &[], "").refused(1, "is in use by another Cairn process");
    old.request("HEAD", "/kept").send().await.ok();
    stop(cairn).await;

    let reset = run(&["token", "reset-root", "--data", &directory, "--json"], &[], "").json();
    for name in ["account_id", "access_key_id"] {
        assert_eq!(reset[name], before[name], "{name}");
    }
    assert_ne!(reset["api_token"], before["api_token"]);
    assert_eq!(text(&reset, "secret_access_key"), sha256_hex(text(&reset, "api_token").as_bytes()));

    let mut cairn = Cairn::spawn(&data, &[]);
    let after = cairn.ready().await;
    assert_eq!(after["secret_access_key"], reset["secret_access_key"], "a later start tells the new one");
    let mut client = cairn.client().await;
    client.request("HEAD", "/kept").send().await.ok();
    client.secret_access_key = text(&before, "secret_access_key").to_owned();
    client.request("HEAD", "/kept").send().await.refused_without_body(403);
    stop(cairn).await;
    let shown = run(&["token", "reset-root", "--data", &directory], &[], "").ok();
    assert!(shown.contains("shown this once") && shown.contains(text(&before, "account_id")), "{shown}");
}

#[test]
fn where_no_store_is_none_is_made() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("typo");
    run(&["token", "reset-root", "--data", missing.to_str().unwrap()], &[], "").refused(2, "there is no store in");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_root_token_that_was_removed_is_made_again_with_every_right() {
    let server = TestServer::start().await;
    let (store, here) = (server.instance.store(), [127, 0, 0, 1].into());
    let first = server.instance.access().api_token.clone().unwrap();
    let root = store.bearer(&first, here).await.unwrap();
    store.delete_token(&root, TokenOwner::User, root.token).await.unwrap();
    assert!(store.bearer(&first, here).await.is_err());
    let reset = store.reset_root_token().await.unwrap();
    let again = store.bearer(&reset.api_token.unwrap(), here).await.unwrap();
    assert_eq!((again.token, again.account), (root.token, root.account), "it is the same token to clients");
    for action in Action::ALL {
        assert!(again.authorize(*action, Resource::Account).is_ok(), "{action:?}");
    }
    assert!(store.bearer(&first, here).await.is_err(), "the first value stays dead");
    // Once more: now it is rolled.
    let second = store.reset_root_token().await.unwrap().api_token.unwrap();
    let root = store.bearer(&second, here).await.unwrap();
    let query = ListAuditLog { limit: 10, ..ListAuditLog::default() };
    let log = store.list_audit_log(&root, &query).await.unwrap().entries;
    let resets: Vec<_> = log.iter().filter(|entry| entry.action == "ResetRootToken").collect();
    assert_eq!(resets.len(), 2, "both are in the audit log");
    for entry in resets {
        assert_eq!((entry.token, entry.interface, entry.address), (root.token, Interface::Cli, None));
    }
}
