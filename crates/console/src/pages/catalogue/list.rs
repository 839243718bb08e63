//! The groups and the custom fields of the org.

use accolade_application::ports::{CustomFieldQuery, SortOrder};
use accolade_domain::listing::PageOf;
use accolade_domain::operator::Permission;
use askama::Template;

use crate::frame::{Frame, show};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// The most of each that are shown.
const MOST: u32 = 500;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    frame: Frame,
    may_define: bool,
    groups: Vec<GroupRow>,
    fields: Vec<FieldRow>,
}

struct GroupRow {
    id: String,
    name: String,
    rank: i64,
}

struct FieldRow {
    id: String,
    name: String,
    kind: &'static str,
    mandatory: bool,
    default: String,
    active: bool,
}

pub(super) async fn list_catalogue(visit: Visit) -> Answered {
    let page = PageOf {
        page: 0,
        size: MOST,
    };
    let query = CustomFieldQuery {
        active: None,
        order: SortOrder::Descending,
        page,
    };
    let (groups, fields) = visit
        .look_up(move |ports, caller| {
            let store = &ports.stores.catalogue;
            let groups = store.groups(caller.org, page)?;
            Ok((groups.items, store.fields(caller.org, &query)?.items))
        })
        .await?;
    let groups = groups.iter().map(|it| GroupRow {
        id: it.id.to_string(),
        name: it.name.to_string(),
        rank: it.rank.into(),
    });
    let fields = fields.iter().map(|it| FieldRow {
        id: it.id.to_string(),
        name: it.name.to_string(),
        kind: t::data_type(it.data_type),
        mandatory: it.mandatory,
        default: it
            .default
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        active: it.active,
    });
    show(&CataloguePage {
        frame: visit
            .frame(t::GROUPS_AND_FIELDS)
            .telling(visit.query.typed("done")),
        may_define: visit.may(Permission::Define),
        groups: groups.collect(),
        fields: fields.collect(),
    })
}
