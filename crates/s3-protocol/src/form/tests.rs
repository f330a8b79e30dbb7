//! Forms: their framing wherever the input is cut, and what policies allow.

mod framing;
mod policies;
