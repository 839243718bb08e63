//! Earning badges, for one customer and for many, revoking and importing what was earned, and
//! the windows that earns are counted in.

pub mod answer;
pub mod import;
pub mod import_request;
pub mod request;
pub mod windows;
