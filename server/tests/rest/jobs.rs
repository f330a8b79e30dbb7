//! Jobs in the background: the removal of all objects whose keys begin with a prefix.

use crate::api::{Api, on_account};
use crate::support::{Cairn, Client, PATIENCE, TestServer};
use environment::{Clock, SystemClock};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;
use types::PermissionGroup::R2StorageRead;

const JOBS: &str = "/accounts/{a}/r2/jobs";
const OBJECTS: &str = "/accounts/{a}/r2/buckets/bucket/objects";

/// Puts `key(0)` to `key(count - 1)`, many at once.
async fn fill(client: &Client, count: usize, key: impl Fn(usize) -> String) {
    let mut tasks = JoinSet::new();
    for first in 0..32 {
        let (client, keys) = (client.clone(), (first..count).step_by(32).map(&key).collect::<Vec<_>>());
        tasks.spawn(async move {
            for key in keys {
                client.put(&format!("/bucket/{key}"), "x").send().await.ok();
            }
        });
    }
    tasks.join_all().await;
}

async fn server_with_bucket() -> (TestServer, Api) {
    let server = TestServer::start().await;
    server.client.request("PUT", "/bucket").send().await.ok();
    let root = Api::root(&server);
    (server, root)
}

fn job_path(job: &Value) -> String {
    format!("{JOBS}/{}", job["id"].as_str().unwrap())
}

/// Asks after a job until it has ended.
pub(crate) async fn ended(root: &Api, job: &Value) -> Value {
    ended_while(root, job, || ()).await
}

/// As [`ended`], where the test moved the server's clock: a worker that saw it move rests for as long, on that clock.
async fn ended_as_time_passes(server: &TestServer, root: &Api, job: &Value) -> Value {
    ended_while(root, job, || server.clock.advance(Duration::from_millis(1))).await
}

async fn ended_while(root: &Api, job: &Value, before_each_look: impl Fn()) -> Value {
    let clock = SystemClock::new();
    while clock.monotonic() < PATIENCE {
        before_each_look();
        let job = root.get(&job_path(job)).await.ok();
        if !matches!(job["status"].as_str(), Some("ENQUEUED" | "RUNNING")) {
            return job;
        }
    }
    panic!("the job had not ended after {PATIENCE:?}");
}

async fn keys(root: &Api) -> Vec<String> {
    let listed = root.get(&format!("{OBJECTS}?per_page=1000")).await.ok();
    listed.as_array().unwrap().iter().map(|object| object["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_is_removed_in_the_background() {
    let (server, root) = server_with_bucket().await;
    fill(&server.client, 1_100, |number| format!("a/{number:04}")).await;
    fill(&server.client, 3, |number| format!("b/{number}")).await;
    let begun = root.delete(&format!("{OBJECTS}?prefix=a/")).await.ok();
    assert_eq!(begun["jobType"], "prefixDelete");
    assert_eq!(
        (&begun["status"], &begun["startTime"], &begun["endTime"]),
        (&json!("ENQUEUED"), &json!(null), &json!(null))
    );
    assert_eq!(begun["prefixDelete"]["deletedObjects"], 0);
    let done = ended(&root, &begun).await;
    assert_eq!((&done["id"], &done["status"]), (&begun["id"], &json!("COMPLETED")));
    let expected = json!({ "prefix": "a/", "deletedObjects": 1_100, "isBucketClear": false, "lockedObjects": 0 });
    assert_eq!((&done["prefixDelete"], &done["lastError"]), (&expected, &json!(null)));
    assert!(done["startTime"].is_string() && done["endTime"].is_string(), "{done}");
    assert_eq!(keys(&root).await, ["b/0", "b/1", "b/2"]);

    let rest = root.delete(&format!("{OBJECTS}?prefix=")).await.ok();
    let done = ended(&root, &rest).await;
    assert_eq!(
        (&done["prefixDelete"]["deletedObjects"], &done["prefixDelete"]["isBucketClear"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(keys(&root).await, [""; 0]);
    root.delete("/accounts/{a}/r2/buckets/bucket").await.ok();
    assert_eq!(root.get(&job_path(&rest)).await.ok()["status"], "COMPLETED", "it outlives its bucket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_after_the_call_stays() {
    let (server, root) = server_with_bucket().await;
    fill(&server.client, 2, |number| format!("a/{number}")).await;
    let job = root.delete(&format!("{OBJECTS}?prefix=a/")).await.ok();
    server.clock.advance(Duration::from_millis(1));
    fill(&server.client, 1, |_| "a/later".to_owned()).await;
    let job = ended_as_time_passes(&server, &root, &job).await;
    assert_eq!((&job["status"], &job["prefixDelete"]["deletedObjects"]), (&json!("COMPLETED"), &json!(2)));
    assert_eq!(keys(&root).await, ["a/later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_listed_and_called_off_by_those_who_may() {
    let (server, root) = server_with_bucket().await;
    let mut ids = Vec::new();
    for prefix in ["a", "b", "c"] {
        server.clock.advance(Duration::from_millis(1));
        let job = root.delete(&format!("{OBJECTS}?prefix={prefix}")).await.ok();
        ids.push(ended_as_time_passes(&server, &root, &job).await["id"].clone());
    }
    let page = root.get(&format!("{JOBS}?per_page=2")).await;
    let cursor = page.json["result_info"]["cursor"].as_str().unwrap().to_owned();
    let listed = |page: &Value| page.as_array().unwrap().iter().map(|job| job["id"].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&page.ok()), ids[..2]);
    let last = root.get(&format!("{JOBS}?per_page=2&cursor={cursor}")).await;
    assert_eq!(last.json["result_info"], json!({ "per_page": 2 }));
    assert_eq!(listed(&last.ok()), ids[2..]);

    let first = format!("{JOBS}/{}", ids[0].as_str().unwrap());
    let aborted = root.put(&format!("{first}/abort"), &json!({})).await.ok();
    assert_eq!(aborted["status"], "COMPLETED", "what has ended stays as it is");
    let reader = root.make(&on_account(&root.account(), &[R2StorageRead])).await.api;
    reader.get(&first).await.ok();
    reader.get(JOBS).await.ok();
    reader.put(&format!("{first}/abort"), &json!({})).await.refused(403, 10000);
    reader.delete(&format!("{OBJECTS}?prefix=a")).await.refused(403, 10000);
    for path in [format!("{JOBS}/{}", "0".repeat(32)), format!("{JOBS}/x")] {
        root.get(&path).await.refused(404, 404);
        root.put(&format!("{path}/abort"), &json!({})).await.refused(404, 404);
    }
    root.get(&format!("{JOBS}?cursor=x")).await.refused(400, 10040);
    root.get(&format!("{JOBS}?per_page=0")).await.refused(400, 10040);
    root.delete("/accounts/{a}/r2/buckets/nothing/objects?prefix=a").await.refused(404, 10006);
    root.delete(&format!("{OBJECTS}?prefix={}", "k".repeat(1025))).await.refused(400, 10020);
    assert_eq!(root.get(JOBS).await.ok().as_array().map(Vec::len), Some(3), "refused calls begin no job");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ended_is_forgotten_after_a_week() {
    let (server, root) = server_with_bucket().await;
    let job = root.delete(&format!("{OBJECTS}?prefix=a")).await.ok();
    ended(&root, &job).await;
    let store = server.instance.store();
    server.clock.advance(Duration::from_secs(types::limits::JOB_SECONDS_KEPT));
    store.forget_old_jobs().await.unwrap();
    root.get(&job_path(&job)).await.ok();
    server.clock.advance(Duration::from_millis(1));
    // The loop may be faster.
    store.forget_old_jobs().await.unwrap();
    root.get(&job_path(&job)).await.refused(404, 404);
    assert_eq!(root.get(JOBS).await.ok(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_on_after_kill_9_and_counts_each_object_once() {
    const COUNT: usize = 4_000;
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut cairn = Cairn::spawn(&data, &[]);
    let client = cairn.client().await;
    let value = cairn.ready().await["api_token"].as_str().unwrap().to_owned();
    client.request("PUT", "/bucket").send().await.ok();
    fill(&client, COUNT, |number| format!("a/{number:05}")).await;
    client.put("/bucket/b", "x").send().await.ok();
    let root = Api::bearer(&client, &value);
    let job = root.delete(&format!("{OBJECTS}?prefix=a/")).await.ok();
    let mut kills = 0;
    loop {
        cairn.kill();
        cairn = Cairn::spawn(&data, &[]);
        let root = Api::bearer(&cairn.client().await, &value);
        kills += 1;
        let state = root.get(&job_path(&job)).await.ok();
        if state["status"] == "COMPLETED" || kills == 8 {
            let done = ended(&root, &job).await;
            assert_eq!(
                (&done["status"], &done["prefixDelete"]["deletedObjects"]),
                (&json!("COMPLETED"), &json!(COUNT))
            );
            assert_eq!(keys(&root).await, ["b"]);
            println!("{kills} kills");
            return;
        }
    }
}
