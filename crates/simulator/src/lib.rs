//! The real operations in a simulated world: a disk that breaks, a clock that stands, randomness from a seed.
//!
//! ```text
//! Operation -> operations::Store -> blobs::LocalBlobs ---------------> SimDisk <- Fault, kill, power loss
//!                                `-> metadata::Metadata -> LogEngine --^
//! Model  <- what was asked, what was answered         judges         State <- what a reader sees afterwards
//! audit  <- after sweep and collection: no file, row or sum that does not belong to what is seen
//! ```
//!
//! What is promised, and judged: an answer without an error is kept through every crash; an operation without an
//! answer happened whole or not at all; no reader sees wrong bytes; the space of what came to nothing comes back.
//!
//! **What repeats with a seed.** Clock, randomness, faults, the engine's disk calls, and those of one upload among
//! themselves: the runtime has one thread, and its pool another one that works in order. What does not: how the two
//! interleave. Disk calls of an upload's pool beside those of another operation's commit may change places, and so
//! may the moment at which an upload hears of its failed write. One operation at a time repeats exactly.
#![expect(clippy::expect_used, reason = "a test's world: failing is what it does")]

pub mod audit;
pub mod clock;
pub mod counted_store;
pub mod counting;
pub mod disk;
pub mod engine;
pub mod entropy;
pub mod machine;
pub mod model;
pub mod observe;
pub mod operation;
pub mod random;
pub mod state;
pub mod workload;

pub use clock::SimClock;
pub use counted_store::CountedStore;
pub use counting::CountingEngine;
pub use disk::{Fault, SimDisk};
pub use engine::LogEngine;
pub use entropy::SeededEntropy;
pub use machine::{Machine, Process, run};
pub use model::Model;
pub use operation::{Answer, ObjectName, Operation, Outcome, UploadName};
pub use random::Random;
pub use state::State;
pub use workload::Workload;
