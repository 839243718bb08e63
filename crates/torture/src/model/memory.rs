//! The model: the use cases on the ports in memory, asked with the same bodies as the server.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use accolade_application::access::{AccessGroups, Caller, CreateClient, create_client, create_org};
use accolade_application::answer::Answer;
use accolade_application::badges::{ClaimBadge, CreateBadge, SetActivity, UnclaimBadge, get};
use accolade_application::enrolment::requests;
use accolade_application::error::UseCaseError;
use accolade_application::ports::{Fingerprint, IdempotencyGuard, IdempotencyKey, Org, Ports};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::Zone;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use accolade_wire::badge::claim::OwnerRequestBody;
use accolade_wire::badge::request::{self as badge_request, NewId};
use accolade_wire::customer::named::ParseContext;
use accolade_wire::earning::request::{
    EarnBulkRequestBody, EarnRequestBody, RevokeEarnRequestBody,
};
use accolade_wire::enrolment::request::EnrolmentRequestBody;
use accolade_wire::enrolment::revocation_request::RevocationRequestBody;
use accolade_wire::json::Parsed;
use accolade_wire::render::{self, Context, Rendered};
use serde_json::Value;

use crate::model::seen::Seen;
use crate::model::step::{Names, Sent, Step};

/// How bodies are read.
const CONTEXT: ParseContext<'_> = ParseContext {
    max_customers: 10_000,
    request_id: None,
    named_by: None,
};

/// An org in memory.
pub(crate) struct Model {
    ports: Ports,
    caller: Caller,
    badges: i64,
}

type Outcome = Result<(Rendered, bool), UseCaseError>;

impl Model {
    /// An org, as it is now.
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let now = Instant::from_unix_seconds(accolade_tests::now()).unwrap();
        let clock = Arc::new(FixedClock::at(now));
        let ports = memory_ports(store, clock);
        let id = 1.try_into().unwrap();
        let org = Org {
            id,
            name: "Model".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        create_org(&ports, &org).unwrap();
        let client = CreateClient {
            org: id,
            name: "Model".try_into().unwrap(),
            groups: AccessGroups::ALL,
            owner: None,
        };
        let client = create_client(&ports, client).unwrap();
        let caller = Caller {
            org: id,
            zone: Zone::utc(),
            region: None,
            actor: client.number.into(),
            groups: AccessGroups::ALL,
        };
        Self {
            ports,
            caller,
            badges: 0,
        }
    }

    /// A new badge of this definition, claimed if it `is_claimed`, under names of its own.
    pub(crate) fn badge(&mut self, definition: &Value, is_claimed: bool) -> Names {
        self.badges += 1;
        let mut definition = definition.clone();
        definition["name"] = format!("Badge {}", self.badges).into();
        let body = definition.to_string();
        let (_, asked) = badge_request::read(body.as_bytes(), NewId::Made)
            .unwrap()
            .value;
        let command = CreateBadge {
            draft: asked.draft,
            unread: asked.unread,
            active: true,
            migrating: true,
            id: None,
        };
        let (rendered, _) = self.execute(None, b"", command).unwrap();
        let answer: Value = serde_json::from_slice(&rendered.body).unwrap();
        let names = Names {
            prefix: format!("{}-", self.badges),
            customers: 1_000_000 + self.badges * 10,
            badge: answer["data"]["id"].as_str().unwrap().to_owned(),
        };
        if is_claimed {
            self.run(&Step::Claim { active: true }, &names);
        }
        names
    }

    /// What the model answers to `step`.
    pub(crate) fn run(&self, step: &Step, names: &Names) -> Seen {
        let sent = step.sent(names);
        match self.outcome(step, &sent, names.badge.parse().unwrap()) {
            Ok((rendered, is_replayed)) => {
                let answer: Value = serde_json::from_slice(&rendered.body).unwrap();
                Seen::answered(step, &answer["data"], is_replayed, names)
            }
            Err(UseCaseError::Refused(rejections)) => {
                let codes = rejections.iter().map(|it| it.code.number().into());
                Seen::refused(&codes.collect::<Vec<_>>())
            }
            Err(error) => panic!("the model fails: {error:?}"),
        }
    }

    fn outcome(&self, step: &Step, sent: &Sent, badge: BadgeId) -> Outcome {
        let body = sent.body.as_ref().map(Value::to_string);
        let body = body.as_deref().unwrap_or_default().as_bytes();
        let key = sent.key.as_deref();
        match step {
            Step::Enrol { .. } => {
                let command = command(EnrolmentRequestBody::parse(body, CONTEXT));
                self.execute(key, body, command)
            }
            Step::Earn { .. } => {
                let command = command(EarnRequestBody::parse(body, CONTEXT));
                self.execute(key, body, command)
            }
            Step::EarnAll { .. } => {
                let command = command(EarnBulkRequestBody::parse(body, CONTEXT));
                self.execute(key, body, command)
            }
            Step::RevokeEnrolments { .. } => {
                let command = command(RevocationRequestBody::parse(body, CONTEXT));
                self.execute(key, body, command)
            }
            Step::RevokeEarn { .. } => {
                let command = command(RevokeEarnRequestBody::parse(body, CONTEXT));
                self.execute(key, body, command)
            }
            Step::Switch { active } => {
                let command = SetActivity {
                    badge,
                    active: *active,
                };
                self.execute(key, body, command)
            }
            Step::Claim { active } => {
                let owner = command(OwnerRequestBody::parse(body)).unwrap();
                if *active {
                    self.execute(key, body, ClaimBadge { badge, owner })
                } else {
                    self.execute(key, body, UnclaimBadge { badge, owner })
                }
            }
            Step::Count => {
                let view = get(&self.ports, &self.caller, badge)?;
                Ok((render::badge(&view, self.context())?, false))
            }
            Step::Ask { .. } => {
                let id = sent.path.strip_prefix("requests/").unwrap();
                let entries = requests(&self.ports, &self.caller, id)?;
                Ok((render::requests(&entries, self.context())?, false))
            }
        }
    }

    const fn context(&self) -> Context<'_> {
        Context {
            zone: &self.caller.zone,
            warnings: &[],
        }
    }

    fn execute(&self, key: Option<&str>, body: &[u8], command: impl Command) -> Outcome {
        let mut request = Request::new(self.caller.clone());
        request.key = key.map(|key| self.guard(key, body));
        let executed = execute(&self.ports, request, command)?;
        let is_replayed = matches!(executed, Executed::Replayed(_));
        let answer: &Answer = executed.answer();
        let rendered = render::answer(answer, true, self.context())?;
        Ok((rendered, is_replayed))
    }

    fn guard(&self, key: &str, body: &[u8]) -> IdempotencyGuard {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&hasher.finish().to_le_bytes());
        let now = self.ports.clock.now();
        IdempotencyGuard {
            org: self.caller.org,
            actor: self.caller.actor,
            key: IdempotencyKey::try_from(key.to_owned()).unwrap(),
            fingerprint: Fingerprint(fingerprint),
            warnings: Vec::new(),
            used_on: now,
            expires_on: now + time::Duration::hours(72),
        }
    }
}

/// What was read of a body.
fn command<T>(parsed: Result<Parsed<T>, Vec<Rejection>>) -> Result<T, UseCaseError> {
    parsed.map(|it| it.value).map_err(UseCaseError::from)
}
