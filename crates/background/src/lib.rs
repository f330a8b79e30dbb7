//! Work that no request waits for: loops that call operations. Each can be stopped at any moment and begun again.

pub mod audit;
pub mod certificates;
pub mod domains;
pub mod garbage;
pub mod jobs;
pub mod lifecycle;
pub mod retrievals;
pub mod tokens;
