//! Following what happens in an org.

mod start;

pub use start::Start;
