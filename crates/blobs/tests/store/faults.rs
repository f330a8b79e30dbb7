//! Each disk call fails in turn: an error is answered, nothing panics, and no file is forgotten.

use crate::support::*;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use types::{ByteRange, ErrorCode, OperationError};

/// Far more calls than any path here makes.
const CALLS_MAX: u64 = 200;

#[tokio::test]
async fn each_failing_call_of_an_upload_is_answered_and_leaves_no_unlisted_file() {
    for (size, announced) in [(LARGE, true), (LARGE, false), (PAST_CACHE, true)] {
        let calls = fail_each_call_of_an_upload(size, announced).await;
        assert!(calls.is_some_and(|calls| calls > 8), "the whole path was walked");
    }
}

/// Says how many calls there were, if there was an end to them.
async fn fail_each_call_of_an_upload(size: usize, announced: bool) -> Option<u64> {
    for nth in 0..CALLS_MAX {
        let world = World::new();
        world.faults.fail_call(nth, ErrorKind::Other);
        let answer = world.try_put(size, announced).await;
        if !world.faults.fired() {
            assert!(answer.is_ok());
            return Some(nth);
        }
        assert_eq!(answer.unwrap_err().code, ErrorCode::InternalError, "call {nth}");
        let abandoned = world.blobs.take_abandoned();
        let listed: Vec<_> = abandoned.iter().map(|id| world.path_of(*id)).collect();
        assert!(world.files().iter().all(|file| listed.contains(file)), "call {nth}");
        world.blobs.remove_all(abandoned).await.unwrap();
        assert!(world.files().is_empty(), "call {nth}");
        let stored = world.put(&noise(size)).await;
        assert!(world.get(&stored, ByteRange::whole(size as u64)).await.is_ok(), "the store goes on after call {nth}");
    }
    None
}

#[tokio::test]
async fn a_disk_that_fills_up_anywhere_in_an_upload_answers_storage_full() {
    for nth in 0..CALLS_MAX {
        let world = World::new();
        world.faults.fail_call(nth, ErrorKind::StorageFull);
        let answer = world.try_put_large().await;
        if !world.faults.fired() {
            return;
        }
        assert_eq!(answer.unwrap_err().code, ErrorCode::StorageFull, "call {nth}");
    }
    panic!("the path never ended");
}

#[tokio::test]
async fn each_failing_call_of_a_read_is_answered_and_is_no_corruption() {
    for cold in [false, true] {
        let world = World::new();
        world.faults.cold.store(cold, Ordering::SeqCst);
        let stored = world.put(&noise(LARGE)).await;
        let mut walked = false;
        for nth in 0..CALLS_MAX {
            world.faults.fail_call(nth, ErrorKind::Other);
            let answer = world.get(&stored, ByteRange::whole(LARGE as u64)).await;
            if !world.faults.fired() {
                assert!(answer.is_ok());
                walked = true;
                break;
            }
            assert_eq!(OperationError::from(answer.unwrap_err()).code, ErrorCode::InternalError, "call {nth}");
        }
        assert!(walked && world.blobs.corruptions() == 0);
    }
}

#[tokio::test]
async fn a_failing_removal_is_answered_and_can_be_repeated() {
    for nth in 0..2 {
        let world = World::new();
        let id = world.put(&noise(LARGE)).await.blob().id;
        world.faults.fail_call(nth, ErrorKind::Other);
        assert!(world.blobs.remove(id).await.is_err(), "call {nth}");
        world.blobs.remove(id).await.unwrap();
        assert!(world.files().is_empty());
    }
}
