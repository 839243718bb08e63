//! Commands: what requests ask to be done, as plain data, and the one door through which all of
//! them are executed.

use std::collections::HashSet;

use accolade_application::access::Caller;
use accolade_application::answer::{Answer, UnknownCustomer};
use accolade_application::badges::{
    self, ClaimBadge, CreateBadge, KnownBadges, SetActivity, UpdateBadge,
};
use accolade_application::catalogue::{
    self, CreateCustomField, CreateGroup, UpdateCustomField, UpdateGroup,
};
use accolade_application::customers::{self, PutCustomers};
use accolade_application::earning::{self, EarnBadge, ImportCustomerBadges, ImportRow, RevokeEarn};
use accolade_application::enrolment::{self, EnrolCustomers, RevokeEnrolments};
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::{Carried, recall, settle};
use accolade_application::ports::{
    DirectoryEntry, IdempotencyGuard, IdempotencyRecord, Operation, Ports, RevokeTarget,
};
use accolade_domain::ids::{BadgeId, EnrolmentId, GroupId, OrgId};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use accolade_wire::customer::named::{NamedCustomer, NamedCustomers};
use accolade_wire::directory::{Entry, named_twice};
use accolade_wire::earning::import_request::{Row, Rows};
use accolade_wire::earning::request::{Earn as SingleEarn, RevokedEarn};
use accolade_wire::enrolment::revocation_request::{Revocation, Which, repeated};
use accolade_wire::json::MOST_REPORTED;
use accolade_wire::request::batch::Batch;

use crate::group_commit::Member;
use crate::idempotency::Running;
use crate::identifier;
use crate::metrics::Metrics;

/// The most customers of a request that may share a transaction with others.
const SMALL: usize = 100;

/// What every command is executed for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Who asks.
    pub(crate) caller: Caller,
    /// The key under which it is executed once.
    pub(crate) key: Option<IdempotencyGuard>,
    /// Whether nothing is to be recorded.
    pub(crate) dry_run: bool,
    /// What is odd about it.
    pub(crate) warnings: Vec<Rejection>,
}

impl Request {
    /// Adds to what its answer warns of, now and whenever its key replays it.
    fn warn(&mut self, warnings: Vec<Rejection>) {
        self.warnings.extend(warnings);
    }

    /// The key with what is known of the request.
    fn guard(&self) -> Option<IdempotencyGuard> {
        let warnings = self.warnings.clone();
        self.key
            .clone()
            .map(|key| IdempotencyGuard { warnings, ..key })
    }
}

/// How a request came by its answer.
#[derive(Debug)]
pub(crate) enum Executed {
    /// It was executed now; this is what its answer warns of.
    Now(Answer, Vec<Rejection>),
    /// It was executed before, under the same idempotency key.
    Replayed(Box<IdempotencyRecord>),
}

/// What a request asks to be done.
pub(crate) trait Command: Send + 'static {
    /// Does it.
    ///
    /// # Errors
    /// Those of its use case.
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError>;
}

/// A command that could not be read is refused when it is its turn: after its key was looked for.
impl<C: Command> Command for Result<C, UseCaseError> {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self?.run(ports, request)
    }
}

/// Executes `command`, unless the request's key remembers an answer.
///
/// # Errors
/// 1910 if the key was used for another request; those of the command.
pub(crate) fn execute(
    ports: &Ports,
    mut request: Request,
    command: impl Command,
) -> Result<Executed, UseCaseError> {
    if let Some(key) = &request.key
        && let Some(record) = recall(ports, key)?
    {
        return Ok(Executed::Replayed(record));
    }
    let result = command.run(ports, &mut request);
    settled(ports, request, result)
}

/// How `request` came by its answer: if it failed because the same request was executed before,
/// that one's answer is the answer.
fn settled(
    ports: &Ports,
    request: Request,
    result: Result<Answer, UseCaseError>,
) -> Result<Executed, UseCaseError> {
    Ok(match settle(ports, request.key.as_ref(), result)? {
        Carried::Out(answer) => Executed::Now(answer, request.warnings),
        Carried::Before(record) => Executed::Replayed(record),
    })
}

/// A command whose requests may share a transaction with others of its kind.
pub(crate) trait GroupCommand: Command + Clone {
    /// What those have in common that share one.
    type Kind: Clone + Eq + std::hash::Hash + Send + 'static;

    /// Which kind it is.
    fn kind(&self, org: OrgId) -> Self::Kind;

    /// How many customers it is about; `None` if it goes its own way.
    fn weight(&self) -> Option<usize>;

    /// Does what several requests ask for; gives each its result, by position.
    fn run_group(
        ports: &Ports,
        known: &KnownBadges,
        group: &[Submission<Self>],
    ) -> Vec<Result<Answer, UseCaseError>>;
}

/// A request and its command, on their way into a group.
pub(crate) struct Submission<C> {
    /// The request.
    pub(crate) request: Request,
    /// Its command.
    pub(crate) command: C,
    /// The key is held to the end, even if nobody waits for the answer any more.
    _running: Option<Running>,
}

impl<C> Submission<C> {
    /// The command of `request`, whose key runs.
    pub(crate) fn new(mut request: Request, command: C, running: Option<Running>) -> Self {
        request.key = request.guard();
        Self {
            request,
            command,
            _running: running,
        }
    }
}

impl<C: GroupCommand> Member for Submission<C> {
    type Kind = C::Kind;

    fn kind(&self) -> C::Kind {
        self.command.kind(self.request.caller.org)
    }
}

/// Executes a group; gives each request its result, by position.
pub(crate) fn execute_group<C: GroupCommand>(
    ports: &Ports,
    known: &KnownBadges,
    metrics: &Metrics,
    group: &[Submission<C>],
) -> Vec<Result<Executed, UseCaseError>> {
    let results = C::run_group(ports, known, group);
    let mut executed = Vec::with_capacity(group.len());
    for (submission, result) in group.iter().zip(results) {
        let result = settled(ports, submission.request.clone(), result);
        metrics.executed(&result);
        executed.push(result);
    }
    executed
}

/// Enrol customers.
#[derive(Clone)]
pub(crate) struct Enrol {
    /// What is asked for.
    pub(crate) asked: Batch,
    /// Where the list of customers stands.
    pub(crate) field: &'static str,
}

impl Enrol {
    fn resolved(
        self,
        ports: &Ports,
        request: &mut Request,
    ) -> Result<EnrolCustomers, UseCaseError> {
        let asked = self.asked;
        let found = identifier::several(ports, &request.caller, asked.customers, self.field)?;
        request.warn(found.warnings);
        Ok(EnrolCustomers {
            badge: asked.badge,
            customers: found.customers,
            unknown: found.unknown,
            request_id: asked.request_id,
            event_on: asked.event_on,
            triggered_by: asked.triggered_by,
            idempotency: request.guard(),
        })
    }
}

impl Command for Enrol {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let command = self.resolved(ports, request)?;
        if request.dry_run {
            return enrolment::preview(ports, &request.caller, command);
        }
        enrolment::enrol(ports, &request.caller, command)
    }
}

impl GroupCommand for Enrol {
    /// Those of an org.
    type Kind = OrgId;

    fn kind(&self, org: OrgId) -> OrgId {
        org
    }

    fn weight(&self) -> Option<usize> {
        small(&self.asked.customers)
    }

    fn run_group(
        ports: &Ports,
        known: &KnownBadges,
        group: &[Submission<Self>],
    ) -> Vec<Result<Answer, UseCaseError>> {
        let mut asked = Vec::with_capacity(group.len());
        for Submission {
            request, command, ..
        } in group
        {
            let resolved = command.clone().resolved(ports, &mut request.clone());
            asked.push(resolved.map(|command| (&request.caller, command)));
        }
        run_resolved(asked, |asked| {
            enrolment::enrol_group(ports, Some(known), asked)
        })
    }
}

/// Runs those that are resolved, and gives each its result, by position.
fn run_resolved<T>(
    asked: Vec<Result<T, UseCaseError>>,
    run: impl FnOnce(Vec<T>) -> Vec<Result<Answer, UseCaseError>>,
) -> Vec<Result<Answer, UseCaseError>> {
    let (mut resolved, mut places) = (Vec::new(), Vec::new());
    for asked in asked {
        places.push(asked.map(|asked| resolved.push(asked)));
    }
    let mut results = run(resolved).into_iter();
    let lost = || Err(Rejection::of(Code::Internal).into());
    places
        .into_iter()
        .map(|place| place.and_then(|()| results.next().unwrap_or_else(lost)))
        .collect()
}

fn small(customers: &NamedCustomers) -> Option<usize> {
    match customers {
        NamedCustomers::Numbers(customers) => {
            Some(customers.customers().len()).filter(|count| *count <= SMALL)
        }
        NamedCustomers::Identifiers(..) => None,
    }
}

/// Let customers earn a badge.
#[derive(Clone)]
pub(crate) enum Earn {
    /// One.
    Single(SingleEarn),
    /// Several, whose list stands at this field.
    Bulk(Batch, &'static str),
}

impl Earn {
    fn resolved(self, ports: &Ports, request: &mut Request) -> Result<EarnBadge, UseCaseError> {
        let idempotency = request.guard();
        match self {
            Self::Single(asked) => {
                let customer =
                    identifier::one(ports, &request.caller, asked.customer, Some("customerId"))?;
                Ok(EarnBadge {
                    operation: Operation::Earn,
                    badge: asked.badge,
                    customers: vec![customer],
                    unknown: Vec::new(),
                    request_id: asked.request_id,
                    event_on: asked.event_on,
                    triggered_by: asked.triggered_by,
                    idempotency,
                })
            }
            Self::Bulk(asked, field) => {
                let found = identifier::several(ports, &request.caller, asked.customers, field)?;
                request.warn(found.warnings);
                Ok(EarnBadge {
                    operation: Operation::EarnBulk,
                    badge: asked.badge,
                    customers: found.customers,
                    unknown: found.unknown,
                    // The reader has refused a body that has none.
                    request_id: asked
                        .request_id
                        .ok_or_else(|| Rejection::of(Code::RequestIdMissing).at("requestId"))?,
                    event_on: asked.event_on,
                    triggered_by: asked.triggered_by,
                    idempotency: request.guard(),
                })
            }
        }
    }
}

impl Command for Earn {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let command = self.resolved(ports, request)?;
        if request.dry_run {
            return earning::preview(ports, &request.caller, command);
        }
        earning::earn(ports, &request.caller, command)
    }
}

impl GroupCommand for Earn {
    /// Those of one badge.
    type Kind = (OrgId, BadgeId);

    fn kind(&self, org: OrgId) -> Self::Kind {
        match self {
            Self::Single(asked) => (org, asked.badge),
            Self::Bulk(asked, _) => (org, asked.badge),
        }
    }

    fn weight(&self) -> Option<usize> {
        // Earns that happened on dates of their own share no terms with others: they would only
        // queue behind each other.
        match self {
            Self::Single(asked) if asked.event_on.is_none() => match asked.customer {
                NamedCustomer::Number(_) => Some(1),
                NamedCustomer::Identifier(..) => None,
            },
            Self::Bulk(asked, _) if asked.event_on.is_none() => small(&asked.customers),
            Self::Single(_) | Self::Bulk(..) => None,
        }
    }

    fn run_group(
        ports: &Ports,
        known: &KnownBadges,
        group: &[Submission<Self>],
    ) -> Vec<Result<Answer, UseCaseError>> {
        let mut asked = Vec::with_capacity(group.len());
        for Submission {
            request, command, ..
        } in group
        {
            let resolved = command.clone().resolved(ports, &mut request.clone());
            asked.push(resolved.map(|command| (&request.caller, command)));
        }
        run_resolved(asked, |asked| {
            earning::earn_group(ports, Some(known), asked)
        })
    }
}

impl Command for RevokedEarn {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let customer = identifier::one(ports, &request.caller, self.customer, Some("customerId"))?;
        let command = RevokeEarn {
            badge: self.badge,
            customer,
            earned: self.earned,
            request_id: self.request_id,
            idempotency: request.guard(),
        };
        if request.dry_run {
            return earning::preview_revoke(ports, &request.caller, &command);
        }
        earning::revoke(ports, &request.caller, command)
    }
}

/// Import earned badges.
pub(crate) struct Import {
    /// The elements, in the order of the request.
    pub(crate) rows: Rows,
    /// The caller's id of the request.
    pub(crate) request_id: Option<RequestId>,
}

impl Command for Import {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let named = self.rows.iter().flatten().map(|row| row.customer.clone());
        let mut found = identifier::each(ports, &request.caller, named.collect())?.into_iter();
        let unknown = || vec![Rejection::of(Code::IdentifierUnknown).at("customerId")];
        let row = |row: Result<Row, _>| {
            let row = row?;
            let customer = found.next().and_then(Result::ok).ok_or_else(unknown)?;
            Ok(ImportRow {
                badge: row.badge,
                customer,
                event_on: row.event_on,
                expires_on: row.expires_on,
            })
        };
        let command = ImportCustomerBadges {
            rows: self.rows.into_iter().map(row).collect(),
            request_id: self.request_id,
            dry_run: request.dry_run,
            idempotency: request.guard(),
        };
        earning::import(ports, &request.caller, command)
    }
}

impl Command for Revocation {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (targets, unknown) = targets(ports, request, self.which)?;
        let command = RevokeEnrolments {
            badge: self.badge,
            targets,
            unknown,
            request_id: self.request_id,
            dry_run: request.dry_run,
            idempotency: request.guard(),
        };
        enrolment::revoke(ports, &request.caller, command)
    }
}

/// What is to be revoked, each once, and whose identifier nobody has, by its place among all.
type Targets = (Vec<RevokeTarget>, Vec<UnknownCustomer>);

fn targets(ports: &Ports, request: &mut Request, which: Which) -> Result<Targets, UseCaseError> {
    let named: Vec<(NamedCustomer, EnrolmentId)> = match which {
        Which::All(customers) => {
            let found = identifier::several(ports, &request.caller, customers, "customers")?;
            request.warn(found.warnings);
            let all = |customer| RevokeTarget {
                customer,
                enrolment: None,
            };
            let targets = found.customers.into_iter().map(all).collect();
            return Ok((targets, found.unknown));
        }
        Which::Named(named) => named,
    };
    let (customers, enrolments): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let found = identifier::each(ports, &request.caller, customers)?;
    let (mut targets, mut unknown, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (position, (customer, enrolment)) in found.into_iter().zip(enrolments).enumerate() {
        if !seen.insert((customer.clone(), enrolment)) {
            warnings.push(repeated(position));
            continue;
        }
        match customer {
            Ok(customer) => targets.push(RevokeTarget {
                customer,
                enrolment: Some(enrolment),
            }),
            Err(identifier) => unknown.push(UnknownCustomer {
                position: u32::try_from(targets.len() + unknown.len()).unwrap_or(u32::MAX),
                identifier,
            }),
        }
    }
    request.warn(warnings);
    Ok((targets, unknown))
}

/// Register customers.
pub(crate) struct Register {
    /// Whether it is a request for one.
    pub(crate) single: bool,
    /// Who they are, and by what they are called.
    pub(crate) entries: Vec<Entry>,
}

impl Command for Register {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (mut named, identifiers): (Vec<_>, Vec<_>) = self.entries.into_iter().unzip();
        let found = if self.single
            && let Some(customer) = named.pop()
        {
            vec![Ok(identifier::one(ports, &request.caller, customer, None)?)]
        } else {
            identifier::each(ports, &request.caller, named)?
        };
        let mut problems = Vec::new();
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        for (position, (customer, identifiers)) in found.into_iter().zip(identifiers).enumerate() {
            let place = format!("customers[{position}]");
            match customer {
                Ok(customer) if seen.insert(customer) => entries.push(DirectoryEntry {
                    customer,
                    identifiers,
                }),
                Ok(_) => problems.push(named_twice().below(&place)),
                Err(_) => {
                    let unknown = Rejection::of(Code::IdentifierUnknown).at("customerId");
                    problems.push(unknown.below(&place));
                }
            }
        }
        if !problems.is_empty() {
            problems.truncate(MOST_REPORTED);
            return Err(problems.into());
        }
        let command = PutCustomers {
            single: self.single,
            entries,
            idempotency: request.guard(),
        };
        customers::put(ports, &request.caller, command)
    }
}

/// Take a claim back.
pub(crate) struct UnclaimBadge(pub(crate) ClaimBadge);

impl Command for UnclaimBadge {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let Self(mut command) = self;
        command.idempotency = request.guard();
        badges::unclaim(ports, &request.caller, command)
    }
}

impl Command for ClaimBadge {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        badges::claim(ports, &request.caller, self)
    }
}

impl Command for CreateBadge {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        badges::create(ports, &request.caller, self)
    }
}

impl Command for UpdateBadge {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        badges::update(ports, &request.caller, self)
    }
}

impl Command for SetActivity {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        badges::set_activity(ports, &request.caller, self)
    }
}

impl Command for CreateGroup {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        catalogue::create_group(ports, &request.caller, self)
    }
}

impl Command for UpdateGroup {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        catalogue::update_group(ports, &request.caller, &self)
    }
}

/// Remove a group.
pub(crate) struct RemoveGroup(pub(crate) GroupId);

impl Command for RemoveGroup {
    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        catalogue::remove_group(ports, &request.caller, self.0)
    }
}

impl Command for CreateCustomField {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        catalogue::create_field(ports, &request.caller, self)
    }
}

impl Command for UpdateCustomField {
    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        self.idempotency = request.guard();
        catalogue::update_field(ports, &request.caller, &self)
    }
}
