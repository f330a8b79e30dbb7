//! XML in and out: a bounded pull parse into typed documents, and a small writer for answers.
//!
//! Invariants of the reader: at most `types::limits::XML_BYTES_MAX` bytes and `XML_DEPTH_MAX` levels; no DTD, no
//! entities beyond the five predefined and character references, so nothing ever expands. Any namespace or none.

pub(crate) mod reader;
mod writer;

pub(crate) use reader::Reader;
pub use writer::XmlWriter;
