//! Jobs in the background, with their frozen formats.

use super::formats::{Row, optional_time, time, write_optional_time};
use crate::codec::{Decoder, Encoder, Malformed};
use types::{AccountId, BucketId, BucketName, JobId, Jurisdiction, Timestamp};

/// The removal of all objects of a bucket whose keys begin with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionJobRow {
    /// Names it.
    pub id: JobId,
    /// Whose it is.
    pub account: AccountId,
    /// Where its bucket is.
    pub jurisdiction: Jurisdiction,
    /// What its bucket was called.
    pub bucket_name: BucketName,
    /// Its bucket: one of the same name made later is another.
    pub bucket: BucketId,
    /// The prefix as it was sent.
    pub prefix: String,
    /// When it was asked for. Objects that were written later stay.
    pub created: Timestamp,
    /// When its first step was done.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Where it stands.
    pub state: JobState,
    /// It goes on after this key, in NFC; before the first step there is none.
    pub after: Option<String>,
    /// Objects that stay since something forbids their removal.
    pub refused: u64,
    /// Steps that failed since the last one that did not.
    pub failures: u64,
    /// What was last in its way, for people. Empty: nothing was.
    pub last_error: String,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its first step.
    Enqueued,
    /// Its first step has begun.
    Running,
    /// It has done all it was to do.
    Completed,
    /// It could not do all of it.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl JobState {
    /// Whether nothing is done for it any more.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Enqueued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// Names the account of a job, where its key has only the job's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobNameRow {
    /// Whose it is.
    pub account: AccountId,
}

impl Row for DeletionJobRow {
    const NAME: &'static str = "job";
    const MARKER: [u8; 4] = *b"djb1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id.0).fixed(&self.account.0).bytes(self.jurisdiction.name().as_bytes());
        fields.bytes(self.bucket_name.as_str().as_bytes()).number(self.bucket.0).bytes(self.prefix.as_bytes());
        fields.number(self.created.0);
        write_optional_time(fields, self.started);
        write_optional_time(fields, self.ended);
        fields.number(match self.state {
            JobState::Enqueued => 1,
            JobState::Running => 2,
            JobState::Completed => 3,
            JobState::Failed => 4,
            JobState::Cancelled => 5,
        });
        fields.optional_text(self.after.as_deref()).number(self.refused).number(self.failures);
        fields.bytes(self.last_error.as_bytes());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let (id, account) = (JobId(fields.fixed("id")?), AccountId(fields.fixed("account")?));
        let jurisdiction = Jurisdiction::parse(&fields.text("jurisdiction")?);
        let bucket_name = BucketName::parse(&fields.text("bucket name")?);
        Ok(Self {
            id,
            account,
            jurisdiction: jurisdiction.ok_or(Malformed { field: "jurisdiction" })?,
            bucket_name: bucket_name.map_err(|_| Malformed { field: "bucket name" })?,
            bucket: BucketId(fields.number("bucket")?),
            prefix: fields.text("prefix")?,
            created: time(fields, "created")?,
            started: optional_time(fields, "started")?,
            ended: optional_time(fields, "ended")?,
            state: match fields.number("state")? {
                1 => JobState::Enqueued,
                2 => JobState::Running,
                3 => JobState::Completed,
                4 => JobState::Failed,
                5 => JobState::Cancelled,
                _ => return Err(Malformed { field: "state" }),
            },
            after: fields.optional_text("after")?,
            refused: fields.number("refused")?,
            failures: fields.number("failures")?,
            last_error: fields.text("last error")?,
        })
    }
}

impl Row for JobNameRow {
    const NAME: &'static str = "job name";
    const MARKER: [u8; 4] = *b"jbn1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.account.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { account: AccountId(fields.fixed("account")?) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row(salt: u8, created: u64) -> DeletionJobRow {
        DeletionJobRow {
            id: JobId::new(Timestamp(created), [salt; 8]),
            account: AccountId([1; 16]),
            jurisdiction: Jurisdiction::Eu,
            bucket_name: BucketName::parse("bucket").unwrap(),
            bucket: BucketId(300),
            prefix: "a/".into(),
            created: Timestamp(created),
            started: Some(Timestamp(2)),
            ended: None,
            state: JobState::Running,
            after: Some("a/b".into()),
            refused: 1,
            failures: 0,
            last_error: "locked".into(),
        }
    }

    #[test]
    fn the_format_is_frozen() {
        let bytes = row(9, 1).encode();
        assert_eq!(DeletionJobRow::decode(&bytes), Ok(row(9, 1)));
        let expected = [
            b"djb1".as_slice(),
            &[0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9],
            &[1; 16],
            b"\x02eu\x06bucket\xac\x02\x02a/\x01\x01\x02\x00\x02\x01\x03a/b\x01\x00\x06locked",
        ];
        assert_eq!(bytes, expected.concat());
        for cut in 0..bytes.len() {
            assert!(DeletionJobRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let name = JobNameRow { account: AccountId([7; 16]) };
        assert_eq!(JobNameRow::decode(&name.encode()), Ok(name));
    }
}
