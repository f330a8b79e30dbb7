//! Writing: what is stored, what is computed, and what happens to bodies that are not as announced.

use crate::support::*;
use blobs::{BytesBody, Digester, Place};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Notify;
use types::limits::{INLINE_BYTES_MAX, UPLOAD_BYTES_MAX};
use types::{ByteRange, ChecksumAlgorithm, ErrorCode, OperationError};

#[tokio::test]
async fn bytes_come_back_at_sizes_around_every_boundary() {
    let world = World::new();
    let sizes = [
        0,
        1,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        2 * CHUNK,
        UNIT - 1,
        UNIT,
        UNIT + 1,
        UNIT + CHUNK,
        3 * UNIT,
        LARGE,
        20 * UNIT + 1,
    ];
    for size in sizes {
        let plain = noise(size);
        let stored = world.put(&plain).await;
        let place = if size <= INLINE_BYTES_MAX { Place::Inline } else { Place::File };
        assert_eq!(stored.blob().place, place, "{size}");
        assert_eq!(stored.written.sealed.is_some(), place == Place::Inline, "{size}");
        assert!(world.get(&stored, ByteRange::whole(size as u64)).await.unwrap() == plain, "{size}");
    }
    assert_eq!(world.blobs.corruptions(), 0);
    assert!(world.blobs.take_abandoned().is_empty());
}

#[tokio::test]
async fn every_digest_asked_for_is_of_the_plain_bytes() {
    let world = World::new();
    for size in [0, 100, LARGE] {
        let plain = noise(size);
        let key = new_key();
        let mut body = frames(&plain, 4096);
        let written = world.blobs.write(&mut body, Some(size as u64), &ALL_ALGORITHMS, &key).await.unwrap();
        written.keep();
        let mut digester = Digester::new(&ALL_ALGORITHMS);
        digester.update(&plain);
        assert_eq!(written.digests, digester.finish(), "{size}");
        assert!(written.digests.get(ChecksumAlgorithm::Sha256).is_some());
    }
}

#[tokio::test]
async fn neither_place_holds_plain_bytes() {
    let world = World::new();
    let plain = b"a sentence that must not be found".repeat(4096);
    let inline = world.put(&plain[..1000]).await;
    let sealed = inline.written.sealed.unwrap();
    let file = world.put(&plain).await;
    let stored = read_file(&world.path_of(file.blob().id));
    assert_eq!(stored.len() as u64, world.blobs.bytes_on_disk(file.blob().id).await.unwrap().unwrap());
    for bytes in [&sealed[..], &stored] {
        assert!(!bytes.windows(16).any(|window| window == &plain[..16]));
    }
}

#[expect(clippy::disallowed_methods, reason = "the test looks at the disk behind the store's back")]
fn read_file(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn a_body_too_short_is_incomplete_and_one_too_long_is_refused() {
    let world = World::new();
    for announced in [10, LARGE] {
        for (sent, expected) in [
            (announced - 1, ErrorCode::IncompleteBody),
            (0, ErrorCode::IncompleteBody),
            (announced + 1, ErrorCode::InvalidRequest),
        ] {
            let mut body = frames(&noise(sent), 1000);
            let answer = world.blobs.write(&mut body, Some(announced as u64), &[], &new_key()).await;
            assert_eq!(answer.unwrap_err().code, expected, "{sent} for {announced}");
            if announced == LARGE {
                world.blobs.remove(world.abandoned_one().await).await.unwrap();
            }
        }
    }
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn a_body_that_announces_no_length_is_stored_with_the_length_it_has() {
    let world = World::new();
    let sizes =
        [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 65_536, 65_537, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, LARGE];
    for size in sizes {
        for frame_bytes in [1000, UNIT, LARGE + 1] {
            let plain = noise(size);
            let key = new_key();
            let written =
                world.blobs.write(&mut frames(&plain, frame_bytes), None, &ALL_ALGORITHMS, &key).await.unwrap();
            written.keep();
            let mut digester = Digester::new(&ALL_ALGORITHMS);
            digester.update(&plain);
            assert_eq!(written.digests, digester.finish(), "{size}");
            let place = if size <= INLINE_BYTES_MAX { Place::Inline } else { Place::File };
            assert_eq!((written.blob.size, written.blob.place), (size as u64, place));
            let stored = Stored { written, key };
            assert!(world.get(&stored, ByteRange::whole(size as u64)).await.unwrap() == plain, "{size}");
        }
    }
    assert_eq!(world.blobs.corruptions(), 0);
}

#[tokio::test]
async fn an_error_of_a_body_without_a_length_leaves_a_file_only_if_one_was_begun() {
    let world = World::new();
    for arrived in [0, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, UNIT, LARGE] {
        let error = OperationError::from(ErrorCode::IncompleteBody);
        let mut body = BytesBody::from_frames([Ok(Bytes::from(noise(arrived))), Err(error)]);
        let answer = world.blobs.write(&mut body, None, &[], &new_key()).await;
        assert_eq!(answer.unwrap_err().code, ErrorCode::IncompleteBody, "after {arrived}");
        if arrived > INLINE_BYTES_MAX {
            world.blobs.remove(world.abandoned_one().await).await.unwrap();
        }
        assert!(world.files().is_empty());
    }
    assert!(world.blobs.take_abandoned().is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_a_byte_is_read() {
    let world = World::new();
    let mut body = BytesBody::from_frames([Err(OperationError::internal("was read"))]);
    let answer = world.blobs.write(&mut body, Some(UPLOAD_BYTES_MAX + 1), &[], &new_key()).await;
    assert_eq!(answer.unwrap_err().code, ErrorCode::EntityTooLarge);
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn an_error_of_the_body_ends_the_upload_and_its_file_can_be_removed() {
    let world = World::new();
    for arrived in [0, 1, UNIT, LARGE - 1] {
        let error = OperationError::from(ErrorCode::SignatureDoesNotMatch);
        let mut body = BytesBody::from_frames([Ok(Bytes::from(noise(arrived))), Err(error)]);
        let answer = world.blobs.write(&mut body, Some(LARGE as u64), &[], &new_key()).await;
        assert_eq!(answer.unwrap_err().code, ErrorCode::SignatureDoesNotMatch, "after {arrived}");
        let abandoned = world.abandoned_one().await;
        assert_eq!(world.files(), [world.path_of(abandoned)]);
        world.blobs.remove(abandoned).await.unwrap();
        assert!(world.files().is_empty());
    }
    let mut body = BytesBody::from_frames([Err(ErrorCode::IncompleteBody.into())]);
    assert!(world.blobs.write(&mut body, Some(5), &[], &new_key()).await.is_err());
    assert!(world.blobs.take_abandoned().is_empty(), "an inline body has no file");
}

#[tokio::test]
async fn an_upload_dropped_midway_is_listed_as_abandoned() {
    let world = World::new();
    let stalled = Arc::new(Notify::new());
    let mut body = StallingBody { first: Some(Bytes::from(noise(2 * UNIT + 5))), stalled: Arc::clone(&stalled) };
    let key = new_key();
    tokio::select! {
        biased;
        answer = world.blobs.write(&mut body, Some(LARGE as u64), &[], &key) => panic!("ended with {answer:?}"),
        () = stalled.notified() => {}
    }
    let abandoned = world.abandoned_one().await;
    world.blobs.remove(abandoned).await.unwrap();
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn a_written_blob_is_abandoned_unless_it_is_kept() {
    let world = World::new();
    let dropped = world.try_put_large().await.unwrap();
    let id = dropped.blob.id;
    drop(dropped);
    assert_eq!(world.blobs.take_abandoned(), [id]);
    let kept = world.try_put_large().await.unwrap();
    kept.keep();
    drop(kept);
    assert!(world.blobs.take_abandoned().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_uploads_at_once_do_not_disturb_each_other() {
    let world = Arc::new(World::new());
    let uploads: Vec<_> = (0..20)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let plain = noise(UNIT + number * 50_000);
                let stored = world.put(&plain).await;
                assert!(world.get(&stored, ByteRange::whole(plain.len() as u64)).await.unwrap() == plain);
            })
        })
        .collect();
    for upload in uploads {
        upload.await.unwrap();
    }
    assert_eq!(world.files().len(), 20);
}

#[test]
fn the_futures_can_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let world = World::new();
    let mut body = BytesBody::default();
    let key = new_key();
    assert_send(&world.blobs.write(&mut body, Some(0), &[], &key));
    assert_send(&world.blobs.sweep(1));
}
