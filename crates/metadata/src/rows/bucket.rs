//! The format of buckets. Frozen, like the other formats.

use super::formats::{class, location, time, write_class};
use super::{BucketRow, LifecycleMark, LockVersion, Row};
use crate::codec::{Decoder, Encoder, Malformed};
use keyring::WrappedKey;
use types::{BucketId, LocationHint};

impl Row for BucketRow {
    const NAME: &'static str = "bucket";
    const MARKER: [u8; 4] = *b"bkt3";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.id.0).number(self.created.0).optional_text(self.location.map(LocationHint::name));
        write_class(fields, self.default_class);
        fields.fixed(&self.key.0);
        match self.lock {
            None => fields.number(0),
            Some(version) => fields.number(1).fixed(&version.0),
        };
        fields.number(self.lifecycle.generation).number(self.lifecycle.acts_on_objects.into());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let bucket = read_bucket_with_lock(fields)?;
        let generation = fields.number("lifecycle generation")?;
        let acts_on_objects = fields.flag("lifecycle acts on objects")?;
        Ok(Self { lifecycle: LifecycleMark { generation, acts_on_objects }, ..bucket })
    }

    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match &marker {
            b"bkt1" => read_bucket(fields),
            b"bkt2" => read_bucket_with_lock(fields),
            _ => Err(Malformed { field: "marker" }),
        }
    }
}

/// A bucket as rows kept it before they told of lifecycle rules.
fn read_bucket_with_lock(fields: &mut Decoder<'_>) -> Result<BucketRow, Malformed> {
    let bucket = read_bucket(fields)?;
    let lock = match fields.number("lock")? {
        0 => None,
        1 => Some(LockVersion(fields.fixed("lock version")?)),
        _ => return Err(Malformed { field: "lock" }),
    };
    Ok(BucketRow { lock, ..bucket })
}

/// A bucket as rows kept it before they told of lock rules.
fn read_bucket(fields: &mut Decoder<'_>) -> Result<BucketRow, Malformed> {
    Ok(BucketRow {
        id: BucketId(fields.number("id")?),
        created: time(fields, "created")?,
        location: location(fields)?,
        default_class: class(fields)?,
        key: WrappedKey(fields.fixed("key")?),
        lock: Some(LockVersion::UNTOLD),
        lifecycle: LifecycleMark::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{StorageClass, Timestamp};

    fn bucket() -> BucketRow {
        BucketRow {
            id: BucketId(9),
            created: Timestamp(1_652_894_399_645),
            location: LocationHint::parse("weur"),
            default_class: StorageClass::InfrequentAccess,
            key: WrappedKey([3; 60]),
            lock: Some(LockVersion([8; 16])),
            lifecycle: LifecycleMark { generation: 300, acts_on_objects: true },
        }
    }

    /// A bucket made before there were lock rules in force may have some that were set.
    #[test]
    fn the_frozen_bucket_row_still_reads() {
        let frozen = include_bytes!("testdata/bkt1.bin");
        let untold = BucketRow { lifecycle: LifecycleMark::default(), ..bucket() };
        assert_eq!(BucketRow::decode(frozen).unwrap(), BucketRow { lock: Some(LockVersion::UNTOLD), ..untold.clone() });
        let frozen_with_lock = include_bytes!("testdata/bkt2.bin");
        assert_eq!(BucketRow::decode(frozen_with_lock).unwrap(), untold);
        assert!(BucketRow::decode(&[b"bkt9".as_slice(), &frozen[4..]].concat()).is_err());
        for row in [bucket(), BucketRow { lock: None, ..bucket() }] {
            assert_eq!(BucketRow::decode(&row.encode()).unwrap(), row);
        }
    }
}
