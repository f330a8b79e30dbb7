//! A disk that is full, up to its reserve or to the last byte: writes are refused with an error, what was there stays,
//! and once there is room again writes work, without or with a `kill -9` in between.

mod support;

use environment::{Clock, SystemClock};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::{Answer, Cairn, Client, KIB, MIB, PATIENCE, body_of, write_file};

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
    for length in [0, 10, 64 * KIB, MIB] {
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
async fn a_disk_filled_by_objects_takes_writes_again_after_deletes() {
    let Some(disk) = SmallDisk::mount("160m") else { return };
    let (data, config) = (disk.path().join("data"), disk.path().join("cairn.toml"));
    write_file(&config, b"reserve_bytes = 67108864\n");
    let arguments = ["--config", config.to_str().unwrap()];
    for length in [MIB, 60 * KIB] {
        let mut cairn = Cairn::spawn(&data, &arguments);
        let client = cairn.client().await;
        client.request("PUT", "/full").send().await.ok();
        let (count, refusal) = put_until_refused(&client, length).await;
        refusal.refused(503, "ServiceUnavailable");
        println!("{count} objects of {length} bytes fit");
        assert!(count > 10);
        all_there(&client, count, length).await;
        // A disk that is full is no reason not to start.
        cairn.kill();
        let mut cairn = Cairn::spawn(&data, &arguments);
        let client = cairn.client().await;
        all_there(&client, count, length).await;
        for number in 0..count {
            client.delete(&format!("/full/{number}")).send().await.ok();
        }
        put_until_stored(&client, "/full/0", &body_of(0, MIB)).await;
        all_there(&client, 1, MIB).await;
        client.delete("/full/0").send().await.ok();
        client.delete("/full").send().await.ok();
        cairn.kill();
    }
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
    let doubtful = full_to_the_last_byte(&client).await;
    all_there(&client, 20, 100 * KIB).await;
    disk.free();
    put_until_stored(&client, "/full/later", b"later").await;
    all_there(&client, 20, 100 * KIB).await;

    disk.fill();
    full_to_the_last_byte(&client).await;
    cairn.kill();
    let mut cairn = Cairn::spawn(&data, &arguments);
    starts_or_says_why(&mut cairn).await;
    cairn.kill();
    disk.free();
    let mut cairn = Cairn::spawn(&data, &arguments);
    let client = cairn.client().await;
    all_there(&client, 20, 100 * KIB).await;
    assert_eq!(client.get("/full/later").send().await.ok().text(), "later");
    put_until_stored(&client, "/full/last", &body_of(1, MIB)).await;
    println!("{doubtful} of the deletes went through on the full disk");
}

/// Writes and deletes on a disk without a free byte: an answer each, and no success for what did not happen.
async fn full_to_the_last_byte(client: &Client) -> usize {
    for length in [10, 100 * KIB, 3 * MIB] {
        let answer = client.put("/full/refused", body_of(99, length)).send().await;
        assert!(matches!(answer.status, 500 | 503), "{} {}", answer.status, answer.text());
        client.get("/full/refused").send().await.refused(404, "NoSuchKey");
    }
    let answer = client.delete("/full/refused").send().await;
    assert!(matches!(answer.status, 204 | 500 | 503), "{} {}", answer.status, answer.text());
    usize::from(answer.status == 204)
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
