//! Earning: recorded, revoked, imported, and counted.

mod earn;
mod import;
mod revoke;
mod windows;

pub use earn::{EarnBadge, Earners};
pub use import::{ImportCustomerBadges, ImportRow};
pub use revoke::{RevokeEarn, RevokeEarns};
pub use windows::{FixedWindowQuery, FixedWindows, WindowCount, WindowScope, fixed_windows};
