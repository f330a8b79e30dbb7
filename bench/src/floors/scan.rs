//! Floor of listings: 1000 rows in order from the metadata engine, and nothing done with them.

use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use metadata::engine::{Commit, Engine, Outcome as Commitment, Scan, Step, Table, Write, scan_with};
use metadata::rocks::{RocksEngine, RocksSettings};
use std::path::Path;
use std::time::{Duration, Instant};

/// Rows of one page.
const PAGE_ROWS: usize = 1000;
/// About what an object's row has.
const ROW_BYTES: usize = 330;
const ROWS_PER_COMMIT: usize = 1000;

/// Mean time of a scan of 1000 rows among `rows`, at places all over the table.
pub(crate) async fn page_time(data: &Path, rows: usize, time: Duration) -> Outcome<Duration> {
    let engine = RocksEngine::open(data, RocksSettings::default()).doing("open the engine")?;
    fill(&engine, rows).await?;
    engine.compact().await.doing("compact the engine")?;
    let mut pages = 0;
    let started = Instant::now();
    while pages == 0 || started.elapsed() < time {
        // An odd step visits all places before it repeats one.
        let first = (pages as usize).wrapping_mul(7919) % rows.saturating_sub(PAGE_ROWS).max(1);
        scan_page(&engine, first).await?;
        pages += 1;
    }
    let mean = started.elapsed() / pages;
    engine.close().await;
    Ok(mean)
}

async fn fill(engine: &RocksEngine, rows: usize) -> Outcome {
    for first in (0..rows).step_by(ROWS_PER_COMMIT) {
        let put = |row: usize| Write::Put { table: Table::Rows, key: key(row), value: value(row) };
        let writes = (first..rows.min(first + ROWS_PER_COMMIT)).map(put).collect();
        let committed = engine.commit(Commit { conditions: Vec::new(), writes }).await.doing("fill the engine")?;
        if committed != Commitment::Committed {
            return Err("an unconditional commit conflicts".to_owned());
        }
    }
    Ok(())
}

async fn scan_page(engine: &RocksEngine, first: usize) -> Outcome {
    let mut seen = 0;
    let visitor = move |key: &[u8], value: &[u8]| {
        std::hint::black_box((key, value));
        seen += 1;
        if seen == PAGE_ROWS { Step::Stop } else { Step::Next }
    };
    let scan = Scan { table: Table::Rows, start: key(first), end: None, backwards: false };
    scan_with(engine, scan, visitor).await.map(drop).doing("scan")
}

fn key(row: usize) -> Vec<u8> {
    format!("object/0123456789abcdef/a-directory/another/{row:012}").into_bytes()
}

/// Differs from row to row, as sealed values do.
fn value(row: usize) -> Bytes {
    let start = row % 1024;
    crate::body::body(ROW_BYTES + 1024).slice(start..start + ROW_BYTES)
}
