//! What a command would do, or did.

use accolade_application::approvals::Effect;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::audit::answer::ChangeBody;
use crate::audit::state::told;
use crate::envelope;
use crate::render::{self, Context};

/// What a command would do, or did: an answer, or what becomes of a badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Effect)]
#[serde(untagged)]
pub(crate) enum EffectBody {
    /// What it answers.
    Answer(AnswerBody),
    /// What becomes of a badge.
    Changes(ChangesBody),
}

/// What a command answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EffectAnswer)]
pub(crate) struct AnswerBody {
    /// The HTTP status.
    #[schema(example = 200)]
    status: u16,
    /// The body, with its envelope.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What becomes of a badge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EffectChanges)]
pub(crate) struct ChangesBody {
    /// What was and what will be, field by field.
    changes: Vec<ChangeBody>,
}

impl EffectBody {
    /// How `effect` looks in an org of this zone.
    ///
    /// # Errors
    /// A part that is stored cannot be written.
    pub(crate) fn new(effect: &Effect, zone: &Zone) -> serde_json::Result<Self> {
        Ok(match effect {
            Effect::Badge { change, now } => Self::Changes(ChangesBody {
                changes: told(change, *now, zone)?,
            }),
            effect => Self::Answer(AnswerBody::new(effect, zone)?),
        })
    }
}

impl AnswerBody {
    /// How the answer looks; of what becomes of a badge, an answer that says nothing.
    ///
    /// # Errors
    /// A part that is stored cannot be written.
    pub(crate) fn new(effect: &Effect, zone: &Zone) -> serde_json::Result<Self> {
        let (status, bytes) = match effect {
            Effect::Answer {
                answer,
                warnings,
                recorded,
            } => {
                let rendered = render::answer(answer, *recorded, Context { zone, warnings })
                    .map_err(|error| serde::ser::Error::custom(error.to_string()))?;
                (rendered.status(), rendered.body)
            }
            Effect::Refused(problems) => (status(problems), envelope::failure(problems)?),
            Effect::Badge { .. } => (200, b"null".to_vec()),
        };
        let text = String::from_utf8(bytes).map_err(serde::ser::Error::custom)?;
        Ok(Self {
            status,
            body: RawValue::from_string(text)?,
        })
    }
}

/// The HTTP status of what is refused so: that of the first.
fn status(problems: &[Rejection]) -> u16 {
    let first = problems.first();
    first.map_or_else(|| Code::Internal.status(), Rejection::status)
}
