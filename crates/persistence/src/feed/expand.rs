//! Rows of the feed as the events that they tell.

use accolade_application::answer::{
    Answer, CustomerEarn, EarnAnswer, EarnOutcome, EnrolmentAnswer, Imported,
};
use accolade_domain::actor::Actor;
use accolade_domain::earning::Scope;
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::event::{
    BadgeChanged, EarnFact, EnrolmentFact, Event, EventKind, Fact, ForgottenFact, LimitCount,
    LimitFact, Position,
};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, bail, ensure};

use crate::answers::{KeptAnswer, Placed, decode_kept};
use crate::feed::data::{Data, ExpiredData, LimitData};
use crate::feed::sql::{LedgerRow, StoredRow};
use crate::mapping::{instant, stored};

/// More events than a row can have: as many customers as no request names.
const MOST_OF_A_ROW: usize = 10_000_000;

/// A request as the ledger has it.
struct Recorded {
    request_id: RequestId,
    actor: Actor,
    kept: KeptAnswer,
}

impl Recorded {
    fn read(row: &LedgerRow) -> anyhow::Result<Self> {
        let request_id = RequestId::from_stored(row.request_id.clone());
        Ok(Self {
            actor: stored(row.recorded_by)?,
            kept: decode_kept(&row.answer, Some(&request_id))?,
            request_id,
        })
    }
}

/// The kind of the row's first event.
pub(crate) fn kind(row: &StoredRow) -> anyhow::Result<EventKind> {
    EventKind::from_number(row.kind).context("a stored kind of event")
}

/// Whether events of this kind may be in a row whose first event is of the kind `first`.
pub(crate) fn may_have(first: EventKind, kind: EventKind) -> bool {
    first == kind || (first, kind) == (EventKind::EarnCreated, EventKind::LimitReached)
}

/// The events of `row`. `ledger` is the row of the ledger that it names, if it names one.
pub(crate) fn events(
    org: OrgId,
    row: &StoredRow,
    ledger: Option<&LedgerRow>,
) -> anyhow::Result<Vec<Event>> {
    let data = Data::decode(row.data.as_deref())?;
    let request = match row.ledger_no {
        Some(_) => {
            let ledger = ledger.context("a row of the feed names no request of the ledger")?;
            Some(Recorded::read(ledger)?)
        }
        None => None,
    };
    let facts = facts(row, data, request)?;
    ensure!(
        i32::try_from(facts.len()) == Ok(row.events),
        "a row of the feed has {} events instead of {}",
        facts.len(),
        row.events
    );
    let recorded_on = instant(row.recorded_on)?;
    let mut position: Position = stored(row.before())?;
    let events = facts.into_iter().map(|fact| {
        position = position.next();
        Event {
            org,
            position,
            recorded_on,
            fact,
        }
    });
    Ok(events.collect())
}

/// What is left of an event of this kind, of a customer who was forgotten.
const fn forgotten(kind: EventKind, badge: Option<BadgeId>) -> Fact {
    Fact::Forgotten(ForgottenFact { kind, badge })
}

/// What `row` tells.
fn facts(row: &StoredRow, data: Data, request: Option<Recorded>) -> anyhow::Result<Vec<Fact>> {
    let first = kind(row)?;
    Ok(match (first, data, request) {
        (EventKind::EnrolmentCreated, Data::Enrolments(event_on), Some(request)) => {
            enrolled(&request, event_on)?
        }
        (EventKind::EarnCreated, Data::Earns(limits), Some(request)) => earned(&request, &limits)?,
        (EventKind::EarnImported, Data::Imports(event_on), Some(request)) => {
            imported(&request, &event_on)?
        }
        (
            EventKind::EnrolmentExpired | EventKind::EarnExpired,
            Data::Expired(which),
            Some(request),
        ) => expired(first, &request, &which)?,
        (EventKind::EnrolmentRevoked, Data::RevokedEnrolments(all), None) => {
            let badge = all.iter().flatten().map(|it| it.badge).next();
            let fact =
                |it: Option<_>| it.map_or_else(|| forgotten(first, badge), Fact::EnrolmentRevoked);
            all.into_iter().map(fact).collect()
        }
        (EventKind::EarnRevoked, Data::RevokedEarn(one), None) => vec![Fact::EarnRevoked(*one)],
        (EventKind::WebhookDisabled, Data::WebhookDisabled(webhook, reason), None) => {
            vec![Fact::WebhookDisabled { webhook, reason }]
        }
        (EventKind::JobFinished, Data::JobFinished(job), None) => vec![Fact::JobFinished(*job)],
        (
            EventKind::ChangeSubmitted
            | EventKind::ChangeApproved
            | EventKind::ChangeRejected
            | EventKind::ChangeWithdrawn
            | EventKind::ChangeExpired
            | EventKind::ChangeFailed,
            Data::Change(change),
            None,
        ) => vec![Fact::Change(*change)],
        (EventKind::CustomerMerged, Data::Merged(from, to), None) => {
            vec![Fact::CustomerMerged { from, to }]
        }
        (EventKind::CustomerErased, Data::Erased(customer), None) => {
            vec![Fact::CustomerErased { customer }]
        }
        (kind, Data::Forgotten(badge), None) => {
            let events = usize::try_from(row.events)?.min(MOST_OF_A_ROW);
            vec![forgotten(kind, badge); events]
        }
        (kind, Data::Badge(badge), None) => {
            let changed = BadgeChanged::of_kind(kind).context("a badge that nothing became of")?;
            vec![Fact::Badge(changed, *badge)]
        }
        (kind, ..) => bail!("a row of the feed tells {} of something else", kind.name()),
    })
}

/// Enrolments that the request has recorded.
fn enrolled(request: &Recorded, event_on: Instant) -> anyhow::Result<Vec<Fact>> {
    let Answer::Enrolment(answer) = &request.kept.answer else {
        bail!("no answer of an enrolment");
    };
    let places = request.kept.places(&answer.outcomes);
    let facts = places.filter_map(|it| match it {
        Placed::Outcome(outcome) => {
            let fact = enrolment(answer, outcome, event_on)?;
            Some(Fact::EnrolmentCreated(EnrolmentFact {
                request_id: Some(request.request_id.clone()),
                actor: Some(request.actor),
                ..fact
            }))
        }
        Placed::Forgotten(it) => {
            let fact = forgotten(EventKind::EnrolmentCreated, Some(answer.badge));
            it.was_recorded.then_some(fact)
        }
    });
    Ok(facts.collect())
}

/// The enrolment that this outcome is, if it is one.
fn enrolment(
    answer: &EnrolmentAnswer,
    outcome: &CustomerOutcome,
    event_on: Instant,
) -> Option<EnrolmentFact> {
    let Outcome::Enrolled(enrolment) = outcome.outcome else {
        return None;
    };
    Some(EnrolmentFact {
        badge: answer.badge,
        customer: outcome.customer,
        enrolment,
        event_on,
        expires_on: answer.expires_on,
        triggered_by: answer.triggered_by.clone(),
        request_id: None,
        actor: None,
        reason: None,
    })
}

/// Earns that the request has recorded, and behind each the limits that it has reached.
fn earned(request: &Recorded, limits: &[LimitData]) -> anyhow::Result<Vec<Fact>> {
    let Answer::Earned(answer) = &request.kept.answer else {
        bail!("no answer of an earn");
    };
    let badge = answer.badge;
    let mut facts = Vec::with_capacity(answer.outcomes.len());
    let places = request.kept.places(&answer.outcomes);
    let earns = places.filter_map(|it| match it {
        Placed::Outcome(outcome) => earn(answer, outcome).map(Some),
        Placed::Forgotten(it) => it.was_recorded.then_some(None),
    });
    for (place, earn) in earns.enumerate() {
        let customer = earn.as_ref().map(|fact| fact.customer);
        facts.push(match earn {
            Some(fact) => {
                let counted = limits.iter().map(|it| {
                    let count = it.counts.get(place).copied();
                    Ok(LimitCount {
                        limit: it.limit,
                        count: count.context("too few counts")?,
                    })
                });
                Fact::EarnCreated(EarnFact {
                    request_id: Some(request.request_id.clone()),
                    actor: Some(request.actor),
                    limits: counted.collect::<anyhow::Result<_>>()?,
                    ..fact
                })
            }
            None => forgotten(EventKind::EarnCreated, Some(badge)),
        });
        let place = u32::try_from(place)?;
        let reached = limits.iter();
        for it in reached.filter(|it| it.reached.binary_search(&place).is_ok()) {
            let is_own = it.limit.scope == Scope::Customer;
            facts.push(if is_own && customer.is_none() {
                forgotten(EventKind::LimitReached, Some(badge))
            } else {
                Fact::LimitReached(LimitFact {
                    badge,
                    customer: customer.filter(|_| is_own),
                    limit: it.limit,
                })
            });
        }
    }
    Ok(facts)
}

/// The earned badge that this outcome is, if it is one.
fn earn(answer: &EarnAnswer, outcome: &CustomerEarn) -> Option<EarnFact> {
    let EarnOutcome::Earned(earned, enrolment) = outcome.outcome else {
        return None;
    };
    Some(EarnFact {
        badge: answer.badge,
        customer: outcome.customer,
        earned,
        enrolment,
        event_on: answer.event_on,
        expires_on: answer.expires_on,
        triggered_by: answer.triggered_by.clone(),
        request_id: None,
        actor: None,
        reason: None,
        limits: Vec::new(),
    })
}

/// Earned badges from elsewhere that the request has recorded.
fn imported(request: &Recorded, event_on: &[Instant]) -> anyhow::Result<Vec<Fact>> {
    let mut event_on = event_on.iter();
    let mut facts = Vec::with_capacity(event_on.len());
    for it in import_places(&request.kept)? {
        match it {
            Placed::Outcome(outcome @ Imported::Recorded { .. }) => {
                let event_on = event_on.next().context("too few event dates")?;
                let fact = import(outcome, *event_on).context("an import")?;
                facts.push(Fact::EarnImported(EarnFact {
                    request_id: Some(request.request_id.clone()),
                    actor: Some(request.actor),
                    ..fact
                }));
            }
            Placed::Outcome(_) => {}
            Placed::Forgotten(it) => {
                event_on.next().context("too few event dates")?;
                facts.push(forgotten(EventKind::EarnImported, it.import.map(|it| it.0)));
            }
        }
    }
    Ok(facts)
}

/// The places of the answer of an import.
fn import_places(kept: &KeptAnswer) -> anyhow::Result<impl Iterator<Item = Placed<'_, Imported>>> {
    let Answer::Imported { outcomes, .. } = &kept.answer else {
        bail!("no answer of an import");
    };
    let outcomes = outcomes.iter();
    Ok(kept.places(outcomes.filter(|it| !matches!(it, Imported::Forgotten))))
}

/// The earned badge that this outcome is, if it is one.
fn import(outcome: &Imported, event_on: Instant) -> Option<EarnFact> {
    let Imported::Recorded {
        badge,
        customer,
        earned,
        expires_on,
    } = *outcome
    else {
        return None;
    };
    Some(EarnFact {
        badge,
        customer,
        earned,
        enrolment: None,
        event_on,
        expires_on,
        triggered_by: None,
        request_id: None,
        actor: None,
        reason: None,
        limits: Vec::new(),
    })
}

/// Those of what the request has recorded that have expired.
fn expired(
    first: EventKind,
    request: &Recorded,
    expired: &ExpiredData,
) -> anyhow::Result<Vec<Fact>> {
    let expiring = Expiring::of(&request.kept);
    let mut facts = Vec::with_capacity(expired.which.len());
    for (index, place) in expired.which.iter().enumerate() {
        let event_on = match expired.event_on.as_slice() {
            [one] => Some(*one),
            all => all.get(index).copied(),
        };
        let successor = expired.successors.get(index).copied().flatten();
        let place = *place as usize;
        let fact = match (first, &expiring) {
            (EventKind::EnrolmentExpired, Expiring::Enrolments(answer, places)) => {
                match places.get(place).context("what expires was not recorded")? {
                    Placed::Outcome(it) => {
                        let event_on = event_on.context("too few event dates")?;
                        let fact = enrolment(answer, it, event_on);
                        let fact = fact.context("what expires was not recorded")?;
                        Fact::EnrolmentExpired(EnrolmentFact {
                            customer: successor.unwrap_or(fact.customer),
                            ..fact
                        })
                    }
                    Placed::Forgotten(_) => forgotten(first, Some(answer.badge)),
                }
            }
            (EventKind::EarnExpired, Expiring::Earns(answer, places)) => {
                match places.get(place).context("what expires was not recorded")? {
                    Placed::Outcome(it) => expired_earn(earn(answer, it), successor)?,
                    Placed::Forgotten(_) => forgotten(first, Some(answer.badge)),
                }
            }
            (EventKind::EarnExpired, Expiring::Imports(places)) => {
                match places.get(place).context("what expires was not recorded")? {
                    Placed::Outcome(it) => {
                        let event_on = event_on.context("too few event dates")?;
                        expired_earn(import(it, event_on), successor)?
                    }
                    Placed::Forgotten(it) => forgotten(first, it.import.map(|it| it.0)),
                }
            }
            _ => bail!("no answer of what expires"),
        };
        facts.push(fact);
    }
    Ok(facts)
}

/// That the earned badge `fact` has expired, of its customer or of the successor.
fn expired_earn(fact: Option<EarnFact>, successor: Option<CustomerId>) -> anyhow::Result<Fact> {
    let fact = fact.context("what expires was not recorded")?;
    Ok(Fact::EarnExpired(EarnFact {
        customer: successor.unwrap_or(fact.customer),
        ..fact
    }))
}

/// An answer of which something expires, and all places of it.
enum Expiring<'a> {
    Enrolments(&'a EnrolmentAnswer, Vec<Placed<'a, CustomerOutcome>>),
    Earns(&'a EarnAnswer, Vec<Placed<'a, CustomerEarn>>),
    Imports(Vec<Placed<'a, Imported>>),
    Nothing,
}

impl<'a> Expiring<'a> {
    fn of(kept: &'a KeptAnswer) -> Self {
        match &kept.answer {
            Answer::Enrolment(answer) => {
                Self::Enrolments(answer, kept.places(&answer.outcomes).collect())
            }
            Answer::Earned(answer) => Self::Earns(answer, kept.places(&answer.outcomes).collect()),
            Answer::Imported { .. } => match import_places(kept) {
                Ok(places) => Self::Imports(places.collect()),
                Err(_) => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn damaged_rows_are_an_error_and_no_panic(
            kind in -1..20_i16,
            form in 0..15_u8,
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            answer in prop::collection::vec(any::<u8>(), 0..60),
            positions in any::<(i64, i32)>(),
        ) {
            let mut data = vec![form];
            data.extend(bytes);
            let row = StoredRow {
                last_position: positions.0,
                recorded_on: 0,
                latest_on: 0,
                ledger_no: Some(1),
                events: positions.1,
                kind,
                data: Some(data),
            };
            let ledger = LedgerRow {
                number: 1,
                request_id: "1".to_owned(),
                recorded_by: 0,
                answer,
            };
            let org = 1.try_into().unwrap();
            let _ = events(org, &row, Some(&ledger));
            let row = StoredRow { ledger_no: None, ..row };
            let _ = events(org, &row, None);
        }
    }
}
