//! Pages of bucket names, with their frozen format.

use super::formats::Row;
use crate::codec::{Decoder, Encoder, Malformed};

/// Names of buckets, in order, each ended by a line feed, which no name holds: so that a part of a name is looked for
/// in all of them at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesRow {
    /// The names.
    pub names: String,
}

impl NamesRow {
    /// The page with these names.
    pub(crate) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut text = String::new();
        for name in names {
            text.push_str(name);
            text.push('\n');
        }
        Self { names: text }
    }

    /// The names in their order, or against it.
    pub(crate) fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.names.split_terminator('\n')
    }
}

impl Row for NamesRow {
    const NAME: &'static str = "names";
    const MARKER: [u8; 4] = *b"nam1";

    fn write(&self, fields: &mut Encoder) {
        fields.bytes(self.names.as_bytes());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { names: fields.text("names")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_frozen() {
        let row = NamesRow::of(["a", "b-c"]);
        assert_eq!(row.encode(), b"nam1\x06a\nb-c\n");
        assert_eq!(NamesRow::decode(&row.encode()), Ok(row.clone()));
        assert_eq!(row.names().rev().collect::<Vec<_>>(), ["b-c", "a"]);
        assert_eq!(NamesRow::default().names().count(), 0);
    }
}
