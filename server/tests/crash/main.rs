//! A 200 is a promise: the real binary under concurrent load, killed with SIGKILL again and again on one directory.
//!
//! After every kill: what was acknowledged is there to the last byte, what was not is whole or absent, the listing
//! agrees with GET. At the end: no file lies around that nothing needs, and the counters are right. The seed is
//! printed; `CAIRN_CRASH_SEED` repeats one, as far as the machine's scheduling lets it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod load;
mod model;
#[path = "../support/mod.rs"]
mod support;

use environment::{Clock, Entropy, SystemClock, SystemEntropy};
use load::{BUCKET, Load};
use model::Model;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{
    Cairn, Client, Connection, PATIENCE, Random, TestClock, TestServer, blocks, element, elements, files_below, until,
};
use types::BucketName;

/// Times the server is killed under load.
const ROUNDS: u64 = 52;
/// Changes acknowledged under load before a kill, at least.
const ACKNOWLEDGED_MIN: u64 = 21;
/// Readers that compare objects with the model.
const READERS: usize = 8;

fn seed() -> u64 {
    let given = std::env::var("CAIRN_CRASH_SEED").ok().map(|text| text.parse().expect("a seed is a number"));
    given.unwrap_or_else(|| {
        let entropy: &dyn Entropy = &SystemEntropy::new();
        u64::from_le_bytes(entropy.bytes())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_fifty_kills_and_nothing_is_left_lying_around() {
    let seed = seed();
    println!("CAIRN_CRASH_SEED={seed}");
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut random = Random::new(seed);
    let model = Arc::new(Mutex::new(Model::default()));
    for round in 0..ROUNDS {
        if round % 8 == 7 {
            kill_while_it_starts(&data, &mut random).await;
        }
        let mut cairn = Cairn::spawn(&data, &[]);
        let client = cairn.client().await;
        match round {
            0 => drop(client.put(&format!("/{BUCKET}"), "").send().await.ok()),
            _ => drop(verify(&client, &model, round % 10 == 0).await),
        }
        kill_under_load(cairn, &client, &model, &mut random).await;
    }
    let mut cairn = Cairn::spawn(&data, &[]);
    let client = cairn.client().await;
    let listed = verify(&client, &model, true).await;
    {
        let model = model.lock().unwrap();
        println!("{} changes acknowledged, {} cut off", model.acknowledged, model.cut_off);
        assert!(model.acknowledged >= ACKNOWLEDGED_MIN * ROUNDS && model.cut_off > ROUNDS, "the load was a load");
    }
    let of_uploads = files_of_uploads(&client).await;
    let needed = of_uploads + model.lock().unwrap().files(&listed);
    wait_for_files(&data.join("blobs"), needed, &cairn).await;
    cairn.kill();
    counters_are_right(home, &model, &listed, needed).await;
}

/// The start itself may be cut off: it sweeps and replays.
async fn kill_while_it_starts(data: &Path, random: &mut Random) {
    let cairn = Cairn::spawn(data, &[]);
    SystemClock::new().sleep(Duration::from_micros(random.between(0, 60_000))).await;
    cairn.kill();
}

async fn kill_under_load(cairn: Cairn, client: &Client, model: &Arc<Mutex<Model>>, random: &mut Random) {
    let enough = model.lock().unwrap().acknowledged + ACKNOWLEDGED_MIN;
    let load = Load::begin(client, model, random).await;
    SystemClock::new().sleep(Duration::from_micros(random.between(80_000, 350_000))).await;
    // However slow the machine is, each round tells something.
    until("changes are acknowledged", async || model.lock().unwrap().acknowledged >= enough).await;
    tokio::task::spawn_blocking(|| cairn.kill()).await.expect("a kill");
    load.end().await;
}

/// Compares the whole listing with the model, and the bytes of every object that was changed, or of all.
async fn verify(client: &Client, model: &Arc<Mutex<Model>>, all: bool) -> BTreeMap<String, String> {
    let listed = list(client).await;
    let keys = {
        let mut model = model.lock().unwrap();
        let keys = if all { model.keys() } else { model.changed() };
        model.settle(&listed);
        keys
    };
    let keys = Arc::new(Mutex::new(keys));
    let readers: Vec<_> = (0..READERS)
        .map(|_| tokio::spawn(read_back(client.clone(), Arc::clone(model), Arc::clone(&keys), listed.clone())))
        .collect();
    for reader in readers {
        reader.await.expect("every object is as the listing says");
    }
    listed
}

async fn read_back(
    client: Client,
    model: Arc<Mutex<Model>>,
    keys: Arc<Mutex<Vec<String>>>,
    listed: BTreeMap<String, String>,
) {
    let mut connection = Connection::open(client.address).await.unwrap();
    loop {
        let Some(key) = keys.lock().unwrap().pop() else { return };
        let answer = client.get(&format!("/{BUCKET}/{key}")).send_on(&mut connection).await.unwrap();
        match listed.get(&key) {
            None => answer.refused(404, "NoSuchKey"),
            Some(etag) => {
                let answer = answer.ok();
                assert_eq!(answer.etag(), etag, "{key}");
                let content = model.lock().unwrap().content(&key, etag);
                content.assert_is(&key, &answer.body);
            }
        }
    }
}

/// Keys and ETags of the bucket, page by page.
async fn list(client: &Client) -> BTreeMap<String, String> {
    let mut listed = BTreeMap::new();
    let mut token = String::new();
    loop {
        let target = format!("/{BUCKET}?list-type=2&max-keys=50{token}");
        let page = client.get(&target).send().await.ok();
        for object in blocks(page.text(), "Contents") {
            let entry = (element(object, "Key").unwrap(), element(object, "ETag").unwrap());
            assert!(listed.insert(entry.0, entry.1).is_none(), "a key is listed twice: {object}");
        }
        match page.element("NextContinuationToken") {
            Some(next) => token = format!("&continuation-token={next}"),
            None => return listed,
        }
    }
}

/// Files that uploads in progress need.
async fn files_of_uploads(client: &Client) -> usize {
    let uploads = client.get(&format!("/{BUCKET}?uploads")).send().await.ok();
    assert_eq!(uploads.element("IsTruncated").as_deref(), Some("false"));
    let mut files = 0;
    for upload in blocks(uploads.text(), "Upload") {
        let (key, id) = (element(upload, "Key").unwrap(), element(upload, "UploadId").unwrap());
        let parts = client.get(&format!("/{BUCKET}/{key}?uploadId={id}")).send().await.ok();
        let sizes = elements(parts.text(), "Size");
        files += sizes.iter().filter(|size| size.parse::<usize>().unwrap() > support::INLINE_BYTES_MAX).count();
    }
    files
}

/// The server collects by itself; another process can only look.
async fn wait_for_files(blobs: &Path, needed: usize, cairn: &Cairn) {
    let clock = SystemClock::new();
    while files_below(blobs) != needed {
        let (found, log) = (files_below(blobs), cairn.complaint());
        assert!(clock.monotonic() < PATIENCE, "{found} files lie below blobs, {needed} are needed: {log}");
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// Opens the directory in this process, where sums can be asked for.
async fn counters_are_right(
    home: tempfile::TempDir,
    model: &Arc<Mutex<Model>>,
    listed: &BTreeMap<String, String>,
    files: usize,
) {
    let server = TestServer::open(home, TestClock::new(), |_| ()).await;
    let mut client = server.client.clone();
    client.clock = server.clock.clone();
    let uploads = client.get(&format!("/{BUCKET}?uploads")).send().await.ok();
    let name = BucketName::parse(BUCKET).unwrap();
    let usage = server.instance.store().bucket_usage(&server.caller().await, &name).await.unwrap();
    assert_eq!(usage.objects, i64::try_from(listed.len()).unwrap(), "objects");
    assert_eq!(usage.bytes, i64::try_from(model.lock().unwrap().bytes(listed)).unwrap(), "bytes");
    assert_eq!(usage.uploads, i64::try_from(blocks(uploads.text(), "Upload").len()).unwrap(), "uploads");
    assert_eq!(server.files_after_collection().await, files, "nothing that is needed was collected");
}
