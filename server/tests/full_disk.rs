//! A disk that is full, up to its reserve or to the last byte: writes are refused with an error, what was there stays,
//! and once there is room again writes work, without or with a `kill -9` in between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod support;

use environment::{Clock, SystemClock};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::{Answer, Cairn, Client, Connection, INLINE_BYTES_MAX, KIB, MIB, PATIENCE, body_of, write_file};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_reserve_writes_are_refused_and_reads_and_deletes_go_on() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut cairn = Cairn::spawn(&data, &[]);
    let client = cairn.client().await;
    client.request("PUT", "/full").send().await.ok();
    let (inline, file) = (body_of(1, 10), body_of(2, MIB));
    for (key, body) in [("inline", &inline), ("file", &file), ("doomed", &file)] {
        client.put(&format!("/full/{key}"), body.clone()).send().await.ok();
    }
    let upload = client.create_upload("/full/parts").await;
    cairn.kill();

    // More than any disk has.
    let config = home.path().join("cairn.toml");
    write_file(&config, b"reserve_bytes = 4611686018427387904\n");
    let mut cairn = Cairn::spawn(&data, &["--config", config.to_str().unwrap()]);
    let client = cairn.client().await;
    for length in [0, 10, INLINE_BYTES_MAX, MIB] {
        let part = format!("/full/parts?partNumber=1&uploadId={upload}");
        for target in ["/full/new", "/full/inline", "/full/file", &part] {
            let answer = client.put(target, body_of(9, length)).send().await;
            answer.refused(503, "ServiceUnavailable");
            assert!(answer.header("retry-after").is_some(), "it says when to try again");
            assert!(answer.element("Message").unwrap().contains("disk is full"), "{}", answer.text());
        }
    }
    client.get("/full/new").send().await.refused(404, "NoSuchKey");
    assert!(client.get("/full/inline").send().await.ok().body == inline);
    assert!(client.get("/full/file").send().await.ok().body == file);
    client.delete("/full/doomed").send().await.ok();
    client.get("/full/doomed").send().await.refused(404, "NoSuchKey");
    client.delete(&format!("/full/parts?uploadId={upload}")).send().await.ok();
    cairn.kill();

    let mut cairn = Cairn::spawn(&data, &[]);
    let client = cairn.client().await;
    client.put("/full/new", file.clone()).send().await.ok();
    assert!(client.get("/full/new").send().await.ok().body == file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_keeps_nobody_from_being_served() {
    let home = tempfile::tempdir().unwrap();
    let ready_file = home.path().join("ready.json");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready_file)
        .env("TMPDIR", home.path())
        .env("RUST_LOG", "debug")
        .stdout(std::process::Stdio::null())
        .stderr(full)
        .spawn()
        .unwrap();
    let clock = SystemClock::new();
    let ready: serde_json::Value = loop {
        assert!(clock.monotonic() < PATIENCE && child.try_wait().unwrap().is_none(), "it does not start");
        match support::read_if_there(&ready_file) {
            Some(text) => break serde_json::from_slice(&text).unwrap(),
            None => clock.sleep(Duration::from_millis(2)).await,
        }
    };
    let address = ready["endpoint"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
    let mut connection = Connection::open(address).await.unwrap();
    connection.send(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let answer = connection.answer(false).await;
    child.kill().and_then(|()| child.wait().map(drop)).unwrap();
    assert_eq!(answer.expect("an answer, whatever becomes of the log").status, 401);
}

/// A file system of a fixed size, unmounted at the end.
struct SmallDisk {
    home: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, with words, where this machine does not let us mount.
    fn mount(size: &str) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(home.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { home }),
            Ok(output) => {
                println!("skipped: a tmpfs cannot be mounted: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("skipped: there is no `mount`: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    /// Takes all the room that is left, but for what the file system rounds.
    fn fill(&self) {
        let mut number = 0;
        for length in [MIB, 64 * KIB, 4 * KIB] {
            while try_write(&self.path().join(format!("filler-{number}")), length) {
                number += 1;
            }
            number += 1;
        }
    }

    /// Gives back what [`SmallDisk::fill`] took.
    fn free(&self) {
        for entry in std::fs::read_dir(self.path()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("filler-") {
                support::clean_up(&entry.path());
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.home.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the tmpfs is unmounted");
    }
}

#[expect(clippy::disallowed_methods, reason = "a file that takes room, none of the store's")]
fn try_write(path: &Path, length: usize) -> bool {
    std::fs::write(path, vec![0; length]).is_ok()
}

/// Puts objects until one is refused. Answers how many were stored, and the refusal.
async fn put_until_refused(client: &Client, length: usize) -> (u64, Answer) {
    for number in 0.. {
        let answer = client.put(&format!("/full/{number}"), body_of(number, length)).send().await;
        if answer.status != 200 {
            return (number, answer);
        }
        assert!(number < 100_000, "the disk is never full");
    }
    unreachable!("the loop has no other end")
}

async fn all_there(client: &Client, count: u64, length: usize) {
    for number in 0..count {
        let answer = client.get(&format!("/full/{number}")).send().await.ok();
        assert!(answer.body == body_of(number, length), "object {number}");
    }
}

/// Waits until the collector has made room: another process can only be asked.
async fn put_until_stored(client: &Client, target: &str, body: &[u8]) {
    let clock = SystemClock::new();
    loop {
        let answer = client.put(target, body).send().await;
        if answer.status == 200 {
            return;
        }
        assert!((500..=503).contains(&answer.status), "{}", answer.text());
        assert!(clock.monotonic() < PATIENCE, "writes never work again: {}", answer.text());
        clock.sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_filled_by_files_takes_writes_again_after_deletes() {
    for restart in [false, true] {
        fill_and_delete(MIB, restart).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_filled_by_small_objects_takes_writes_again_after_deletes() {
    fill_and_delete(INLINE_BYTES_MAX, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_filled_by_small_objects_takes_writes_again_after_a_kill_and_deletes() {
    fill_and_delete(INLINE_BYTES_MAX, true).await;
}

/// Fills a disk with objects of `length` bytes up to its reserve, may kill the server there, and deletes them all.
async fn fill_and_delete(length: usize, restart: bool) {
    let Some(disk) = SmallDisk::mount("160m") else { return };
    let (data, config) = (disk.path().join("data"), disk.path().join("cairn.toml"));
    write_file(&config, b"reserve_bytes = 67108864\n");
    let arguments = ["--config", config.to_str().unwrap()];
    let mut cairn = Cairn::spawn(&data, &arguments);
    let mut client = cairn.client().await;
    client.request("PUT", "/full").send().await.ok();
    let (count, refusal) = put_until_refused(&client, length).await;
    refusal.refused(503, "ServiceUnavailable");
    println!("{count} objects of {length} bytes fit");
    assert!(count > 10);
    all_there(&client, count, length).await;
    if restart {
        // A disk that is full is no reason not to start.
        cairn.kill();
        cairn = Cairn::spawn(&data, &arguments);
        client = cairn.client().await;
        all_there(&client, count, length).await;
    }
    for number in 0..count {
        client.delete(&format!("/full/{number}")).send().await.ok();
    }
    put_until_stored(&client, "/full/0", &body_of(0, MIB)).await;
    all_there(&client, 1, MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_full_to_the_last_byte_corrupts_nothing() {
    let Some(disk) = SmallDisk::mount("192m") else { return };
    let (data, config) = (disk.path().join("data"), disk.path().join("cairn.toml"));
    write_file(&config, b"reserve_bytes = 67108864\n");
    let arguments = ["--config", config.to_str().unwrap()];
    let mut cairn = Cairn::spawn(&data, &arguments);
    let client = cairn.client().await;
    client.request("PUT", "/full").send().await.ok();
    for number in 0..20 {
        client.put(&format!("/full/{number}"), body_of(number, 100 * KIB)).send().await.ok();
    }
    disk.fill();
    let mut promised = full_to_the_last_byte(&client, "first").await;
    all_there(&client, 20, 100 * KIB).await;
    disk.free();
    put_until_stored(&client, "/full/later", b"later").await;
    all_there(&client, 20, 100 * KIB).await;

    disk.fill();
    promised.extend(full_to_the_last_byte(&client, "second").await);
    cairn.kill();
    let mut cairn = Cairn::spawn(&data, &arguments);
    starts_or_says_why(&mut cairn).await;
    cairn.kill();
    disk.free();
    let mut cairn = Cairn::spawn(&data, &arguments);
    let client = cairn.client().await;
    all_there(&client, 20, 100 * KIB).await;
    assert_eq!(client.get("/full/later").send().await.ok().text(), "later");
    for (target, outcome) in promised {
        is_as_promised(&client, &target, outcome).await;
    }
    put_until_stored(&client, "/full/last", &body_of(1, MIB)).await;
}

/// What a client heard about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promised {
    There,
    Gone,
}

async fn is_as_promised(client: &Client, target: &str, promised: Promised) {
    let answer = client.head(target).send().await;
    assert!(matches!(answer.status, 200 | 404), "{target}: {}", answer.status);
    let found = if answer.status == 200 { Promised::There } else { Promised::Gone };
    assert_eq!(found, promised, "{target}");
}

/// Writes and deletes on a disk without a free byte. Whatever is answered with success, a log that had room left may
/// still have taken; everything else is an error, and did not happen.
async fn full_to_the_last_byte(client: &Client, round: &str) -> Vec<(String, Promised)> {
    let mut promised = Vec::new();
    for length in [10, INLINE_BYTES_MAX, 100 * KIB, 3 * MIB, 5 * MIB] {
        let target = format!("/full/{round}-{length}");
        let answer = client.put(&target, body_of(99, length)).send().await;
        assert!(matches!(answer.status, 200 | 500 | 503), "{} {}", answer.status, answer.text());
        assert!(answer.status != 200 || length < 100 * KIB, "there was no room for {length} bytes");
        let outcome = if answer.status == 200 { Promised::There } else { Promised::Gone };
        is_as_promised(client, &target, outcome).await;
        let deleted = client.delete(&target).send().await;
        assert!(matches!(deleted.status, 204 | 500 | 503), "{} {}", deleted.status, deleted.text());
        let outcome = if deleted.status == 204 { Promised::Gone } else { outcome };
        is_as_promised(client, &target, outcome).await;
        promised.push((target, outcome));
    }
    println!("on the full disk: {promised:?}");
    promised
}

/// Either is fine on a disk without a free byte: to serve, or to end with a message that names the reason.
async fn starts_or_says_why(cairn: &mut Cairn) {
    let clock = SystemClock::new();
    while clock.monotonic() < PATIENCE {
        if support::read_if_there(cairn.ready_file()).is_some_and(|text| !text.is_empty()) {
            return;
        }
        if let Some(log) = cairn.has_ended() {
            assert!(log.to_lowercase().contains("no space left on device"), "{log}");
            return;
        }
        clock.sleep(Duration::from_millis(2)).await;
    }
    panic!("it neither starts nor ends");
}
