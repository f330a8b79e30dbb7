//! What an account keeps about its buckets besides the buckets themselves, with their frozen formats.

use super::formats::{Row, location};
use crate::codec::{Decoder, Encoder, Malformed};
use types::LocationHint;

/// Where the first bucket of a name was. Kept when the bucket is deleted: another of its name will be there too.
/// Source: R2 "Data location", Additional considerations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstLocationRow {
    /// The hint it was made with.
    pub location: Option<LocationHint>,
}

/// How many buckets an account has, in all jurisdictions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketCountRow {
    /// Buckets.
    pub count: u64,
}

impl Row for FirstLocationRow {
    const NAME: &'static str = "first location";
    const MARKER: [u8; 4] = *b"loc1";

    fn write(&self, fields: &mut Encoder) {
        fields.optional_text(self.location.map(LocationHint::name));
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { location: location(fields)? })
    }
}

impl Row for BucketCountRow {
    const NAME: &'static str = "bucket count";
    const MARKER: [u8; 4] = *b"bnr1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.count);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { count: fields.number("count")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_unknown_places_are_malformed() {
        for location in [None, Some(LocationHint::Oceania)] {
            let row = FirstLocationRow { location };
            assert_eq!(FirstLocationRow::decode(&row.encode()).unwrap(), row);
        }
        let count = BucketCountRow { count: 1_000_000 };
        assert_eq!(BucketCountRow::decode(&count.encode()).unwrap(), count);
        let mut unknown = Encoder::new(FirstLocationRow::MARKER);
        unknown.optional_text(Some("moon"));
        assert_eq!(FirstLocationRow::decode(&unknown.done()), Err(Malformed { field: "location" }));
    }
}
