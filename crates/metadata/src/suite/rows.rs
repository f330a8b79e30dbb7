//! Reading: what is there, in which order, as of when.

use super::{delete, get, keys, put, scan, scan_back_by, scan_by, write};
use crate::engine::{Commit, Engine, Outcome, Scan, Step, Table};
use std::sync::Arc;

const TABLES: [Table; 3] = [Table::Rows, Table::Payloads, Table::Counters];

pub(super) async fn run(make: &impl AsyncFn() -> Arc<dyn Engine>) {
    a_value_is_there_until_it_is_removed(&*make().await).await;
    tables_do_not_share_keys(&*make().await).await;
    any_bytes_make_a_key_or_a_value(&*make().await).await;
    payloads_of_64_kib_come_back_whole(&*make().await).await;
    scans_go_in_byte_order_within_their_bounds(&*make().await).await;
    a_visitor_skips_and_stops(&*make().await).await;
    a_step_that_leads_backwards_goes_to_the_next_row(&*make().await).await;
    a_visitor_skips_and_stops_backwards(&*make().await).await;
    a_visitor_skips_gaps_of_all_sizes(&*make().await).await;
    a_scan_sees_one_moment(make().await).await;
}

async fn a_value_is_there_until_it_is_removed(engine: &dyn Engine) {
    assert_eq!(get(engine, Table::Rows, b"k").await, None);
    write(engine, vec![put(Table::Rows, b"k", b"one")]).await;
    assert_eq!(get(engine, Table::Rows, b"k").await.as_deref(), Some(&b"one"[..]));
    write(engine, vec![put(Table::Rows, b"k", b"two")]).await;
    assert_eq!(get(engine, Table::Rows, b"k").await.as_deref(), Some(&b"two"[..]));
    write(engine, vec![delete(Table::Rows, b"k"), delete(Table::Rows, b"never there")]).await;
    assert_eq!(get(engine, Table::Rows, b"k").await, None);
    assert_eq!(keys(engine, b"", None).await, Vec::<Vec<u8>>::new());
}

async fn tables_do_not_share_keys(engine: &dyn Engine) {
    write(engine, vec![put(Table::Rows, b"k", b"row"), put(Table::Payloads, b"k", b"payload")]).await;
    assert_eq!(get(engine, Table::Counters, b"k").await, None);
    write(engine, vec![delete(Table::Rows, b"k")]).await;
    assert_eq!(get(engine, Table::Payloads, b"k").await.as_deref(), Some(&b"payload"[..]));
    assert_eq!(scan(engine, Table::Payloads, b"", None).await, [(b"k".to_vec(), b"payload".to_vec())]);
}

async fn any_bytes_make_a_key_or_a_value(engine: &dyn Engine) {
    let samples: [&[u8]; 7] = [b"", b"\0", b"\0\0", b"\0\xff", b"a\0b", b"\xff", b"\xff\xff"];
    for table in [Table::Rows, Table::Payloads] {
        write(engine, samples.iter().map(|bytes| put(table, bytes, bytes)).collect()).await;
        for bytes in samples {
            assert_eq!(get(engine, table, bytes).await.as_deref(), Some(bytes), "{table:?}");
        }
        let seen = scan(engine, table, b"", None).await;
        assert!(seen.iter().map(|(key, _)| key.as_slice()).eq(samples), "in byte order: {seen:?}");
        assert!(seen.iter().all(|(key, value)| key == value));
    }
}

async fn payloads_of_64_kib_come_back_whole(engine: &dyn Engine) {
    let payload = |seed: usize| (0..64 * 1024 + 300).map(|i| (i * seed % 251) as u8).collect::<Vec<_>>();
    for seed in 1..20_usize {
        write(engine, vec![put(Table::Payloads, &seed.to_be_bytes(), &payload(seed))]).await;
    }
    for seed in 1..20_usize {
        assert!(get(engine, Table::Payloads, &seed.to_be_bytes()).await == Some(payload(seed)), "payload {seed}");
    }
}

async fn scans_go_in_byte_order_within_their_bounds(engine: &dyn Engine) {
    let all: [&[u8]; 5] = [b"a", b"a\0", b"aa", b"b", b"c"];
    for table in TABLES {
        write(engine, all.iter().rev().map(|key| put(table, key, b"12345678")).collect()).await;
        let cases = [
            (&b""[..], None, &all[..]),
            (b"a", None, &all[..]),
            (b"a\0", Some(&b"b"[..]), &all[1..3]),
            (b"ab", Some(b"c"), &all[3..4]),
            (b"a", Some(b"a\0"), &all[..1]),
            (b"b", Some(b"b"), &all[..0]),
            (b"c", Some(b"a"), &all[..0]),
            (b"d", None, &all[..0]),
        ];
        for (start, end, expected) in cases {
            let seen = scan(engine, table, start, end).await;
            assert!(
                seen.iter().map(|(key, _)| key.as_slice()).eq(expected.iter().copied()),
                "{start:?}..{end:?}: {seen:?}"
            );
            let seen = scan_back_by(engine, table, start, end, |_| Step::Next).await;
            assert!(
                seen.iter().map(|(key, _)| key.as_slice()).eq(expected.iter().rev().copied()),
                "{start:?}..{end:?} backwards: {seen:?}"
            );
        }
    }
}

async fn a_visitor_skips_and_stops(engine: &dyn Engine) {
    let names = ["a/1", "a/2", "b", "c/1", "c/2", "d", "e"];
    write(engine, names.iter().map(|name| put(Table::Rows, name.as_bytes(), b"")).collect()).await;
    let seen = scan_by(engine, Table::Rows, b"", None, |seen| match seen.last() {
        Some((key, _)) if key == b"d" => Step::Stop,
        Some((key, _)) if key.contains(&b'/') => Step::Seek(vec![key[0], b'0']),
        _ => Step::Next,
    });
    assert!(seen.await.iter().map(|(key, _)| key.as_slice()).eq(["a/1", "b", "c/1", "d"].map(str::as_bytes)));
    let past = scan_by(engine, Table::Rows, b"", Some(b"c"), |_| Step::Seek(b"d".to_vec()));
    assert_eq!(past.await.len(), 1, "a seek past the end of the range ends the scan");
}

async fn a_step_that_leads_backwards_goes_to_the_next_row(engine: &dyn Engine) {
    write(engine, [b"a", b"b", b"c"].iter().map(|key| put(Table::Rows, *key, b"")).collect()).await;
    let seen = scan_by(engine, Table::Rows, b"", None, |_| Step::Seek(b"a".to_vec()));
    assert_eq!(seen.await.len(), 3);
}

async fn a_visitor_skips_and_stops_backwards(engine: &dyn Engine) {
    let names = ["a/1", "a/2", "b", "c/1", "c/2", "d", "e"];
    write(engine, names.iter().map(|name| put(Table::Rows, name.as_bytes(), b"")).collect()).await;
    let seen = scan_back_by(engine, Table::Rows, b"", None, |seen| match seen.last() {
        Some((key, _)) if key == b"a/2" => Step::Stop,
        Some((key, _)) if key.contains(&b'/') => Step::Seek(vec![key[0], b'/']),
        _ => Step::Next,
    });
    assert!(seen.await.iter().map(|(key, _)| key.as_slice()).eq(["e", "d", "c/2", "b", "a/2"].map(str::as_bytes)));
    let at = scan_back_by(engine, Table::Rows, b"", None, |_| Step::Seek(b"b".to_vec())).await;
    assert!(at.iter().map(|(key, _)| key.as_slice()).eq(["e", "b", "a/2", "a/1"].map(str::as_bytes)), "{at:?}");
    let past = scan_back_by(engine, Table::Rows, b"d", None, |_| Step::Seek(b"c".to_vec()));
    assert_eq!(past.await.len(), 1, "a seek past the beginning of the range ends the scan");
    let rows: Vec<_> = (0..100_u8).map(|number| put(Table::Payloads, &[number], b"")).collect();
    write(engine, rows).await;
    let far = scan_back_by(engine, Table::Payloads, &[5], Some(&[90]), |_| Step::Seek(vec![7])).await;
    assert!(far.iter().map(|(key, _)| key[0]).eq([89, 7, 6, 5]), "{far:?}");
}

/// Near and far targets in turn, and many far ones together: an engine may go to them in different ways.
async fn a_visitor_skips_gaps_of_all_sizes(engine: &dyn Engine) {
    let sizes = [1, 3, 100, 15, 16, 17, 18, 2].into_iter().chain([40; 20]).chain([1, 1, 90, 5, 90, 5, 30]);
    let groups: Vec<(u8, u8)> = (1..).zip(sizes).collect();
    let rows = groups.iter().flat_map(|&(group, size)| (0..size).map(move |number| [group, number]));
    write(engine, rows.map(|key| put(Table::Rows, &key, b"")).collect()).await;
    let seen = scan_by(engine, Table::Rows, b"", None, |seen| {
        seen.last().map_or(Step::Next, |(key, _)| Step::Seek(vec![key[0] + 1]))
    });
    assert!(seen.await.iter().map(|(key, _)| [key[0], key[1]]).eq(groups.iter().map(|&(group, _)| [group, 0])));
    let back = scan_back_by(engine, Table::Rows, b"", None, |seen| {
        seen.last().map_or(Step::Next, |(key, _)| Step::Seek(vec![key[0]]))
    });
    let last = groups.iter().rev().map(|&(group, size)| [group, size - 1]);
    assert!(back.await.iter().map(|(key, _)| [key[0], key[1]]).eq(last));
}

/// The visitor changes all rows when it sees the first, and waits until that is done.
async fn a_scan_sees_one_moment(engine: Arc<dyn Engine>) {
    write(&*engine, (0..100_u8).map(|key| put(Table::Rows, &[key], b"old")).collect()).await;
    let (mut seen, writer) = (0, Arc::clone(&engine));
    let visitor = move |_: &[u8], value: &[u8]| {
        assert_eq!(value, b"old", "row {seen}");
        if seen == 0 {
            change_all(Arc::clone(&writer));
        }
        seen += 1;
        if seen == 50 { Step::Seek(vec![60]) } else { Step::Next }
    };
    let range = Scan { table: Table::Rows, start: Vec::new(), end: None, backwards: false };
    engine.scan(range, Box::new(visitor)).await.unwrap();
    let left = scan(&*engine, Table::Rows, b"", None).await;
    assert!(left.len() == 100 && left.iter().all(|(_, value)| value == b"new"), "{left:?}");
}

fn change_all(engine: Arc<dyn Engine>) {
    let mut writes = (0..100_u8).map(|key| delete(Table::Rows, &[key])).collect::<Vec<_>>();
    writes.extend((0..100_u8).map(|key| put(Table::Rows, &[key, 0], b"new")));
    let commit = Commit { conditions: Vec::new(), writes };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let thread = std::thread::spawn(move || runtime.block_on(engine.commit(commit)));
    assert_eq!(thread.join().unwrap().unwrap(), Outcome::Committed);
}
