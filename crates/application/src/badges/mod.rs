//! Badge metas: defined, looked up, claimed, turned on and off.

mod activity;
mod claim;
mod create;
mod days;
mod definition;
mod edit;
mod etag;
mod get;
mod known;
mod list;
mod update;
mod weight;

pub use activity::SetActivity;
pub use claim::{ClaimBadge, UnclaimBadge};
pub use create::CreateBadge;
pub use days::{DayCounts, counts_over_time};
pub use etag::etag;
pub use get::get;
pub(crate) use get::view;
pub use known::KnownBadges;
pub use list::{BadgeList, list};
pub use update::UpdateBadge;
pub(crate) use weight::weight;

use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};

/// 404 for a badge that this org does not have.
pub(crate) fn not_found(badge: BadgeId) -> Rejection {
    Rejection::new(Code::NotFound)
        .with_message(format!("Badge meta {badge} not found. Check the id."))
}
