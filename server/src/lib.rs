//! Cairn as a whole: settings, wiring, start and stop. The only place that sees everything.
//!
//! Start at `instance` for how the rooms are put together, at `main.rs` for what the command line does.

pub mod banner;
pub mod client;
pub mod command_line;
pub mod instance;
pub mod ready_file;
pub mod reset_root;
pub mod settings;

mod certificate_files;
mod front;
mod root_key;
mod secure;

pub use certificate_files::CertificateFailure;
pub use instance::{Instance, Machine, StartError};
pub use settings::Settings;
