//! What reading small objects costs, counted in rows read: their bytes are read and opened once, and never shown once
//! they are not the object's any more.
#![expect(clippy::unwrap_used, reason = "test code")]

use blobs::BytesBody;
use bytes::Bytes;
use operations::create_bucket::CreateBucket;
use operations::get_object::{Found, GetObject, Portion};
use operations::put_object::PutObject;
use simulator::{CountedStore, run};
use types::{BucketName, Conditions, CustomerKey, ErrorCode, HttpMetadata, ObjectKey, RangeSpec, UserMetadata};

struct World {
    counted: CountedStore,
    /// The customer's key that everything is put and read with.
    customer_key: Option<CustomerKey>,
}

fn name() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

fn key() -> ObjectKey {
    ObjectKey::parse("key").unwrap()
}

impl World {
    async fn new(customer_key: Option<CustomerKey>) -> Self {
        let counted = CountedStore::new().await;
        counted.store.create_bucket(&counted.caller, &CreateBucket::named(name())).await.unwrap();
        Self { counted, customer_key }
    }

    async fn put(&self, bytes: &'static [u8]) {
        let request = PutObject {
            bucket: name(),
            key: key(),
            length: Some(bytes.len() as u64),
            http: HttpMetadata::default(),
            user: UserMetadata::default(),
            class: None,
            conditions: Conditions::default(),
            customer_key: self.customer_key.clone(),
            expected: Vec::new(),
            trailers: Vec::new(),
        };
        let mut body = BytesBody::from_frames([Ok(Bytes::from_static(bytes))]);
        self.counted.store.put_object(&self.counted.caller, &request, &mut body).await.unwrap();
    }

    /// The bytes of the object, and the rows that were read for them.
    async fn read_with(&self, part: Portion, customer_key: Option<CustomerKey>) -> (Result<Bytes, ErrorCode>, u64) {
        let request = GetObject {
            bucket: name(),
            key: key(),
            conditions: Conditions::default(),
            part,
            with_checksum: false,
            customer_key,
        };
        let (found, asked) = self.counted.asked(self.counted.store.get_object(&self.counted.caller, &request)).await;
        let bytes = found.map_err(|error| error.code).map(|found| {
            let Found::Object((_, mut reader)) = found else { unreachable!("there are no conditions") };
            reader.ready().unwrap()
        });
        (bytes, asked.gets)
    }

    async fn read(&self, part: Portion) -> (Result<Bytes, ErrorCode>, u64) {
        self.read_with(part, self.customer_key.clone()).await
    }
}

#[test]
fn bytes_are_read_once_and_each_range_is_cut_out_of_them() {
    run(async {
        let world = World::new(None).await;
        world.put(b"hello world").await;
        world.read(Portion::Whole).await.0.unwrap();
        assert_eq!(world.read(Portion::Whole).await, (Ok(Bytes::from_static(b"hello world")), 1));
        for (range, bytes) in [("bytes=0-4", "hello"), ("bytes=-5", "world"), ("bytes=4-6", "o w")] {
            let part = Portion::Range(RangeSpec::parse(range).unwrap());
            assert_eq!(world.read(part).await, (Ok(Bytes::from_static(bytes.as_bytes())), 1), "{range}");
        }
        assert_eq!(
            world.read(Portion::Range(RangeSpec::parse("bytes=11-").unwrap())).await.0,
            Err(ErrorCode::InvalidRange)
        );
    });
}

#[test]
fn what_was_replaced_is_not_shown_again() {
    run(async {
        let world = World::new(None).await;
        for bytes in [b"first", b"other", b"first"] {
            world.put(bytes).await;
            for _ in 0..2 {
                assert_eq!(world.read(Portion::Whole).await.0, Ok(Bytes::from_static(bytes)));
            }
        }
    });
}

#[test]
fn what_a_customers_key_encrypts_is_opened_with_it_each_time() {
    run(async {
        let [right, wrong] = [b'r', b'w'].map(|byte| CustomerKey::from_bytes(&[byte; 32]));
        let world = World::new(right.clone()).await;
        world.put(b"hello").await;
        for _ in 0..2 {
            assert_eq!(world.read(Portion::Whole).await, (Ok(Bytes::from_static(b"hello")), 2));
        }
        assert_eq!(world.read_with(Portion::Whole, wrong).await.0, Err(ErrorCode::AccessDenied));
        assert_eq!(world.read_with(Portion::Whole, None).await.0, Err(ErrorCode::InvalidRequest));
    });
}
