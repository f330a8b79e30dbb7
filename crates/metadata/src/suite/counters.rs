//! Sums: nothing is lost, and order within a commit counts.

use super::{add, delete, equals, get, put, scan, write};
use crate::engine::{Commit, Engine, Outcome, Table, decode_counters};
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) async fn run(make: &impl AsyncFn() -> Arc<dyn Engine>) {
    sums_start_from_nothing_and_grow_longer(&*make().await).await;
    sums_wrap(&*make().await).await;
    sums_of_one_commit_add_up_in_order(&*make().await).await;
    a_row_cut_short_counts_as_if_zeros_followed(&*make().await).await;
    sums_of_many_tasks_add_up(make().await).await;
    the_sum_of_a_range_is_that_of_its_rows(&*make().await).await;
    more_ranges_can_be_summed_than_an_engine_may_keep(&*make().await).await;
    the_sum_of_a_range_is_exact_while_it_changes(make().await).await;
}

async fn sums(engine: &dyn Engine, key: &[u8]) -> Option<Vec<i64>> {
    get(engine, Table::Counters, key).await.map(|value| decode_counters(&value))
}

async fn sums_start_from_nothing_and_grow_longer(engine: &dyn Engine) {
    assert_eq!(sums(engine, b"k").await, None);
    write(engine, vec![add(b"k", &[1])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![1]));
    write(engine, vec![add(b"k", &[-3, 0, 7])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![-2, 0, 7]));
    write(engine, vec![add(b"k", &[0, 5])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![-2, 5, 7]));
    write(engine, vec![add(b"none", &[])]).await;
    assert_eq!(sums(engine, b"none").await, Some(vec![]));
}

async fn sums_wrap(engine: &dyn Engine) {
    write(engine, vec![add(b"k", &[i64::MAX, i64::MIN])]).await;
    write(engine, vec![add(b"k", &[1, -1])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![i64::MIN, i64::MAX]));
}

async fn sums_of_one_commit_add_up_in_order(engine: &dyn Engine) {
    write(engine, vec![add(b"k", &[1]), add(b"other", &[9]), add(b"k", &[2, 3])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![3, 3]));
    write(engine, vec![add(b"k", &[100]), delete(Table::Counters, b"k"), add(b"k", &[4])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![4]));
    write(engine, vec![add(b"k", &[1]), delete(Table::Counters, b"k")]).await;
    assert_eq!(sums(engine, b"k").await, None);
    assert_eq!(sums(engine, b"other").await, Some(vec![9]));
}

async fn a_row_cut_short_counts_as_if_zeros_followed(engine: &dyn Engine) {
    write(engine, vec![put(Table::Counters, b"k", &[1, 0, 0, 0, 0, 0, 0, 0, 7])]).await;
    write(engine, vec![add(b"k", &[1, 1])]).await;
    assert_eq!(sums(engine, b"k").await, Some(vec![2, 8]));
}

async fn sums_of_many_tasks_add_up(engine: Arc<dyn Engine>) {
    let mut tasks = JoinSet::new();
    for task in 0..100_i64 {
        let engine = Arc::clone(&engine);
        tasks.spawn(async move {
            for _ in 0..20 {
                let writes = vec![add(b"all", &[1, task]), add(&(task % 7).to_be_bytes(), &[1])];
                let outcome = engine.commit(Commit { conditions: Vec::new(), writes }).await;
                assert_eq!(outcome.unwrap(), Outcome::Committed, "an addition is never a reason for a conflict");
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(sums(&*engine, b"all").await, Some(vec![2000, 20 * 4950]));
    let mut shards = 0;
    for shard in 0..7_i64 {
        shards += sums(&*engine, &shard.to_be_bytes()).await.unwrap()[0];
    }
    assert_eq!(shards, 2000);
}

async fn the_sum_of_a_range_is_that_of_its_rows(engine: &dyn Engine) {
    let sum = async |start: &[u8], end: Option<&[u8]>| {
        let mut sums = engine.sum(start.to_vec(), end.map(<[u8]>::to_vec)).await.expect("the engine works");
        // Zeros at the end say nothing.
        sums.resize(3, 0);
        sums
    };
    assert_eq!(sum(b"b", Some(b"d")).await, [0; 3]);
    write(engine, vec![add(b"a", &[100]), add(b"b", &[1]), add(b"cc", &[2, 7]), add(b"d", &[1000])]).await;
    assert_eq!((sum(b"b", Some(b"d")).await, sum(b"c", None).await), (vec![3, 7, 0], vec![1002, 7, 0]));
    assert_eq!((sum(b"c", Some(b"b")).await, sum(b"e", None).await), (vec![0; 3], vec![0; 3]));
    write(engine, vec![add(b"b", &[-1, -1, 5]), add(b"c", &[10])]).await;
    assert_eq!((sum(b"b", Some(b"d")).await, sum(b"c", None).await), (vec![12, 6, 5], vec![1012, 7, 0]));
    write(engine, vec![delete(Table::Counters, b"cc"), delete(Table::Counters, b"none")]).await;
    assert_eq!(sum(b"b", Some(b"d")).await, [10, -1, 5]);
    write(engine, vec![add(b"b", &[50]), delete(Table::Counters, b"b"), add(b"b", &[4])]).await;
    assert_eq!(sum(b"b", Some(b"d")).await, [14, 0, 0], "what is removed and then added to");
    let refused = Commit { conditions: vec![equals(b"none", b"")], writes: vec![add(b"b", &[9])] };
    assert_eq!(engine.commit(refused).await.unwrap(), Outcome::Conflict);
    write(engine, vec![put(Table::Rows, b"b", b"no counter")]).await;
    assert_eq!(sum(b"b", Some(b"d")).await, [14, 0, 0]);
}

async fn more_ranges_can_be_summed_than_an_engine_may_keep(engine: &dyn Engine) {
    for added in 1..4 {
        for key in 0..20_u8 {
            write(engine, vec![add(&[key], &[1])]).await;
            assert_eq!(engine.sum(vec![key], Some(vec![key + 1])).await.unwrap(), [added]);
        }
    }
}

/// The sum is asked for, for the first time and again, while tasks add to rows, remove and make them.
async fn the_sum_of_a_range_is_exact_while_it_changes(engine: Arc<dyn Engine>) {
    write(&*engine, (0..2_000_u32).map(|row| add(&row.to_be_bytes(), &[1, 1])).collect()).await;
    let mut tasks = JoinSet::new();
    for task in 0..8_u32 {
        let engine = Arc::clone(&engine);
        tasks.spawn(async move {
            for step in 0..100 {
                let (one, other) = ((task * 250 + step).to_be_bytes(), (task * 250 + 249 - step).to_be_bytes());
                // What one row gets the other loses: the first of the integers stays the same in all of them.
                write(&*engine, vec![add(&one, &[5, 1]), add(&other, &[-5, 1])]).await;
                let sums = engine.sum(Vec::new(), Some(vec![1])).await.unwrap();
                assert_eq!(sums[0], 2_000, "both rows or none");
                assert!(sums[1] >= 2_000 + 2 * i64::from(step + 1), "its own commits are in it");
            }
            let (gone, heir) = ((task * 250 + 120).to_be_bytes(), (task * 250 + 121).to_be_bytes());
            write(&*engine, vec![delete(Table::Counters, &gone), add(&heir, &[1, 1])]).await;
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let kept = engine.sum(Vec::new(), Some(vec![1])).await.unwrap();
    let mut rows = Vec::new();
    for (_, value) in scan(&*engine, Table::Counters, &[], Some(&[1])).await {
        crate::engine::add_counters(&mut rows, &decode_counters(&value));
    }
    assert_eq!(kept, rows);
}
