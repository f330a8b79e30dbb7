//! What every face needs of HTTP: request ids, bodies of requests with limits and of answers, what browsers are told of
//! CORS rules, and the loop that serves connections.
//! Knows no store and no protocol above HTTP.

pub mod answer_body;
pub mod body;
pub mod cors;
mod head_wait;
mod http2;
pub mod listener;
pub mod request_ids;
mod seldom;
pub mod transport;

pub use answer_body::AnswerBody;
pub use body::{RequestBody, waits_for_continue};
pub use listener::{Handler, Listener, ListenerSettings};
pub use request_ids::RequestIds;
pub use transport::{Opened, Plain, Protocol, Security, Transport};
