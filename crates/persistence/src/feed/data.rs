//! What a row of the feed says itself. The first byte of its stored form says which form follows, so
//! that forms can be added and old rows stay readable.

use accolade_domain::event::{BadgeFact, EarnFact, EnrolmentFact};
use accolade_domain::ids::WebhookId;
use accolade_domain::instant::Instant;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::answers::parts::Differences;
use crate::feed::stored_facts::{StoredBadge, StoredRevokedEarn, StoredRevokedEnrolments};
use crate::feed::stored_limits::StoredLimit;
use crate::mapping::{instant, object_id};

pub(crate) use crate::feed::stored_limits::LimitData;

const ENROLMENTS: u8 = 1;
const EARNS: u8 = 2;
const IMPORTS: u8 = 3;
const EXPIRED: u8 = 4;
const REVOKED_ENROLMENTS: u8 = 5;
const REVOKED_EARN: u8 = 6;
const BADGE: u8 = 7;
const WEBHOOK: u8 = 8;

/// What a row says itself, besides what the ledger's answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// Enrolments of the answer: from when they hold.
    Enrolments(Instant),
    /// Earns of the answer: the limits that they had room under. Without any it is not stored.
    Earns(Vec<LimitData>),
    /// Earned badges from elsewhere: when they were earned, in the order of the answer.
    Imports(Vec<Instant>),
    /// Some of the answer's enrolments, or earned badges, have expired.
    Expired(ExpiredData),
    /// Enrolments were revoked by one request: at least one.
    RevokedEnrolments(Vec<EnrolmentFact>),
    /// An earned badge was revoked.
    RevokedEarn(Box<EarnFact>),
    /// A badge was created or changed.
    Badge(Box<BadgeFact>),
    /// A webhook was disabled, and why.
    WebhookDisabled(WebhookId, String),
}

/// Which of the answer's enrolments, or earned badges, have expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpiredData {
    /// Their places among the outcomes of the answer, rising.
    pub(crate) which: Vec<u32>,
    /// From when they held, or when they were earned: one for all, or one for each; none if the
    /// answer says so itself.
    pub(crate) event_on: Vec<Instant>,
}

#[derive(Serialize, Deserialize)]
struct StoredExpired {
    which: Differences,
    event_on: Differences,
}

fn micros(instants: &[Instant]) -> Differences {
    instants.iter().map(|it| it.unix_micros()).collect()
}

fn instants(stored: &Differences) -> anyhow::Result<Vec<Instant>> {
    stored.numbers().map(instant).collect()
}

fn form<T: Serialize>(form: u8, stored: &T) -> anyhow::Result<Vec<u8>> {
    Ok(postcard::to_extend(stored, vec![form])?)
}

impl Data {
    /// The stored form; `None` if there is nothing to be said.
    pub(crate) fn encode(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let bytes = match self {
            Self::Enrolments(event_on) => form(ENROLMENTS, &event_on.unix_micros())?,
            Self::Earns(limits) if limits.is_empty() => return Ok(None),
            Self::Earns(limits) => {
                let stored: Vec<_> = limits.iter().map(StoredLimit::new).collect();
                form(EARNS, &stored)?
            }
            Self::Imports(event_on) => form(IMPORTS, &micros(event_on))?,
            Self::Expired(expired) => {
                let stored = StoredExpired {
                    which: expired.which.iter().map(|it| i64::from(*it)).collect(),
                    event_on: micros(&expired.event_on),
                };
                form(EXPIRED, &stored)?
            }
            Self::RevokedEnrolments(all) => {
                form(REVOKED_ENROLMENTS, &StoredRevokedEnrolments::new(all)?)?
            }
            Self::RevokedEarn(one) => form(REVOKED_EARN, &StoredRevokedEarn::new(one))?,
            Self::Badge(badge) => form(BADGE, &StoredBadge::new(badge))?,
            Self::WebhookDisabled(webhook, reason) => {
                form(WEBHOOK, &(webhook.0.as_bytes(), reason))?
            }
        };
        Ok(Some(bytes))
    }

    /// What a row says that stores `bytes`.
    pub(crate) fn decode(bytes: Option<&[u8]>) -> anyhow::Result<Self> {
        let Some(bytes) = bytes else {
            return Ok(Self::Earns(Vec::new()));
        };
        let (form, rest) = bytes.split_first().context("a row of the feed is empty")?;
        Ok(match *form {
            ENROLMENTS => Self::Enrolments(instant(postcard::from_bytes(rest)?)?),
            EARNS => {
                let stored: Vec<StoredLimit> = postcard::from_bytes(rest)?;
                let limits = stored.into_iter().map(StoredLimit::limit);
                Self::Earns(limits.collect::<anyhow::Result<_>>()?)
            }
            IMPORTS => Self::Imports(instants(&postcard::from_bytes(rest)?)?),
            EXPIRED => {
                let stored: StoredExpired = postcard::from_bytes(rest)?;
                let which = stored.which.numbers().map(u32::try_from);
                Self::Expired(ExpiredData {
                    which: which.collect::<Result<_, _>>()?,
                    event_on: instants(&stored.event_on)?,
                })
            }
            REVOKED_ENROLMENTS => {
                let stored: StoredRevokedEnrolments = postcard::from_bytes(rest)?;
                Self::RevokedEnrolments(stored.facts()?)
            }
            REVOKED_EARN => {
                let stored: StoredRevokedEarn = postcard::from_bytes(rest)?;
                Self::RevokedEarn(Box::new(stored.fact()?))
            }
            BADGE => {
                let stored: StoredBadge = postcard::from_bytes(rest)?;
                Self::Badge(Box::new(stored.fact()?))
            }
            WEBHOOK => {
                let (webhook, reason): ([u8; 12], String) = postcard::from_bytes(rest)?;
                Self::WebhookDisabled(object_id(&webhook)?.into(), reason)
            }
            other => bail!("a row of the feed has the form {other}"),
        })
    }
}
