//! Byte ranges: what a client asks for, and what an object of known size answers. RFC 9110 section 14.

/// One range of a `Range` header, before the size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// `bytes=first-last`, both inclusive.
    Inclusive {
        /// First byte.
        first: u64,
        /// Last byte; never before `first`.
        last: u64,
    },
    /// `bytes=first-`.
    From(u64),
    /// `bytes=-count`: the last `count` bytes.
    Suffix(u64),
}

/// Bytes `start..start + length` of something; never reaches past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// Number of bytes.
    pub length: u64,
}

impl RangeSpec {
    /// Reads a `Range` header. `None` for another unit, several ranges or a malformed one: RFC 9110 and S3
    /// ignore such a header and answer the whole object.
    pub fn parse(header: &str) -> Option<Self> {
        let range = header.trim().strip_prefix("bytes=")?.trim();
        let (first, last) = range.split_once('-')?;
        match (number(first), number(last)) {
            _ if range.contains(',') => None,
            (Some(first), Some(last)) => (first <= last).then_some(Self::Inclusive { first, last }),
            (Some(first), None) if last.is_empty() => Some(Self::From(first)),
            (None, Some(count)) if first.is_empty() => Some(Self::Suffix(count)),
            _ => None,
        }
    }

    /// The bytes it names in something of `size` bytes; `None` if it names none (416 InvalidRange).
    pub fn resolve(self, size: u64) -> Option<ByteRange> {
        match self {
            Self::Inclusive { first, last } if first < size => {
                Some(ByteRange { start: first, length: last.min(size - 1) - first + 1 })
            }
            Self::From(first) if first < size => Some(ByteRange { start: first, length: size - first }),
            Self::Suffix(count) if count > 0 && size > 0 => {
                let length = count.min(size);
                Some(ByteRange { start: size - length, length })
            }
            _ => None,
        }
    }
}

/// Digits only; a number past `u64` counts as the largest, since it lies past every object.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

impl ByteRange {
    /// All of something of `size` bytes.
    pub fn whole(size: u64) -> Self {
        Self { start: 0, length: size }
    }

    /// The byte after the last.
    pub fn end(self) -> u64 {
        self.start + self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_resolve_as_http_says() {
        let answer = |header: &str, size: u64| {
            RangeSpec::parse(header).map(|spec| spec.resolve(size).map(|range| (range.start, range.length)))
        };
        assert_eq!(answer("bytes=0-0", 10), Some(Some((0, 1))));
        assert_eq!(answer("bytes=5-99", 10), Some(Some((5, 5))));
        assert_eq!(answer("bytes=9-", 10), Some(Some((9, 1))));
        assert_eq!(answer("bytes=-3", 10), Some(Some((7, 3))));
        assert_eq!(answer("bytes=-30", 10), Some(Some((0, 10))));
        assert_eq!(answer("bytes=0-99999999999999999999999", 10), Some(Some((0, 10))));
        for unsatisfiable in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(answer(unsatisfiable, 10), Some(None), "{unsatisfiable}");
        }
        assert_eq!(answer("bytes=-1", 0), Some(None));
        for ignored in ["", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=+1-2"] {
            assert_eq!(answer(ignored, 10), None, "{ignored}");
        }
    }
}
