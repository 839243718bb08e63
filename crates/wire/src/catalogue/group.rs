//! Groups of badges: the bodies of requests and answers.

use accolade_application::ports::{Page, PageOf};
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{Group, GroupChange};
use accolade_domain::ids::GroupId;
use accolade_domain::rejection::Code;
use accolade_domain::text::Name;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::json::{SET_BY_SERVER, body};
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

body! {
    /// A group to create.
    #[schema(as = GroupRequest)]
    pub struct GroupRequestBody {
        /// Its name, 1 to 255 characters, unique among the organisation's groups.
        #[schema(min_length = 1, max_length = 255, example = "Festive season badges")]
        name: String => called = fields.field(name).required().text(),
        /// Its place among the groups: 1 is highest.
        #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
        rank: i64 => rank = fields.field(name).required_as(Code::GroupRankRequired).integer(),
    }
    parse(fields, name) -> (Name, Rank) {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        (called, rank)
    }
}

body! {
    /// What is to change of a group. What is left out stays as it is.
    #[schema(as = GroupChange)]
    pub struct GroupChangeBody {
        /// Its name, 1 to 255 characters, unique among the organisation's groups.
        #[schema(min_length = 1, max_length = 255, example = "Festive season badges")]
        name: Option<String> => called = Some(fields.field(name).text()),
        /// Its place among the groups: 1 is highest.
        #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
        rank: Option<i64> => rank = Some(fields.field(name).integer()),
    }
    parse(fields, name) -> GroupChange {
        fields.ignore_all(ANSWERED, SET_BY_SERVER);
        GroupChange { name: called, rank }
    }
}

answer! {
    /// A group of badges.
    #[schema(as = Group)]
    pub struct GroupBody<'a> {
        /// Its id.
        #[schema(value_type = String, example = "6581281e8f68666070de15c5")]
        id: GroupId = group.id,
        /// The organisation that it belongs to.
        orgId: i64 = group.org.get(),
        /// Its name.
        name: &'a str = group.name.as_str(),
        /// Its place among the groups: 1 is highest.
        rank: i64 = group.rank.into(),
        /// By which client it was created.
        createdBy: i64 = group.created_by.number(),
        /// When.
        createdOn: WireInstant = group.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = group.created_on.into(),
        /// By which client it was last changed.
        lastUpdatedBy: i64 = group.updated_by.number(),
        /// When.
        lastUpdatedOn: WireInstant = group.updated_on.into(),
        /// The same as text.
        lastUpdatedOnISO: WireIso = group.updated_on.into(),
        /// Whether it is there still.
        isActive: bool = group.active,
    }
    new(group: &'a Group) {}
}

answer! {
    /// One page of groups, by rank.
    #[schema(as = GroupList)]
    pub struct GroupListBody<'a> {
        /// The groups of the page.
        badgeGroups: Vec<GroupBody<'a>> = page.items.iter().map(GroupBody::new).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(asked, page.total),
    }
    new(page: &'a Page<Group>, asked: PageOf) {}
}
