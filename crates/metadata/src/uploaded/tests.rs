//! Tests of sums: whatever happens to an upload, what it added is gone with it.

use super::*;
use crate::engine::Outcome;
use crate::fixture::{blob, key, make_bucket, put, row as object_row, service};
use crate::objects::{BodySource, Deletion, NewObject};
use crate::rows::ObjectBody;
use crate::uploads::{FoundUpload, NewPart};
use keyring::{SealedDataKey, WrappedKey};
use types::{HttpMetadata, Md5, Timestamp, UserMetadata};

const ID: UploadId = UploadId([5; 16]);

fn upload_row(class: StorageClass) -> UploadRow {
    UploadRow {
        key_as_sent: "big".into(),
        created: Timestamp(1),
        manifest: blob(200),
        key: SealedDataKey { wrapped: WrappedKey([0; 60]), customer: None },
        http: HttpMetadata { content_type: Some("a/b".into()), ..HttpMetadata::default() },
        user: UserMetadata::default(),
        class,
        checksum: None,
    }
}

fn part(number: u8, size: u64) -> PartRow {
    let (salt, md5) = ([0; 16], Md5([0; 16]));
    PartRow { blob: blob(number), inline: false, salt, size, md5, modified: Timestamp(1), checksum: None }
}

struct Scene {
    metadata: Metadata,
    bucket: crate::buckets::FoundBucket,
}

impl Scene {
    async fn new(class: StorageClass) -> Self {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        let begun = metadata.create_upload(&bucket, &key("big"), ID, &upload_row(class)).await.unwrap();
        assert_eq!(begun, Outcome::Committed);
        Self { metadata, bucket }
    }

    async fn upload(&self) -> FoundUpload {
        self.metadata.upload(self.bucket.id(), &key("big"), ID).await.unwrap().unwrap()
    }

    async fn put_part(&self, number: u16, row: &PartRow) {
        let upload = self.upload().await;
        let replaces = self.metadata.part(ID, number).await.unwrap();
        let (bucket, upload, replaces) = (&self.bucket, &upload, replaces.as_ref());
        let new = NewPart { bucket, upload, number, replaces, row, payload: None };
        assert_eq!(self.metadata.put_part(&new, Timestamp(2)).await.unwrap(), Outcome::Committed);
    }

    async fn uploaded(&self) -> UploadedCounters {
        let uploaded = self.metadata.uploaded_counters(self.bucket.id()).await.unwrap();
        assert_eq!(self.metadata.store_usage().await.unwrap().uploaded, uploaded, "there is one bucket");
        uploaded
    }

    async fn has_sums_of_upload(&self) -> bool {
        self.metadata.uploaded_by(ID).await.unwrap().0.is_some()
    }
}

#[tokio::test]
async fn parts_count_for_their_upload_until_it_is_aborted() {
    let scene = Scene::new(StorageClass::InfrequentAccess).await;
    let sums = |uploads, bytes, metadata_bytes| UploadedCounters {
        infrequent: UploadedSums { uploads, bytes, metadata_bytes },
        ..UploadedCounters::default()
    };
    assert_eq!(scene.uploaded().await, sums(1, 0, 6));
    scene.put_part(1, &part(1, 100)).await;
    scene.put_part(2, &part(2, 50)).await;
    scene.put_part(1, &part(3, 70)).await;
    assert_eq!(scene.uploaded().await, sums(1, 120, 6));
    let aborted = scene
        .metadata
        .abort_upload(&scene.bucket, &scene.upload().await, Deletion::Client, Timestamp(3))
        .await
        .unwrap();
    assert_eq!((aborted, scene.uploaded().await), (Outcome::Committed, UploadedCounters::default()));
    assert!(!scene.has_sums_of_upload().await);
}

#[tokio::test]
async fn a_completed_upload_counts_as_an_object_only_also_with_parts_left_out() {
    let scene = Scene::new(StorageClass::Standard).await;
    scene.put_part(1, &part(1, 100)).await;
    scene.put_part(2, &part(2, 50)).await;
    let parts = scene.metadata.parts(ID, 0, 1).await.unwrap();
    let row = object_row(100, ObjectBody::Parts { manifest: blob(200), count: 1, part_size: 100 });
    let (bucket, source) = (&scene.bucket, BodySource::Blob);
    let new = NewObject { bucket, key: &key("big"), replaces: None, row: &row, source };
    let upload = scene.upload().await;
    let done = scene.metadata.complete_upload(&upload, &parts, &new, Timestamp(3)).await.unwrap();
    assert_eq!((done, scene.uploaded().await), (Outcome::Committed, UploadedCounters::default()));
    assert!(!scene.has_sums_of_upload().await);
    assert_eq!(scene.metadata.store_usage().await.unwrap().objects.bytes, 100);
}

#[tokio::test]
async fn uploads_keep_their_bucket() {
    let scene = Scene::new(StorageClass::Standard).await;
    assert!(scene.metadata.has_uploads(scene.bucket.id()).await.unwrap());
    assert_eq!(scene.metadata.delete_bucket(&scene.bucket, Timestamp(3)).await.unwrap(), Outcome::Conflict);
    let upload = scene.upload().await;
    let ended = scene.metadata.abort_upload(&scene.bucket, &upload, Deletion::Client, Timestamp(4)).await.unwrap();
    assert_eq!(ended, Outcome::Committed);
    assert!(!scene.metadata.has_uploads(scene.bucket.id()).await.unwrap());
    assert_eq!(scene.metadata.delete_bucket(&scene.bucket, Timestamp(5)).await.unwrap(), Outcome::Committed);
}

#[tokio::test]
async fn uploads_that_an_older_release_left_in_a_dead_bucket_become_garbage() {
    let scene = Scene::new(StorageClass::Standard).await;
    scene.put_part(1, &part(1, 100)).await;
    let mut change = scene.metadata.change();
    change.discard(Timestamp(3), crate::rows::GarbageRow::Bucket(scene.bucket.id()));
    assert_eq!(change.commit().await.unwrap(), Outcome::Committed);
    let garbage = scene.metadata.garbage(None, 9).await.unwrap();
    scene.metadata.break_up_bucket(&garbage[0], scene.bucket.id(), Timestamp(4)).await.unwrap();
    assert!(!scene.has_sums_of_upload().await);
}

#[tokio::test]
async fn the_store_holds_what_its_buckets_hold() {
    let metadata = service();
    for (name, size) in [("first", 5), ("second", 7)] {
        let bucket = make_bucket(&metadata, name).await;
        assert_eq!(
            put(&metadata, &bucket, "k", &object_row(size, ObjectBody::Inline(blob(1)))).await,
            Outcome::Committed
        );
    }
    let usage = metadata.store_usage().await.unwrap();
    assert_eq!((usage.objects.objects, usage.objects.bytes, usage.objects.metadata_bytes), (2, 12, 2));
    assert_eq!(usage.uploaded, UploadedCounters::default());
}
