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
//!
//! That a customer was merged into another the store finds out, so that nobody has to be looked up
//! before. Members that name one are run again, for the other.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use accolade_domain::ids::{BadgeId, CustomerId, IdBlock, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use anyhow::anyhow;

use crate::answer::{Answer, UnknownCustomer};
use crate::approvals::{Approval, passes};
use crate::badges::{KnownBadges, not_found};
use crate::customers::{Resolved, current};
use crate::error::UseCaseError;
use crate::execute::{Command, Executed, execute, executed};
use crate::ports::{
    Batch, BatchedRequest, Conflict, Operation, Ports, RecordError, RecordedRequest, StoreError,
    VersionedBadge,
};
use crate::request::{self, Request};
use crate::turns::MOST_ROUNDS;

/// A command whose requests may share transactions with others of its kind.
pub trait GroupCommit: Command {
    /// The request that is recorded.
    type Recorded: BatchedRequest;

    /// The badge.
    fn badge(&self) -> BadgeId;

    /// What is asked for.
    fn operation(&self) -> Operation;

    /// The caller's id of the request; one is made if `None`.
    fn request_id(&self) -> Option<&RequestId>;

    /// Where customers stand in the body.
    fn field(&self) -> &'static str;

    /// The positions, in the body, of mentions of a customer after the first.
    fn repeats(&self) -> Vec<usize>;

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
/// A used idempotency key is not looked for before: the store refuses it. Nor are the org's rules for
/// approval, where they are known: the store refuses what was let through by others. A command that a rule
/// may hold is executed by itself.
///
/// # Errors
/// Of each request those of [`execute`], whatever becomes of the others.
pub fn execute_together<C: GroupCommit>(
    ports: &Ports,
    known: &KnownBadges,
    members: Vec<(Request, C, Vec<CustomerId>)>,
) -> Vec<Result<Executed, UseCaseError>> {
    let mut results: Vec<_> = members.iter().map(|_| None).collect();
    let mut places = Vec::with_capacity(members.len());
    let mut admitted = Vec::with_capacity(members.len());
    for (place, (mut request, command, customers)) in members.into_iter().enumerate() {
        match admits::<C>(ports, &mut request) {
            Ok(true) => {
                places.push(place);
                admitted.push((request, command, customers));
            }
            Ok(false) => results[place] = Some(execute(ports, request, command)),
            Err(error) => results[place] = Some(Err(error)),
        }
    }
    for (place, ended) in places
        .into_iter()
        .zip(execute_members(ports, known, admitted))
    {
        results[place] = Some(match ended {
            Ended::Executed(result) => result,
            Ended::RulesChanged(member) => execute(ports, member.0, member.1),
        });
    }
    let missing = || Err(UseCaseError::unexpected(anyhow!("a request has no result")));
    let results = results.into_iter();
    results.map(|it| it.unwrap_or_else(missing)).collect()
}

/// Whether a command of this kind may be recorded for `request` at once, by the rules that `request`
/// names from now on; else the rules must be asked about it.
fn admits<C: GroupCommit>(ports: &Ports, request: &mut Request) -> Result<bool, UseCaseError> {
    let Approval::Ruled(operation, _) = C::APPROVAL else {
        return Ok(true);
    };
    request.rules = passes(ports, request, operation)?;
    Ok(request.rules.is_some())
}

/// The same for parts of what was approved as a whole, or needed no approval when it was started.
///
/// # Errors
/// Those of [`execute_together`].
pub(crate) fn execute_admitted_together<C: GroupCommit>(
    ports: &Ports,
    known: &KnownBadges,
    members: Vec<(Request, C, Vec<CustomerId>)>,
) -> Vec<Result<Executed, UseCaseError>> {
    let ended = execute_members(ports, known, members).into_iter();
    ended
        .map(|ended| match ended {
            Ended::Executed(result) => result,
            Ended::RulesChanged(_) => Err(UseCaseError::RulesChanged),
        })
        .collect()
}

/// What has become of a member.
enum Ended<C> {
    /// It has its result.
    Executed(Result<Executed, UseCaseError>),
    /// It was let through by rules that have been replaced.
    RulesChanged(Box<(Request, C)>),
}

fn execute_members<C: GroupCommit>(
    ports: &Ports,
    known: &KnownBadges,
    members: Vec<(Request, C, Vec<CustomerId>)>,
) -> Vec<Ended<C>> {
    let mut requests = Vec::with_capacity(members.len());
    let mut commands = Vec::with_capacity(members.len());
    for (request, command, customers) in members {
        requests.push(request);
        let found = Resolved {
            repeats: command.repeats(),
            ..customers.into()
        };
        commands.push((command, found));
    }
    let mut refused = HashMap::new();
    let results = run(ports, Some(known), &mut requests, commands, &mut refused);
    let both = requests.into_iter().zip(results).enumerate();
    both.map(|(place, (request, result))| match refused.remove(&place) {
        Some(command) => Ended::RulesChanged(Box::new((request, command))),
        None => Ended::Executed(executed(ports, request, result)),
    })
    .collect()
}

/// Runs `command`, about the customers that were `found`, for `request`, alone.
///
/// # Errors
/// Those of the command.
pub(crate) fn run_alone<C: GroupCommit>(
    ports: &Ports,
    request: &mut Request,
    command: C,
    found: Resolved,
) -> Result<Answer, UseCaseError> {
    let requests = slice::from_mut(request);
    let mut refused = HashMap::new();
    let results = run(ports, None, requests, vec![(command, found)], &mut refused);
    results.into_iter().next().unwrap_or_else(without_result)
}

/// A command that is to be run for the request at this place.
struct Open<C> {
    place: usize,
    command: C,
    found: Resolved,
    /// Whether somebody may have been merged of those who were found.
    is_doubtful: bool,
}

/// Runs the commands for the requests, by position, each until nobody is named who was merged into
/// somebody else. Puts those into `refused` that were let through by rules that have been replaced.
fn run<C: GroupCommit>(
    ports: &Ports,
    known: Option<&KnownBadges>,
    requests: &mut [Request],
    commands: Vec<(C, Resolved)>,
    refused: &mut HashMap<usize, C>,
) -> Vec<Result<Answer, UseCaseError>> {
    let mut results: Vec<_> = requests.iter().map(|_| None).collect();
    let mut open: Vec<_> = (commands.into_iter().enumerate())
        .map(|(place, (command, found))| Open {
            place,
            command,
            found,
            // What is only tried no store refuses.
            is_doubtful: requests[place].dry_run,
        })
        .collect();
    for _ in 0..MOST_ROUNDS {
        let mut named = Vec::with_capacity(open.len());
        for mut it in open {
            if it.is_doubtful {
                let (request, field) = (&mut requests[it.place], it.command.field());
                match current(ports, request, it.found, field) {
                    Ok(found) => it.found = found,
                    Err(error) => {
                        results[it.place] = Some(Err(error));
                        continue;
                    }
                }
            }
            named.push(it);
        }
        open = if named.is_empty() {
            Vec::new()
        } else {
            run_named(ports, known, requests, named, (&mut results, refused))
        };
        if open.is_empty() {
            break;
        }
    }
    for it in open {
        let error = UseCaseError::overtaken("who the customers are");
        results[it.place] = Some(Err(error));
    }
    let results = results.into_iter();
    results
        .map(|it| it.unwrap_or_else(without_result))
        .collect()
}

/// Where it is written down what has become of requests, by position: their results, and those that were
/// let through by rules that have been replaced.
type Outcomes<'r, C> = (
    &'r mut [Option<Result<Answer, UseCaseError>>],
    &'r mut HashMap<usize, C>,
);

/// Runs commands, whose `results` it sets; gives those back that name somebody who was merged.
fn run_named<C: GroupCommit>(
    ports: &Ports,
    known: Option<&KnownBadges>,
    requests: &[Request],
    commands: Vec<Open<C>>,
    (results, refused): Outcomes<'_, C>,
) -> Vec<Open<C>> {
    let mut group = Group {
        ports,
        known,
        now: ports.clock.now(),
        results,
        refused,
        merged: Vec::new(),
    };
    let mut repeats = HashMap::new();
    let mut open = Vec::new();
    for Open {
        place,
        command,
        found,
        ..
    } in commands
    {
        repeats.insert(place, found.repeats.clone());
        match group.open(place, &requests[place], command, found) {
            Ok(member) if member.request.dry_run => {
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
    let merged = group.merged.into_iter();
    let merged = merged.map(|member| Open {
        place: member.place,
        command: member.command,
        found: Resolved {
            customers: member.subjects.customers,
            unknown: member.subjects.unknown,
            repeats: repeats.remove(&member.place).unwrap_or_default(),
        },
        is_doubtful: true,
    });
    merged.collect()
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

struct Group<'r, C> {
    ports: &'r Ports,
    known: Option<&'r KnownBadges>,
    /// The moment at which everything is decided.
    now: Instant,
    /// By position.
    results: &'r mut [Option<Result<Answer, UseCaseError>>],
    /// Those that were let through by rules that have been replaced, by position.
    refused: &'r mut HashMap<usize, C>,
    /// Those that name somebody who was merged into somebody else.
    merged: Vec<Member<'r, C>>,
}

impl<'r, C: GroupCommit> Group<'r, C> {
    fn set_result(&mut self, place: usize, result: Result<Answer, UseCaseError>) {
        self.results[place] = Some(result);
    }

    fn open(
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
    fn preview(&self, member: Member<'r, C>) -> Result<Answer, UseCaseError> {
        self.check_request_id(&member)?;
        let (org, badge) = member.key();
        let found = self.ports.stores.badges.find(org, badge)?;
        let (_, request) = (self.decide(member, found.as_ref()))
            .map_err(|refused| UseCaseError::from(refused.1))?;
        C::preview(self.ports, request)
    }

    /// # Errors
    /// 809 if the request id was executed.
    fn check_request_id(&self, member: &Member<'r, C>) -> Result<(), UseCaseError> {
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
    fn decide(
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
    fn refusal(&self, member: &Member<'r, C>, rejection: Rejection) -> UseCaseError {
        match self.check_request_id(member) {
            Ok(()) => rejection.into(),
            Err(error) => error,
        }
    }

    /// Decides and records. Gives those whose badges have changed meanwhile.
    fn round(&mut self, members: Vec<Member<'r, C>>) -> Vec<Member<'r, C>> {
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
    fn known_badge(&self, member: &Member<'r, C>) -> Option<Arc<VersionedBadge>> {
        let (org, badge) = member.key();
        self.known?.get(org, badge)
    }

    /// The badges of `members` as they are now.
    fn read(&self, members: &[Member<'r, C>]) -> Result<Badges, StoreError> {
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
    fn record(
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
                Err(RecordError::CustomersMerged) => {
                    self.merged.push(undecided((place, request)));
                }
                Err(RecordError::RulesChanged) => {
                    self.set_result(place.place, Err(UseCaseError::RulesChanged));
                    self.refused.insert(place.place, place.command);
                }
                Err(error) => self.set_result(place.place, Err(error.into())),
            }
        }
        changed
    }

    /// Records one by one what failed together with `error`. Gives those whose badges have changed.
    fn one_by_one(&mut self, members: Vec<Member<'r, C>>, error: StoreError) -> Vec<Member<'r, C>> {
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
