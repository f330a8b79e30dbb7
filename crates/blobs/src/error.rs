//! What can go wrong in the blob store, with path and offset for the log, and its one mapping to what clients see.

use std::fmt;
use std::io;
use std::path::PathBuf;
use tokio::task::JoinError;
use types::{ErrorCode, OperationError};

/// Why the blob store failed.
#[derive(Debug)]
pub enum BlobError {
    /// The write would leave less than the reserve.
    Full {
        /// Bytes it needs.
        wanted_bytes: u64,
        /// Bytes the disk has.
        free_bytes: u64,
        /// Bytes that stay free.
        reserve_bytes: u64,
    },
    /// The disk refused.
    Disk {
        /// What was asked of it.
        action: &'static str,
        /// Of which file or directory, below the data directory.
        path: PathBuf,
        /// Where in the file, if that matters.
        offset: Option<u64>,
        /// Its reason.
        source: io::Error,
    },
    /// The blob has no file: removed since its row was read, or lost. Who holds the row can tell: read it again.
    Missing {
        /// Where the file should be.
        path: PathBuf,
    },
    /// Stored bytes are not those written. Already counted and logged.
    Corrupt {
        /// The file, or the blob's id if it has none.
        place: PathBuf,
        /// First sealed byte of the chunk in question.
        offset: u64,
        /// What was found.
        reason: &'static str,
    },
    /// The pool of blocking threads dropped the work: the process is stopping, or the work panicked.
    Interrupted {
        /// Which of the two.
        source: JoinError,
    },
}

impl BlobError {
    pub(crate) fn disk(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Disk { action, path: path.into(), offset: None, source }
    }

    pub(crate) fn disk_at(action: &'static str, path: impl Into<PathBuf>, offset: u64, source: io::Error) -> Self {
        Self::Disk { action, path: path.into(), offset: Some(offset), source }
    }

    /// Whether the disk has no room: whatever was believed about its free space is wrong.
    pub(crate) fn is_out_of_space(&self) -> bool {
        match self {
            Self::Disk { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Full { .. } | Self::Missing { .. } | Self::Corrupt { .. } | Self::Interrupted { .. } => false,
        }
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { wanted_bytes, free_bytes, reserve_bytes } => {
                write!(f, "{wanted_bytes} bytes do not fit: {free_bytes} are free, of which {reserve_bytes} stay free")
            }
            Self::Disk { action, path, offset: None, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            Self::Disk { action, path, offset: Some(offset), source } => {
                write!(f, "cannot {action} {} at byte {offset}: {source}", path.display())
            }
            Self::Missing { path } => write!(f, "{} does not exist", path.display()),
            Self::Corrupt { place, offset, reason } => {
                write!(f, "{} is corrupt at byte {offset}: {reason}", place.display())
            }
            Self::Interrupted { source } => write!(f, "the work was interrupted: {source}"),
        }
    }
}

impl std::error::Error for BlobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk { source, .. } => Some(source),
            Self::Interrupted { source } => Some(source),
            Self::Full { .. } | Self::Missing { .. } | Self::Corrupt { .. } => None,
        }
    }
}

impl From<BlobError> for OperationError {
    fn from(error: BlobError) -> Self {
        let code = match &error {
            BlobError::Full { .. } => ErrorCode::StorageFull,
            BlobError::Disk { .. } if error.is_out_of_space() => ErrorCode::StorageFull,
            BlobError::Disk { .. } | BlobError::Missing { .. } | BlobError::Corrupt { .. } => ErrorCode::InternalError,
            BlobError::Interrupted { source } if source.is_cancelled() => ErrorCode::ServiceUnavailable,
            BlobError::Interrupted { .. } => ErrorCode::InternalError,
        };
        OperationError::from(code).caused_by(error)
    }
}
