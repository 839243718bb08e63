//! Custom fields: the bodies of requests and answers, and which ones a list is to have.

use accolade_application::ports::{CustomFieldQuery, Page};
use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft, DataType};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::Description;
use serde::Serialize;
use utoipa::ToSchema;

use crate::badge::request::SET_BY_SERVER;
use crate::instant::{WireInstant, WireIso};
use crate::json::{self, Fields, Parsed};
use crate::page::Pagination;
use crate::query::Query;
use crate::query::words::{self as words, Words, meaning};
use crate::words::DataTypeName;

/// How many custom fields a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 50;

/// All that a list can be sorted by.
const SORTS: &Words<()> = &[((), "LAST_UPDATED_DATE")];

/// Fields that only answers have.
const ANSWERED: &[&str] = &[
    "id",
    "orgId",
    "createdBy",
    "createdOn",
    "createdOnISO",
    "lastUpdatedBy",
    "lastUpdatedOn",
    "lastUpdatedOnISO",
];

/// A custom field to create, or what is to change of one.
#[derive(ToSchema)]
#[schema(as = CustomFieldRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct CustomFieldRequestBody {
    /// Its name, 1 to 255 characters, unique among the active ones. An update may leave it out.
    #[schema(min_length = 1, max_length = 255, example = "Priority")]
    name: String,
    /// The type of its values, which never changes. An update may leave it out.
    #[schema(value_type = DataTypeName)]
    data_type: String,
    /// Whether a badge that omits it gets the default. Default false.
    is_mandatory: Option<bool>,
    /// What such a badge gets: required if it is mandatory. A number or a truth value is read as
    /// its text.
    #[schema(max_length = 4000, example = "1")]
    default_value: Option<String>,
    /// In an update: `false` disables it for good.
    is_active: Option<bool>,
}

/// A custom field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomField)]
#[serde(rename_all = "camelCase")]
pub struct CustomFieldBody<'a> {
    /// Its id.
    #[schema(value_type = String, example = "65bb3d8afd3e324f2cac883a")]
    id: CustomFieldId,
    /// The organisation that it belongs to.
    org_id: i64,
    /// Its name.
    name: &'a str,
    /// Whether a badge that omits it gets the default.
    is_mandatory: bool,
    /// What such a badge gets.
    #[schema(required)]
    default_value: Option<&'a str>,
    /// Whether badges may have it.
    is_active: bool,
    /// The type of its values.
    #[schema(value_type = DataTypeName)]
    data_type: &'static str,
    /// When it was created.
    created_on: WireInstant,
    /// The same as text.
    #[serde(rename = "createdOnISO")]
    created_on_iso: WireIso,
    /// By which client.
    created_by: i64,
    /// When it last changed.
    last_updated_on: WireInstant,
    /// The same as text.
    #[serde(rename = "lastUpdatedOnISO")]
    last_updated_on_iso: WireIso,
    /// By which client.
    last_updated_by: i64,
}

/// One page of custom fields, by their last update.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomFieldList)]
pub struct CustomFieldListBody<'a> {
    /// The custom fields of the page.
    #[serde(rename = "customFieldROList")]
    custom_fields: Vec<CustomFieldBody<'a>>,
    /// Which page it is.
    pagination: Pagination,
}

/// The custom field that `body` describes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_new(body: &[u8]) -> Result<Parsed<CustomFieldDraft>, Vec<Rejection>> {
    json::read(body, |fields| {
        let name = fields.field("name").required().text();
        let data_type = fields
            .field("dataType")
            .required()
            .word(DataType::ALL, DataType::name);
        let mandatory = fields.field("isMandatory").boolean();
        let default = fields.field("defaultValue").scalar();
        fields.ignore("isActive", "Ignored: a new custom field is active.");
        ignore_answered(fields);
        Some(CustomFieldDraft {
            name: name?,
            data_type: data_type?,
            mandatory: mandatory.unwrap_or(false),
            default,
        })
    })
}

/// What `body` is to change of a custom field.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_change(body: &[u8]) -> Result<Parsed<CustomFieldChange>, Vec<Rejection>> {
    json::read(body, |fields| {
        let name = fields.field("name").text();
        let data_type = fields.field("dataType").word(DataType::ALL, DataType::name);
        let mandatory = fields.field("isMandatory").boolean();
        let default = fields.field("defaultValue").scalar();
        let active = fields.field("isActive").boolean();
        ignore_answered(fields);
        Some(CustomFieldChange {
            name,
            data_type,
            mandatory,
            default,
            active,
        })
    })
}

fn ignore_answered(fields: &mut Fields<'_, '_>) {
    for name in ANSWERED {
        fields.ignore(name, SET_BY_SERVER);
    }
}

/// Which custom fields `query` asks for. What is wrong with it is remembered there.
pub fn read_query(query: &mut Query) -> CustomFieldQuery {
    query.read("sortOn", |text| meaning(text, SORTS));
    CustomFieldQuery {
        active: query.flag("isActive"),
        order: words::order(query),
        page: words::page(query, DEFAULT_SIZE),
    }
}

impl<'a> From<&'a CustomField> for CustomFieldBody<'a> {
    fn from(field: &'a CustomField) -> Self {
        Self {
            id: field.id,
            org_id: field.org.get(),
            name: field.name.as_str(),
            is_mandatory: field.mandatory,
            default_value: field.default.as_ref().map(Description::as_str),
            is_active: field.active,
            data_type: field.data_type.name(),
            created_on: field.created_on.into(),
            created_on_iso: field.created_on.into(),
            created_by: field.created_by.number(),
            last_updated_on: field.updated_on.into(),
            last_updated_on_iso: field.updated_on.into(),
            last_updated_by: field.updated_by.number(),
        }
    }
}

impl<'a> CustomFieldListBody<'a> {
    /// How the page that `query` asked for looks.
    pub fn of(page: &'a Page<CustomField>, query: &CustomFieldQuery) -> Self {
        Self {
            custom_fields: page.items.iter().map(CustomFieldBody::from).collect(),
            pagination: Pagination::of(query.page, page.total),
        }
    }
}
