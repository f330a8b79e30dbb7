//! After a crash: what lies on disk is found, compared and removed.

use crate::support::*;
use types::BlobId;

async fn sweep_all(world: &World, epoch: u32) -> Vec<BlobId> {
    let mut sweep = world.blobs.sweep(epoch).await.unwrap();
    let mut ids = Vec::new();
    while let Some(batch) = sweep.next_batch().await.unwrap() {
        ids.extend(batch);
    }
    ids
}

#[tokio::test]
async fn a_sweep_finds_every_file_of_its_epoch_and_no_other() {
    let world = World::new();
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(world.put(&noise(LARGE)).await.blob().id);
    }
    world.put(b"inline").await;
    let world = world.restart(2).await;
    let new = world.put(&noise(LARGE)).await.blob().id;
    assert_eq!(world.blobs.epochs().await.unwrap(), [1, 2]);
    assert_eq!(sweep_all(&world, 1).await, old);
    assert_eq!(sweep_all(&world, 2).await, [new]);
    assert!(sweep_all(&world, 3).await.is_empty());
}

#[tokio::test]
async fn an_epoch_swept_empty_leaves_no_directory() {
    let world = World::new();
    world.put(&noise(LARGE)).await;
    let kept = world.put(&noise(LARGE)).await;
    let world = world.restart(2).await;
    let mut sweep = world.blobs.sweep(1).await.unwrap();
    while let Some(mut batch) = sweep.next_batch().await.unwrap() {
        batch.retain(|id| *id != kept.blob().id);
        world.blobs.remove_all(batch).await.unwrap();
    }
    assert_eq!(world.files(), [world.path_of(kept.blob().id)]);
    assert_eq!(world.blobs.epochs().await.unwrap(), [1], "a file is left");
    world.blobs.remove(kept.blob().id).await.unwrap();
    assert!(sweep_all(&world, 1).await.is_empty());
    assert!(world.blobs.epochs().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_sweep_of_the_running_epoch_keeps_its_directories() {
    let world = World::new();
    let id = world.put(&noise(LARGE)).await.blob().id;
    world.blobs.remove(id).await.unwrap();
    assert!(sweep_all(&world, 1).await.is_empty());
    world.put(&noise(LARGE)).await;
    assert_eq!(world.files().len(), 1);
}

#[tokio::test]
async fn strangers_among_the_blobs_are_left_alone() {
    let world = World::new();
    let id = world.put(&noise(LARGE)).await.blob().id;
    let directory = world.path_of(id).parent().unwrap().to_owned();
    for stranger in [directory.join("notes.txt"), directory.join("ab".repeat(16)), directory.join("../x")] {
        std::fs::File::options().write(true).create_new(true).open(stranger).unwrap();
    }
    let world = world.restart(2).await;
    assert_eq!(sweep_all(&world, 1).await, [id]);
    assert_eq!(world.files().len(), 4);
}

#[tokio::test]
async fn a_store_that_never_wrote_has_no_epochs() {
    assert!(World::new().blobs.epochs().await.unwrap().is_empty());
}
