//! What was ever written is read for ever, and what is damaged is refused.

use super::*;

fn object() -> ObjectRow {
    ObjectRow {
        key_as_sent: Some("He\u{301}llo".into()),
        size: 300,
        etag: ETag::Multipart { digest: Md5([1; 16]), parts: 2 },
        modified: Timestamp(1_652_894_399_645),
        version: [2; 16],
        http: HttpMetadata { content_type: Some("text/plain".into()), ..HttpMetadata::default() },
        user: UserMetadata::new(vec![("a".into(), "b".into())]).unwrap(),
        class: StorageClass::InfrequentAccess,
        class_since: None,
        checksum: Some(StoredChecksum {
            checksum: Checksum::new(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]).unwrap(),
            composite_of: Some(2),
        }),
        key: SealedDataKey { wrapped: WrappedKey([3; 60]), customer: None },
        body: ObjectBody::Parts { manifest: BlobId([4; 16]), count: 2, part_size: 200 },
    }
}

/// What the first release wrote must be read for ever.
#[test]
fn the_frozen_object_row_still_reads() {
    for frozen in [include_bytes!("../testdata/obj1.bin").as_slice(), include_bytes!("../testdata/obj2.bin")] {
        assert_eq!(ObjectRow::decode(frozen).unwrap(), object());
    }
}

fn lock() -> CustomerLock {
    CustomerLock { salt: [5; 16], check: [6; 32], key_md5: Md5([7; 16]) }
}

#[test]
fn an_object_row_keeps_what_a_customers_key_and_lifecycle_left() {
    let locked = ObjectRow { key: SealedDataKey { customer: Some(lock()), ..object().key }, ..object() };
    let moved = ObjectRow { class_since: Some(Timestamp(9)), ..object() };
    for row in [object(), locked, moved] {
        assert_eq!(ObjectRow::decode(&row.encode()).unwrap(), row);
    }
}

fn upload() -> UploadRow {
    UploadRow {
        key_as_sent: "a/b".into(),
        created: Timestamp(1_652_894_399_645),
        manifest: BlobId([4; 16]),
        key: SealedDataKey { wrapped: WrappedKey([3; 60]), customer: Some(lock()) },
        http: HttpMetadata { content_type: Some("text/plain".into()), ..HttpMetadata::default() },
        user: UserMetadata::new(vec![("a".into(), "b".into())]).unwrap(),
        class: StorageClass::InfrequentAccess,
        checksum: Some(ChecksumAlgorithm::Crc64Nvme),
    }
}

/// Uploads begun before there were customers' keys and checksums can still be completed.
#[test]
fn the_frozen_upload_row_still_reads() {
    let frozen = include_bytes!("../testdata/upl1.bin");
    let key = SealedDataKey { customer: None, ..upload().key };
    assert_eq!(UploadRow::decode(frozen).unwrap(), UploadRow { key, checksum: None, ..upload() });
    assert!(UploadRow::decode(&[b"upl9".as_slice(), &frozen[4..]].concat()).is_err());
    for row in [upload(), UploadRow { key, ..upload() }, UploadRow { checksum: None, ..upload() }] {
        assert_eq!(UploadRow::decode(&row.encode()).unwrap(), row);
    }
}

#[test]
fn every_cut_of_a_row_is_refused() {
    let bytes = object().encode();
    for cut in 0..bytes.len() {
        assert!(ObjectRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(ObjectRow::decode(&[bytes.as_slice(), b"x"].concat()).is_err());
    assert!(ObjectRow::decode(&[b"obj9".as_slice(), &bytes[4..]].concat()).is_err());
}

#[test]
fn other_rows_come_back() {
    let part = PartRow {
        blob: BlobId([1; 16]),
        inline: true,
        salt: [7; 16],
        size: 5,
        md5: Md5([2; 16]),
        modified: Timestamp(3),
        checksum: None,
    };
    let manifest = ManifestRow { parts: vec![part; 3] };
    assert_eq!(ManifestRow::decode(&manifest.encode()).unwrap(), manifest);
    for garbage in [
        GarbageRow::Blob(BlobId([1; 16])),
        GarbageRow::Manifest { id: BlobId([1; 16]), count: 7 },
        GarbageRow::Upload(UploadId([1; 16])),
        GarbageRow::Bucket(BucketId(9)),
    ] {
        assert_eq!(GarbageRow::decode(&garbage.encode()).unwrap(), garbage);
    }
}
