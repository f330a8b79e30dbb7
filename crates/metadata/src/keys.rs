//! Keys of rows: ordered tuples, of which the first element names the kind of row. Frozen, like the row formats.
//!
//! One file for each family of rows; `kinds` has all first bytes, `tuple` how elements become bytes.

mod access;
mod accounts;
mod buckets;
mod certificates;
mod counters;
mod domains;
mod jobs;
mod kept;
mod kinds;
mod lifecycle;
mod objects;
mod store;
mod tokens;
mod tuple;

pub use access::*;
pub use accounts::*;
pub use buckets::*;
pub use certificates::*;
pub use counters::*;
pub use domains::*;
pub use jobs::*;
pub use kept::{Kept, kept};
pub use lifecycle::*;
pub use objects::*;
pub use store::*;
pub use tokens::*;
pub use tuple::{TEXT_END, after_prefix, just_after, push_text, split_text};
