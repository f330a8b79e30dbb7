//! Translates RocksDB's C header to Rust, in place of the real `bindgen`.
//!
//! `librocksdb-sys` runs bindgen in its build script, and bindgen needs libclang. That header is
//! plain, generated C, so Cairn patches `bindgen` with this crate and a fresh machine needs a C++
//! compiler and nothing else.
//!
//! # What it supports
//!
//! Exactly the calls in the build script of `librocksdb-sys`, and exactly the C in `rocksdb/c.h`:
//!
//! * opaque structs, and structs of plain fields, both as `typedef struct x x`;
//! * enums, named or not, whose values fit in 32 bits: literals, earlier names, and `<<`;
//! * typedefs, function pointers included;
//! * functions over the C numbers, `bool`, `size_t`, `intN_t`, pointers, `x[]` and function pointers;
//! * `#ifdef` of the macros that Linux does not define, and the empty `ROCKSDB_LIBRARY_API`.
//!
//! Everything else, an unknown type name above all, is an error that quotes the declaration: nothing
//! is ever skipped. Parameter names are dropped, because C permits names that Rust reserves. What
//! comes from the system's own headers is left out, because RocksDB's interface does not show it.
//!
//! # When RocksDB is upgraded
//!
//! Compare with the real bindgen once. Keep the `bindings.rs` of a build with the patch (in
//! `target/*/build/librocksdb-sys-*/out`) as `ours.rs`, and of a build without the patch and with
//! libclang as `real.rs`. Neither needs the C++ compiled: `ROCKSDB_LIB_DIR=/tmp cargo check`. Then:
//!
//! ```bash
//! items() {
//!   tr -d '[:space:]' <"$1" |
//!     sed -E 's/::std::option:://g; s/([(,])\w+:([^:])/\1\2/g; s/,([)>])/\1/g; s/pub/\npub/g' |
//!     sed -E 's/[;{}#].*//; s/,$//' | grep ^pub | sort
//! }
//! diff <(items real.rs) <(items ours.rs)
//! ```
//!
//! The only lines it may print are those of the real one (`<`) that come from the system's headers.

mod header;
mod translate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::{fmt, fs, io};

/// The part of bindgen's builder that `librocksdb-sys` uses.
#[derive(Debug, Default)]
pub struct Builder {
    header: String,
    ctypes_prefix: String,
    unsupported: Option<&'static str>,
}

impl Builder {
    /// The header to translate.
    pub fn header(mut self, path: impl Into<String>) -> Self {
        self.header = path.into();
        self
    }

    /// Must be `false`: `Debug` is not derived.
    pub fn derive_debug(mut self, derive: bool) -> Self {
        if derive {
            self.unsupported = Some("derive_debug(true)");
        }
        self
    }

    /// Changes nothing: only the types that the header itself declares are translated.
    pub fn blocklist_type(self, _name: &str) -> Self {
        self
    }

    /// The path of the module that has `c_int` and its like.
    pub fn ctypes_prefix(mut self, prefix: &str) -> Self {
        self.ctypes_prefix = prefix.to_owned();
        self
    }

    /// Must be `true`: `size_t` always becomes `usize`.
    pub fn size_t_is_usize(mut self, is_usize: bool) -> Self {
        if !is_usize {
            self.unsupported = Some("size_t_is_usize(false)");
        }
        self
    }

    /// Reads the header and translates all of it.
    ///
    /// # Errors
    ///
    /// Fails if the header cannot be read, or has a declaration that this crate does not understand.
    pub fn generate(self) -> Result<Bindings, Error> {
        if let Some(call) = self.unsupported {
            return Err(Error(format!("{call} is not supported")));
        }
        let in_header = |reason: String| Error(format!("{}: {reason}", self.header));
        let source = fs::read_to_string(&self.header).map_err(|e| in_header(e.to_string()))?;
        translate::translate(&source, &self.ctypes_prefix).map(Bindings).map_err(in_header)
    }
}

/// The Rust text of a translated header.
#[derive(Debug)]
pub struct Bindings(String);

impl Bindings {
    /// Writes the Rust text to a file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    #[allow(clippy::disallowed_methods, reason = "a build script has no Disk")]
    pub fn write_to_file(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, &self.0)
    }
}

/// Why a header could not be translated.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
