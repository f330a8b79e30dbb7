//! The first start, later ones, and starts that must not happen: what an operator sees of the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod support;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Cairn, RequestBuilder, TestServer, clean_up, read_if_there, write_file};
use tempfile::TempDir;
use types::CustomerKey;

/// What object and metadata texts look like in clear.
const PLAIN_BODY: &str = "the quick brown fox jumps over the lazy dog";
const PLAIN_METADATA: &str = "metadata-of-the-lazy-dog";

fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    (home, data)
}

async fn terminate(mut cairn: Cairn) {
    signal(&cairn, rustix::process::Signal::TERM);
    let (status, log) = cairn.ended().await;
    assert!(status.success(), "{status}: {log}");
}

fn signal(cairn: &Cairn, signal: rustix::process::Signal) {
    let pid = i32::try_from(cairn.pid()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Every file below `directory` with what it holds.
fn contents_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(contents_below(&entry.path())),
            false => found.extend(read_if_there(&entry.path()).map(|bytes| (entry.path(), bytes))),
        }
    }
    found
}

fn assert_nowhere_below(directory: &Path, secrets: &[(&str, &[u8])]) {
    let files = contents_below(directory);
    assert!(files.len() > 3, "there is something to look at: {files:?}");
    for (path, bytes) in files {
        for (name, secret) in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == *secret);
            assert!(!found, "{name} is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn the_first_start_makes_an_account_and_keys_and_later_ones_keep_them() {
    let (_home, data) = home();
    let mut cairn = Cairn::spawn(&data, &[]);
    let first = cairn.ready().await;
    let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    for name in ["account_id", "access_key_id"] {
        let id = text(name);
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name} is {id}");
    }
    let secret = types::ids::hex(digest(&SHA256, text("api_token").as_bytes()).as_ref());
    assert_eq!(text("secret_access_key"), secret, "the secret is the SHA-256 of the token");
    assert!(text("endpoint").starts_with("http://127.0.0.1:"), "{first}");
    assert_eq!(first["pid"].as_u64(), Some(u64::from(cairn.pid())));
    assert_eq!(first.as_object().unwrap().len(), 6, "nothing else is told: {first}");
    let mode = std::fs::metadata(cairn.ready_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the ready file is the owner's only");
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the data directory is the owner's only");
    terminate(cairn).await;

    let mut cairn = Cairn::spawn(&data, &[]);
    let later = cairn.ready().await;
    for name in ["account_id", "access_key_id", "secret_access_key"] {
        assert_eq!(later[name], first[name], "{name}");
    }
    assert!(later.get("api_token").is_none(), "the token's value is not kept: {later}");
}

#[tokio::test]
async fn nothing_on_disk_tells_the_token_the_secret_or_what_objects_hold() {
    let (_home, data) = home();
    let mut cairn = Cairn::spawn(&data, &[]);
    let ready = cairn.ready().await;
    let client = cairn.client().await;
    client.request("PUT", "/plain").send().await.ok();
    let large = PLAIN_BODY.repeat(5000);
    for (key, body) in [("small", PLAIN_BODY.to_owned()), ("large", large)] {
        let put = client.put(&format!("/plain/{key}"), body).header("x-amz-meta-dog", PLAIN_METADATA);
        put.header("content-type", "text/x-lazy-dog").send().await.ok();
    }
    let upload = client.create_upload("/plain/parts").await;
    client.upload_part("/plain/parts", &upload, 1, PLAIN_BODY.as_bytes()).await;
    let token = ready["api_token"].as_str().unwrap().to_owned();
    let secret = ready["secret_access_key"].as_str().unwrap().to_owned();
    let raw_secret = types::ids::parse_hex::<32>(&secret).unwrap();
    let root_key = String::from_utf8(read_if_there(&data.join("root.key")).unwrap()).unwrap();
    let mut raw_root_key = None;
    if let Some(key) = types::ids::parse_hex::<32>(root_key.trim()) {
        raw_root_key = Some(key);
    }
    let raw_root_key = raw_root_key.expect("the root key is 64 hexadecimal digits");
    let secrets: [(&str, &[u8]); 7] = [
        ("the token", token.as_bytes()),
        ("the secret", secret.as_bytes()),
        ("the secret's bytes", &raw_secret),
        ("the root key's bytes", &raw_root_key),
        ("an object's content", PLAIN_BODY.as_bytes()),
        ("an object's metadata", PLAIN_METADATA.as_bytes()),
        ("a content type", b"text/x-lazy-dog"),
    ];
    assert_nowhere_below(&data, &secrets);
    // A graceful stop writes what was in memory only.
    terminate(cairn).await;
    assert_nowhere_below(&data, &secrets);
    let mode = std::fs::metadata(data.join("root.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the root key is the owner's only");
}

/// Adds a customer's key to a request; `prefix` says whether the object's or the source's.
fn with_customer_key<'c>(request: RequestBuilder<'c>, prefix: &str, key: &[u8; 32]) -> RequestBuilder<'c> {
    let key = CustomerKey::from_bytes(key).unwrap();
    let text = BASE64_STANDARD.encode(key.secret());
    [("algorithm", "AES256"), ("key", &text), ("key-md5", &key.md5_base64())]
        .into_iter()
        .fold(request, |request, (name, value)| {
            request.header(&format!("{prefix}server-side-encryption-customer-{name}"), value)
        })
}

#[tokio::test]
async fn a_customers_key_is_nowhere_on_disk_and_in_no_log() {
    let (_home, data) = home();
    let mut cairn = Cairn::spawn_logging(&data, &[], Some("trace"));
    let client = cairn.client().await;
    client.request("PUT", "/keys").send().await.ok();
    let (key, wrong) = (*b"32 bytes that nobody else knows.", *b"32 bytes that nobody here wants.");
    let text = BASE64_STANDARD.encode(key);
    let own = |request, key| with_customer_key(request, "x-amz-", key);
    for (name, length) in [("small", 100), ("large", 1 << 20)] {
        own(client.put(&format!("/keys/{name}"), vec![b'x'; length]), &key).send().await.ok();
    }
    let upload = own(client.post("/keys/parts?uploads", ""), &key).send().await.ok().element("UploadId").unwrap();
    let part = format!("/keys/parts?partNumber=1&uploadId={upload}");
    own(client.put(&part, "abc"), &key).send().await.ok();
    own(client.get("/keys/small"), &key).send().await.ok();
    own(client.get("/keys/large"), &wrong).send().await.refused(403, "AccessDenied");
    let copy = client.put("/keys/copy", "").header("x-amz-copy-source", "/keys/large");
    own(with_customer_key(copy, "x-amz-copy-source-", &key), &wrong).send().await.ok();
    // Where no key belongs: in a misspelt header, in a URL, without its MD5.
    let misspelt = client.get("/keys/small").header("x-amz-server-side-encryption-customer-keys", &text);
    misspelt.send().await.refused(501, "NotImplemented");
    let in_url = format!("/keys/small?x-amz-server-side-encryption-customer-key={text}");
    let (parts, body) = client.get(&in_url).presign(60);
    client.exchange(&parts, &body).await.refused(400, "InvalidRequest");
    let alone = client.get("/keys/small").header("x-amz-server-side-encryption-customer-key", &text);
    alone.send().await.refused(400, "InvalidArgument");

    let hex = types::ids::hex(&key);
    let secrets: [(&str, &[u8]); 4] = [
        ("the key", &key),
        ("the key in base64", text.as_bytes()),
        ("the key in hexadecimal", hex.as_bytes()),
        ("the key in a URL", &text.as_bytes()[..text.len() - 1]),
    ];
    assert_nowhere_below(&data, &secrets);
    let log = cairn.complaint();
    assert!(log.contains("/keys/large"), "requests are logged at this level: {log}");
    for (what, secret) in secrets {
        assert!(!log.as_bytes().windows(secret.len()).any(|window| window == secret), "{what} is in the log");
    }
    terminate(cairn).await;
    assert_nowhere_below(&data, &secrets);
}

#[tokio::test]
async fn a_second_process_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let (_home, data) = home();
    let mut first = Cairn::spawn(&data, &[]);
    let client = first.client().await;
    let mut second = Cairn::spawn(&data, &[]);
    let (status, log) = second.ended().await;
    assert!(!status.success());
    assert!(log.contains("is in use by another Cairn process"), "{log}");
    client.request("PUT", "/still-there").send().await.ok();
}

async fn refused_after(change: impl FnOnce(&Path)) -> String {
    let (_home, data) = home();
    let mut cairn = Cairn::spawn(&data, &[]);
    let client = cairn.client().await;
    client.request("PUT", "/kept").send().await.ok();
    terminate(cairn).await;
    change(&data.join("root.key"));
    let (status, log) = Cairn::spawn(&data, &[]).ended().await;
    assert!(!status.success(), "it started");
    log
}

#[tokio::test]
async fn a_lost_root_key_is_told_and_never_replaced() {
    let log = refused_after(|key| {
        clean_up(key);
    });
    let log = log.await;
    assert!(log.contains("root.key is missing") && log.contains("backup"), "{log}");
}

#[tokio::test]
async fn a_damaged_root_key_is_told() {
    for damage in [&b"not sixty-four digits"[..], &b"g".repeat(64), b""] {
        let log = refused_after(|key| write_file(key, damage)).await;
        assert!(log.contains("root key") && log.contains("root.key") && log.contains("backup"), "{damage:?}: {log}");
    }
}

#[tokio::test]
async fn the_root_key_of_another_store_is_told() {
    let log = refused_after(|key| write_file(key, &b"5".repeat(64))).await;
    assert!(log.contains("root.key"), "{log}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_told_with_what_to_change() {
    let (home, data) = home();
    let config = home.path().join("cairn.toml");
    for (text, expected) in [
        ("reserve_byte = 1\n", "did you mean `reserve_bytes`?"),
        ("nonsense = 1\n", "unknown field `nonsense`"),
        ("reserve_bytes = 1\n", "reserve_bytes is 1: set at least 67108864"),
        ("listen = \"nowhere\"\n", "invalid socket address"),
        ("listen = [\n", "cairn.toml"),
    ] {
        write_file(&config, text.as_bytes());
        let (status, log) = Cairn::spawn(&data, &["--config", config.to_str().unwrap()]).ended().await;
        assert!(!status.success(), "{text}");
        assert!(log.contains(expected), "{text}: {log}");
        assert!(!data.exists(), "nothing is made before the settings are good");
    }
    let (status, log) = Cairn::spawn(&data, &["--config", "/nowhere/cairn.toml"]).ended().await;
    assert!(!status.success());
    assert!(log.contains("/nowhere/cairn.toml"), "{log}");
}

#[tokio::test]
async fn a_taken_address_is_told_and_nothing_is_made() {
    let server = TestServer::start().await;
    let (_home, data) = home();
    let address = server.instance.address().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["serve", "--listen", &address, "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(log.contains(&address) && log.contains("--listen"), "{log}");
    assert!(!data.exists());
}

#[tokio::test]
async fn an_ephemeral_store_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let ready_file = temporary.path().join("ready.json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready_file)
        .env("TMPDIR", temporary.path().join("here"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let clock = environment::SystemClock::new();
    while read_if_there(&ready_file).is_none() {
        assert!(environment::Clock::monotonic(&clock) < support::PATIENCE, "no ready file");
        environment::Clock::sleep(&clock, std::time::Duration::from_millis(2)).await;
    }
    let there = || std::fs::read_dir(temporary.path().join("here")).unwrap().count();
    assert_eq!(there(), 1, "the data is below the temporary directory");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(there(), 0, "the data is gone");
}

#[test]
fn the_help_says_how_to_begin() {
    let text = |arguments: &[&str]| String::from_utf8(Cairn::run(arguments).stdout).unwrap();
    let help = text(&["--help"]);
    assert_eq!(help, include_str!("startup/help.txt"), "if this is what you meant, put it into startup/help.txt");
    assert!(help.starts_with(text(&["-h"]).lines().next().unwrap()));
    let serve = text(&["serve", "--help"]);
    assert_eq!(serve, include_str!("startup/help-serve.txt"), "if this is what you meant, put it into the file");
    let without = Cairn::run(&[]);
    assert!(!without.status.success() && String::from_utf8_lossy(&without.stderr).contains("cairn serve"));
    let unknown = Cairn::run(&["serve", "--dta", "x"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("--data"));
}
