//! The way to the threads that may wait for the disk.

use crate::BlobError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs `work` on tokio's pool of blocking threads.
///
/// # Cancel safety
/// Once begun, `work` runs to its end even if the future is dropped: it must own all that it touches.
pub(crate) async fn on_pool<T, W>(work: W) -> Result<T, BlobError>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, BlobError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(source) => Err(BlobError::Interrupted { source }),
    }
}

/// Locks a mutex whose content is whole between any two statements, so that a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
