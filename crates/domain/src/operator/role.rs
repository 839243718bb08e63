//! What operators are there for, and the one table of what that permits.

use std::fmt;
use std::str::FromStr;

/// What an operator is there for. Everybody may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks, and nothing more.
    Viewer = 1,
    /// Serves customers.
    Care = 2,
    /// Makes badges.
    Campaign = 4,
    /// Votes on what waits for approval.
    Approver = 8,
    /// Looks after the installation of an org.
    Admin = 16,
}

/// What an operator may do, as pages and actions ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// To see customers, badges, jobs and changes, and to search.
    Look,
    /// To enrol customers, let them earn, and take that back.
    Serve,
    /// To edit badges, groups and custom fields.
    Define,
    /// To send files, and to start, cancel and delete jobs.
    RunJobs,
    /// To vote on what waits for approval.
    Vote,
    /// To read the audit trail.
    Audit,
    /// To see and change webhooks.
    Webhooks,
    /// To change what needs approval.
    Rules,
    /// To see and change clients.
    Clients,
    /// To see and change operators.
    Operators,
}

impl Permission {
    /// Every permission.
    pub const ALL: &[Self] = &[
        Self::Look,
        Self::Serve,
        Self::Define,
        Self::RunJobs,
        Self::Vote,
        Self::Audit,
        Self::Webhooks,
        Self::Rules,
        Self::Clients,
        Self::Operators,
    ];
}

impl Role {
    /// Every role.
    pub const ALL: &[Self] = &[
        Self::Viewer,
        Self::Care,
        Self::Campaign,
        Self::Approver,
        Self::Admin,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Care => "care",
            Self::Campaign => "campaign",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// What it permits: the one table.
    pub const fn grants(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Viewer => &[P::Look],
            Self::Care => &[P::Look, P::Serve],
            Self::Campaign => &[P::Look, P::Define, P::RunJobs],
            Self::Approver => &[P::Look, P::Vote],
            Self::Admin => &[
                P::Look,
                P::Audit,
                P::Webhooks,
                P::Rules,
                P::Clients,
                P::Operators,
            ],
        }
    }
}

/// There is no such role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: use viewer, care, campaign, approver or admin")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.name() == name)
            .ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// A set of roles.
///
/// ```
/// use accolade_domain::operator::{Permission, Role, Roles};
///
/// let roles = Roles::from_iter([Role::Care, Role::Approver]);
/// assert!(roles.may(Permission::Vote) && !roles.may(Permission::Audit));
/// assert_eq!(roles.to_string(), "care,approver");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Every role.
    pub const ALL: Self = Self(31);

    /// Whether one of them permits it.
    pub fn may(self, permission: Permission) -> bool {
        self.iter().any(|role| role.grants().contains(&permission))
    }

    /// Whether `role` is one of them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role as u8 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles of the set.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(move |role| self.has(*role))
    }

    /// The names of the roles.
    pub fn names(self) -> Vec<String> {
        self.iter().map(|role| role.name().to_owned()).collect()
    }

    /// The form in which it is stored: a sum of powers of two.
    pub const fn bits(self) -> i16 {
        self.0 as i16
    }

    /// The set stored as `bits`; what is unknown in it is left out.
    pub fn from_bits(bits: i16) -> Self {
        Role::ALL
            .iter()
            .copied()
            .filter(|role| bits & *role as i16 != 0)
            .collect()
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        Self(role as u8)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role as u8))
    }
}

impl fmt::Display for Roles {
    /// The names, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.names().join(","))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_role_may_do_is_said_once() {
        let permitted = |role: Role| -> String {
            let mark = |it: &Permission| if Roles::from(role).may(*it) { 'x' } else { '.' };
            Permission::ALL.iter().map(mark).collect()
        };
        // Look, Serve, Define, RunJobs, Vote, Audit, Webhooks, Rules, Clients, Operators.
        let table = Role::ALL.iter().map(|role| permitted(*role));
        assert_eq!(
            table.collect::<Vec<_>>(),
            [
                "x.........",
                "xx........",
                "x.xx......",
                "x...x.....",
                "x....xxxxx"
            ]
        );
    }

    #[test]
    fn nobody_without_a_role_may_do_anything_and_all_roles_together_everything() {
        let of_nobody = Roles::from_iter([]);
        assert!(of_nobody.is_empty());
        assert!(!Permission::ALL.iter().any(|it| of_nobody.may(*it)));
        assert!(Permission::ALL.iter().all(|it| Roles::ALL.may(*it)));
    }

    #[test]
    fn a_set_is_stored_and_read_as_the_same_set() {
        for bits in 0..=31 {
            assert_eq!(Roles::from_bits(bits).bits(), bits);
        }
        assert_eq!(Roles::from_bits(32 + 2), Role::Care.into());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(*role));
        }
        assert_eq!(
            "Admin".parse::<Role>(),
            Err(UnknownRole("Admin".to_owned()))
        );
    }
}
