//! Lock rules that are set while objects are replaced and removed. The model: what somebody sees once the rules are
//! answered is there for good, whenever requests began, and no request that began later succeeds; each does all it says
//! or nothing.

use crate::bucket_locks::{rule, set_rules};
use crate::server_with;
use crate::support::{Client, Connection, TestServer};
use operations::Caller;
use operations::list_objects::ListObjects;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;
use types::{BucketName, LockCondition};

/// How objects are made to go.
#[derive(Clone, Copy, Debug)]
enum Attack {
    Delete,
    DeleteMany,
    Overwrite,
    Copy,
}

const ATTACKS: [Attack; 4] = [Attack::Delete, Attack::DeleteMany, Attack::Overwrite, Attack::Copy];
const ATTACKERS: usize = 16;
const KEYS: usize = 40;

/// What attackers and the one who sets the rules know of each other.
#[derive(Default)]
struct Race {
    /// The rules are answered.
    answered: AtomicBool,
    /// Attacks that were answered.
    attacks: AtomicUsize,
    progress: Notify,
}

/// Attacks one object. Answers whether it succeeded.
async fn attack(client: &Client, connection: &mut Connection, how: Attack, target: &str, key: &str) -> bool {
    let request = match how {
        Attack::Delete => client.delete(target),
        Attack::DeleteMany => {
            client.post("/race?delete", format!("<Delete><Object><Key>{key}</Key></Object></Delete>"))
        }
        Attack::Overwrite => client.put(target, "new"),
        Attack::Copy => client.put(target, "").header("x-amz-copy-source", "/race/source"),
    };
    let answer = request.send_on(connection).await.unwrap();
    let refused = answer.text().contains("<Code>ObjectLockedByBucketPolicy</Code>");
    assert!(refused || answer.status < 300, "{how:?}: {} {}", answer.status, answer.text());
    !refused
}

/// Attacks its own objects, each once, and looks at what became of each.
async fn attacker(client: Client, race: Arc<Race>, number: usize) {
    let how = ATTACKS[number % ATTACKS.len()];
    let mut connection = Connection::open(client.address).await.unwrap();
    for index in 0..KEYS {
        let key = format!("kept/{number}-{index}");
        let target = format!("/race/{key}");
        let answered = race.answered.load(Ordering::Acquire);
        let succeeded = attack(&client, &mut connection, how, &target, &key).await;
        assert!(!(answered && succeeded), "{how:?} of {key} after the rules were answered");
        race.attacks.fetch_add(1, Ordering::AcqRel);
        race.progress.notify_one();
        let now = client.get(&target).send_on(&mut connection).await.unwrap();
        let expected = match (succeeded, how) {
            (false, _) => "old",
            (true, Attack::Overwrite | Attack::Copy) => "new",
            (true, Attack::Delete | Attack::DeleteMany) => {
                now.refused(404, "NoSuchKey");
                continue;
            }
        };
        assert_eq!(now.ok().text(), expected, "{how:?} of {key}");
    }
}

async fn fill(client: &Client) {
    client.put("/race/source", "new").send().await.ok();
    let writers: Vec<_> = (0..ATTACKERS)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(client.address).await.unwrap();
                for index in 0..KEYS {
                    let put = client.put(&format!("/race/kept/{number}-{index}"), "old");
                    put.send_on(&mut connection).await.unwrap().ok();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

/// The objects that the rules are about, with their versions.
async fn kept(server: &TestServer, caller: &Caller) -> Vec<(String, [u8; 16])> {
    let request = ListObjects {
        bucket: BucketName::parse("race").unwrap(),
        prefix: "kept/".to_owned(),
        delimiter: String::new(),
        start_after: None,
        continuation_token: None,
        limit: 1000,
    };
    let listed = server.instance.store().list_objects(caller, &request).await.unwrap();
    listed.objects.into_iter().map(|object| (object.key, object.row.version)).collect()
}

/// One race, in which the rules are set once so many attacks were answered.
async fn run(server: &TestServer, attacks_before: usize) {
    let caller = server.caller().await;
    set_rules(server, &caller, "race", &[]).await;
    fill(&server.client).await;
    let race = Arc::new(Race::default());
    let attackers: Vec<_> =
        (0..ATTACKERS).map(|number| tokio::spawn(attacker(server.client.clone(), Arc::clone(&race), number))).collect();
    while race.attacks.load(Ordering::Acquire) < attacks_before {
        race.progress.notified().await;
    }
    set_rules(server, &caller, "race", &[rule("kept/", LockCondition::Indefinite)]).await;
    race.answered.store(true, Ordering::Release);
    let seen = kept(server, &caller).await;
    for attacker in attackers {
        attacker.await.unwrap();
    }
    assert!(kept(server, &caller).await == seen, "what was seen after the rules were answered has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_rules_keep_changes_once_they_are_answered() {
    let server = server_with("race").await;
    for round in 0..12 {
        run(&server, round * ATTACKERS * KEYS / 16).await;
    }
}
