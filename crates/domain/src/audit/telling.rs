//! Which entries tell of a change: one for each thing that was done, none where nothing changed.

pub use super::telling_of_approvals::{
    change_expired, change_failed, change_submitted, change_voted, change_withdrawn, rules_replaced,
};
pub use super::telling_of_jobs::{job_cancelled, job_created, job_deleted, job_started};
pub use super::telling_of_operators::{
    operator_changed, operator_created, operator_disabled, password_set, sign_in_refused,
    signed_in, signed_out,
};
pub use super::telling_of_webhooks::{
    webhook_changed, webhook_created, webhook_deleted, webhook_moved, webhook_rotated,
};
use super::{
    Action, Attribution, BadgeState, Change, ClaimState, ClientState, Entry, HiddenField, State,
};
use crate::badge::Badge;
use crate::catalogue::{CustomField, Group};
use crate::identifier::IdentifierKind;
use crate::ids::{ClientNumber, CustomerId, EarnedBadgeId, EnrolmentId, OrgId};
use crate::owner::Claim;
use crate::text::{Reason, RequestId};

/// A badge was created.
pub fn badge_created(badge: &Badge, by: &Attribution) -> Entry {
    let change = Change::to(badge_state(badge));
    Entry::new(badge.org, by, badge.id, Action::Create, change)
}

/// A badge's definition was replaced, it was turned on or off, or both.
pub fn badge_revised(before: &Badge, after: &Badge, by: &Attribution) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |action, change| {
        entries.push(Entry::new(before.org, by, before.id, action, change));
    };
    if before.definition != after.definition {
        let replaced = Badge {
            active: before.active,
            ..after.clone()
        };
        let change = Change::between(badge_state(before), badge_state(&replaced));
        add(Action::Update, change);
    }
    if before.active != after.active {
        let action = if after.active {
            Action::Activate
        } else {
            Action::Deactivate
        };
        let (before, after) = (
            State::Activity(before.active),
            State::Activity(after.active),
        );
        add(action, Change::between(before, after));
    }
    entries
}

/// A claim on the badge, as it was before, was made or taken back.
pub fn badge_claimed(badge: &Badge, claim: &Claim, by: &Attribution) -> Entry {
    let known = badge.claims.iter().position(|it| it.owner == claim.owner);
    let place = known.unwrap_or(badge.claims.len());
    let state = |claim: &Claim| {
        State::Claim(ClaimState {
            position: u32::try_from(place).unwrap_or(u32::MAX),
            claim: claim.clone(),
        })
    };
    let change = Change {
        before: known.and_then(|place| badge.claims.get(place)).map(state),
        ..Change::to(state(claim))
    };
    let action = if claim.active {
        Action::Claim
    } else {
        Action::Unclaim
    };
    Entry::new(badge.org, by, badge.id, action, change)
}

/// A group was created.
pub fn group_created(group: &Group, by: &Attribution) -> Entry {
    let change = Change::to(State::Group(group.clone()));
    Entry::new(group.org, by, group.id, Action::Create, change)
}

/// A group was changed or removed.
pub fn group_changed(before: &Group, after: &Group, by: &Attribution) -> Option<Entry> {
    let told = |group: &Group| (group.name.clone(), group.rank, group.active);
    if told(before) == told(after) {
        return None;
    }
    let action = if before.active && !after.active {
        Action::Delete
    } else {
        Action::Update
    };
    let states = (State::Group(before.clone()), State::Group(after.clone()));
    let change = Change::between(states.0, states.1);
    Some(Entry::new(before.org, by, before.id, action, change))
}

/// A custom field was created.
pub fn field_created(field: &CustomField, by: &Attribution) -> Entry {
    let change = Change::to(State::CustomField(field.clone()));
    Entry::new(field.org, by, field.id, Action::Create, change)
}

/// A custom field was changed, disabled for good, or both.
pub fn field_changed(before: &CustomField, after: &CustomField, by: &Attribution) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |action, before: &CustomField, after: &CustomField| {
        let states = (before.clone(), after.clone());
        let change = Change::between(State::CustomField(states.0), State::CustomField(states.1));
        entries.push(Entry::new(before.org, by, before.id, action, change));
    };
    let told = |field: &CustomField| (field.name.clone(), field.mandatory, field.default.clone());
    let changed = CustomField {
        active: before.active,
        ..after.clone()
    };
    if told(before) != told(after) {
        add(Action::Update, before, &changed);
    }
    if before.active != after.active {
        add(Action::Delete, &changed, after);
    }
    entries
}

/// A customer got other identifiers of these kinds, or lost them.
pub fn identifiers_changed(
    org: OrgId,
    customer: CustomerId,
    kinds: &[IdentifierKind],
    by: &Attribution,
) -> Entry {
    let fields = kinds.iter().map(|kind| HiddenField::from(*kind)).collect();
    Entry::new(org, by, customer, Action::Update, Change::hidden(fields))
}

/// A customer became another one, who got identifiers of these kinds from it.
pub fn customers_merged(
    org: OrgId,
    (from, to): (CustomerId, CustomerId),
    kinds: &[IdentifierKind],
    reason: Option<&Reason>,
    by: &Attribution,
) -> Entry {
    let change = Change {
        hidden: kinds.iter().map(|kind| HiddenField::from(*kind)).collect(),
        ..Change::to(State::Merge(from, to))
    };
    Entry::new(org, by, to, Action::Merge, change).with_reason(reason)
}

/// A customer was forgotten.
pub fn customer_erased(org: OrgId, customer: CustomerId, by: &Attribution) -> Entry {
    Entry::new(org, by, customer, Action::Erase, Change::default())
}

/// An operator enrolled a customer by hand.
pub fn enrolled_by_hand(
    org: OrgId,
    enrolment: EnrolmentId,
    reason: &Reason,
    by: &Attribution,
) -> Entry {
    Entry::new(org, by, enrolment, Action::Create, Change::default()).with_reason(Some(reason))
}

/// An operator let a customer earn a badge by hand.
pub fn earned_by_hand(
    org: OrgId,
    earned: EarnedBadgeId,
    reason: &Reason,
    by: &Attribution,
) -> Entry {
    Entry::new(org, by, earned, Action::Create, Change::default()).with_reason(Some(reason))
}

/// An enrolment was revoked.
pub fn enrolment_revoked(
    org: OrgId,
    enrolment: EnrolmentId,
    reason: Option<&Reason>,
    by: &Attribution,
) -> Entry {
    Entry::new(org, by, enrolment, Action::Revoke, Change::default()).with_reason(reason)
}

/// An earned badge was revoked.
pub fn earn_revoked(
    org: OrgId,
    earned: EarnedBadgeId,
    reason: Option<&Reason>,
    by: &Attribution,
) -> Entry {
    Entry::new(org, by, earned, Action::Revoke, Change::default()).with_reason(reason)
}

/// A request took so many earned badges over from elsewhere.
pub fn imported(org: OrgId, request: &RequestId, earns: u64, by: &Attribution) -> Option<Entry> {
    let change = Change::to(State::Imported(earns));
    (earns > 0).then(|| Entry::new(org, by, request.clone(), Action::Create, change))
}

/// An API client was created.
pub fn client_created(
    org: OrgId,
    client: ClientNumber,
    state: ClientState,
    by: &Attribution,
) -> Entry {
    let change = Change::to(State::Client(state));
    Entry::new(org, by, client, Action::Create, change)
}

/// An API client got a second secret.
pub fn client_rotated(org: OrgId, client: ClientNumber, by: &Attribution) -> Entry {
    let change = Change::hidden(vec![HiddenField::NextSecret]);
    Entry::new(org, by, client, Action::Rotate, change)
}

/// The second secret of an API client became its only one.
pub fn client_rotation_finished(org: OrgId, client: ClientNumber, by: &Attribution) -> Entry {
    let change = Change::hidden(vec![HiddenField::Secret, HiddenField::NextSecret]);
    Entry::new(org, by, client, Action::Rotate, change)
}

/// How much an API client may ask for changed, or until when; nothing if it did not.
pub fn client_changed(
    org: OrgId,
    client: ClientNumber,
    before: ClientState,
    after: ClientState,
    by: &Attribution,
) -> Option<Entry> {
    if before == after {
        return None;
    }
    let change = Change::between(State::Client(before), State::Client(after));
    Some(Entry::new(org, by, client, Action::Update, change))
}

/// An API client was revoked.
pub fn client_revoked(org: OrgId, client: ClientNumber, by: &Attribution) -> Entry {
    Entry::new(org, by, client, Action::Revoke, Change::default())
}

fn badge_state(badge: &Badge) -> State {
    State::Badge(Box::new(BadgeState {
        definition: badge.definition.clone(),
        active: badge.active,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::fixtures::{at, owner, plain};
    use crate::owner::OwnerType;

    fn by() -> Attribution {
        Attribution {
            actor: Actor::try_from(7).unwrap(),
            on: at("2026-05-01T09:30:00Z"),
            tag: None,
        }
    }

    fn actions(entries: &[Entry]) -> Vec<&'static str> {
        entries.iter().map(|entry| entry.action.name()).collect()
    }

    fn claim(active: bool) -> Claim {
        Claim {
            owner: owner(OwnerType::Loyalty, "1"),
            active,
        }
    }

    #[test]
    fn a_badge_that_is_changed_and_turned_off_has_an_entry_of_each() {
        let before = Badge {
            active: true,
            ..plain("Gold")
        };
        let off = Badge {
            active: false,
            ..before.clone()
        };
        let both = Badge {
            active: false,
            ..plain("Silver")
        };
        let told = |before: &Badge, after: &Badge| actions(&badge_revised(before, after, &by()));
        assert_eq!(told(&before, &before), [""; 0]);
        assert_eq!(told(&before, &off), ["DEACTIVATE"]);
        assert_eq!(told(&off, &before), ["ACTIVATE"]);
        assert_eq!(told(&before, &both), ["UPDATE", "DEACTIVATE"]);
        let entries = badge_revised(&before, &both, &by());
        let Some(State::Badge(after)) = &entries[0].change.after else {
            panic!("{entries:?}");
        };
        assert!(after.active, "the update does not tell what the other does");
    }

    #[test]
    fn a_claim_is_told_with_its_place_and_what_it_was() {
        let mut badge = plain("Gold");
        badge.claims.clear();
        let entry = badge_claimed(&badge, &claim(true), &by());
        assert_eq!((entry.action, &entry.change.before), (Action::Claim, &None));
        badge.claims.push(claim(true));
        let entry = badge_claimed(&badge, &claim(false), &by());
        let state = |active| {
            State::Claim(ClaimState {
                position: 0,
                claim: claim(active),
            })
        };
        assert_eq!(entry.action, Action::Unclaim);
        assert_eq!(entry.change, Change::between(state(true), state(false)));
    }

    #[test]
    fn an_import_of_nothing_has_no_entry() {
        let (org, request) = (1.try_into().unwrap(), RequestId::try_from("r").unwrap());
        assert_eq!(imported(org, &request, 0, &by()), None);
        assert!(imported(org, &request, 1, &by()).is_some());
    }
}
