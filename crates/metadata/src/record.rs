//! A row in an engine's memory, with room for what a reader makes of it.
//!
//! What is read over and over need not be opened over and over: the opened row goes with its bytes, so it is there for
//! exactly as long as they are what the engine has.

use bytes::Bytes;
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A value that an engine keeps in memory.
pub struct Record {
    value: Bytes,
    opened: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Record {
    /// A record that nobody has opened yet.
    pub fn new(value: Bytes) -> Self {
        Self { value, opened: OnceLock::new() }
    }

    /// The value as it is stored.
    pub fn value(&self) -> &Bytes {
        &self.value
    }

    /// What `open` makes of the value. Made by the first who asks, and kept.
    ///
    /// # Errors
    /// Those of `open`.
    pub(crate) fn opened<T: Any + Send + Sync, E>(
        &self,
        open: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Arc<Opened<T>>, E> {
        if let Some(opened) = self.opened.get()
            && let Ok(opened) = Arc::clone(opened).downcast()
        {
            return Ok(opened);
        }
        let opened = Arc::new(Opened { row: open(&self.value)?, shown: Some(OnceLock::new()) });
        // Another reader may have been faster: of two equal ones the first stays.
        let _ = self.opened.set(Arc::clone(&opened) as Arc<dyn Any + Send + Sync>);
        Ok(opened)
    }
}

/// An opened row. One that is kept in memory has room for what a face shows of it.
pub struct Opened<T> {
    row: T,
    shown: Option<OnceLock<Box<dyn Any + Send + Sync>>>,
}

impl<T> Opened<T> {
    /// A row that nobody keeps.
    pub(crate) fn once(row: T) -> Self {
        Self { row, shown: None }
    }

    /// What `make` makes of the row, once for as long as it is kept; `None` if it is not kept, or what is kept with it
    /// is of another type.
    pub fn shown<S: Any + Send + Sync>(&self, make: impl FnOnce(&T) -> S) -> Option<&S> {
        self.shown.as_ref()?.get_or_init(|| Box::new(make(&self.row))).downcast_ref()
    }
}

impl<T> Deref for Opened<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}

impl<T: fmt::Debug> fmt::Debug for Opened<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row.fmt(f)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("value", &self.value).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(value: &[u8]) -> Result<usize, &'static str> {
        Ok(value.len())
    }

    #[test]
    fn a_record_is_opened_once() {
        let record = Record::new(Bytes::from_static(b"row"));
        assert_eq!(**record.opened(length).unwrap(), 3);
        assert_eq!(**record.opened::<usize, _>(|_| Err("again")).unwrap(), 3);
    }

    #[test]
    fn a_failure_is_not_kept_and_another_type_is_made_anew() {
        let record = Record::new(Bytes::from_static(b"row"));
        assert_eq!(record.opened::<usize, _>(|_| Err("broken")).err(), Some("broken"));
        assert_eq!(**record.opened(length).unwrap(), 3);
        assert_eq!(**record.opened(|value| Ok::<_, ()>(value.to_vec())).unwrap(), b"row".to_vec());
    }

    #[test]
    fn what_is_shown_of_a_kept_row_is_made_once() {
        let kept = Record::new(Bytes::from_static(b"row")).opened(length).unwrap();
        assert_eq!(kept.shown(|row| row.to_string()), Some(&"3".to_owned()));
        assert_eq!(kept.shown(|_| "again".to_owned()), Some(&"3".to_owned()));
        assert_eq!(kept.shown(|_| 'c'), None, "there is room for one face");
        assert_eq!(Opened::once(3).shown(|row: &i32| row.to_string()), None);
    }
}
