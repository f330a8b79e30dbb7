//! Reading: ranges, and everything on disk that is not as it was written.

use crate::support::*;
use blobs::{BlobError, next};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use types::{BlobId, ByteRange, ErrorCode, OperationError};

const SEALED_CHUNK: usize = CHUNK + 16;

fn range(start: usize, end: usize) -> ByteRange {
    ByteRange { start: start as u64, length: (end - start) as u64 }
}

#[tokio::test]
async fn every_kind_of_range_gives_the_slice() {
    let world = World::new();
    let plain = noise(LARGE);
    let stored = world.put(&plain).await;
    let edges =
        [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT + 7, LARGE - 18, LARGE - 1, LARGE];
    for cold in [false, true] {
        world.faults.cold.store(cold, Ordering::SeqCst);
        for (at, start) in edges.into_iter().enumerate() {
            for end in edges[at..].iter().copied() {
                let bytes = world.get(&stored, range(start, end)).await.unwrap();
                assert!(bytes == plain[start..end], "{start}..{end}, cold: {cold}");
            }
        }
    }
}

#[tokio::test]
async fn ranges_of_inline_blobs_give_the_slice() {
    let world = World::new();
    let plain = noise(1000);
    let stored = world.put(&plain).await;
    for (start, end) in [(0, 0), (0, 1), (0, 1000), (1, 999), (999, 1000), (1000, 1000)] {
        assert_eq!(world.get(&stored, range(start, end)).await.unwrap(), plain[start..end]);
    }
}

#[tokio::test]
async fn a_reader_tells_what_is_left_and_can_be_a_body() {
    let world = World::new();
    let plain = noise(LARGE);
    let stored = world.put(&plain).await;
    let mut reader = world.blobs.open(stored.blob(), stored.key.clone(), range(5, LARGE)).await.unwrap();
    assert_eq!(reader.remaining(), (LARGE - 5) as u64);
    let first = next(&mut reader).await.unwrap().unwrap();
    assert_eq!(reader.remaining(), (LARGE - 5 - first.len()) as u64);
    let key = new_key();
    let remaining = reader.remaining();
    let copy = world.blobs.write(&mut reader, Some(remaining), &[], &key).await.unwrap();
    copy.keep();
    let copy = Stored { written: copy, key };
    assert!(world.get(&copy, ByteRange::whole(remaining)).await.unwrap() == plain[5 + first.len()..]);
}

#[tokio::test]
async fn frames_that_the_receiver_keeps_are_never_overwritten() {
    let world = World::new();
    let plain = noise(LARGE);
    let stored = world.put(&plain).await;
    for cold in [false, true] {
        world.faults.cold.store(cold, Ordering::SeqCst);
        let mut reader = world.blobs.open(stored.blob(), stored.key.clone(), range(0, LARGE)).await.unwrap();
        let mut kept = Vec::new();
        while let Some(frame) = reader.next().await {
            kept.push(frame.unwrap());
        }
        assert!(kept.concat() == plain, "cold: {cold}");
    }
}

/// Changes a blob's file, and expects that what lies before the change is served and nothing from it on.
async fn check_damage(what: &str, damage: impl Fn(&Path), good_bytes: usize) {
    for cold in [false, true] {
        let world = World::new();
        world.faults.cold.store(cold, Ordering::SeqCst);
        let plain = noise(LARGE);
        let stored = world.put(&plain).await;
        damage(&world.path_of(stored.blob().id));
        let mut served = Vec::new();
        let error = match world.blobs.open(stored.blob(), stored.key.clone(), range(0, LARGE)).await {
            Err(error) => error,
            Ok(mut reader) => loop {
                match reader.next().await.unwrap() {
                    Ok(frame) => served.extend_from_slice(&frame),
                    Err(error) => {
                        assert!(reader.next().await.is_none(), "{what}: nothing after an error");
                        break error;
                    }
                }
            },
        };
        assert!(matches!(error, BlobError::Corrupt { .. }), "{what}: {error:?}");
        assert_eq!(world.blobs.corruptions(), 1, "{what}");
        assert_eq!(OperationError::from(error).code, ErrorCode::InternalError);
        assert!(served == plain[..served.len()] && served.len() <= good_bytes, "{what}: {} served", served.len());
    }
}

fn open(path: &Path) -> std::fs::File {
    std::fs::File::options().read(true).write(true).open(path).unwrap()
}

fn flip(path: &Path, offset: usize) {
    let file = open(path);
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset as u64).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset as u64).unwrap();
}

fn swap_chunks(path: &Path, first: usize, second: usize) {
    let file = open(path);
    let chunk = |index: usize| {
        let mut bytes = vec![0; SEALED_CHUNK];
        file.read_exact_at(&mut bytes, (index * SEALED_CHUNK) as u64).unwrap();
        bytes
    };
    let (a, b) = (chunk(first), chunk(second));
    file.write_all_at(&a, (second * SEALED_CHUNK) as u64).unwrap();
    file.write_all_at(&b, (first * SEALED_CHUNK) as u64).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_is_never_served() {
    for offset in [0, CHUNK - 1, CHUNK, CHUNK + 15, CHUNK + 16, 5 * SEALED_CHUNK + 7] {
        check_damage("flip", |path| flip(path, offset), offset / SEALED_CHUNK * CHUNK).await;
    }
}

#[tokio::test]
async fn chunks_in_another_order_are_never_served() {
    check_damage("swap within a unit", |path| swap_chunks(path, 1, 2), CHUNK).await;
    check_damage("swap across units", |path| swap_chunks(path, 2, 9), 2 * CHUNK).await;
}

#[tokio::test]
async fn a_file_of_another_length_is_never_served() {
    let sealed = LARGE + 14 * 16;
    for length in [0, 1, SEALED_CHUNK, sealed - 1, sealed + 1] {
        check_damage("length", |path| open(path).set_len(length as u64).unwrap(), 0).await;
    }
}

#[tokio::test]
async fn a_file_cut_while_it_is_read_is_corrupt() {
    let world = World::new();
    let stored = world.put(&noise(LARGE)).await;
    let reader = world.blobs.open(stored.blob(), stored.key.clone(), range(0, LARGE)).await.unwrap();
    open(&world.path_of(stored.blob().id)).set_len((UNIT + CHUNK) as u64).unwrap();
    assert!(matches!(read_all(reader).await, Err(BlobError::Corrupt { .. })));
    assert_eq!(world.blobs.corruptions(), 1);
}

#[tokio::test]
async fn the_file_of_another_blob_or_key_is_never_served() {
    let world = World::new();
    let (one, other) = (world.put(&noise(LARGE)).await, world.put(&noise(LARGE)).await);
    let whole = ByteRange::whole(LARGE as u64);
    let wrong_key = world.blobs.open(one.blob(), other.key.clone(), whole).await;
    assert!(matches!(wrong_key.err(), Some(BlobError::Corrupt { .. })));
    std::fs::copy(world.path_of(one.blob().id), world.path_of(other.blob().id)).unwrap();
    for key in [one.key.clone(), other.key.clone()] {
        let answer = world.blobs.open(other.blob(), key, whole).await;
        assert!(matches!(answer.err(), Some(BlobError::Corrupt { .. })));
    }
}

#[tokio::test]
async fn an_inline_payload_changed_or_moved_is_corrupt() {
    let world = World::new();
    let (one, other) = (world.put(b"some bytes").await, world.put(b"more bytes").await);
    let whole = ByteRange::whole(10);
    let sealed = one.written.sealed.clone().unwrap();
    for position in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[position] ^= 2;
        assert!(world.blobs.open_inline(one.blob(), &one.key, &changed, whole).is_err(), "byte {position}");
    }
    let moved = world.blobs.open_inline(other.blob(), &one.key, &sealed, whole);
    assert!(matches!(moved, Err(BlobError::Corrupt { .. })));
    assert!(world.blobs.open_inline(one.blob(), &one.key, &sealed[1..], whole).is_err());
    assert_eq!(world.blobs.corruptions(), sealed.len() as u64 + 2);
    assert!(world.blobs.open_inline(one.blob(), &one.key, &sealed, whole).is_ok());
}

#[tokio::test]
async fn a_blob_without_a_file_is_missing_and_not_corrupt() {
    let world = World::new();
    let stored = world.put(&noise(LARGE)).await;
    world.blobs.remove(stored.blob().id).await.unwrap();
    let answer = world.blobs.open(stored.blob(), stored.key.clone(), range(0, 1)).await;
    assert!(matches!(answer.err(), Some(BlobError::Missing { .. })));
    assert_eq!(world.blobs.corruptions(), 0);
    assert_eq!(world.blobs.bytes_on_disk(stored.blob().id).await.unwrap(), None);
}

#[tokio::test]
async fn a_reader_outlives_the_removal_of_its_file() {
    let world = World::new();
    let plain = noise(LARGE);
    let stored = world.put(&plain).await;
    let reader = world.blobs.open(stored.blob(), stored.key.clone(), range(0, LARGE)).await.unwrap();
    world.blobs.remove(stored.blob().id).await.unwrap();
    assert!(read_all(reader).await.unwrap() == plain);
}

#[tokio::test]
async fn removing_what_is_not_there_is_no_error() {
    let world = World::new();
    world.blobs.remove(BlobId::new(9, 9, [9; 4])).await.unwrap();
    world.blobs.remove_all(Vec::new()).await.unwrap();
}
