//! Carrying out what several callers ask for at once: their requests share transactions, and each
//! has an end of its own, as if it had come alone.
//!
//! What a group shares is the cost of a transaction. Requests that could stand in each other's
//! way (one request id, one idempotency key, one customer of one badge) never share one: they
//! follow each other. If a transaction fails, its requests are carried out one by one, so
//! that what is wrong with one is nobody else's concern.
//!
//! What is asked for is the business of a kind of request ([`Grouped`]).

use std::collections::HashMap;
use std::sync::Arc;

use accolade_domain::ids::{BadgeId, IdBlock, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::{KnownBadges, not_found};
use crate::error::UseCaseError;
use crate::ports::{
    Batch, BatchedRequest, Conflict, Ports, RecordError, StoreError, VersionedBadge,
};
use crate::request_id;

/// How often it is decided anew because a badge was edited meanwhile.
const ATTEMPTS: usize = 100;

pub(crate) type Ended = Result<Answer, UseCaseError>;

/// A kind of request that is carried out in groups.
pub(crate) trait Grouped: BatchedRequest + Sized {
    /// What a caller asks for.
    type Command;

    /// The request of `command`, made at `now`, with what is still to be decided.
    ///
    /// # Errors
    /// It cannot be one.
    fn undecided(
        ports: &Ports,
        caller: &Caller,
        command: Self::Command,
        now: Instant,
    ) -> Result<Self, UseCaseError>;

    /// When it happened, if the caller said so.
    fn event_on(command: &Self::Command) -> Option<Instant>;

    /// Puts into the request what is decided by the badge as it is now. `event_on` is when it
    /// happened, if the caller said so.
    ///
    /// # Errors
    /// The badge does not allow it.
    fn decide(
        &mut self,
        caller: &Caller,
        event_on: Option<Instant>,
        found: &VersionedBadge,
    ) -> Result<(), Rejection>;

    /// Carries them out; gives an outcome to each, by position.
    ///
    /// # Errors
    /// The store failed.
    fn carry_out(
        ports: &Ports,
        batch: &Batch<Self>,
    ) -> Result<Vec<Result<Self::Outcome, RecordError>>, StoreError>;
}

/// Badges, as they were a moment ago.
type Badges = HashMap<(OrgId, BadgeId), Arc<VersionedBadge>>;

/// What there is to a request of a group beside itself.
pub(crate) struct Seat<'a> {
    /// Who asks.
    pub(crate) caller: &'a Caller,
    /// When it happened, if the caller said so.
    pub(crate) event_on: Option<Instant>,
}

/// A request of a group that has not ended.
struct Member<'a, R> {
    /// The request's position in the group.
    place: usize,
    seat: Seat<'a>,
    request: R,
}

/// Carries out what each caller asks for, in as few transactions as can be. Gives an end to each, by
/// position. Badges that are `known` are not read first.
pub(crate) fn carry_out<R: Grouped>(
    ports: &Ports,
    known: Option<&KnownBadges>,
    asked: Vec<(&Caller, R::Command)>,
) -> Vec<Ended> {
    let mut group = Group {
        ports,
        known,
        ended: asked.iter().map(|_| None).collect(),
    };
    let now = ports.clock.now();
    let mut open = Vec::with_capacity(asked.len());
    for (place, (caller, command)) in asked.into_iter().enumerate() {
        let event_on = R::event_on(&command);
        match R::undecided(ports, caller, command, now) {
            Ok(request) => open.push(Member {
                place,
                seat: Seat { caller, event_on },
                request,
            }),
            Err(error) => group.end(place, Err(error)),
        }
    }
    for _ in 0..ATTEMPTS {
        if open.is_empty() {
            break;
        }
        open = group.round(open);
    }
    for member in open {
        let badge = member.request.customers().0;
        let error = anyhow!("badge {badge} changed {ATTEMPTS} times in a row");
        group.end(member.place, Err(UseCaseError::unexpected(error)));
    }
    group.into_ended()
}

/// The end of the only request of a group.
pub(crate) fn only(mut ended: Vec<Ended>) -> Ended {
    let missing = || Err(UseCaseError::unexpected(anyhow!("a request has no end")));
    ended.pop().unwrap_or_else(missing)
}

/// A new id for each of so many customers.
///
/// # Errors
/// There are more than ids.
pub(crate) fn ids(ports: &Ports, customers: usize) -> Result<IdBlock, UseCaseError> {
    let len = u32::try_from(customers)
        .map_err(|_| UseCaseError::unexpected(anyhow!("more customers than ids")))?;
    Ok(ports.ids.block(len))
}

/// The org and the badge of `request`.
fn key_of<R: BatchedRequest>(request: &R) -> (OrgId, BadgeId) {
    (request.context().org, request.customers().0)
}

/// Decides `request` by its badge as it `found` it.
///
/// A used request id comes before anything that is wrong with the badge. The
/// store refuses a used one anyway, so it is looked up only when something
/// else would be said.
///
/// # Errors
/// 809; 404; those of [`Grouped::decide`].
pub(crate) fn decide<R: Grouped>(
    ports: &Ports,
    seat: &Seat<'_>,
    request: &mut R,
    found: Option<&VersionedBadge>,
) -> Result<(), UseCaseError> {
    let decided = match found {
        None => Err(not_found(request.customers().0).at("badgeMetaId")),
        Some(found) => request.decide(seat.caller, seat.event_on, found),
    };
    if decided.is_err() {
        if let Some(request_id) = request.request_id() {
            request_id::check_unused(ports, seat.caller, request.operation(), request_id)?;
        }
    }
    Ok(decided?)
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
    fn round<'a, R: Grouped>(&mut self, members: Vec<Member<'a, R>>) -> Vec<Member<'a, R>> {
        let mut decided = Vec::with_capacity(members.len());
        let mut doubtful = Vec::new();
        for mut member in members {
            if self.is_decided(&mut member) {
                decided.push(member);
            } else {
                doubtful.push(member);
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
            for mut member in doubtful {
                let found = badges.get(&key_of(&member.request)).map(AsRef::as_ref);
                match decide(self.ports, &member.seat, &mut member.request, found) {
                    Ok(()) => decided.push(member),
                    Err(error) => self.end(member.place, Err(error)),
                }
            }
            decided.sort_unstable_by_key(|member| member.place);
        }
        let mut changed = Vec::new();
        while !decided.is_empty() {
            let (batch, seats, others) = next_batch(decided);
            changed.extend(self.carry_out(batch, seats));
            decided = others;
        }
        changed
    }

    /// Whether the badge of `member` is known and allows what it asks for. That it does not is
    /// only believed of what it is now.
    fn is_decided<R: Grouped>(&self, member: &mut Member<'_, R>) -> bool {
        let (org, badge) = key_of(&member.request);
        let known = self.known.and_then(|it| it.get(org, badge));
        let Member { seat, request, .. } = member;
        known.is_some_and(|found| request.decide(seat.caller, seat.event_on, &found).is_ok())
    }

    /// The badges of `members` as they are now.
    fn read<R: Grouped>(&self, members: &[Member<'_, R>]) -> Result<Badges, StoreError> {
        let mut wanted: HashMap<OrgId, Vec<BadgeId>> = HashMap::new();
        for member in members {
            let (org, badge) = key_of(&member.request);
            let of_org = wanted.entry(org).or_default();
            if !of_org.contains(&badge) {
                of_org.push(badge);
            }
        }
        let mut badges = Badges::new();
        for (org, ids) in wanted {
            let of_org = match ids.as_slice() {
                [id] => self
                    .ports
                    .stores
                    .badges
                    .find(org, *id)?
                    .into_iter()
                    .collect(),
                several => self.ports.stores.badges.find_all(org, several)?,
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

    /// Carries out `batch`, whose requests have these places and seats. Gives those whose badges
    /// have changed.
    fn carry_out<'a, R: Grouped>(
        &mut self,
        batch: Batch<R>,
        seats: Vec<(usize, Seat<'a>)>,
    ) -> Vec<Member<'a, R>> {
        let outcomes = R::carry_out(self.ports, &batch);
        let members = seats.into_iter().zip(batch.into_requests());
        let members = members.map(|((place, seat), request)| Member {
            place,
            seat,
            request,
        });
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => return self.alone(members.collect(), error),
        };
        let mut changed = Vec::new();
        for (member, outcome) in members.zip(outcomes) {
            match outcome {
                Ok(outcome) => self.end(member.place, Ok(member.request.answer(outcome))),
                Err(RecordError::BadgeChanged) => {
                    if let Some(known) = self.known {
                        let (org, badge) = key_of(&member.request);
                        known.forget(org, badge);
                    }
                    changed.push(member);
                }
                Err(error) => self.end(member.place, Err(error.into())),
            }
        }
        changed
    }

    /// Carries out one by one what failed together with `error`. Gives those whose badges have
    /// changed.
    fn alone<'a, R: Grouped>(
        &mut self,
        members: Vec<Member<'a, R>>,
        error: StoreError,
    ) -> Vec<Member<'a, R>> {
        if let StoreError::OutcomeUnknown(cause) = &error {
            // What may have been carried out is never carried out again.
            for member in &members {
                let error = StoreError::OutcomeUnknown(anyhow!("{cause:#}"));
                self.end(member.place, Err(error.into()));
            }
            return Vec::new();
        }
        if let [only] = members.as_slice() {
            self.end(only.place, Err(error.into()));
            return Vec::new();
        }
        let mut changed = Vec::new();
        let mut is_away = false;
        for member in members {
            let place = member.place;
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

/// The batch of those of `members` that may share a transaction, in their order, with their places
/// and seats, and the others.
fn next_batch<R: Grouped>(members: Vec<Member<'_, R>>) -> NextBatch<'_, R> {
    let mut batch = Batch::default();
    let mut seats = Vec::with_capacity(members.len());
    let mut others = Vec::new();
    for member in members {
        let Member { place, seat, .. } = member;
        match batch.push(member.request) {
            Ok(()) => seats.push((place, seat)),
            Err(Conflict(request)) => others.push(Member {
                place,
                seat,
                request: *request,
            }),
        }
    }
    (batch, seats, others)
}

type NextBatch<'a, R> = (Batch<R>, Vec<(usize, Seat<'a>)>, Vec<Member<'a, R>>);
