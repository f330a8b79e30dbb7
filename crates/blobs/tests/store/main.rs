//! The blob store on a real directory, with a disk that can be made to fail, to be full and to be cold.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod faults;
mod reading;
mod space;
mod support;
mod sweeping;
mod writing;
