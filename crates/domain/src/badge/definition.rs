//! The definition of a badge, and the rules that a new one must pass.

use uuid::Uuid;

use crate::badge::constraint::{self, Constraint, FixedWindowDraft};
use crate::badge::{BadgePeriod, Benefit, Expiry, Image, Rank, Tag};
use crate::catalogue::CustomValues;
use crate::ids::GroupId;
use crate::instant::Instant;
use crate::owner::{OwnerType, Owners};
use crate::rejection::{Code, Rejection};
use crate::text::{BadgeName, Description};
use crate::zone::Zone;

/// The earn type as the wire names it: whether customers are enrolled before they earn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum EarnType {
    /// Enrol, then earn.
    IssueEarn,
    /// Earn directly.
    Earn,
}

impl EarnType {
    /// Every type.
    pub const ALL: &[Self] = &[Self::IssueEarn, Self::Earn];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IssueEarn => "ISSUE_EARN",
            Self::Earn => "EARN",
        }
    }
}

/// Whether customers enrol before they earn, and how long an enrolment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EarnMode {
    /// Customers are enrolled first.
    EnrolThenEarn {
        /// When an enrolment expires (wire: `issuedBadgeExpiry`).
        enrolment_expiry: Expiry,
    },
    /// Customers earn without being enrolled.
    Direct,
}

impl EarnMode {
    /// The mode's name.
    pub const fn earn_type(self) -> EarnType {
        match self {
            Self::EnrolThenEarn { .. } => EarnType::IssueEarn,
            Self::Direct => EarnType::Earn,
        }
    }
}

/// What a brand says a badge is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BadgeDefinition {
    /// Unique in the org, case-sensitive.
    pub name: BadgeName,
    /// A text for people.
    pub description: Option<Description>,
    /// When it starts and ends.
    pub period: BadgePeriod,
    /// Whether customers enrol first.
    pub earn_mode: EarnMode,
    /// When an earned badge expires.
    pub earned_expiry: Expiry,
    /// Who may claim it.
    pub owners: Owners,
    /// Limits for each customer.
    pub customer_constraints: Vec<Constraint>,
    /// Limits for all customers together.
    pub badge_constraints: Vec<Constraint>,
    /// Pictures.
    pub images: Vec<Image>,
    /// Names and values.
    pub tags: Vec<Tag>,
    /// What earning it brings.
    pub benefits: Vec<Benefit>,
    /// Its place among other badges.
    pub rank: Option<Rank>,
    /// The group that it belongs to.
    #[cfg_attr(feature = "serde", serde(default))]
    pub group: Option<GroupId>,
    /// The values of the org's custom fields.
    #[cfg_attr(feature = "serde", serde(default))]
    pub custom_values: CustomValues,
    /// The till on whose behalf benefits are given.
    pub default_till: Option<i64>,
}

impl BadgeDefinition {
    /// The last moment at which the badge can be earned; `None` if there is none.
    pub fn earning_ends_on(&self, zone: &Zone) -> Option<Instant> {
        constraint::earning_ends_on(self.period, self.earn_mode, zone)
    }
}

/// A definition as a caller gave it: each part valid by itself or missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BadgeDraft {
    /// Required.
    pub name: Option<BadgeName>,
    /// Optional.
    pub description: Option<Description>,
    /// Required.
    pub starts_on: Option<Instant>,
    /// Required.
    pub expires_on: Option<Instant>,
    /// Required.
    pub earn_type: Option<EarnType>,
    /// Required if customers enrol first, else not read.
    pub enrolment_expiry: Option<Expiry>,
    /// Required.
    pub earned_expiry: Option<Expiry>,
    /// Required, at least one.
    pub owners: Vec<OwnerType>,
    /// Limits for each customer.
    pub customer_constraints: Vec<Constraint<FixedWindowDraft>>,
    /// Limits for all customers together.
    pub badge_constraints: Vec<Constraint<FixedWindowDraft>>,
    /// Pictures.
    pub images: Vec<Image>,
    /// Names and values.
    pub tags: Vec<Tag>,
    /// What earning it brings.
    pub benefits: Vec<Benefit>,
    /// Its place among other badges.
    pub rank: Option<Rank>,
    /// The group that it belongs to.
    pub group: Option<GroupId>,
    /// The values of the org's custom fields.
    pub custom_values: CustomValues,
    /// The till on whose behalf benefits are given.
    pub default_till: Option<i64>,
}

/// The circumstances in which a draft is judged.
#[derive(Debug, Clone, Copy)]
pub struct Defining<'a> {
    /// The moment.
    pub now: Instant,
    /// The org's zone.
    pub zone: &'a Zone,
    /// Whether badges are taken over from elsewhere, so that their dates may be past.
    pub migrating: bool,
}

/// The most limits that a badge may have for each customer, and for all together; configurations of
/// fixed windows that have ended do not count.
const MOST_CONSTRAINTS: usize = 10;

/// How far back a badge that is taken over may have started.
const MIGRATED_YEARS: u16 = 100;

impl BadgeDraft {
    /// The definition, if every rule holds. `reference` names a fixed window.
    ///
    /// # Errors
    /// Everything that is wrong, each with the path of its field: what is
    /// missing (400, owners 728), the dates (720, 722, 724), and limits that
    /// contradict each other or the badge (400).
    pub fn define(
        self,
        defining: Defining<'_>,
        reference: impl FnMut() -> Uuid,
    ) -> Result<BadgeDefinition, Vec<Rejection>> {
        self.define_after(None, defining, reference)
    }

    /// Defines what replaces `old`: as [`BadgeDraft::define`], but a date that is the one of `old`
    /// may lie in the past.
    pub(super) fn define_after(
        self,
        old: Option<&BadgeDefinition>,
        defining: Defining<'_>,
        mut reference: impl FnMut() -> Uuid,
    ) -> Result<BadgeDefinition, Vec<Rejection>> {
        let mut problems = Vec::new();
        let name = required(&mut problems, self.name, "name");
        let starts_on = required(&mut problems, self.starts_on, "startOn");
        let expires_on = required(&mut problems, self.expires_on, "expiresOn");
        let earn_type = required(&mut problems, self.earn_type, "earnType");
        let earned_expiry = required(&mut problems, self.earned_expiry, "earnedBadgeExpiry");
        let owners = keep(&mut problems, Owners::try_from(self.owners));
        let earn_mode = match earn_type {
            Some(EarnType::IssueEarn) => {
                required(&mut problems, self.enrolment_expiry, "issuedBadgeExpiry")
                    .map(|enrolment_expiry| EarnMode::EnrolThenEarn { enrolment_expiry })
            }
            Some(EarnType::Earn) => Some(EarnMode::Direct),
            None => None,
        };
        let there_are = |list: fn(&BadgeDefinition) -> &[Constraint]| old.map_or(&[][..], list);
        let customers_are = there_are(|old| &old.customer_constraints);
        let badges_are = there_are(|old| &old.badge_constraints);
        let old = old.map(|old| old.period);
        if let Some(starts_on) =
            starts_on.filter(|new| old.map(BadgePeriod::starts_on) != Some(*new))
        {
            keep(&mut problems, check_start(starts_on, defining));
        }
        if let Some(expires_on) =
            expires_on.filter(|new| old.map(BadgePeriod::expires_on) != Some(*new))
        {
            keep(&mut problems, check_end(expires_on, defining));
        }
        let period = match (starts_on, expires_on) {
            (Some(start), Some(end)) => keep(&mut problems, BadgePeriod::new(start, end)),
            _ => None,
        };
        for (field, constraints) in [
            ("customerConstraints", &self.customer_constraints),
            ("badgeConstraints", &self.badge_constraints),
        ] {
            if constraints.len() > MOST_CONSTRAINTS {
                let message = format!(
                    "Has {} constraints; at most {MOST_CONSTRAINTS} are accepted. Leave some out.",
                    constraints.len()
                );
                problems.push(Rejection::unreadable(message).at_field(field));
            }
        }
        if let (Some(period), Some(earn_mode)) = (period, earn_mode) {
            let ends_on = constraint::earning_ends_on(period, earn_mode, defining.zone);
            for (field, constraints, there_are) in [
                (
                    "customerConstraints",
                    &self.customer_constraints,
                    customers_are,
                ),
                ("badgeConstraints", &self.badge_constraints, badges_are),
            ] {
                let found = constraint::contradictions(
                    constraints,
                    there_are,
                    period.starts_on(),
                    ends_on,
                    defining.zone,
                );
                problems.extend(found.into_iter().map(|problem| problem.below(field)));
            }
        }
        let (Some(name), Some(period), Some(earn_mode), Some(earned_expiry), Some(owners), true) = (
            name,
            period,
            earn_mode,
            earned_expiry,
            owners,
            problems.is_empty(),
        ) else {
            return Err(problems);
        };
        let mut named = |constraints: Vec<Constraint<FixedWindowDraft>>| {
            constraints
                .into_iter()
                .map(|c| c.with_reference(&mut reference))
                .collect()
        };
        Ok(BadgeDefinition {
            name,
            description: self.description,
            period,
            earn_mode,
            earned_expiry,
            owners,
            customer_constraints: named(self.customer_constraints),
            badge_constraints: named(self.badge_constraints),
            images: self.images,
            tags: self.tags,
            benefits: self.benefits,
            rank: self.rank,
            group: self.group,
            custom_values: self.custom_values,
            default_till: self.default_till,
        })
    }
}

fn check_start(starts_on: Instant, defining: Defining<'_>) -> Result<(), Rejection> {
    let (earliest, message) = if defining.migrating {
        let earliest = defining.zone.years_before(defining.now, MIGRATED_YEARS);
        (earliest, "Start date cannot be more than 100 years past")
    } else {
        (defining.now.floor_to_second(), Code::StartInPast.message())
    };
    if starts_on < earliest {
        return Err(Rejection::new(Code::StartInPast)
            .with_message(message)
            .at_field("startOn"));
    }
    Ok(())
}

fn check_end(expires_on: Instant, defining: Defining<'_>) -> Result<(), Rejection> {
    if !defining.migrating && expires_on < defining.now.floor_to_second() {
        return Err(Rejection::new(Code::EndInPast).at_field("expiresOn"));
    }
    Ok(())
}

fn required<T>(problems: &mut Vec<Rejection>, part: Option<T>, field: &str) -> Option<T> {
    if part.is_none() {
        problems.push(Rejection::required().at_field(field));
    }
    part
}

fn keep<T>(problems: &mut Vec<Rejection>, result: Result<T, Rejection>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn draft() -> BadgeDraft {
        BadgeDraft {
            name: Some("Gold".try_into().unwrap()),
            starts_on: Some(at("2026-06-01T00:00:00Z")),
            expires_on: Some(at("2026-07-01T00:00:00Z")),
            earn_type: Some(EarnType::Earn),
            earned_expiry: Some(Expiry::WithBadge),
            owners: vec![OwnerType::Loyalty],
            ..BadgeDraft::default()
        }
    }

    fn define(draft: BadgeDraft, migrating: bool) -> Result<BadgeDefinition, Vec<(u32, String)>> {
        let zone = Zone::utc();
        let now = at("2026-06-01T00:00:00.700Z");
        draft
            .define(
                Defining {
                    now,
                    zone: &zone,
                    migrating,
                },
                Uuid::nil,
            )
            .map_err(|problems| {
                problems
                    .into_iter()
                    .map(|p| (p.code.number(), p.field.unwrap_or_default()))
                    .collect()
            })
    }

    #[test]
    fn a_start_within_the_running_second_is_not_past() {
        assert!(define(draft(), false).is_ok());
    }

    #[test]
    fn past_dates_are_refused_with_722_and_724_unless_migrating() {
        let past = BadgeDraft {
            starts_on: Some(at("2026-05-01T00:00:00Z")),
            expires_on: Some(at("2026-05-31T23:59:59Z")),
            ..draft()
        };
        assert_eq!(
            define(past.clone(), false),
            Err(vec![
                (722, "startOn".to_owned()),
                (724, "expiresOn".to_owned())
            ])
        );
        assert!(define(past, true).is_ok());
    }

    #[test]
    fn a_migrated_badge_started_at_most_a_hundred_years_ago() {
        let ancient = |iso| BadgeDraft {
            starts_on: Some(at(iso)),
            ..draft()
        };
        assert!(define(ancient("1926-06-01T00:00:00.7Z"), true).is_ok());
        assert_eq!(
            define(ancient("1926-06-01T00:00:00.6Z"), true),
            Err(vec![(722, "startOn".to_owned())])
        );
    }

    #[test]
    fn a_badge_has_at_most_ten_constraints_of_each_scope() {
        let constraints = |len: u32| vec![Constraint::NoLimit; len as usize];
        let constrained = |customer, badge| BadgeDraft {
            customer_constraints: constraints(customer),
            badge_constraints: constraints(badge),
            ..draft()
        };
        assert!(define(constrained(10, 10), false).is_ok());
        let refused = |field: &str| (Code::Unreadable.number(), field.to_owned());
        assert_eq!(
            define(constrained(11, 12), false),
            Err(vec![
                refused("customerConstraints"),
                refused("badgeConstraints")
            ])
        );
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        assert_eq!(
            define(
                BadgeDraft {
                    earn_type: Some(EarnType::IssueEarn),
                    ..BadgeDraft::default()
                },
                false
            ),
            Err([
                (400, "name"),
                (400, "startOn"),
                (400, "expiresOn"),
                (400, "earnedBadgeExpiry"),
                (728, "ownership.restrictedToOwners"),
                (400, "issuedBadgeExpiry"),
            ]
            .map(|(code, field)| (code, field.to_owned()))
            .to_vec())
        );
    }
}
