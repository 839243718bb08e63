//! Groups of badges: the bodies of requests and answers.

use accolade_application::ports::{Page, PageOf};
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{Group, GroupChange};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use serde::Serialize;
use utoipa::ToSchema;

use crate::badge::request::SET_BY_SERVER;
use crate::instant::{WireInstant, WireIso};
use crate::json::{self, Fields, Parsed};
use crate::page::Pagination;

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
    "isActive",
];

/// A group to create, or what is to change of one.
#[derive(ToSchema)]
#[schema(as = GroupRequest)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub struct GroupRequestBody {
    /// Its name, 1 to 255 characters, unique among the organisation's groups. An update may leave
    /// it out.
    #[schema(min_length = 1, max_length = 255, example = "Festive season badges")]
    name: String,
    /// Its place among the groups: 1 is highest. An update may leave it out.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
    rank: i64,
}

/// A group of badges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
#[serde(rename_all = "camelCase")]
pub struct GroupBody<'a> {
    /// Its id.
    #[schema(value_type = String, example = "6581281e8f68666070de15c5")]
    id: GroupId,
    /// The organisation that it belongs to.
    org_id: i64,
    /// Its name.
    name: &'a str,
    /// Its place among the groups: 1 is highest.
    rank: i64,
    /// By which client it was created.
    created_by: i64,
    /// When.
    created_on: WireInstant,
    /// The same as text.
    #[serde(rename = "createdOnISO")]
    created_on_iso: WireIso,
    /// By which client it was last changed.
    last_updated_by: i64,
    /// When.
    last_updated_on: WireInstant,
    /// The same as text.
    #[serde(rename = "lastUpdatedOnISO")]
    last_updated_on_iso: WireIso,
    /// Whether it is there still.
    is_active: bool,
}

/// One page of groups, by rank.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupList)]
pub struct GroupListBody<'a> {
    /// The groups of the page.
    groups: Vec<GroupBody<'a>>,
    /// Which page it is.
    pagination: Pagination,
}

/// The name and the rank that `body` has for a new group.
///
/// # Errors
/// Everything that is wrong with it; 732 if it has no rank.
pub fn read_new(body: &[u8]) -> Result<Parsed<(Name, Rank)>, Vec<Rejection>> {
    json::read(body, |fields| {
        let name = fields.field("name").required().text();
        let rank = fields
            .field("rank")
            .required_as(Code::GroupRankRequired)
            .integer();
        ignore_answered(fields);
        Some((name?, rank?))
    })
}

/// What `body` is to change of a group.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_change(body: &[u8]) -> Result<Parsed<GroupChange>, Vec<Rejection>> {
    json::read(body, |fields| {
        let name = fields.field("name").text();
        let rank = fields.field("rank").integer();
        ignore_answered(fields);
        Some(GroupChange { name, rank })
    })
}

fn ignore_answered(fields: &mut Fields<'_, '_>) {
    for name in ANSWERED {
        fields.ignore(name, SET_BY_SERVER);
    }
}

impl<'a> From<&'a Group> for GroupBody<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            id: group.id,
            org_id: group.org.get(),
            name: group.name.as_str(),
            rank: group.rank.into(),
            created_by: group.created_by.number(),
            created_on: group.created_on.into(),
            created_on_iso: group.created_on.into(),
            last_updated_by: group.updated_by.number(),
            last_updated_on: group.updated_on.into(),
            last_updated_on_iso: group.updated_on.into(),
            is_active: group.active,
        }
    }
}

impl<'a> GroupListBody<'a> {
    /// How the page `asked` looks.
    pub fn of(page: &'a Page<Group>, asked: PageOf) -> Self {
        Self {
            groups: page.items.iter().map(GroupBody::from).collect(),
            pagination: Pagination::of(asked, page.total),
        }
    }
}
