//! What a page of the audit log costs, counted in rows looked at: it grows with the entries of the page, not with those
//! of the log, in both orders. And what is on the pages: each entry once, also while others are written.
#![expect(clippy::unwrap_used, reason = "test code")]

use environment::Clock;
use metadata::rows::{AuditResource, AuditRow, ChangeKind, TokenOwner};
use operations::Interface;
use operations::audit::{AuditField, AuditFilter, AuditPage, ListAuditLog};
use simulator::counting::Asked;
use simulator::{CountedStore, run};
use types::Timestamp;

/// An entry that nobody's change made, so many milliseconds after the world began.
async fn write(world: &CountedStore, number: u64, milliseconds: u64) {
    let when = Timestamp(world.clock.now().0 + milliseconds);
    let id = [number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(), number.to_be_bytes()].concat();
    let entry = AuditRow {
        id: id.try_into().unwrap(),
        when,
        action: "PutBucketCors".to_owned(),
        kind: ChangeKind::Update,
        token: world.caller.token,
        token_name: "root".to_owned(),
        owner: TokenOwner::Account,
        address: None,
        interface: Interface::Cli,
        resource: AuditResource::Bucket,
        resource_id: number.to_string(),
        old_value: String::new(),
        new_value: "{}".to_owned(),
        request: None,
    };
    world.metadata.recording(world.caller.account, &entry).record_alone().await.unwrap();
}

/// A log of so many entries, `at_once` of each millisecond.
async fn logged(entries: u64, at_once: u64) -> CountedStore {
    let world = CountedStore::new().await;
    for number in 0..entries {
        write(&world, number, number / at_once).await;
    }
    world
}

async fn page(world: &CountedStore, query: ListAuditLog) -> (AuditPage, Asked) {
    let (page, asked) = world.asked(world.store.list_audit_log(&world.caller, &query)).await;
    (page.unwrap(), asked)
}

fn numbers(page: &AuditPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.resource_id.parse().unwrap()).collect()
}

#[test]
fn a_page_deep_in_a_long_log_looks_at_its_own_entries_only() {
    run(async {
        let world = logged(3_000, 1).await;
        for oldest_first in [false, true] {
            let mut cursor = None;
            for place in 0..20 {
                let query = ListAuditLog { oldest_first, cursor, limit: 100, ..ListAuditLog::default() };
                let (page, asked) = page(&world, query).await;
                assert_eq!(page.entries.len(), 100);
                assert_eq!((asked.scans, asked.visited), (1, 101), "page {place}, oldest first: {oldest_first}");
                cursor = page.cursor;
            }
            let query = ListAuditLog { oldest_first, offset: 2_000, limit: 10, ..ListAuditLog::default() };
            let (page, asked) = page(&world, query).await;
            let expected = if oldest_first { 2_000..2_010 } else { 990..1_000 };
            let shown = numbers(&page);
            assert!(expected.clone().all(|number| shown.contains(&number)), "{shown:?}");
            assert_eq!((asked.scans, asked.visited), (1, 2_011));
        }
    });
}

#[test]
fn a_page_with_a_filter_ends_where_it_is_full() {
    run(async {
        let world = logged(5_000, 1).await;
        let values = (0..5_000).filter(|number| number % 5 == 0).map(|number: u64| number.to_string()).collect();
        let filters = vec![AuditFilter { field: AuditField::ResourceId, values, not: false }];
        for oldest_first in [false, true] {
            let query = ListAuditLog {
                oldest_first,
                filters: filters.clone(),
                offset: 3,
                limit: 10,
                ..ListAuditLog::default()
            };
            let (page, asked) = page(&world, query).await;
            let expected: Vec<u64> = (3..13).map(|n| if oldest_first { 5 * n } else { 4_995 - 5 * n }).collect();
            assert_eq!(numbers(&page), expected);
            assert_eq!((asked.scans, asked.visited), (1, 1_000), "one piece");
        }
    });
}

/// Seven entries to a moment, three to a page: pages end within moments.
#[test]
fn pages_are_complete_and_without_doubles_while_entries_are_written() {
    run(async {
        for filtered in [false, true] {
            for oldest_first in [false, true] {
                let world = logged(70, 7).await;
                let filter = AuditFilter { field: AuditField::ResourceId, values: vec!["none".to_owned()], not: true };
                let filters = if filtered { vec![filter] } else { Vec::new() };
                let (mut seen, mut cursor, mut written) = (Vec::new(), None, 70);
                loop {
                    let query = ListAuditLog {
                        oldest_first,
                        cursor,
                        filters: filters.clone(),
                        limit: 3,
                        ..ListAuditLog::default()
                    };
                    let (page, _) = page(&world, query).await;
                    seen.extend(page.entries.iter().map(|entry| (entry.when, entry.resource_id.parse().unwrap())));
                    cursor = page.cursor;
                    if cursor.is_none() {
                        break;
                    }
                    // Of moments that were shown, that are being shown and that come: up to the hundredth.
                    if written < 100 {
                        write(&world, written, written % 11).await;
                        written += 1;
                    }
                }
                let in_order: Vec<_> = seen.iter().map(|(when, _)| *when).collect();
                assert!(if oldest_first { in_order.is_sorted() } else { in_order.is_sorted_by(|a, b| a >= b) });
                let mut numbers: Vec<u64> = seen.into_iter().map(|(_, number)| number).collect();
                numbers.sort_unstable();
                assert!(numbers.is_sorted_by(|a, b| a < b), "none is shown twice: {numbers:?}");
                assert!((0..70).all(|number| numbers.contains(&number)), "{oldest_first}: {numbers:?}");
            }
        }
    });
}
