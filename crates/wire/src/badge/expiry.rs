//! How an expiry looks in an answer.

use accolade_domain::badge::Expiry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::{WireInstant, WireIso};
use crate::words::CalendarUnitName;

/// When what a customer got from the badge expires.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Expiry)]
#[serde(tag = "expiryType")]
pub(crate) enum ExpiryBody {
    /// So many calendar units after it began.
    #[serde(rename = "RELATIVE")]
    Relative {
        /// The calendar unit.
        #[serde(rename = "relativeExpirytype")]
        #[schema(value_type = CalendarUnitName)]
        unit: &'static str,
        /// How many of them: 1 to 36 500.
        value: u32,
    },
    /// With the badge itself, or on one date for everybody.
    #[serde(rename = "ABSOLUTE", rename_all = "camelCase")]
    Absolute {
        /// `WITH_BADGE_META` or `FIXED_DATE`.
        #[serde(rename = "type")]
        kind: &'static str,
        /// The date, if it is fixed.
        #[schema(required)]
        expires_on: Option<WireInstant>,
        /// The same as text.
        #[serde(rename = "expiresOnISO")]
        #[schema(required)]
        expires_on_iso: Option<WireIso>,
        /// Whether it is the badge's own end.
        expire_with_badge_meta: bool,
    },
    /// Never.
    #[serde(rename = "NEVER")]
    Never,
}

impl From<Expiry> for ExpiryBody {
    fn from(expiry: Expiry) -> Self {
        match expiry {
            Expiry::Relative { unit, value } => Self::Relative {
                unit: unit.name(),
                value: value.get(),
            },
            Expiry::WithBadge => Self::Absolute {
                kind: "WITH_BADGE_META",
                expires_on: None,
                expires_on_iso: None,
                expire_with_badge_meta: true,
            },
            Expiry::FixedDate(date) => Self::Absolute {
                kind: "FIXED_DATE",
                expires_on: Some(date.into()),
                expires_on_iso: Some(date.into()),
                expire_with_badge_meta: false,
            },
            Expiry::Never => Self::Never,
        }
    }
}
