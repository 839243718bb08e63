//! Earning: recorded, revoked, imported, and counted.

mod earn;
mod group;
mod import;
mod revoke;
mod windows;

pub use earn::{EarnBadge, earn, preview};
pub use group::earn_group;
pub use import::{ImportCustomerBadges, ImportRow, import};
pub use revoke::{RevokeEarn, preview_revoke, revoke};
pub use windows::{FixedWindowQuery, FixedWindows, WindowCount, WindowScope, fixed_windows};
