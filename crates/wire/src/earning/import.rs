//! How an import looks in an answer: an array of envelopes, one for each element.

use accolade_application::answer::Imported;
use accolade_domain::ids::{BadgeId, EarnedBadgeId};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::envelope::{Errors, FailureEnvelope, Notice, SuccessEnvelope};
use crate::instant::{WireInstant, WireIso};

/// An earned badge was imported.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedBadge)]
#[serde(rename_all = "camelCase")]
pub struct ImportedBody {
    /// The badge.
    #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
    badge_meta_id: BadgeId,
    /// The customer.
    #[schema(example = 62_090_013)]
    customer_id: i64,
    /// The earned badge; absent if a dry run would record one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    earned_badge_id: Option<EarnedBadgeId>,
    /// When it expires.
    expires_on: WireInstant,
    /// The same as text.
    #[serde(rename = "expiresOnISO")]
    expires_on_iso: WireIso,
    /// The id of the request, followed by `_` and the number of the element from 1.
    #[schema(example = "f93f710f169c8390c41ae095986c5a50_1")]
    request_id: String,
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
/// if it was a dry run. A warning at `[3].x` belongs to the element 3; one without a place, to the
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
        .map(|(index, outcome)| match outcome {
            Imported::Refused(problems) => ImportedEnvelope::Refused(FailureEnvelope::of(problems)),
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
                let body = ImportedBody {
                    badge_meta_id: *badge,
                    customer_id: customer.get(),
                    earned_badge_id: recorded.then_some(*earned),
                    expires_on: (*expires_on).into(),
                    expires_on_iso: (*expires_on).into(),
                    request_id: format!("{}_{}", request_id.as_str(), index + 1),
                };
                ImportedEnvelope::Recorded(SuccessEnvelope::of(body, Errors::Empty, said))
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
