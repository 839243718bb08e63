//! How an import looks in an answer: an array of envelopes, one for each element.

use accolade_application::answer::Imported;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::answer;
use crate::envelope::{Errors, FailureEnvelope, Notice, SuccessEnvelope};
use crate::instant::{WireInstant, WireIso};

answer! {
    /// An earned badge was imported.
    #[schema(as = ImportedBadge)]
    pub struct ImportedBody {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge,
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
        /// The earned badge; absent if a dry run would record one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        earnedBadgeId: Option<EarnedBadgeId> = earned,
        /// When it expires.
        expiresOn: WireInstant = expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = expires_on.into(),
        /// The id of the request, followed by `_` and the number of the element from 1.
        #[schema(example = "f93f710f169c8390c41ae095986c5a50_1")]
        requestId: String = request_id,
    }
    new(
        badge: BadgeId,
        customer: CustomerId,
        earned: Option<EarnedBadgeId>,
        expires_on: Instant,
        request_id: String
    ) {}
}

/// What became of one element.
#[derive(ToSchema)]
#[schema(as = ImportedEnvelope)]
#[expect(dead_code, reason = "describes what is written elsewhere")]
pub struct ImportedEnvelopeBody {
    /// The earned badge; null if the element was refused.
    #[schema(required)]
    data: Option<ImportedBody>,
    /// Why it was refused; empty if it was not. Paths begin at the element.
    errors: Vec<Notice<'static>>,
    /// What is odd about it; null if it was refused.
    #[schema(required)]
    warnings: Option<Vec<Notice<'static>>>,
}

/// The envelope of one element.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ImportedEnvelope<'a> {
    /// It was recorded.
    Recorded(SuccessEnvelope<'a, ImportedBody>),
    /// It was refused.
    Refused(FailureEnvelope<'a>),
}

/// The envelopes of `outcomes`, of the request `request_id`, of which nothing was `recorded`
/// if it was a dry run. An element about a customer who was forgotten is left out; the others keep
/// their ids. A warning at `[3].x` belongs to the element 3; one without a place, to the
/// first that succeeded.
pub fn envelopes<'a>(
    outcomes: &'a [Imported],
    request_id: &RequestId,
    recorded: bool,
    warnings: &'a [Rejection],
) -> Vec<ImportedEnvelope<'a>> {
    let mut common: Vec<_> = warnings
        .iter()
        .filter(|warning| place(warning).is_none())
        .map(Notice::from)
        .collect();
    outcomes
        .iter()
        .enumerate()
        .filter_map(|(index, outcome)| match outcome {
            Imported::Forgotten => None,
            Imported::Refused(problems) => {
                Some(ImportedEnvelope::Refused(FailureEnvelope::new(problems)))
            }
            Imported::Recorded {
                badge,
                customer,
                earned,
                expires_on,
            } => {
                let own = warnings.iter().filter_map(|warning| {
                    let (place, path) = place(warning)?;
                    (place == index).then(|| Notice::from(warning).at(path))
                });
                let mut said = std::mem::take(&mut common);
                said.extend(own);
                let id = format!("{}_{}", request_id.as_str(), index + 1);
                let earned = recorded.then_some(*earned);
                let body = ImportedBody::new(*badge, *customer, earned, *expires_on, id);
                Some(ImportedEnvelope::Recorded(SuccessEnvelope::new(
                    body,
                    Errors::Empty,
                    said,
                )))
            }
        })
        .collect()
}

/// The element that a warning is about, and the path in it.
fn place(warning: &Rejection) -> Option<(usize, &str)> {
    let (index, path) = warning
        .field
        .as_deref()?
        .strip_prefix('[')?
        .split_once("].")?;
    Some((index.parse().ok()?, path))
}
