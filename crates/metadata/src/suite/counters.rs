//! Sums: nothing is lost, and order within a commit counts.

use super::{add, delete, get, put, write};
use crate::engine::{Commit, Engine, Outcome, Table, decode_counters};
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) async fn run(make: &impl AsyncFn() -> Arc<dyn Engine>) {
    sums_start_from_nothing_and_grow_longer(&*make().await).await;
    sums_wrap(&*make().await).await;
    sums_of_one_commit_add_up_in_order(&*make().await).await;
    a_row_cut_short_counts_as_if_zeros_followed(&*make().await).await;
    sums_of_many_tasks_add_up(make().await).await;
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
