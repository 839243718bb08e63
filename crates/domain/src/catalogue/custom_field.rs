//! Custom fields: the fields that an org adds to the definitions of its badges.

use std::collections::BTreeMap;

use time::macros::format_description;
use time::{Date, PrimitiveDateTime};

use crate::actor::Actor;
use crate::ids::{CustomFieldId, OrgId};
use crate::instant::Instant;
use crate::rejection::{Code, Rejection};
use crate::text::{Description, Name};

/// The type of a custom field's values. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum DataType {
    /// Any text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A date, a local date-time, or an ISO 8601 date-time with an offset.
    Date,
}

impl DataType {
    /// Every type.
    pub const ALL: &[Self] = &[Self::String, Self::Integer, Self::Boolean, Self::Date];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
        }
    }

    /// Whether `value` is one of this type.
    pub fn accepts(self, value: &CustomFieldValue) -> bool {
        let text = value.as_str();
        match self {
            Self::String => true,
            Self::Integer => text.parse::<i64>().is_ok(),
            Self::Boolean => matches!(text, "true" | "false"),
            Self::Date => {
                let local = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
                Instant::parse_iso(text).is_ok()
                    || Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok()
                    || PrimitiveDateTime::parse(text, local).is_ok()
            }
        }
    }
}

/// A value of a custom field, kept and given back as text.
pub type CustomFieldValue = Description;

/// The values that a badge has, by the name of the field.
pub type CustomValues = BTreeMap<Name, CustomFieldValue>;

/// A custom field of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CustomField {
    /// Its id.
    pub id: CustomFieldId,
    /// The org that it belongs to.
    pub org: OrgId,
    /// Unique among the org's active fields.
    pub name: Name,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether every badge has it: one that omits it gets the default.
    pub mandatory: bool,
    /// What a badge gets that omits a mandatory field.
    pub default: Option<CustomFieldValue>,
    /// Whether badges may have it; a disabled field stays disabled.
    pub active: bool,
    /// When it was created.
    pub created_on: Instant,
    /// By whom.
    pub created_by: Actor,
    /// When it last changed.
    pub updated_on: Instant,
    /// By whom.
    pub updated_by: Actor,
}

/// What a custom field is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomFieldDraft {
    /// Its name.
    pub name: Name,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether every badge has it.
    pub mandatory: bool,
    /// The default; an empty one is none, except for a string.
    pub default: Option<CustomFieldValue>,
}

impl CustomFieldDraft {
    /// Gives the draft back, if its default value is of its type.
    ///
    /// # Errors
    /// 742 if a mandatory field has no default of its type, 745 if another
    /// field's default is of another type.
    pub fn check(mut self) -> Result<Self, Rejection> {
        if self.data_type != DataType::String {
            self.default = self.default.filter(|value| !value.as_str().is_empty());
        }
        let fits = self
            .default
            .as_ref()
            .map(|value| self.data_type.accepts(value));
        let at = |code| Rejection::new(code).at_field("defaultValue");
        match (self.mandatory, fits) {
            (true, None | Some(false)) => Err(at(Code::CustomFieldDefaultRequired)),
            (false, Some(false)) => Err(at(Code::CustomFieldValueType)),
            _ => Ok(self),
        }
    }
}

/// A change of a custom field; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomFieldChange {
    /// The new name.
    pub name: Option<Name>,
    /// The data type, which must be the one that the field has.
    pub data_type: Option<DataType>,
    /// Whether every badge has it.
    pub mandatory: Option<bool>,
    /// The new default.
    pub default: Option<CustomFieldValue>,
    /// `false` disables it for good.
    pub active: Option<bool>,
}

impl CustomField {
    /// The field after `change`, made at `now` by `by`.
    ///
    /// # Errors
    /// 744 if it is disabled and stays so; 743 if its type would change; as [`CustomFieldDraft::check`].
    pub fn changed(
        &self,
        change: CustomFieldChange,
        now: Instant,
        by: Actor,
    ) -> Result<Self, Rejection> {
        if !self.active {
            return Err(Rejection::new(Code::CustomFieldDisabled));
        }
        if change
            .data_type
            .is_some_and(|data_type| data_type != self.data_type)
        {
            return Err(Rejection::new(Code::CustomFieldTypeFixed).at_field("dataType"));
        }
        let draft = CustomFieldDraft {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            data_type: self.data_type,
            mandatory: change.mandatory.unwrap_or(self.mandatory),
            default: change.default.or_else(|| self.default.clone()),
        }
        .check()?;
        Ok(Self {
            name: draft.name,
            mandatory: draft.mandatory,
            default: draft.default,
            active: change.active.unwrap_or(true),
            updated_on: now,
            updated_by: by,
            ..self.clone()
        })
    }
}

/// The values that a badge has if `sent` were given for it and the org has `fields`:
/// mandatory ones that are missing get their default. What it has already, `kept`, may be sent back as it was read,
/// also once its field is disabled or called otherwise.
///
/// # Errors
/// Of each value: 746 if the org has no active field of its name, 745 if it has another type.
pub fn custom_values(
    fields: &[CustomField],
    kept: &CustomValues,
    sent: CustomValues,
) -> Result<CustomValues, Vec<Rejection>> {
    let active = || fields.iter().filter(|field| field.active);
    let problems: Vec<_> = sent
        .iter()
        .filter_map(|(name, value)| {
            let at = |code| Some(Rejection::new(code).at_field(format!("customFields.{name}")));
            match active().find(|field| field.name == *name) {
                None if kept.get(name) == Some(value) => None,
                None => at(Code::CustomFieldUnknown),
                Some(field) if !field.data_type.accepts(value) => at(Code::CustomFieldValueType),
                Some(_) => None,
            }
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut values = sent;
    for field in active().filter(|field| field.mandatory) {
        if let Some(default) = &field.default {
            values
                .entry(field.name.clone())
                .or_insert_with(|| default.clone());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn field(name: &str, data_type: DataType, mandatory: bool, default: &str) -> CustomField {
        let on = at("2026-01-01T00:00:00Z");
        CustomField {
            id: "65bb3d6afd3e324f2cac8839".parse().unwrap(),
            org: 1.try_into().unwrap(),
            name: name.try_into().unwrap(),
            data_type,
            mandatory,
            default: Some(default.try_into().unwrap()),
            active: true,
            created_on: on,
            created_by: 1.try_into().unwrap(),
            updated_on: on,
            updated_by: 1.try_into().unwrap(),
        }
    }

    fn values(pairs: &[(&str, &str)]) -> CustomValues {
        pairs
            .iter()
            .map(|(name, value)| ((*name).try_into().unwrap(), (*value).try_into().unwrap()))
            .collect()
    }

    #[test]
    fn a_badge_that_omits_a_mandatory_field_gets_its_default() {
        let fields = [
            field("tier", DataType::Integer, true, "1"),
            field("note", DataType::String, false, ""),
        ];
        assert_eq!(
            custom_values(&fields, &values(&[]), values(&[])),
            Ok(values(&[("tier", "1")]))
        );
        assert_eq!(
            custom_values(&fields, &values(&[]), values(&[("tier", "2")])),
            Ok(values(&[("tier", "2")]))
        );
    }

    #[test]
    fn unknown_names_and_wrong_types_are_all_reported() {
        let fields = [field("tier", DataType::Integer, true, "1")];
        let sent = values(&[("tier", "gold"), ("x", "y")]);
        let problems = custom_values(&fields, &values(&[("x", "z")]), sent).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|p| (p.code.number(), p.field.as_deref().unwrap()))
            .collect();
        assert_eq!(found, [(745, "customFields.tier"), (746, "customFields.x")]);
    }

    #[test]
    fn a_value_of_a_field_that_is_active_no_more_may_be_sent_back_as_it_was_read() {
        let kept = values(&[("colour", "red")]);
        let sent = values(&[("colour", "red"), ("tier", "2")]);
        let fields = [field("tier", DataType::Integer, true, "1")];
        assert_eq!(custom_values(&fields, &kept, sent.clone()), Ok(sent));
    }

    #[test]
    fn a_date_may_have_an_offset_a_time_or_neither() {
        for (text, accepted) in [
            ("2025-01-18T09:09:09Z", true),
            ("2024-06-13 14:20:42", true),
            ("2024-06-13", true),
            ("13.6.2024", false),
        ] {
            assert_eq!(
                DataType::Date.accepts(&text.try_into().unwrap()),
                accepted,
                "{text}"
            );
        }
    }

    #[test]
    fn a_mandatory_field_needs_a_default_of_its_type() {
        let draft = |mandatory, default: Option<&str>| {
            CustomFieldDraft {
                name: "tier".try_into().unwrap(),
                data_type: DataType::Integer,
                mandatory,
                default: default.map(|text| text.try_into().unwrap()),
            }
            .check()
            .map(|_| ())
            .map_err(|rejection| rejection.code.number())
        };
        assert_eq!(draft(true, None), Err(742));
        assert_eq!(draft(true, Some("gold")), Err(742));
        assert_eq!(draft(false, Some("gold")), Err(745));
        assert_eq!(draft(false, Some("")), Ok(()));
        assert_eq!(draft(true, Some("7")), Ok(()));
    }

    #[test]
    fn a_field_keeps_its_type_and_a_disabled_one_stays_disabled() {
        let field = field("tier", DataType::Integer, true, "1");
        let (now, by) = (at("2026-02-01T00:00:00Z"), 2.try_into().unwrap());
        let change = |field: &CustomField, change| {
            field
                .changed(change, now, by)
                .map_err(|rejection| rejection.code.number())
        };
        let other = CustomFieldChange {
            data_type: Some(DataType::Date),
            ..Default::default()
        };
        assert_eq!(change(&field, other), Err(743));
        let off = CustomFieldChange {
            active: Some(false),
            ..Default::default()
        };
        let disabled = change(&field, off).unwrap();
        let on = CustomFieldChange {
            active: Some(true),
            ..Default::default()
        };
        assert_eq!(change(&disabled, on), Err(744));
    }
}
