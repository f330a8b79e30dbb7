//! The CRC-64/NVME of a whole from those of its parts, without their bytes.
//!
//! A CRC is a remainder of polynomials over GF(2): bytes that follow multiply it by a power of x. The power belongs to
//! the length of the part, and all parts of an object but the last have one length: it is worked out twice, whatever
//! the number of parts. `crc_fast::checksum_combine` works it out for every pair, which for 10,000 parts takes half a
//! second.

/// The polynomial without its highest term, bits reversed: the highest bit is the coefficient of x^0.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

/// x^0.
const ONE: u64 = 1 << 63;

/// x^8: one byte.
const BYTE: u64 = ONE >> 8;

/// The CRC of parts one after the other.
pub(crate) struct JoinedCrc64 {
    /// Of all so far. The CRC of nothing is 0.
    crc: u64,
    /// The length of the last part, and what that many bytes multiply by.
    shift: (u64, u64),
}

impl JoinedCrc64 {
    /// Of nothing.
    pub(crate) fn new() -> Self {
        Self { crc: 0, shift: (0, ONE) }
    }

    /// Adds a part of `length` bytes.
    pub(crate) fn push(&mut self, crc: u64, length: u64) {
        if self.shift.0 != length {
            self.shift = (length, power(BYTE, length));
        }
        self.crc = product(self.crc, self.shift.1) ^ crc;
    }

    /// The CRC of all parts.
    pub(crate) fn finish(self) -> u64 {
        self.crc
    }
}

/// `base` to the power of `exponent`, by repeated squaring.
fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, base);
        }
        base = product(base, base);
        exponent >>= 1;
    }
    result
}

/// The product of two polynomials, modulo the CRC's.
fn product(a: u64, mut b: u64) -> u64 {
    let mut result = 0;
    for term in (0..u64::BITS).rev() {
        if (a >> term) & 1 == 1 {
            result ^= b;
        }
        let carry = b & 1;
        b >>= 1;
        if carry == 1 {
            b ^= POLYNOMIAL;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit, from the definition.
    fn crc(bytes: &[u8]) -> u64 {
        let mut register = u64::MAX;
        for byte in bytes {
            register ^= u64::from(*byte);
            for _ in 0..8 {
                let carry = register & 1;
                register >>= 1;
                if carry == 1 {
                    register ^= POLYNOMIAL;
                }
            }
        }
        !register
    }

    #[test]
    fn parts_join_to_the_crc_of_the_whole_however_it_is_cut() {
        assert_eq!(crc(b"123456789"), 0xae8b_1486_0a79_9888, "the check value of the catalogue");
        let bytes: Vec<u8> = (0..5000u32).map(|n| ((n * n) >> 3) as u8).collect();
        for part_size in [1, 7, 256, 999, 1000, 4999, 5000] {
            let mut joined = JoinedCrc64::new();
            bytes.chunks(part_size).for_each(|part| joined.push(crc(part), part.len() as u64));
            assert_eq!(joined.finish(), crc(&bytes), "{part_size}");
        }
    }

    #[test]
    fn empty_parts_change_nothing() {
        let mut joined = JoinedCrc64::new();
        for part in [b"".as_slice(), b"abc", b"", b"d"] {
            joined.push(crc(part), part.len() as u64);
        }
        assert_eq!(joined.finish(), crc(b"abcd"));
        assert_eq!(JoinedCrc64::new().finish(), crc(b""));
    }
}
