//! Enrolling for several callers at once: their requests share transactions, and each has an
//! end of its own, as if it had come alone.
//!
//! What a group shares is the cost of a transaction. Requests that could stand in each other's
//! way (one request id, one idempotency key, one customer of one badge) never share one: they
//! follow each other. If a transaction fails, its requests are carried out one by one, so
//! that what is wrong with one is nobody else's concern.

use std::collections::HashMap;
use std::sync::Arc;

use accolade_domain::enrolment::{CustomerOutcome, Hold, terms};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::{Answer, EnrolmentAnswer};
use crate::badges::not_found;
use crate::enrolment::{EnrolCustomers, KnownBadges};
use crate::error::UseCaseError;
use crate::ports::{
    BadgeVersion, EnrolError, EnrolmentBatch, EnrolmentRequest, Operation, Ports, SharesKey,
    StoreError, VersionedBadge,
};
use crate::request_id::{self, known_or_new};

/// How often terms are decided anew because a badge was edited meanwhile.
const ATTEMPTS: usize = 100;

type Ended = Result<Answer, UseCaseError>;

/// Badges, as they were a moment ago.
type Badges = HashMap<(OrgId, BadgeId), Arc<VersionedBadge>>;

/// What there is to a request of a group beside itself.
struct Seat<'a> {
    /// The request's position in the group.
    place: usize,
    caller: &'a Caller,
    event_on: Option<Instant>,
}

/// A request of a group that has not ended.
type Member<'a> = (Seat<'a>, EnrolmentRequest);

/// Carries out what each caller asks for, as [`enrol`](crate::enrolment::enrol) does, in as few
/// transactions as can be. Gives an end to each, by position. Badges that are `known` are not
/// read first.
///
/// # Errors
/// Of each request those of [`enrol`](crate::enrolment::enrol), whatever becomes of the others.
pub fn enrol_group(
    ports: &Ports,
    known: Option<&KnownBadges>,
    asked: Vec<(&Caller, EnrolCustomers)>,
) -> Vec<Ended> {
    let mut group = Group {
        ports,
        known,
        ended: asked.iter().map(|_| None).collect(),
    };
    let now = ports.clock.now();
    let mut open = Vec::with_capacity(asked.len());
    for (place, (caller, command)) in asked.into_iter().enumerate() {
        let event_on = command.event_on;
        match undecided(ports, caller, command, now) {
            Ok(request) => {
                let seat = Seat {
                    place,
                    caller,
                    event_on,
                };
                open.push((seat, request));
            }
            Err(error) => group.end(place, Err(error)),
        }
    }
    for _ in 0..ATTEMPTS {
        if open.is_empty() {
            break;
        }
        open = group.round(open);
    }
    for (seat, request) in open {
        let badge = request.badge;
        let error = anyhow!("badge {badge} changed {ATTEMPTS} times in a row");
        group.end(seat.place, Err(UseCaseError::unexpected(error)));
    }
    group.into_ended()
}

/// The request of `command`, with terms that are still to be decided.
fn undecided(
    ports: &Ports,
    caller: &Caller,
    command: EnrolCustomers,
    now: Instant,
) -> Result<EnrolmentRequest, UseCaseError> {
    let request_id = known_or_new(ports, command.request_id.as_ref())?;
    let len = u32::try_from(command.customers.len())
        .map_err(|_| UseCaseError::unexpected(anyhow!("more customers than ids")))?;
    Ok(EnrolmentRequest {
        org: caller.org,
        badge: command.badge,
        version: BadgeVersion(0),
        request_id,
        triggered_by: command.triggered_by,
        hold: Hold::new(Instant::MIN, Instant::MAX)?,
        customers: command.customers,
        unknown: command.unknown,
        ids: ports.ids.block(len),
        now,
        by: caller.client,
        idempotency: command.idempotency,
    })
}

struct Group<'p> {
    ports: &'p Ports,
    known: Option<&'p KnownBadges>,
    /// By position.
    ended: Vec<Option<Ended>>,
}

impl Group<'_> {
    fn end(&mut self, place: usize, ended: Ended) {
        self.ended[place] = Some(ended);
    }

    fn into_ended(self) -> Vec<Ended> {
        let ended = self.ended.into_iter();
        let missing = || Err(UseCaseError::unexpected(anyhow!("a request has no end")));
        ended.map(|end| end.unwrap_or_else(missing)).collect()
    }

    /// Decides and carries out. Gives those whose badges have changed meanwhile.
    fn round<'a>(&mut self, members: Vec<Member<'a>>) -> Vec<Member<'a>> {
        let known = self.known(&members);
        let mut decided = Vec::with_capacity(members.len());
        let mut doubtful = Vec::new();
        for (seat, mut request) in members {
            if let Ok((version, hold)) = decide(&seat, &request, &known) {
                (request.version, request.hold) = (version, hold);
                decided.push((seat, request));
            } else {
                doubtful.push((seat, request));
            }
        }
        if !doubtful.is_empty() {
            let badges = match self.read(&doubtful) {
                Ok(badges) => badges,
                Err(error) => {
                    decided.extend(doubtful);
                    return self.alone(decided, error);
                }
            };
            for (seat, mut request) in doubtful {
                match decide(&seat, &request, &badges) {
                    Ok((version, hold)) => {
                        (request.version, request.hold) = (version, hold);
                        decided.push((seat, request));
                    }
                    Err(rejection) => {
                        let error = self.refusal(&seat, &request, rejection);
                        self.end(seat.place, Err(error));
                    }
                }
            }
            decided.sort_unstable_by_key(|(seat, _)| seat.place);
        }
        let mut changed = Vec::new();
        while !decided.is_empty() {
            let (batch, seats, others) = next_batch(decided);
            changed.extend(self.carry_out(batch, seats));
            decided = others;
        }
        changed
    }

    /// Those badges of `members` that are known.
    fn known(&self, members: &[Member<'_>]) -> Badges {
        let Some(known) = self.known else {
            return Badges::new();
        };
        let mut badges = Badges::new();
        for (_, request) in members {
            let key = (request.org, request.badge);
            if !badges.contains_key(&key)
                && let Some(badge) = known.get(request.org, request.badge)
            {
                badges.insert(key, badge);
            }
        }
        badges
    }

    /// The badges of `members` as they are now.
    fn read(&self, members: &[Member<'_>]) -> Result<Badges, StoreError> {
        let mut wanted: HashMap<OrgId, Vec<BadgeId>> = HashMap::new();
        for (_, request) in members {
            let of_org = wanted.entry(request.org).or_default();
            if !of_org.contains(&request.badge) {
                of_org.push(request.badge);
            }
        }
        let mut badges = Badges::new();
        for (org, ids) in wanted {
            let of_org = match ids.as_slice() {
                [id] => self.ports.badges.find(org, *id)?.into_iter().collect(),
                several => self.ports.badges.find_all(org, several)?,
            };
            for badge in of_org.into_iter().map(Arc::new) {
                if let Some(known) = self.known {
                    known.remember(org, &badge);
                }
                badges.insert((org, badge.badge.id), badge);
            }
        }
        Ok(badges)
    }

    /// Why `request` has no terms by `badges`, which are those of now.
    ///
    /// A used request id comes before anything that is wrong with the badge. The
    /// store refuses a used one anyway, so it is looked up only when something
    /// else would be said.
    fn refusal(
        &self,
        seat: &Seat<'_>,
        request: &EnrolmentRequest,
        rejection: Rejection,
    ) -> UseCaseError {
        let (operation, id) = (Operation::IssueBulk, &request.request_id);
        match request_id::check_unused(self.ports, seat.caller, operation, id) {
            Ok(()) => rejection.into(),
            Err(error) => error,
        }
    }

    /// Carries out `batch`, whose requests have these `seats`. Gives those whose badges have
    /// changed.
    fn carry_out<'a>(&mut self, batch: EnrolmentBatch, seats: Vec<Seat<'a>>) -> Vec<Member<'a>> {
        let outcomes = self.ports.enrolments.enrol(&batch);
        let members: Vec<_> = seats.into_iter().zip(batch.into_requests()).collect();
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => return self.alone(members, error),
        };
        let mut changed = Vec::new();
        for ((seat, request), outcome) in members.into_iter().zip(outcomes) {
            let ended = match outcome {
                Ok(outcomes) => Ok(answer(request, outcomes)),
                Err(EnrolError::RequestIdUsed) => Err(request_id::used().into()),
                Err(EnrolError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
                Err(EnrolError::BadgeChanged) => {
                    if let Some(known) = self.known {
                        known.forget(request.org, request.badge);
                    }
                    changed.push((seat, request));
                    continue;
                }
            };
            self.end(seat.place, ended);
        }
        changed
    }

    /// Carries out one by one what failed together with `error`. Gives those whose badges have
    /// changed.
    fn alone<'a>(&mut self, members: Vec<Member<'a>>, error: StoreError) -> Vec<Member<'a>> {
        if let StoreError::OutcomeUnknown(cause) = &error {
            // What may have been carried out is never carried out again.
            for (seat, _) in &members {
                let error = StoreError::OutcomeUnknown(anyhow!("{cause:#}"));
                self.end(seat.place, Err(error.into()));
            }
            return Vec::new();
        }
        if let [(seat, _)] = members.as_slice() {
            self.end(seat.place, Err(error.into()));
            return Vec::new();
        }
        let mut changed = Vec::new();
        let mut is_away = false;
        for member in members {
            let place = member.0.place;
            if is_away {
                // Each would wait as long as the one before it, and none of them for a reason of
                // its own.
                let cause = anyhow!("the database was not available for a request of the group");
                self.end(place, Err(StoreError::Unavailable(cause).into()));
                continue;
            }
            changed.extend(self.round(vec![member]));
            is_away = matches!(
                &self.ended[place],
                Some(Err(UseCaseError::Store(StoreError::Unavailable(_))))
            );
        }
        changed
    }
}

/// The terms of `request` by its badge, if it is among `badges`.
fn decide(
    seat: &Seat<'_>,
    request: &EnrolmentRequest,
    badges: &Badges,
) -> Result<(BadgeVersion, Hold), Rejection> {
    let found = badges
        .get(&(request.org, request.badge))
        .ok_or_else(|| not_found(request.badge).at("badgeMetaId"))?;
    let triggered_by = request.triggered_by.as_ref();
    let zone = &seat.caller.zone;
    let hold = terms(&found.badge, zone, triggered_by, seat.event_on, request.now)?;
    Ok((found.version, hold))
}

/// The batch of those of `members` that may share a transaction, in their order, and the others.
fn next_batch(members: Vec<Member<'_>>) -> (EnrolmentBatch, Vec<Seat<'_>>, Vec<Member<'_>>) {
    let mut batch = EnrolmentBatch::default();
    let mut seats = Vec::with_capacity(members.len());
    let mut others = Vec::new();
    for (seat, request) in members {
        match batch.push(request) {
            Ok(()) => seats.push(seat),
            Err(SharesKey(request)) => others.push((seat, *request)),
        }
    }
    (batch, seats, others)
}

/// What is answered to `request`, as the request ledger keeps it too.
fn answer(request: EnrolmentRequest, outcomes: Vec<CustomerOutcome>) -> Answer {
    Answer::Enrolment(EnrolmentAnswer {
        badge: request.badge,
        triggered_by: request.triggered_by,
        expires_on: request.hold.expires_on(),
        outcomes,
        unknown: request.unknown,
        request_id: request.request_id,
    })
}
