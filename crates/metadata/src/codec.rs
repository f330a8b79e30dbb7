//! How the fields of a row become bytes: little numbers in few bytes, texts with their length in front.
//! Frozen: what is on disk is read by this for ever.

use std::fmt;

/// Bytes that are no row of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field that could not be read.
    pub field: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed {}", self.field)
    }
}

impl std::error::Error for Malformed {}

/// Writes the fields of a row.
#[derive(Debug)]
pub struct Encoder(Vec<u8>);

impl Encoder {
    /// Begins a row with the marker of its format.
    pub fn new(marker: [u8; 4]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&marker);
        Self(bytes)
    }

    /// A number in one to ten bytes (LEB128).
    pub fn number(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    /// Bytes whose number the reader knows.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their number in front.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.fixed(bytes)
    }

    /// Text that may be missing.
    pub fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.number(1).bytes(text.as_bytes()),
            None => self.number(0),
        }
    }

    /// The row.
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the fields of a row in the order they were written.
#[derive(Debug)]
pub struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    /// Begins with the marker, which tells the format. An unknown one is the caller's to refuse.
    pub fn new(row: &'a [u8]) -> Result<([u8; 4], Self), Malformed> {
        let (marker, rest) = row.split_first_chunk().ok_or(Malformed { field: "marker" })?;
        Ok((*marker, Self(rest)))
    }

    /// A number.
    pub fn number(&mut self, field: &'static str) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Malformed { field })?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed { field })
    }

    /// Yes or no: 1 or 0.
    pub fn flag(&mut self, field: &'static str) -> Result<bool, Malformed> {
        match self.number(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed { field }),
        }
    }

    /// A number, then so many of something. Each takes a byte at least, so a wrong number ends with the row.
    pub fn list<T>(
        &mut self,
        field: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        (0..self.number(field)?).map(|_| read(self)).collect()
    }

    /// A number that fits a narrower type.
    pub fn small<T: TryFrom<u64>>(&mut self, field: &'static str) -> Result<T, Malformed> {
        T::try_from(self.number(field)?).map_err(|_| Malformed { field })
    }

    /// `N` bytes.
    pub fn fixed<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed { field })?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// Bytes with their number in front.
    pub fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], Malformed> {
        let length: usize = self.small(field)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed { field })?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Text.
    pub fn text(&mut self, field: &'static str) -> Result<String, Malformed> {
        let bytes = self.bytes(field)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Malformed { field })
    }

    /// Text that may be missing.
    pub fn optional_text(&mut self, field: &'static str) -> Result<Option<String>, Malformed> {
        match self.number(field)? {
            0 => Ok(None),
            1 => self.text(field).map(Some),
            _ => Err(Malformed { field }),
        }
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed { field: "end of row" }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order() {
        let mut row = Encoder::new(*b"tst1");
        row.number(0)
            .number(127)
            .number(128)
            .number(u64::MAX)
            .bytes(b"ab")
            .optional_text(None)
            .optional_text(Some("x"));
        let row = row.done();
        let (marker, mut fields) = Decoder::new(&row).unwrap();
        assert_eq!(marker, *b"tst1");
        let numbers: Vec<_> = (0..4).map(|_| fields.number("n").unwrap()).collect();
        assert_eq!(numbers, [0, 127, 128, u64::MAX]);
        assert_eq!(fields.text("t").unwrap(), "ab");
        assert_eq!(fields.optional_text("o").unwrap(), None);
        assert_eq!(fields.optional_text("o").unwrap(), Some("x".into()));
        fields.finish().unwrap();
    }

    #[test]
    fn cut_and_padded_rows_are_malformed() {
        let mut row = Encoder::new(*b"tst1");
        row.bytes(b"hello");
        let row = row.done();
        let (_, mut fields) = Decoder::new(&row[..row.len() - 1]).unwrap();
        assert_eq!(fields.bytes("greeting"), Err(Malformed { field: "greeting" }));
        assert!(Decoder::new(&row).unwrap().1.finish().is_err());
        assert!(Decoder::new(b"ts").is_err());
        let endless = [b"tst1".as_slice(), &[0xff; 11]].concat();
        assert!(Decoder::new(&endless).unwrap().1.number("n").is_err());
    }
}
