//! What every face needs of HTTP: request ids, request bodies with limits, and the loop that serves connections.
//! Knows no store and no protocol above HTTP.

pub mod body;
pub mod listener;
pub mod request_ids;

pub use body::RequestBody;
pub use listener::{Handler, Listener, ListenerSettings};
pub use request_ids::RequestIds;
