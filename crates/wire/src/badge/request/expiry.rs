//! Reading an expiry.

use accolade_domain::badge::{Expiry, ExpiryValue};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::CalendarUnit;

use crate::json::{Field, Fields, Presence};

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
