//! Access groups: what a client may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a client may be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessGroup {
    /// To read badges, requests and what customers hold.
    BadgesRead = 1,
    /// To define badges, groups, custom fields and webhooks, and what customers are called.
    BadgesWrite = 2,
    /// To enrol customers and let them earn, and to ask what became of that.
    BadgesIssue = 4,
    /// Everything that there is.
    Admin = 8,
    /// To vote on what waits for approval.
    BadgesApprove = 16,
}

impl AccessGroup {
    /// Every group.
    pub const ALL: &[Self] = &[
        Self::BadgesRead,
        Self::BadgesWrite,
        Self::BadgesIssue,
        Self::BadgesApprove,
        Self::Admin,
    ];

    /// Its name, in configuration and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadgesRead => "badges:read",
            Self::BadgesWrite => "badges:write",
            Self::BadgesIssue => "badges:issue",
            Self::BadgesApprove => "badges:approve",
            Self::Admin => "admin",
        }
    }
}

/// There is no such access group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no access group: use badges:read, badges:write, badges:issue, badges:approve or admin"
)]
pub struct UnknownAccessGroup(pub String);

impl FromStr for AccessGroup {
    type Err = UnknownAccessGroup;

    fn from_str(name: &str) -> Result<Self, UnknownAccessGroup> {
        Self::ALL
            .iter()
            .copied()
            .find(|group| group.name() == name)
            .ok_or_else(|| UnknownAccessGroup(name.to_owned()))
    }
}

/// A set of access groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "i16", into = "i16")]
pub struct AccessGroups(u8);

impl From<i16> for AccessGroups {
    fn from(bits: i16) -> Self {
        Self::from_bits(bits)
    }
}

impl From<AccessGroups> for i16 {
    fn from(groups: AccessGroups) -> Self {
        groups.bits()
    }
}

impl AccessGroups {
    /// What a new client has unless told otherwise: to read, to define and to issue badges.
    pub const DEFAULT: Self = Self(
        AccessGroup::BadgesRead as u8
            | AccessGroup::BadgesWrite as u8
            | AccessGroup::BadgesIssue as u8,
    );

    /// Every group.
    pub const ALL: Self =
        Self(Self::DEFAULT.0 | AccessGroup::BadgesApprove as u8 | AccessGroup::Admin as u8);

    /// Whether a client with these may do what needs any one of `groups`.
    pub const fn permit(self, groups: Self) -> bool {
        self.0 & (groups.0 | AccessGroup::Admin as u8) != 0
    }

    /// Those of `scope` that a client with these has.
    pub fn within(self, scope: Self) -> Self {
        scope
            .iter()
            .filter(|group| self.permit((*group).into()))
            .collect()
    }

    /// The groups of the set.
    pub fn iter(self) -> impl Iterator<Item = AccessGroup> {
        AccessGroup::ALL
            .iter()
            .copied()
            .filter(move |group| self.0 & *group as u8 != 0)
    }

    /// The names of the groups.
    pub fn names(self) -> Vec<String> {
        self.iter().map(|group| group.name().to_owned()).collect()
    }

    /// The form in which it is stored: a sum of powers of two.
    pub const fn bits(self) -> i16 {
        self.0 as i16
    }

    /// The set stored as `bits`; what is unknown in it is left out.
    pub fn from_bits(bits: i16) -> Self {
        AccessGroup::ALL
            .iter()
            .copied()
            .filter(|group| bits & *group as i16 != 0)
            .collect()
    }
}

impl From<AccessGroup> for AccessGroups {
    fn from(group: AccessGroup) -> Self {
        Self(group as u8)
    }
}

impl FromIterator<AccessGroup> for AccessGroups {
    fn from_iter<I: IntoIterator<Item = AccessGroup>>(groups: I) -> Self {
        Self(groups.into_iter().fold(0, |bits, group| bits | group as u8))
    }
}

impl fmt::Display for AccessGroups {
    /// The names, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(AccessGroup::name).collect();
        f.pad(&names.join(","))
    }
}

impl fmt::Debug for AccessGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_permits_everything_and_the_default_neither_votes_nor_all() {
        let permitted = |by: AccessGroups| -> Vec<_> {
            let groups = AccessGroup::ALL.iter();
            groups.map(|group| by.permit((*group).into())).collect()
        };
        assert_eq!(permitted(AccessGroup::Admin.into()), [true; 5]);
        let default = permitted(AccessGroups::DEFAULT);
        assert_eq!(default, [true, true, true, false, false]);
    }

    #[test]
    fn one_of_several_groups_is_enough() {
        let either = AccessGroups::from_iter([AccessGroup::BadgesRead, AccessGroup::BadgesIssue]);
        let permitted: Vec<_> = AccessGroup::ALL
            .iter()
            .map(|group| AccessGroups::from(*group).permit(either))
            .collect();
        assert_eq!(permitted, [true, false, true, false, true]);
    }

    #[test]
    fn a_scope_never_gives_what_the_client_has_not() {
        let set = |groups: &[AccessGroup]| groups.iter().copied().collect::<AccessGroups>();
        let scope = set(&[AccessGroup::BadgesRead, AccessGroup::BadgesApprove]);
        let read = set(&[AccessGroup::BadgesRead]);
        assert_eq!(AccessGroups::DEFAULT.within(scope), read);
        assert_eq!(set(&[AccessGroup::Admin]).within(scope), scope);
        assert_eq!(read.within(AccessGroups::ALL), read);
    }

    #[test]
    fn a_set_is_stored_and_read_as_the_same_set() {
        assert_eq!(
            AccessGroups::from_bits(AccessGroups::DEFAULT.bits()),
            AccessGroups::DEFAULT
        );
        assert_eq!(
            AccessGroups::DEFAULT.to_string(),
            "badges:read,badges:write,badges:issue"
        );
    }
}
