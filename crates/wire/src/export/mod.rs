//! Exports: everything that an organisation has, a row after the other, as NDJSON or as CSV.
//!
//! A row is what the API shows of the thing elsewhere, and its own cursor, behind which a broken
//! export goes on.

mod csv;
mod cursor;
mod lines;
pub mod query;
mod row;
#[cfg(test)]
mod tests;

pub use lines::{header, write};
pub use row::{
    ExportedBadgeBody, ExportedCustomFieldBody, ExportedCustomerBody, ExportedEarnBody,
    ExportedEnrolmentBody, ExportedGroupBody,
};

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportKind {
    /// Enrolments.
    Enrolments = 1,
    /// Earned badges.
    EarnedBadges = 2,
    /// Badges.
    Badges = 3,
    /// Groups.
    Groups = 4,
    /// Custom fields.
    CustomFields = 5,
    /// The customers of the directory.
    Customers = 6,
}

impl ExportKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Enrolments,
        Self::EarnedBadges,
        Self::Badges,
        Self::Groups,
        Self::CustomFields,
        Self::Customers,
    ];

    /// What it is called in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrolments => "enrolments",
            Self::EarnedBadges => "earnedBadges",
            Self::Badges => "badges",
            Self::Groups => "groups",
            Self::CustomFields => "customFields",
            Self::Customers => "customers",
        }
    }

    /// Whether its rows are about a badge, by which they can be chosen.
    pub const fn has_badge(self) -> bool {
        matches!(self, Self::Enrolments | Self::EarnedBadges | Self::Badges)
    }

    /// Whether its rows are about a customer.
    pub const fn has_customer(self) -> bool {
        matches!(
            self,
            Self::Enrolments | Self::EarnedBadges | Self::Customers
        )
    }

    /// Whether it is known of its rows when they were recorded.
    pub const fn has_moment(self) -> bool {
        !matches!(self, Self::Customers)
    }

    /// The number that cursors have for it; never changed.
    const fn number(self) -> u8 {
        self as u8
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    #[default]
    Ndjson,
    /// Comma-separated values under a line of names.
    Csv,
}

impl Format {
    /// The type of the content.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}
