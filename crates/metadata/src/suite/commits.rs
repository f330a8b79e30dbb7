//! Committing: conditions, atomicity, races, and callers that go away.

use super::{absent, add, commit, delete, empty, equals, get, keys, put, write};
use crate::engine::{Commit, Condition, Engine, Outcome, Table, Write};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::{JoinSet, unconstrained};

/// Commits at once, where they race.
const RACERS: usize = 100;

pub(super) async fn run(make: &impl AsyncFn() -> Arc<dyn Engine>) {
    each_condition_holds_or_fails(&*make().await).await;
    conditions_hold_in_every_table(&*make().await).await;
    a_conflict_changes_nothing(&*make().await).await;
    an_empty_commit_is_committed(&*make().await).await;
    of_two_writes_to_a_key_the_later_wins(&*make().await).await;
    conditions_are_judged_before_the_commits_own_writes(&*make().await).await;
    of_racing_creators_exactly_one_wins(make().await).await;
    of_racing_writers_that_read_the_same_row_exactly_one_wins(make().await).await;
    of_racers_for_an_empty_range_exactly_one_wins(make().await).await;
    readers_and_removers_of_a_range_never_both_win(make().await).await;
    a_chain_of_commits_sees_each_link(make().await).await;
    a_commit_polled_once_happens_whole_or_not_at_all(make().await).await;
}

async fn each_condition_holds_or_fails(engine: &dyn Engine) {
    write(engine, vec![put(Table::Rows, b"b", b"1"), put(Table::Rows, b"gone", b"1")]).await;
    write(engine, vec![delete(Table::Rows, b"gone")]).await;
    let cases: [(Condition, bool); 15] = [
        (equals(b"b", b"1"), true),
        (equals(b"b", b"2"), false),
        (equals(b"b", b""), false),
        (equals(b"b", b"11"), false),
        (equals(b"a", b""), false),
        (equals(b"gone", b"1"), false),
        (absent(b"b"), false),
        (absent(b"a"), true),
        (absent(b"gone"), true),
        (empty(b"a", b"b"), true),
        (empty(b"a", b"b\0"), false),
        (empty(b"b", b"c"), false),
        (empty(b"c", b"z"), true),
        (empty(b"b", b"b"), true),
        (empty(b"c", b"a"), true),
    ];
    for (condition, holds) in cases {
        let expected = if holds { Outcome::Committed } else { Outcome::Conflict };
        let text = format!("{condition:?}");
        assert_eq!(commit(engine, vec![condition], Vec::new()).await, expected, "{text}");
    }
    let both = vec![absent(b"a"), equals(b"b", b"2")];
    assert_eq!(commit(engine, both, Vec::new()).await, Outcome::Conflict, "all must hold");
}

async fn conditions_hold_in_every_table(engine: &dyn Engine) {
    let payload = vec![7; 5000];
    write(engine, vec![put(Table::Payloads, b"k", &payload), add(b"k", &[5])]).await;
    let five = 5_i64.to_le_bytes();
    for (table, value) in [(Table::Payloads, payload.as_slice()), (Table::Counters, &five)] {
        let key = || b"k".to_vec();
        let same = Condition::Equals { table, key: key(), value: value.to_vec().into() };
        assert_eq!(commit(engine, vec![same], Vec::new()).await, Outcome::Committed, "{table:?}");
        let none = Condition::Absent { table, key: key() };
        assert_eq!(commit(engine, vec![none], Vec::new()).await, Outcome::Conflict, "{table:?}");
        let range = Condition::Empty { table, start: key(), end: b"l".to_vec() };
        assert_eq!(commit(engine, vec![range], Vec::new()).await, Outcome::Conflict, "{table:?}");
    }
}

async fn a_conflict_changes_nothing(engine: &dyn Engine) {
    let writes = vec![put(Table::Rows, b"a", b"1"), put(Table::Payloads, b"a", b"1"), add(b"a", &[1])];
    assert_eq!(commit(engine, vec![equals(b"a", b"0")], writes).await, Outcome::Conflict);
    for table in [Table::Rows, Table::Payloads, Table::Counters] {
        assert_eq!(get(engine, table, b"a").await, None, "{table:?}");
    }
}

async fn an_empty_commit_is_committed(engine: &dyn Engine) {
    write(engine, Vec::new()).await;
}

async fn of_two_writes_to_a_key_the_later_wins(engine: &dyn Engine) {
    let twice = vec![
        put(Table::Rows, b"a", b"1"),
        put(Table::Rows, b"a", b"2"),
        put(Table::Rows, b"b", b"1"),
        delete(Table::Rows, b"b"),
        delete(Table::Rows, b"c"),
        put(Table::Rows, b"c", b"3"),
    ];
    write(engine, twice).await;
    assert_eq!(get(engine, Table::Rows, b"a").await.as_deref(), Some(&b"2"[..]));
    assert_eq!(get(engine, Table::Rows, b"b").await, None);
    assert_eq!(get(engine, Table::Rows, b"c").await.as_deref(), Some(&b"3"[..]));
}

async fn conditions_are_judged_before_the_commits_own_writes(engine: &dyn Engine) {
    let own = vec![put(Table::Rows, b"a", b"1")];
    assert_eq!(commit(engine, vec![equals(b"a", b"1")], own.clone()).await, Outcome::Conflict);
    assert_eq!(commit(engine, vec![absent(b"a")], own).await, Outcome::Committed);
}

/// Runs `make`'s commits all at once and says which were committed.
async fn race(engine: &Arc<dyn Engine>, make: impl Fn(usize) -> Commit) -> Vec<usize> {
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (engine, commit) = (Arc::clone(engine), make(racer));
        racers.spawn(async move { (racer, engine.commit(commit).await.unwrap()) });
    }
    let outcomes = racers.join_all().await;
    outcomes.into_iter().filter(|(_, outcome)| *outcome == Outcome::Committed).map(|(racer, _)| racer).collect()
}

fn text(number: usize) -> Vec<u8> {
    format!("{number:03}").into_bytes()
}

async fn of_racing_creators_exactly_one_wins(engine: Arc<dyn Engine>) {
    for round in 0..10 {
        let key = text(round);
        let winners = race(&engine, |racer| Commit {
            conditions: vec![absent(&key)],
            writes: vec![put(Table::Rows, &key, &text(racer))],
        });
        let [winner] = winners.await[..] else { panic!("round {round}: not one winner") };
        assert_eq!(get(&*engine, Table::Rows, &key).await, Some(text(winner)));
    }
}

async fn of_racing_writers_that_read_the_same_row_exactly_one_wins(engine: Arc<dyn Engine>) {
    write(&*engine, vec![put(Table::Rows, b"k", b"start")]).await;
    let mut value = b"start".to_vec();
    for round in 0..10 {
        let winners = race(&engine, |racer| Commit {
            conditions: vec![equals(b"k", &value)],
            writes: vec![put(Table::Rows, b"k", &[text(round), text(racer)].concat()), add(b"wins", &[1])],
        });
        let [winner] = winners.await[..] else { panic!("round {round}: not one winner") };
        value = [text(round), text(winner)].concat();
        assert_eq!(get(&*engine, Table::Rows, b"k").await.as_ref(), Some(&value));
    }
    assert_eq!(get(&*engine, Table::Counters, b"wins").await, Some(10_i64.to_le_bytes().to_vec()));
}

/// Every racer asks for an empty range and writes another key of it.
async fn of_racers_for_an_empty_range_exactly_one_wins(engine: Arc<dyn Engine>) {
    for _ in 0..10 {
        let winners = race(&engine, |racer| Commit {
            conditions: vec![empty(b"000", b"999")],
            writes: vec![put(Table::Rows, &text(racer), b"")],
        });
        let [winner] = winners.await[..] else { panic!("not one winner") };
        assert_eq!(keys(&*engine, b"", None).await, [text(winner)]);
        write(&*engine, vec![delete(Table::Rows, &text(winner))]).await;
    }
}

/// As with a bucket: half of the racers put an object if the bucket is there, half remove the bucket if it is empty.
async fn readers_and_removers_of_a_range_never_both_win(engine: Arc<dyn Engine>) {
    for _ in 0..20 {
        write(&*engine, vec![put(Table::Rows, b"bucket", b"")]).await;
        race(&engine, |racer| {
            if racer % 2 == 0 {
                let object = put(Table::Rows, &[b"object/", text(racer).as_slice()].concat(), b"");
                Commit { conditions: vec![equals(b"bucket", b"")], writes: vec![object] }
            } else {
                let bucket = delete(Table::Rows, b"bucket");
                Commit { conditions: vec![empty(b"object/", b"object0")], writes: vec![bucket] }
            }
        })
        .await;
        let objects = keys(&*engine, b"object/", Some(b"object0")).await;
        let bucket = get(&*engine, Table::Rows, b"bucket").await;
        assert_eq!(bucket.is_some(), !objects.is_empty(), "{} objects", objects.len());
        write(&*engine, objects.iter().map(|key| delete(Table::Rows, key)).collect()).await;
    }
}

/// Commit n needs what commit n-1 wrote. All are handed over in order before any is answered.
async fn a_chain_of_commits_sees_each_link(engine: Arc<dyn Engine>) {
    let link = |n: usize| Commit {
        conditions: match n {
            0 => vec![empty(b"", b"\xff")],
            1 => vec![equals(b"link", &text(0))],
            _ => vec![equals(b"link", &text(n - 1)), absent(&text(n - 2)), empty(b"0", &text(n - 1))],
        },
        writes: vec![
            put(Table::Rows, b"link", &text(n)),
            put(Table::Rows, &text(n), b""),
            n.checked_sub(1).map_or(add(b"n", &[1]), |before| delete(Table::Rows, &text(before))),
        ],
    };
    let mut waiting = (0..RACERS).map(|n| engine.commit(link(n))).collect::<Vec<_>>();
    let mut answered = vec![None; RACERS];
    // Unconstrained: a runtime that makes this task pause would break the order.
    unconstrained(poll_fn(|context| {
        for (future, answer) in waiting.iter_mut().zip(&mut answered) {
            if answer.is_none()
                && let Poll::Ready(outcome) = future.as_mut().poll(context)
            {
                *answer = Some(outcome.unwrap());
            }
        }
        if answered.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    }))
    .await;
    assert!(answered.iter().all(|answer| *answer == Some(Outcome::Committed)), "{answered:?}");
    assert_eq!(keys(&*engine, b"", None).await, [text(RACERS - 1), b"link".to_vec()]);
}

async fn a_commit_polled_once_happens_whole_or_not_at_all(engine: Arc<dyn Engine>) {
    for n in 0..RACERS {
        let writes: Vec<Write> = vec![put(Table::Rows, &text(n), b""), add(b"sum", &[1])];
        let mut future = engine.commit(Commit { conditions: Vec::new(), writes });
        unconstrained(poll_fn(|context| {
            let _ = future.as_mut().poll(context);
            Poll::Ready(())
        }))
        .await;
    }
    // Answered after all before it.
    write(&*engine, Vec::new()).await;
    let happened = keys(&*engine, b"", None).await.len();
    let sum = get(&*engine, Table::Counters, b"sum").await.unwrap_or_else(|| vec![0; 8]);
    assert_eq!(sum, (happened as i64).to_le_bytes());
    assert!(happened > 0, "with room for a commit, one poll is enough");
}
