//! Rows of the lifecycle engine: what is due, when to look after a bucket, and how far that is. Their formats are
//! frozen, like the other formats.

use super::formats::{Row, optional_time, write_optional_time};
use crate::codec::{Decoder, Encoder, Malformed};
use types::{AccountId, Timestamp};

/// That an object or an upload is to be looked at. All there is to say is in its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRow;

/// That the lifecycle of a bucket is to be looked after at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleWakeRow {
    /// The account of the bucket.
    pub account: AccountId,
    /// The key of the bucket's row.
    pub bucket: Vec<u8>,
}

/// How far the lifecycle of a bucket is, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleProgressRow {
    /// What is left to do since rules were set.
    pub stage: LifecycleStage,
    /// When the bucket is looked after again.
    pub next: Option<Timestamp>,
    /// When it was looked after last.
    pub last_visit: Option<Timestamp>,
    /// Why something could not be done at that visit.
    pub last_error: Option<String>,
    /// Objects removed so far.
    pub expired: u64,
    /// Objects moved to another class so far.
    pub transitioned: u64,
    /// Uploads aborted so far.
    pub aborted: u64,
}

/// What is left to do since rules were set over objects and uploads that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LifecycleStage {
    /// To remove what the rules before had noted as due.
    Clearing,
    /// To note when the objects are due whose keys are greater than this.
    Objects(String),
    /// To note when the uploads are due whose rows come after this one among those of the bucket.
    Uploads(Vec<u8>),
    /// Nothing: all that is due is noted.
    #[default]
    Settled,
}

impl Row for DueRow {
    const NAME: &'static str = "due";
    const MARKER: [u8; 4] = *b"due1";

    fn write(&self, _fields: &mut Encoder) {}

    fn read(_fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self)
    }
}

impl Row for LifecycleWakeRow {
    const NAME: &'static str = "lifecycle wake";
    const MARKER: [u8; 4] = *b"lcw1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.account.0).bytes(&self.bucket);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { account: AccountId(fields.fixed("account")?), bucket: fields.bytes("bucket")?.to_vec() })
    }
}

impl Row for LifecycleProgressRow {
    const NAME: &'static str = "lifecycle progress";
    const MARKER: [u8; 4] = *b"lcp1";

    fn write(&self, fields: &mut Encoder) {
        match &self.stage {
            LifecycleStage::Settled => fields.number(0),
            LifecycleStage::Clearing => fields.number(1),
            LifecycleStage::Objects(after) => fields.number(2).bytes(after.as_bytes()),
            LifecycleStage::Uploads(after) => fields.number(3).bytes(after),
        };
        write_optional_time(fields, self.next);
        write_optional_time(fields, self.last_visit);
        fields.optional_text(self.last_error.as_deref());
        fields.number(self.expired).number(self.transitioned).number(self.aborted);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let stage = match fields.number("stage")? {
            0 => LifecycleStage::Settled,
            1 => LifecycleStage::Clearing,
            2 => LifecycleStage::Objects(fields.text("after object")?),
            3 => LifecycleStage::Uploads(fields.bytes("after upload")?.to_vec()),
            _ => return Err(Malformed { field: "stage" }),
        };
        Ok(Self {
            stage,
            next: optional_time(fields, "next")?,
            last_visit: optional_time(fields, "last visit")?,
            last_error: fields.optional_text("last error")?,
            expired: fields.number("expired")?,
            transitioned: fields.number("transitioned")?,
            aborted: fields.number("aborted")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(stage: LifecycleStage) -> LifecycleProgressRow {
        LifecycleProgressRow {
            stage,
            next: Some(Timestamp(1_652_894_399_645)),
            last_visit: None,
            last_error: Some("disk".into()),
            expired: 1,
            transitioned: 2,
            aborted: 300,
        }
    }

    fn wake() -> LifecycleWakeRow {
        LifecycleWakeRow { account: AccountId([7; 16]), bucket: b"Bkey".to_vec() }
    }

    /// What a release wrote must be read for ever.
    #[test]
    fn the_frozen_rows_still_read() {
        let frozen = include_bytes!("testdata/lcp1.bin");
        assert_eq!(LifecycleProgressRow::decode(frozen).unwrap(), progress(LifecycleStage::Objects("a/b".into())));
        assert_eq!(LifecycleWakeRow::decode(include_bytes!("testdata/lcw1.bin")).unwrap(), wake());
        assert_eq!(DueRow::decode(b"due1").unwrap(), DueRow);
    }

    #[test]
    fn rows_come_back_and_every_cut_is_refused() {
        let stages = [
            LifecycleStage::Settled,
            LifecycleStage::Clearing,
            LifecycleStage::Objects("a/b".into()),
            LifecycleStage::Uploads(vec![0, 1, 0xff]),
        ];
        for row in stages.map(progress) {
            let bytes = row.encode();
            assert_eq!(LifecycleProgressRow::decode(&bytes).unwrap(), row);
            for cut in 0..bytes.len() {
                assert!(LifecycleProgressRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
            }
        }
        assert_eq!(LifecycleWakeRow::decode(&wake().encode()).unwrap(), wake());
    }
}
