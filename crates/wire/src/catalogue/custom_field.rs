//! Custom fields: the bodies of requests and answers, and which ones a list is to have.

use accolade_application::ports::{CustomFieldQuery, Page};
use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft, DataType};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::text::Description;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::json::{SET_BY_SERVER, body};
use crate::page::Pagination;
use crate::query::Query;
use crate::query::words::{self as words, Words, meaning};
use crate::shapes::Scalar;
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
    /// A custom field to create.
    #[schema(as = CustomFieldRequest)]
    pub struct CustomFieldRequestBody {
        /// Its name, 1 to 255 characters, unique among the active ones.
        #[schema(min_length = 1, max_length = 255, example = "Priority")]
        name: String => called = fields.field(name).required().text(),
        /// The type of its values, which never changes.
        dataType: DataTypeName => data_type = fields.field(name)
            .required()
            .word(DataType::ALL, DataType::name),
        /// Whether a badge that omits it gets the default. Default false.
        isMandatory: Option<bool> => mandatory = Some(fields.field(name).boolean()),
        /// What such a badge gets: required if it is mandatory. A number or a truth value is read as
        /// its text.
        defaultValue: Option<Scalar> => default = Some(fields.field(name).scalar()),
    }
    parse(fields, name) -> CustomFieldDraft {
        fields.ignore("isActive", "Ignored: a new custom field is active.");
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        CustomFieldDraft { name: called, data_type, mandatory: mandatory.unwrap_or(false), default }
    }
}

body! {
    /// What is to change of a custom field. What is left out stays as it is.
    #[schema(as = CustomFieldChange)]
    pub struct CustomFieldChangeBody {
        /// Its name, 1 to 255 characters, unique among the active ones.
        #[schema(min_length = 1, max_length = 255, example = "Priority")]
        name: Option<String> => called = Some(fields.field(name).text()),
        /// The type of its values, which never changes.
        dataType: Option<DataTypeName> => data_type = Some(
            fields.field(name).word(DataType::ALL, DataType::name),
        ),
        /// Whether a badge that omits it gets the default.
        isMandatory: Option<bool> => mandatory = Some(fields.field(name).boolean()),
        /// What such a badge gets: required if it is mandatory. A number or a truth value is read as
        /// its text.
        defaultValue: Option<Scalar> => default = Some(fields.field(name).scalar()),
        /// `false` disables it for good.
        isActive: Option<bool> => active = Some(fields.field(name).boolean()),
    }
    parse(fields, name) -> CustomFieldChange {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
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

/// Which custom fields `query` asks for. What is wrong with it is remembered there.
pub fn read_query(query: &mut Query) -> CustomFieldQuery {
    query.read("sortOn", |text| meaning(text, SORTS));
    CustomFieldQuery {
        active: query.flag("isActive"),
        order: words::order(query),
        page: words::page(query, DEFAULT_SIZE),
    }
}
