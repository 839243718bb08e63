//! Following what happens in an org.

mod feed;
mod start;

pub use feed::{FollowError, FollowFeed, feed, too_old};
pub use start::Start;
