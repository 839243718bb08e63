//! How an expiry looks in an answer, and how it is read.

use accolade_domain::badge::{Expiry, ExpiryValue};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::CalendarUnit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::{WireInstant, WireIso};
use crate::json::{Field, Fields, Presence};
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
                kind: AbsoluteType::WithBadge.name(),
                expires_on: None,
                expires_on_iso: None,
                expire_with_badge_meta: true,
            },
            Expiry::FixedDate(date) => Self::Absolute {
                kind: AbsoluteType::FixedDate.name(),
                expires_on: Some(date.into()),
                expires_on_iso: Some(date.into()),
                expire_with_badge_meta: false,
            },
            Expiry::Never => Self::Never,
        }
    }
}

/// What an expiry of one type has and the others do not.
const FIELDS: &[&str] = &[
    "relativeExpirytype",
    "relativeExpiryType",
    "value",
    "type",
    "expiresOn",
    "expiresOnISO",
    "expireWithBadgeMeta",
];

#[derive(Debug, Clone, Copy)]
enum ExpiryType {
    Relative,
    Absolute,
    Never,
}

impl ExpiryType {
    const ALL: &[Self] = &[Self::Relative, Self::Absolute, Self::Never];

    fn name(self) -> &'static str {
        match self {
            Self::Relative => "RELATIVE",
            Self::Absolute => "ABSOLUTE",
            Self::Never => "NEVER",
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum AbsoluteType {
    WithBadge,
    FixedDate,
}

impl AbsoluteType {
    const ALL: &[Self] = &[Self::WithBadge, Self::FixedDate];

    fn name(self) -> &'static str {
        match self {
            Self::WithBadge => "WITH_BADGE_META",
            Self::FixedDate => "FIXED_DATE",
        }
    }
}

/// The expiry in `field`; `None` if it is absent, or wrong, which is reported.
pub(crate) fn read(field: Field<'_, '_>) -> Option<Expiry> {
    let mut fields = field.object()?;
    let expiry_type = fields
        .field("expiryType")
        .required()
        .word(ExpiryType::ALL, ExpiryType::name);
    let Some(expiry_type) = expiry_type else {
        fields.accept(FIELDS);
        fields.finish();
        return None;
    };
    let expiry = match expiry_type {
        ExpiryType::Relative => relative(&mut fields),
        ExpiryType::Absolute => absolute(&mut fields),
        ExpiryType::Never => Some(Expiry::Never),
    };
    let why = format!(
        "Ignored: it means nothing for an expiry that is {}.",
        expiry_type.name()
    );
    fields.ignore_all(FIELDS, &why);
    fields.finish();
    expiry
}

fn relative(fields: &mut Fields<'_, '_>) -> Option<Expiry> {
    let unit = fields
        .either(["relativeExpirytype", "relativeExpiryType"])
        .required()
        .word(CalendarUnit::ALL, CalendarUnit::name);
    let value = fields
        .field("value")
        .required()
        .integer_within(1, i64::from(ExpiryValue::MAX))
        .and_then(|value| u32::try_from(value).ok())
        .and_then(|value| ExpiryValue::try_from(value).ok());
    Some(Expiry::Relative {
        unit: unit?,
        value: value?,
    })
}

/// `type` decides; where it is absent, `expireWithBadgeMeta` or a date tell.
fn absolute(fields: &mut Fields<'_, '_>) -> Option<Expiry> {
    let field = fields.field("type");
    let named = field.is_present();
    let kind = field.word(AbsoluteType::ALL, AbsoluteType::name);
    let with_badge = fields.field("expireWithBadgeMeta").boolean();
    match (kind, with_badge) {
        (None, _) if named => {
            fields.accept(&["expiresOn", "expiresOnISO"]);
            None
        }
        (Some(AbsoluteType::WithBadge), Some(false))
        | (Some(AbsoluteType::FixedDate), Some(true)) => {
            let problem = Rejection::unreadable("Contradicts type. Send one of them.");
            fields.refuse(problem.at_field("expireWithBadgeMeta"));
            fields.accept(&["expiresOn", "expiresOnISO"]);
            None
        }
        (Some(AbsoluteType::WithBadge), _) | (None, Some(true)) => Some(Expiry::WithBadge),
        (Some(AbsoluteType::FixedDate) | None, _) => date(fields).map(Expiry::FixedDate),
    }
}

fn date(fields: &mut Fields<'_, '_>) -> Option<Instant> {
    fields.instant_pair("expiresOn", Presence::Required)
}
