//! What a job is to do, as its body says it.

use accolade_domain::ids::BadgeId;
use accolade_domain::job::JobSettings;
use serde::Serialize;

use crate::enrolment::answer::OwnerBody;
use crate::instant::{WireInstant, WireIso};

/// What a job is to do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobSettingsState<'a> {
    operation: &'static str,
    format: &'static str,
    badge_meta_id: Option<BadgeId>,
    triggered_by: Option<OwnerBody<'a>>,
    event_date: Option<WireInstant>,
    #[serde(rename = "eventDateISO")]
    event_date_iso: Option<WireIso>,
    dry_run: bool,
}

impl<'a> JobSettingsState<'a> {
    pub(super) fn new(settings: &'a JobSettings) -> Self {
        Self {
            operation: settings.operation.name(),
            format: settings.format.name(),
            badge_meta_id: settings.badge,
            triggered_by: settings.triggered_by.as_ref().map(OwnerBody::new),
            event_date: settings.event_on.map(Into::into),
            event_date_iso: settings.event_on.map(Into::into),
            dry_run: settings.dry_run,
        }
    }
}
