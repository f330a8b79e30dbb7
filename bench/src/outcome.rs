//! What every step ends with: a value, or a sentence for the person at the terminal.

use std::fmt::Display;

/// An error is a sentence that says what was being done and why it failed.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// Gives a failure the words that say what was being done.
pub(crate) trait Doing<T> {
    /// `cannot <what>: <reason>`.
    fn doing(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Outcome<T> {
        self.map_err(|error| format!("cannot {what}: {error}"))
    }
}
