//! The rules of an org: which operations wait, and for what.

use time::Duration;

use super::RuledOperation;
use crate::rejection::Rejection;

/// How many approvals a change needs: 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "i64", into = "i64")
)]
pub struct Approvals(u8);

impl Approvals {
    /// One, where nothing else is said.
    pub const ONE: Self = Self(1);

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// The number is none of those that there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct OutOfRange(&'static str);

impl TryFrom<i64> for Approvals {
    type Error = OutOfRange;

    fn try_from(number: i64) -> Result<Self, OutOfRange> {
        let number = u8::try_from(number).ok().filter(|it| (1..=5).contains(it));
        number.map(Self).ok_or(OutOfRange("1 to 5"))
    }
}

impl From<Approvals> for i64 {
    fn from(approvals: Approvals) -> Self {
        approvals.0.into()
    }
}

/// After how many seconds a change that nobody has decided expires: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "i64", into = "i64")
)]
pub struct ExpiresAfter(u32);

impl ExpiresAfter {
    /// A week, where nothing else is said.
    pub const WEEK: Self = Self(604_800);

    /// The seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The same as a length of time.
    pub const fn duration(self) -> Duration {
        Duration::seconds(self.0 as i64)
    }
}

impl TryFrom<i64> for ExpiresAfter {
    type Error = OutOfRange;

    fn try_from(number: i64) -> Result<Self, OutOfRange> {
        let number = u32::try_from(number).ok().filter(|it| *it >= 1);
        number.map(Self).ok_or(OutOfRange("1 to 4294967295"))
    }
}

impl From<ExpiresAfter> for i64 {
    fn from(after: ExpiresAfter) -> Self {
        after.0.into()
    }
}

/// What an org says of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rule {
    /// The operation that waits.
    pub operation: RuledOperation,
    /// Commands of so many customers or rows pass, where the operation [has any](RuledOperation::has_rows).
    pub above_rows: u32,
    /// How many approvals it waits for.
    pub approvals: Approvals,
    /// How long it waits.
    pub expires_after: ExpiresAfter,
}

/// What a command must wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// How many approvals.
    pub approvals: Approvals,
    /// How long it waits for them.
    pub expires_after: ExpiresAfter,
}

impl Demand {
    /// What a command must wait for that is held without a rule.
    pub const WITHOUT_RULE: Self = Self {
        approvals: Approvals::ONE,
        expires_after: ExpiresAfter::WEEK,
    };

    /// What satisfies both.
    fn and(self, other: Self) -> Self {
        Self {
            approvals: self.approvals.max(other.approvals),
            expires_after: self.expires_after.min(other.expires_after),
        }
    }
}

impl From<&Rule> for Demand {
    fn from(rule: &Rule) -> Self {
        Self {
            approvals: rule.approvals,
            expires_after: rule.expires_after,
        }
    }
}

/// The rules of an org: at most one for each operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct ApprovalRules(Vec<Rule>);

impl ApprovalRules {
    /// These rules.
    ///
    /// # Errors
    /// 400 for each rule of an operation that has one before it.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Vec<Rejection>> {
        let mut problems = Vec::new();
        for (place, rule) in rules.iter().enumerate() {
            let is_same = |it: &&Rule| it.operation == rule.operation;
            if rules.iter().take(place).any(|it| is_same(&it)) {
                let name = rule.operation.name();
                let message = format!("There is a rule for {name} already. Say one for each.");
                let problem = Rejection::unreadable(message);
                problems.push(problem.at_field(format!("rules[{place}].operation")));
            }
        }
        if problems.is_empty() {
            Ok(Self(rules))
        } else {
            Err(problems)
        }
    }

    /// The rules, in the order in which they were given.
    pub fn as_slice(&self) -> &[Rule] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rule for `operation`.
    pub fn of(&self, operation: RuledOperation) -> Option<&Rule> {
        self.0.iter().find(|it| it.operation == operation)
    }

    /// What a command must wait for that is of all of these operations; `None` if it need not wait.
    /// `is_above` is asked whether it is about more customers or rows than that, where it may matter: a
    /// command that several rules hold satisfies each of them.
    ///
    /// # Errors
    /// That of `is_above`.
    pub fn demand<E>(
        &self,
        operations: &[RuledOperation],
        mut is_above: impl FnMut(u32) -> Result<bool, E>,
    ) -> Result<Option<Demand>, E> {
        let mut demand: Option<Demand> = None;
        for rule in operations.iter().filter_map(|it| self.of(*it)) {
            let holds = !rule.operation.has_rows() || is_above(rule.above_rows)?;
            if holds {
                let this = Demand::from(rule);
                demand = Some(demand.map_or(this, |it| it.and(this)));
            }
        }
        Ok(demand)
    }
}
