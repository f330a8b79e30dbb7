//! What the server logs, for tests to read. All tests of this binary share it: look for names of your own.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGUN: OnceLock<()> = OnceLock::new();

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Keeps errors from now on.
pub(crate) fn keep() {
    BEGUN.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt().with_writer(Lines).with_ansi(false);
        subscriber.with_max_level(tracing::Level::ERROR).init();
    });
}

/// The errors that speak of a name.
pub(crate) fn about(name: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&lines).lines().filter(|line| line.contains(name)).map(str::to_owned).collect()
}
