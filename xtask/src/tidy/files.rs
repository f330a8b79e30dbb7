//! What the rules look at: every file that git tracks or would offer to add.

use crate::Outcome;
use crate::process::{command, output, root};
use std::fs;

/// A file of the repository.
pub(super) struct File {
    /// Relative to the repository, with `/`.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

impl File {
    /// The contents of a text file. A file with a NUL or with invalid UTF-8 is none.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().filter(|text| !text.contains('\0'))
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What follows the last dot of the name.
    pub(super) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Whether all of it is there only to test.
    pub(super) fn is_test(&self) -> bool {
        let mut directories = self.path.split('/');
        self.name() == "tests.rs" || directories.any(|part| matches!(part, "tests" | "benches" | "e2e" | "fuzz"))
    }
}

/// All files, without those that git ignores and those deleted since.
pub(super) fn all() -> Outcome<Vec<File>> {
    let list = output(command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let absolute = root().join(path);
        if absolute.is_file() {
            let bytes = fs::read(&absolute).map_err(|error| format!("cannot read {path}: {error}"))?;
            files.push(File { path: path.to_owned(), bytes });
        }
    }
    Ok(files)
}
