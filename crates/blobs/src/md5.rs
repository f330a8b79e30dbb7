//! MD5 of streams, of several at once where several wait. Source: RFC 1321.
//!
//! Within one stream no step can begin before the one before it has ended, and a core idles most of the time. Steps of
//! several streams go side by side in the lanes of vectors: eight streams together take little more time than two in a
//! row. The blocks of one stream alone go through the assembly of fast-md5.

use types::Md5;
use wide::u32x4;

const BLOCK_BYTES: usize = 64;
/// Lanes of one vector. Four fit every processor that the standard targets are built for.
const LANES: usize = 4;
/// Vectors whose steps go side by side.
const VECTORS_MAX: usize = 2;
/// Streams that are worth hashing together.
pub(crate) const STREAMS_MAX: usize = LANES * VECTORS_MAX;

type Block = [u8; BLOCK_BYTES];

/// The MD5 of a stream as far as it has come.
#[derive(Clone)]
pub(crate) struct Md5State {
    words: [u32; 4],
    /// Bytes so far.
    length: u64,
    /// The beginning of a block that is not whole yet: `length % 64` bytes.
    tail: Block,
}

/// A stream and what comes next in it.
pub(crate) struct Next<'a> {
    /// The stream.
    pub(crate) state: &'a mut Md5State,
    /// What comes next.
    pub(crate) bytes: &'a [u8],
}

impl Md5State {
    /// Of no bytes.
    pub(crate) fn new() -> Self {
        Self { words: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476], length: 0, tail: [0; BLOCK_BYTES] }
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let (blocks, rest) = self.fill_tail(bytes).as_chunks();
        self.add_blocks(blocks);
        self.keep_tail(rest);
    }

    /// The digest of all bytes added.
    pub(crate) fn finish(mut self) -> Md5 {
        let bits = self.length.wrapping_mul(8);
        // A one and zeros, up to where the length ends the block.
        let zeros = (2 * BLOCK_BYTES - 9 - self.tail_bytes()) % BLOCK_BYTES;
        let mut padding = [0; 2 * BLOCK_BYTES];
        padding[0] = 0x80;
        padding[zeros + 1..zeros + 9].copy_from_slice(&bits.to_le_bytes());
        self.update(&padding[..zeros + 9]);
        let mut digest = [0; 16];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Md5(digest)
    }

    fn tail_bytes(&self) -> usize {
        (self.length % BLOCK_BYTES as u64) as usize
    }

    /// Makes a block that has begun whole, and gives what is behind it.
    fn fill_tail<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let begun = self.tail_bytes();
        if begun == 0 {
            return bytes;
        }
        let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - begun));
        self.tail[begun..begun + now.len()].copy_from_slice(now);
        self.length += now.len() as u64;
        if self.tail_bytes() == 0 {
            fast_md5::transform(&mut self.words, &self.tail);
        }
        later
    }

    fn add_blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            fast_md5::transform(&mut self.words, block);
        }
        self.length += (blocks.len() * BLOCK_BYTES) as u64;
    }

    /// Keeps less than a block, which begins where a block does, or nothing.
    fn keep_tail(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.tail[..rest.len()].copy_from_slice(rest);
            self.length += rest.len() as u64;
        }
    }
}

/// Adds to each stream what comes next in it: [`STREAMS_MAX`] at once, as far as they reach together.
pub(crate) fn update_together(streams: &mut [Next<'_>]) {
    for next in &mut *streams {
        next.bytes = next.state.fill_tail(next.bytes);
    }
    loop {
        let mut whole: Vec<_> = streams.iter_mut().filter(|next| next.bytes.len() >= BLOCK_BYTES).collect();
        whole.truncate(STREAMS_MAX);
        match whole.len() {
            0 => break,
            1 => whole.iter_mut().for_each(|next| {
                let (blocks, rest) = next.bytes.as_chunks();
                next.state.add_blocks(blocks);
                next.bytes = rest;
            }),
            2..=LANES => add_together::<1>(&mut whole),
            _ => add_together::<VECTORS_MAX>(&mut whole),
        }
    }
    for next in streams {
        next.state.keep_tail(next.bytes);
    }
}

/// Adds as many blocks to each stream as all of them have. There are at most four for each of `N` vectors.
fn add_together<const N: usize>(streams: &mut [&mut Next<'_>]) {
    let blocks_each = streams.iter().map(|next| next.bytes.len() / BLOCK_BYTES).min().unwrap_or(0);
    let next_blocks = |stream: usize| -> &[Block] {
        // Lanes without a stream repeat the first, and nobody looks at what they come to.
        let bytes = streams.get(stream).unwrap_or(&streams[0]).bytes;
        &bytes.as_chunks().0[..blocks_each]
    };
    let blocks: [[&[Block]; LANES]; N] = per(|vector| per(|lane| next_blocks(vector * LANES + lane)));
    let words = |stream: usize| streams.get(stream).unwrap_or(&streams[0]).state.words;
    let mut states: [[u32x4; 4]; N] =
        per(|vector| per(|word| u32x4::new(per(|lane| words(vector * LANES + lane)[word]))));
    let messages_at = |index: usize| per(|vector: usize| message(per(|lane: usize| &blocks[vector][lane][index])));
    for index in 0..blocks_each {
        transform(&mut states, &messages_at(index));
    }
    for (stream, next) in streams.iter_mut().enumerate() {
        let state = &states[stream / LANES];
        next.state.words = per(|word| state[word].to_array()[stream % LANES]);
        next.state.length += (blocks_each * BLOCK_BYTES) as u64;
        next.bytes = &next.bytes[blocks_each * BLOCK_BYTES..];
    }
}

fn per<T, const N: usize>(make: impl FnMut(usize) -> T) -> [T; N] {
    std::array::from_fn(make)
}

/// The words of a block of each lane, side by side.
#[inline(always)]
fn message(blocks: [&Block; LANES]) -> [u32x4; 16] {
    per(|word| {
        u32x4::new(per(|lane| {
            let at = word * 4;
            let block = blocks[lane];
            u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
        }))
    })
}

/// RFC 1321 section 3.4, step 4: `floor(2^32 * abs(sin(i + 1)))`.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];
/// By how much the steps of each round rotate.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// One block of every lane. Written so that all numbers are known when it is compiled.
#[inline(always)]
fn transform<const N: usize>(states: &mut [[u32x4; 4]; N], messages: &[[u32x4; 16]; N]) {
    let mut now = *states;
    macro_rules! steps {
        ($round:literal, $mix:expr, $word:expr, [$($index:literal)*]) => { $({
            const ROTATION: u32 = ROTATIONS[$round][$index % 4];
            let sine = u32x4::splat(SINES[$round * 16 + $index]);
            for (state, message) in now.iter_mut().zip(messages) {
                let [a, b, c, d] = *state;
                let sum = a + $mix(b, c, d) + message[$word($index)] + sine;
                *state = [d, ((sum << ROTATION) | (sum >> (32 - ROTATION))) + b, b, c];
            }
        })* };
        ($round:literal, $mix:expr, $word:expr) => {
            steps!($round, $mix, $word, [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15])
        };
    }
    steps!(0, |b: u32x4, c: u32x4, d: u32x4| d ^ (b & (c ^ d)), |index: usize| index);
    steps!(1, |b: u32x4, c: u32x4, d: u32x4| c ^ (d & (b ^ c)), |index: usize| (5 * index + 1) % 16);
    steps!(2, |b: u32x4, c: u32x4, d: u32x4| b ^ c ^ d, |index: usize| (3 * index + 5) % 16);
    steps!(3, |b: u32x4, c: u32x4, d: u32x4| c ^ (b | !d), |index: usize| (7 * index) % 16);
    for (state, now) in states.iter_mut().zip(now) {
        for (word, now) in state.iter_mut().zip(now) {
            *word += now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(bytes: &[u8]) -> Md5 {
        Md5(fast_md5::digest(bytes))
    }

    fn noise(bytes: usize, seed: usize) -> Vec<u8> {
        (0..bytes).map(|index| ((index * 31) ^ (index >> 7) ^ (seed * 151)) as u8).collect()
    }

    #[test]
    fn one_stream_is_hashed_however_it_is_cut() {
        for length in (0..200).chain([4096, 65_537]) {
            let bytes = noise(length, length);
            for cut in [0, 1, 55, 56, 63, 64, 65, 128, length] {
                let (first, second) = bytes.split_at(cut.min(length));
                let mut state = Md5State::new();
                state.update(first);
                state.update(second);
                assert_eq!(state.finish(), expected(&bytes), "{length} cut at {cut}");
            }
        }
    }

    #[test]
    fn streams_of_any_number_and_length_do_not_mix() {
        for count in 0..=2 * STREAMS_MAX + 1 {
            for unit in [1, 63, 64, 1000, 4096] {
                // Each stream has another length, so that they fall out one after the other.
                let all: Vec<_> = (0..count).map(|stream| noise(700 * stream + unit, stream)).collect();
                let mut states = vec![Md5State::new(); count];
                for from in (0..).map(|round| round * unit).take_while(|from| all.iter().any(|one| one.len() > *from)) {
                    let part = |bytes: &'_ Vec<u8>| from.min(bytes.len())..(from + unit).min(bytes.len());
                    let mut next: Vec<_> = states
                        .iter_mut()
                        .zip(&all)
                        .map(|(state, bytes)| Next { state, bytes: &bytes[part(bytes)] })
                        .collect();
                    update_together(&mut next);
                }
                for (state, bytes) in states.into_iter().zip(&all) {
                    assert_eq!(state.finish(), expected(bytes), "{count} streams, units of {unit}");
                }
            }
        }
    }
}
