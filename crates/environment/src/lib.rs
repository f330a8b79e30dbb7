//! What Cairn asks of the machine: the time, randomness and the disk.
//!
//! Everything below `server` takes these as parameters, so that tests move the clock, repeat a seed and break
//! the disk. `clippy.toml` bans the direct ways.

pub mod clock;
pub mod disk;
pub mod entropy;

pub use clock::{Clock, SystemClock};
pub use disk::{BLOCK_BYTES, Disk, DiskFile, LocalDisk};
pub use entropy::{Entropy, SystemEntropy};
