//! Rows of the feed as the events that they tell.

use accolade_application::answer::{
    Answer, CustomerEarn, EarnAnswer, EarnOutcome, EnrolmentAnswer, Imported,
};
use accolade_domain::actor::Actor;
use accolade_domain::earning::Scope;
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::event::{
    BadgeChanged, EarnFact, EnrolmentFact, Event, EventKind, Fact, LimitCount, LimitFact, Position,
};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, bail, ensure};

use crate::feed::data::{Data, ExpiredData, LimitData};
use crate::feed::sql::{LedgerRow, StoredRow};
use crate::mapping::{instant, stored};

/// A request as the ledger has it.
struct Recorded {
    request_id: RequestId,
    actor: Actor,
    answer: Answer,
}

impl Recorded {
    fn read(row: &LedgerRow) -> anyhow::Result<Self> {
        let request_id = RequestId::from_stored(row.request_id.clone());
        Ok(Self {
            actor: stored(row.recorded_by)?,
            answer: crate::answers::decode(&row.answer, Some(&request_id))?,
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
    let facts = facts(kind(row)?, data, request)?;
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

/// What a row tells whose first event is of the kind `first`.
fn facts(first: EventKind, data: Data, request: Option<Recorded>) -> anyhow::Result<Vec<Fact>> {
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
            all.into_iter().map(Fact::EnrolmentRevoked).collect()
        }
        (EventKind::EarnRevoked, Data::RevokedEarn(one), None) => vec![Fact::EarnRevoked(*one)],
        (EventKind::WebhookDisabled, Data::WebhookDisabled(webhook, reason), None) => {
            vec![Fact::WebhookDisabled { webhook, reason }]
        }
        (EventKind::JobFinished, Data::JobFinished(job), None) => vec![Fact::JobFinished(*job)],
        (kind, Data::Badge(badge), None) => {
            let changed = BadgeChanged::of_kind(kind).context("a badge that nothing became of")?;
            vec![Fact::Badge(changed, *badge)]
        }
        (kind, ..) => bail!("a row of the feed tells {} of something else", kind.name()),
    })
}

/// Enrolments that the request has recorded.
fn enrolled(request: &Recorded, event_on: Instant) -> anyhow::Result<Vec<Fact>> {
    let Answer::Enrolment(answer) = &request.answer else {
        bail!("no answer of an enrolment");
    };
    let facts = answer.outcomes.iter().filter_map(|it| {
        let fact = enrolment(answer, it, event_on)?;
        Some(Fact::EnrolmentCreated(EnrolmentFact {
            request_id: Some(request.request_id.clone()),
            actor: Some(request.actor),
            ..fact
        }))
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
    let Answer::Earned(answer) = &request.answer else {
        bail!("no answer of an earn");
    };
    let mut facts = Vec::with_capacity(answer.outcomes.len());
    let earns = answer.outcomes.iter().filter_map(|it| earn(answer, it));
    for (place, fact) in earns.enumerate() {
        let counted = limits.iter().map(|it| {
            let count = it.counts.get(place).copied();
            Ok(LimitCount {
                limit: it.limit,
                count: count.context("too few counts")?,
            })
        });
        let (badge, customer) = (fact.badge, fact.customer);
        facts.push(Fact::EarnCreated(EarnFact {
            request_id: Some(request.request_id.clone()),
            actor: Some(request.actor),
            limits: counted.collect::<anyhow::Result<_>>()?,
            ..fact
        }));
        let place = u32::try_from(place)?;
        let reached = limits.iter();
        for it in reached.filter(|it| it.reached.binary_search(&place).is_ok()) {
            facts.push(Fact::LimitReached(LimitFact {
                badge,
                customer: (it.limit.scope == Scope::Customer).then_some(customer),
                limit: it.limit,
            }));
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
    let Answer::Imported { outcomes, .. } = &request.answer else {
        bail!("no answer of an import");
    };
    let mut event_on = event_on.iter();
    let mut facts = Vec::with_capacity(event_on.len());
    for outcome in outcomes {
        if matches!(outcome, Imported::Recorded { .. }) {
            let event_on = event_on.next().context("too few event dates")?;
            let fact = import(outcome, *event_on).context("an import")?;
            facts.push(Fact::EarnImported(EarnFact {
                request_id: Some(request.request_id.clone()),
                actor: Some(request.actor),
                ..fact
            }));
        }
    }
    Ok(facts)
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
    let mut facts = Vec::with_capacity(expired.which.len());
    for (index, place) in expired.which.iter().enumerate() {
        let event_on = match expired.event_on.as_slice() {
            [one] => Some(*one),
            all => all.get(index).copied(),
        };
        let place = *place as usize;
        let fact = match (first, &request.answer) {
            (EventKind::EnrolmentExpired, Answer::Enrolment(answer)) => {
                let event_on = event_on.context("too few event dates")?;
                let outcome = answer.outcomes.get(place);
                let fact = outcome.and_then(|it| enrolment(answer, it, event_on));
                fact.map(Fact::EnrolmentExpired)
            }
            (EventKind::EarnExpired, Answer::Earned(answer)) => {
                let outcome = answer.outcomes.get(place);
                let fact = outcome.and_then(|it| earn(answer, it));
                fact.map(Fact::EarnExpired)
            }
            (EventKind::EarnExpired, Answer::Imported { outcomes, .. }) => {
                let event_on = event_on.context("too few event dates")?;
                let fact = outcomes.get(place).and_then(|it| import(it, event_on));
                fact.map(Fact::EarnExpired)
            }
            _ => bail!("no answer of what expires"),
        };
        facts.push(fact.context("what expires was not recorded")?);
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn damaged_rows_are_an_error_and_no_panic(
            kind in -1..20_i16,
            form in 0..9_u8,
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
