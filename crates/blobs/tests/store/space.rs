//! The reserve: when writes are refused, and how often the disk is asked.

use crate::support::*;
use blobs::BytesBody;
use std::sync::atomic::Ordering;
use std::time::Duration;
use types::{ByteRange, ErrorCode};

async fn put_of(world: &World, size: usize) -> Result<(), ErrorCode> {
    let mut body = BytesBody::new(noise(size));
    let answer = world.blobs.write(&mut body, Some(size as u64), &[], &new_key()).await;
    answer.map(|written| written.keep()).map_err(|error| error.code)
}

#[tokio::test]
async fn a_write_that_would_touch_the_reserve_is_refused_and_reads_go_on() {
    let world = World::new();
    let stored = world.put(&noise(LARGE)).await;
    world.clock.advance(Duration::from_secs(1));
    world.faults.free_bytes.store(RESERVE + 1016, Ordering::SeqCst);
    assert_eq!(put_of(&world, LARGE).await, Err(ErrorCode::StorageFull));
    assert_eq!(put_of(&world, 1001).await, Err(ErrorCode::StorageFull), "inline bodies count too");
    assert_eq!(put_of(&world, 1000).await, Ok(()), "sealed it fits to the byte");
    assert_eq!(put_of(&world, 1).await, Err(ErrorCode::StorageFull), "what was admitted is gone");
    assert!(world.get(&stored, ByteRange::whole(LARGE as u64)).await.is_ok());
    world.blobs.remove(stored.blob().id).await.unwrap();
    assert!(world.blobs.take_abandoned().is_empty(), "a refused write begins no file");
}

#[tokio::test]
async fn a_body_without_a_length_is_refused_where_it_comes_to_the_reserve() {
    let world = World::new();
    world.faults.free_bytes.store(RESERVE + 2 * UNIT as u64, Ordering::SeqCst);
    let answer = world.blobs.write(&mut BytesBody::new(noise(3 * UNIT)), None, &[], &new_key()).await;
    assert_eq!(answer.unwrap_err().code, ErrorCode::StorageFull);
    world.blobs.remove(world.abandoned_one().await).await.unwrap();
    let small = world.blobs.write(&mut BytesBody::new(noise(1000)), None, &[], &new_key()).await.unwrap();
    assert_eq!(small.blob.size, 1000);
}

#[tokio::test]
async fn the_disk_is_asked_once_a_second() {
    let world = World::new();
    for second in 1..4 {
        for _ in 0..10 {
            put_of(&world, 10).await.unwrap();
        }
        assert_eq!(world.faults.free_bytes_asked.load(Ordering::SeqCst), second);
        world.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn space_that_comes_back_is_noticed_within_a_second() {
    let world = World::new();
    world.faults.free_bytes.store(RESERVE, Ordering::SeqCst);
    assert_eq!(put_of(&world, 10).await, Err(ErrorCode::StorageFull));
    world.faults.free_bytes.store(1 << 40, Ordering::SeqCst);
    assert_eq!(put_of(&world, 10).await, Err(ErrorCode::StorageFull));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(put_of(&world, 10).await, Ok(()));
}

#[tokio::test]
async fn a_disk_that_proves_full_is_asked_again_at_once() {
    let world = World::new();
    put_of(&world, 10).await.unwrap();
    // The next calls make the group's directory (four), create the file and reserve its room.
    world.faults.fail_call(5, std::io::ErrorKind::StorageFull);
    assert_eq!(put_of(&world, LARGE).await, Err(ErrorCode::StorageFull));
    assert!(world.faults.fired());
    put_of(&world, 10).await.unwrap();
    assert_eq!(world.faults.free_bytes_asked.load(Ordering::SeqCst), 2);
}
