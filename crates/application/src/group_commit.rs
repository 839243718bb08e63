//! Group commit: requests of several callers share transactions, and each has a result of its own,
//! as if it had come alone. A single request is a group of one.
//!
//! What a group shares is the cost of a transaction. Requests that could stand in each other's way
//! (one request id, one idempotency key, one customer of one badge) never share one: they follow
//! each other. If a transaction fails, its requests are recorded one by one, so that what is wrong
//! with one is nobody else's concern.
//!
//! All members of a group are decided at one moment. A member keeps its command until its badge is
//! known; then the request that is recorded is built, decided, from both. If the badge
//! changes before the request is recorded, the member is decided again in the next round, for which the
//! group waits until it is its turn (`turns`) among those who change the badge.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use accolade_domain::ids::{BadgeId, CustomerId, IdBlock, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::answer::{Answer, UnknownCustomer};
use crate::badges::{KnownBadges, not_found};
use crate::customers::Resolved;
use crate::error::UseCaseError;
use crate::execute::{Executed, executed};
use crate::ports::{
    Batch, BatchedRequest, Conflict, Operation, Ports, RecordError, RecordedRequest, StoreError,
    VersionedBadge,
};
use crate::request::{self, Request};
use crate::turns::MOST_ROUNDS;

/// A command whose requests may share transactions with others of its kind.
pub trait GroupCommit: Sized {
    /// The request that is recorded.
    type Recorded: BatchedRequest;

    /// The badge.
    fn badge(&self) -> BadgeId;

    /// What is asked for.
    fn operation(&self) -> Operation;

    /// The caller's id of the request; one is made if `None`.
    fn request_id(&self) -> Option<&RequestId>;

    /// The request that is recorded, about `subjects`, decided by the badge.
    ///
    /// # Errors
    /// The badge does not allow it.
    fn decide(&self, by: DecidedBy<'_>, subjects: Subjects)
    -> Result<Self::Recorded, Box<Refused>>;

    /// Whom a request that was not recorded is about, to decide it again.
    fn subjects(request: Self::Recorded) -> Subjects;

    /// Records the requests; gives an outcome to each, by position.
    ///
    /// # Errors
    /// The store failed.
    fn record(ports: &Ports, batch: &Batch<Self::Recorded>) -> Recording<Self>;

    /// What recording `request` would answer now.
    ///
    /// # Errors
    /// It would be refused; the store failed.
    fn preview(ports: &Ports, request: Self::Recorded) -> Result<Answer, UseCaseError>;
}

/// What became of each request of a batch.
pub type Recording<C> = Result<Vec<Result<OutcomeOf<C>, RecordError>>, StoreError>;

type OutcomeOf<C> = <<C as GroupCommit>::Recorded as RecordedRequest>::Outcome;

/// Whom a request is about, and the ids that it gets.
#[derive(Debug)]
pub struct Subjects {
    /// The id of the request: the caller's, or the one made for it.
    pub request_id: RequestId,
    /// The customers, each once.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has.
    pub unknown: Vec<UnknownCustomer>,
    /// A new id for each customer.
    pub ids: IdBlock,
}

/// What a request is decided by.
#[derive(Debug, Clone, Copy)]
pub struct DecidedBy<'a> {
    /// Who asks, and under which key.
    pub request: &'a Request,
    /// The badge.
    pub found: &'a VersionedBadge,
    /// The moment.
    pub now: Instant,
}

/// A request that its badge does not allow.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub rejection: Rejection,
    /// Whom it is about, to decide it again by what the badge is now.
    pub subjects: Subjects,
}

/// Executes each command for its request, about the customers beside it, in as few transactions as
/// can be. Gives a result to each, by position. Badges that are `known` are not read first.
///
/// A used idempotency key is not looked for before: the store refuses it.
///
/// # Errors
/// Of each request those of [`execute`](crate::execute::execute), whatever becomes of the others.
pub fn execute_together<C: GroupCommit>(
    ports: &Ports,
    known: &KnownBadges,
    members: Vec<(Request, C, Vec<CustomerId>)>,
) -> Vec<Result<Executed, UseCaseError>> {
    let mut requests = Vec::with_capacity(members.len());
    let mut commands = Vec::with_capacity(members.len());
    for (request, command, customers) in members {
        requests.push(request);
        commands.push((command, Resolved::from(customers)));
    }
    let results = run(ports, Some(known), requests.iter().zip(commands));
    let both = requests.into_iter().zip(results);
    both.map(|(request, result)| executed(ports, request, result))
        .collect()
}

/// Runs `command`, about the customers that were `found`, for `request`, alone.
///
/// # Errors
/// Those of the command.
pub(crate) fn run_alone<C: GroupCommit>(
    ports: &Ports,
    request: &Request,
    command: C,
    found: Resolved,
) -> Result<Answer, UseCaseError> {
    let results = run(ports, None, iter::once((request, (command, found))));
    results.into_iter().next().unwrap_or_else(without_result)
}

fn run<'r, C: GroupCommit>(
    ports: &Ports,
    known: Option<&KnownBadges>,
    members: impl Iterator<Item = (&'r Request, (C, Resolved))>,
) -> Vec<Result<Answer, UseCaseError>> {
    let mut group = Group {
        ports,
        known,
        now: ports.clock.now(),
        results: Vec::new(),
    };
    let mut open = Vec::new();
    for (place, (request, (command, found))) in members.enumerate() {
        group.results.push(None);
        match group.open(place, request, command, found) {
            Ok(member) if request.dry_run => {
                let result = group.preview(member);
                group.set_result(place, result);
            }
            Ok(member) => open.push(member),
            Err(error) => group.set_result(place, Err(error)),
        }
    }
    let mut turn = None;
    for _ in 0..MOST_ROUNDS {
        if open.is_empty() {
            break;
        }
        open = group.round(open);
        // Who is open in a later round was so in the first: the turn is that of all.
        turn.get_or_insert_with(|| {
            let badges = open.iter().map(Member::key);
            ports.turns.wait(badges.map(|(org, badge)| (org, badge.0)))
        });
    }
    drop(turn);
    for member in open {
        let badge = member.command.badge();
        let error = UseCaseError::overtaken(format_args!("badge {badge}"));
        group.set_result(member.place, Err(error));
    }
    let results = group.results.into_iter();
    results
        .map(|it| it.unwrap_or_else(without_result))
        .collect()
}

fn without_result() -> Result<Answer, UseCaseError> {
    Err(UseCaseError::unexpected(anyhow!("a request has no result")))
}

/// A request of a group that has no result yet and is still to be decided.
struct Member<'r, C> {
    /// Its position in the group.
    place: usize,
    request: &'r Request,
    command: C,
    subjects: Subjects,
}

impl<C: GroupCommit> Member<'_, C> {
    fn key(&self) -> (OrgId, BadgeId) {
        (self.request.caller.org, self.command.badge())
    }
}

/// A member that is decided: what its request has not taken over.
struct Awaiting<'r, C> {
    place: usize,
    request: &'r Request,
    command: C,
}

/// A member that is decided.
type DecidedMember<'r, C> = (Awaiting<'r, C>, <C as GroupCommit>::Recorded);

/// Badges, as they were a moment ago.
type Badges = HashMap<(OrgId, BadgeId), Arc<VersionedBadge>>;

struct Group<'p> {
    ports: &'p Ports,
    known: Option<&'p KnownBadges>,
    /// The moment at which everything is decided.
    now: Instant,
    /// By position.
    results: Vec<Option<Result<Answer, UseCaseError>>>,
}

impl Group<'_> {
    fn set_result(&mut self, place: usize, result: Result<Answer, UseCaseError>) {
        self.results[place] = Some(result);
    }

    fn open<'r, C: GroupCommit>(
        &self,
        place: usize,
        request: &'r Request,
        command: C,
        found: Resolved,
    ) -> Result<Member<'r, C>, UseCaseError> {
        let request_id = request::id_or_new(self.ports, command.request_id())?;
        let len = u32::try_from(found.customers.len())
            .map_err(|_| UseCaseError::unexpected(anyhow!("more customers than ids")))?;
        Ok(Member {
            place,
            request,
            command,
            subjects: Subjects {
                request_id,
                customers: found.customers,
                unknown: found.unknown,
                ids: self.ports.ids.block(len),
            },
        })
    }

    /// What `member` would be answered now.
    fn preview<C: GroupCommit>(&self, member: Member<'_, C>) -> Result<Answer, UseCaseError> {
        self.check_request_id(&member)?;
        let (org, badge) = member.key();
        let found = self.ports.stores.badges.find(org, badge)?;
        let (_, request) = (self.decide(member, found.as_ref()))
            .map_err(|refused| UseCaseError::from(refused.1))?;
        C::preview(self.ports, request)
    }

    /// # Errors
    /// 809 if the request id was executed.
    fn check_request_id<C: GroupCommit>(&self, member: &Member<'_, C>) -> Result<(), UseCaseError> {
        request::check_id_unused(
            self.ports,
            &member.request.caller,
            member.command.operation(),
            &member.subjects.request_id,
        )
    }

    /// Decides `member` by its badge as it was `found`.
    ///
    /// # Errors
    /// Gives the member back: 404; those of [`GroupCommit::decide`].
    fn decide<'r, C: GroupCommit>(
        &self,
        member: Member<'r, C>,
        found: Option<&VersionedBadge>,
    ) -> Result<DecidedMember<'r, C>, Box<(Member<'r, C>, Rejection)>> {
        let Some(found) = found else {
            let rejection = not_found(member.command.badge()).at_field("badgeMetaId");
            return Err(Box::new((member, rejection)));
        };
        let Member {
            place,
            request,
            command,
            subjects,
        } = member;
        let by = DecidedBy {
            request,
            found,
            now: self.now,
        };
        match command.decide(by, subjects) {
            Ok(recorded) => {
                let awaiting = Awaiting {
                    place,
                    request,
                    command,
                };
                Ok((awaiting, recorded))
            }
            Err(refused) => {
                let Refused {
                    rejection,
                    subjects,
                } = *refused;
                let member = Member {
                    place,
                    request,
                    command,
                    subjects,
                };
                Err(Box::new((member, rejection)))
            }
        }
    }

    /// Why `member` is refused, if its badge gives `rejection` for it.
    ///
    /// A used request id comes before anything that is wrong with the badge. The store
    /// refuses a used one anyway, so it is looked up only when something else would be said.
    fn refusal<C: GroupCommit>(
        &self,
        member: &Member<'_, C>,
        rejection: Rejection,
    ) -> UseCaseError {
        match self.check_request_id(member) {
            Ok(()) => rejection.into(),
            Err(error) => error,
        }
    }

    /// Decides and records. Gives those whose badges have changed meanwhile.
    fn round<'r, C: GroupCommit>(&mut self, members: Vec<Member<'r, C>>) -> Vec<Member<'r, C>> {
        let mut decided = Vec::with_capacity(members.len());
        let mut doubtful = Vec::new();
        for member in members {
            // That a badge does not allow what is asked for is only believed of what it is now.
            match self.known_badge(&member) {
                None => doubtful.push(member),
                Some(found) => match self.decide(member, Some(&found)) {
                    Ok(member) => decided.push(member),
                    Err(refused) => doubtful.push(refused.0),
                },
            }
        }
        if !doubtful.is_empty() {
            let badges = match self.read(&doubtful) {
                Ok(badges) => badges,
                Err(error) => {
                    doubtful.extend(decided.into_iter().map(undecided));
                    doubtful.sort_unstable_by_key(|member| member.place);
                    return self.one_by_one(doubtful, error);
                }
            };
            for member in doubtful {
                let found = badges.get(&member.key()).map(Arc::as_ref);
                match self.decide(member, found) {
                    Ok(member) => decided.push(member),
                    Err(refused) => {
                        let (member, rejection) = *refused;
                        let error = self.refusal(&member, rejection);
                        self.set_result(member.place, Err(error));
                    }
                }
            }
            decided.sort_unstable_by_key(|(place, _)| place.place);
        }
        let mut changed = Vec::new();
        while !decided.is_empty() {
            let (batch, places, others) = next_batch(decided);
            changed.extend(self.record(batch, places));
            decided = others;
        }
        changed
    }

    /// The badge of `member` as it was read last, if it is known.
    fn known_badge<C: GroupCommit>(&self, member: &Member<'_, C>) -> Option<Arc<VersionedBadge>> {
        let (org, badge) = member.key();
        self.known?.get(org, badge)
    }

    /// The badges of `members` as they are now.
    fn read<C: GroupCommit>(&self, members: &[Member<'_, C>]) -> Result<Badges, StoreError> {
        let mut wanted: HashMap<OrgId, Vec<BadgeId>> = HashMap::new();
        for member in members {
            let (org, badge) = member.key();
            let of_org = wanted.entry(org).or_default();
            if !of_org.contains(&badge) {
                of_org.push(badge);
            }
        }
        let mut badges = Badges::new();
        let store = &self.ports.stores.badges;
        for (org, ids) in wanted {
            let of_org = match ids.as_slice() {
                [id] => store.find(org, *id)?.into_iter().collect(),
                several => store.find_all(org, several)?,
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

    /// Records `batch`, whose requests belong to these places. Gives those whose badges have changed.
    fn record<'r, C: GroupCommit>(
        &mut self,
        batch: Batch<C::Recorded>,
        places: Vec<Awaiting<'r, C>>,
    ) -> Vec<Member<'r, C>> {
        let outcomes = C::record(self.ports, &batch);
        let members = places.into_iter().zip(batch.into_requests());
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => return self.one_by_one(members.map(undecided).collect(), error),
        };
        let mut changed = Vec::new();
        for ((place, request), outcome) in members.zip(outcomes) {
            match outcome {
                Ok(outcome) => self.set_result(place.place, Ok(request.answer(outcome))),
                Err(RecordError::BadgeChanged) => {
                    let member = undecided((place, request));
                    if let Some(known) = self.known {
                        let (org, badge) = member.key();
                        known.forget(org, badge);
                    }
                    changed.push(member);
                }
                Err(error) => self.set_result(place.place, Err(error.into())),
            }
        }
        changed
    }

    /// Records one by one what failed together with `error`. Gives those whose badges have changed.
    fn one_by_one<'r, C: GroupCommit>(
        &mut self,
        members: Vec<Member<'r, C>>,
        error: StoreError,
    ) -> Vec<Member<'r, C>> {
        if let StoreError::OutcomeUnknown(cause) = &error {
            // What may have been recorded is never recorded again.
            for member in &members {
                let error = StoreError::OutcomeUnknown(anyhow!("{cause:#}"));
                self.set_result(member.place, Err(error.into()));
            }
            return Vec::new();
        }
        if let [only] = members.as_slice() {
            self.set_result(only.place, Err(error.into()));
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
                self.set_result(place, Err(StoreError::Unavailable(cause).into()));
                continue;
            }
            changed.extend(self.round(vec![member]));
            is_away = matches!(
                &self.results[place],
                Some(Err(UseCaseError::Store(StoreError::Unavailable(_))))
            );
        }
        changed
    }
}

/// The member as it was before it was decided.
fn undecided<C: GroupCommit>((place, request): DecidedMember<'_, C>) -> Member<'_, C> {
    Member {
        place: place.place,
        request: place.request,
        command: place.command,
        subjects: C::subjects(request),
    }
}

/// The batch of those of `members` that may share a transaction, in their order, with their places,
/// and the others.
fn next_batch<C: GroupCommit>(members: Vec<DecidedMember<'_, C>>) -> NextBatch<'_, C> {
    let mut batch = Batch::default();
    let mut places = Vec::with_capacity(members.len());
    let mut others = Vec::new();
    for (place, request) in members {
        match batch.push(request) {
            Ok(()) => places.push(place),
            Err(Conflict(request)) => others.push((place, *request)),
        }
    }
    (batch, places, others)
}

type NextBatch<'r, C> = (
    Batch<<C as GroupCommit>::Recorded>,
    Vec<Awaiting<'r, C>>,
    Vec<DecidedMember<'r, C>>,
);
