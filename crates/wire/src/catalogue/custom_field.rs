//! Custom fields: the bodies of requests and answers, and which ones a list is to have.

use accolade_application::ports::{CustomFieldQuery, Page};
use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft, DataType};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Description;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::json::{self, Parsed, Purpose, SET_BY_SERVER, body};
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

body! {
    /// A custom field to create, or what is to change of one.
    #[schema(as = CustomFieldRequest)]
    pub struct CustomFieldRequestBody {
        /// Its name, 1 to 255 characters, unique among the active ones. An update may leave it out.
        #[schema(min_length = 1, max_length = 255, example = "Priority")]
        name: String => called = Some(fields.field(name).required_to(purpose, Code::Unreadable).text()),
        /// The type of its values, which never changes. An update may leave it out.
        dataType: DataTypeName => data_type = Some(
            fields.field(name)
                .required_to(purpose, Code::Unreadable)
                .word(DataType::ALL, DataType::name),
        ),
        /// Whether a badge that omits it gets the default. Default false.
        isMandatory: Option<bool> => mandatory = Some(fields.field(name).boolean()),
        /// What such a badge gets: required if it is mandatory. A number or a truth value is read as
        /// its text.
        #[schema(max_length = 4000, example = "1")]
        defaultValue: Option<String> => default = Some(fields.field(name).scalar()),
        /// In an update: `false` disables it for good.
        isActive: Option<bool> => active = Some(match purpose {
            Purpose::Create => {
                fields.ignore(name, "Ignored: a new custom field is active.");
                None
            }
            Purpose::Update => fields.field(name).boolean(),
        }),
    }
    read(fields, name, purpose: Purpose) -> CustomFieldChange {
        for name in ANSWERED {
            fields.ignore(name, SET_BY_SERVER);
        }
        CustomFieldChange { name: called, data_type, mandatory, default, active }
    }
}

answer! {
    /// A custom field.
    #[schema(as = CustomField)]
    pub struct CustomFieldBody<'a> {
        /// Its id.
        #[schema(value_type = String, example = "65bb3d8afd3e324f2cac883a")]
        id: CustomFieldId = field.id,
        /// The organisation that it belongs to.
        orgId: i64 = field.org.get(),
        /// Its name.
        name: &'a str = field.name.as_str(),
        /// Whether a badge that omits it gets the default.
        isMandatory: bool = field.mandatory,
        /// What such a badge gets.
        #[schema(required)]
        defaultValue: Option<&'a str> = field.default.as_ref().map(Description::as_str),
        /// Whether badges may have it.
        isActive: bool = field.active,
        /// The type of its values.
        #[schema(value_type = DataTypeName)]
        dataType: &'static str = field.data_type.name(),
        /// When it was created.
        createdOn: WireInstant = field.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = field.created_on.into(),
        /// By which client.
        createdBy: i64 = field.created_by.number(),
        /// When it last changed.
        lastUpdatedOn: WireInstant = field.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = field.updated_on.into(),
        /// By which client.
        lastUpdatedBy: i64 = field.updated_by.number(),
    }
    new(field: &'a CustomField) {}
}

answer! {
    /// One page of custom fields, by their last update.
    #[schema(as = CustomFieldList)]
    pub struct CustomFieldListBody<'a> {
        /// The custom fields of the page.
        customFieldROList: Vec<CustomFieldBody<'a>> = page.items.iter().map(CustomFieldBody::new).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(query.page, page.total),
    }
    new(page: &'a Page<CustomField>, query: &CustomFieldQuery) {}
}

/// The custom field that `body` describes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_new(body: &[u8]) -> Result<Parsed<CustomFieldDraft>, Vec<Rejection>> {
    json::read(body, |fields| {
        let field = CustomFieldRequestBody::read(fields, Purpose::Create)?;
        Some(CustomFieldDraft {
            name: field.name?,
            data_type: field.data_type?,
            mandatory: field.mandatory.unwrap_or(false),
            default: field.default,
        })
    })
}

/// What `body` is to change of a custom field.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_change(body: &[u8]) -> Result<Parsed<CustomFieldChange>, Vec<Rejection>> {
    json::read(body, |fields| {
        CustomFieldRequestBody::read(fields, Purpose::Update)
    })
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
