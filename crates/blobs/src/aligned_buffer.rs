//! Bytes that begin, in memory, where a block of the disk may be written from.

use environment::BLOCK_BYTES;

/// A buffer that is filled at its end and emptied from its start.
#[derive(Default)]
pub(crate) struct AlignedBuffer {
    memory: Vec<u8>,
    /// Where the bytes begin in `memory`: at a multiple of [`BLOCK_BYTES`] of its address.
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// What is in it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }

    /// Adds `count` bytes of any value, for the caller to fill.
    pub(crate) fn extend(&mut self, count: usize) -> &mut [u8] {
        let length = self.length + count;
        if self.start + length > self.memory.len() {
            self.grow(length);
        }
        let added = self.start + self.length..self.start + length;
        self.length = length;
        &mut self.memory[added]
    }

    /// Takes the first `count` bytes out; the others move to the start.
    pub(crate) fn advance(&mut self, count: usize) {
        self.memory.copy_within(self.start + count..self.start + self.length, self.start);
        self.length -= count;
    }

    fn grow(&mut self, length: usize) {
        // A block for where it begins, and one for what a later unit finds in it.
        let mut memory = vec![0; length + 2 * BLOCK_BYTES];
        let start = memory.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        memory[start..start + self.length].copy_from_slice(self.bytes());
        (self.memory, self.start) = (memory, start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_and_begin_at_a_block() {
        let mut buffer = AlignedBuffer::default();
        let (mut expected, mut next) = (Vec::new(), 0_u8);
        for (added, taken) in [(10, 4), (5000, 4096), (300_000, 290_000), (1, 0), (0, 100), (300_000, 310_811)] {
            for byte in buffer.extend(added) {
                *byte = next;
                expected.push(next);
                next = next.wrapping_add(31);
            }
            assert_eq!(buffer.bytes(), expected);
            assert_eq!(buffer.bytes().as_ptr().align_offset(BLOCK_BYTES), 0);
            buffer.advance(taken);
            expected.drain(..taken);
            assert_eq!(buffer.bytes(), expected);
        }
        assert!(expected.is_empty());
    }
}
