//! Steps of groups, custom fields and the customer directory.

use std::collections::BTreeMap;

use accolade_application::ports::{
    AuditQuery, CustomFieldQuery, DirectoryEntry, DirectoryError, IdentifierKind, Identifiers,
    PageOf, SaveError, SortOrder,
};
use accolade_domain::audit::Entry;
use accolade_domain::badge::Rank;
use accolade_domain::catalogue::{CustomField, DataType, Group};
use accolade_domain::text::Name;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::fixtures::customer;
use crate::walk::context::{CATALOGUE, Context};
use crate::walk::side::{Side, down, told};
use crate::walk::steps::{NAMES, key};
use crate::world::Tenant;

/// One step.
#[derive(Debug, Clone)]
pub(crate) enum CatalogueStep {
    /// Creates the group, or changes it if there is one.
    Group(Change),
    /// Creates the field, or changes it if there is one.
    Field(Change),
    Groups(PageOf),
    Fields(CustomFieldQuery),
    /// Of each customer, an identifier of each kind.
    Put(BTreeMap<i64, [Option<&'static str>; 4]>, Option<u8>),
    Resolve(usize),
}

/// What a group or a field is to be.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    index: usize,
    name: &'static str,
    rank: i64,
    active: bool,
    /// Whether it is decided from what it never was.
    stale: bool,
    key: Option<u8>,
}

/// Identifiers, some of which are one and the same by some comparison.
const TEXTS: &[&str] = &["a@x", "A@X", " a@x", "b@x", "1", "é"];

pub(crate) fn steps() -> impl Strategy<Value = CatalogueStep> {
    let page = || (0..3_u32, 1..4_u32).prop_map(|(page, size)| PageOf { page, size });
    let query = (
        option::of(any::<bool>()),
        select(&[SortOrder::Ascending, SortOrder::Descending][..]),
        page(),
    )
        .prop_map(|(active, order, page)| CustomFieldQuery {
            active,
            order,
            page,
        });
    let identifiers = vec(option::weighted(0.4, select(TEXTS)), 4)
        .prop_map(|texts| <[_; 4]>::try_from(texts).unwrap());
    prop_oneof![
        3 => change().prop_map(CatalogueStep::Group),
        3 => change().prop_map(CatalogueStep::Field),
        1 => page().prop_map(CatalogueStep::Groups),
        1 => query.prop_map(CatalogueStep::Fields),
        4 => (btree_map(1..6_i64, identifiers, 1..4), key())
            .prop_map(|(entries, key)| CatalogueStep::Put(entries, key)),
        2 => (0..4_usize).prop_map(CatalogueStep::Resolve),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let stale = (0..8_u8).prop_map(|die| die == 0);
    let active = (0..4_u8).prop_map(|die| die != 0);
    (0..CATALOGUE, select(NAMES), 1..4_i64, active, stale, key()).prop_map(
        |(index, name, rank, active, stale, key)| Change {
            index,
            name,
            rank,
            active,
            stale,
            key,
        },
    )
}

impl Side {
    /// What the audit trail told last, of whatever the tenant's client did.
    pub(super) fn trail(&self, tenant: Tenant) -> Vec<Entry> {
        let query = AuditQuery {
            actor: Some(tenant.actor),
            limit: 50,
            ..AuditQuery::default()
        };
        let page = self.stores.audit.entries(tenant.org, &query).unwrap();
        page.entries.into_iter().map(|it| it.entry).collect()
    }

    /// Does `step` and gives all that was answered.
    pub(crate) fn catalogue(&mut self, step: &CatalogueStep, context: &Context) -> String {
        let catalogue = &self.stores.catalogue;
        let org = context.tenant.org;
        match step {
            CatalogueStep::Group(change) => {
                let id = context.groups[change.index];
                let record = context.record(change.key);
                let found = catalogue.group(org, id).unwrap();
                let saved = match &found {
                    None => {
                        catalogue.create_group(&group(change, None, context), record.as_ref(), &[])
                    }
                    Some(before) => {
                        let after = group(change, Some(before), context);
                        let mut before = before.clone();
                        if change.stale {
                            before.updated_on = context.hours(-999);
                        }
                        catalogue.save_group(&before, &after, record.as_ref(), &[])
                    }
                };
                told((saved.map_err(said), catalogue.group(org, id).unwrap()))
            }
            CatalogueStep::Field(change) => {
                let id = context.fields[change.index];
                let record = context.record(change.key);
                let found = catalogue.field(org, id).unwrap();
                let saved = match &found {
                    None => {
                        catalogue.create_field(&field(change, None, context), record.as_ref(), &[])
                    }
                    Some(before) => {
                        let after = field(change, Some(before), context);
                        let mut before = before.clone();
                        if change.stale {
                            before.mandatory = !before.mandatory;
                        }
                        catalogue.save_field(&before, &after, record.as_ref(), &[])
                    }
                };
                let mut active = catalogue.active_fields(org).unwrap();
                active.sort_by_key(|field| field.id);
                told((
                    saved.map_err(said),
                    catalogue.field(org, id).unwrap(),
                    active,
                ))
            }
            CatalogueStep::Groups(page) => told(catalogue.groups(org, *page)),
            CatalogueStep::Fields(query) => told(catalogue.fields(org, query)),
            CatalogueStep::Put(entries, key) => {
                let entries: Vec<_> = entries.iter().map(entry).collect();
                let record = context.record(*key);
                let by = context.by();
                let put = (self.stores.directory).put(org, &entries, &by, record.as_ref());
                let put = put.map_err(|error| match error {
                    DirectoryError::Store(error) => down(&error),
                    DirectoryError::Taken(taken) => format!("{taken:?}"),
                    refused => refused.to_string(),
                });
                told((put, self.trail(context.tenant)))
            }
            CatalogueStep::Resolve(kind) => {
                let texts: Vec<_> = TEXTS.iter().map(|&text| text.to_owned()).collect();
                let kind = IdentifierKind::ALL[*kind];
                told(self.stores.directory.resolve(org, kind, &texts))
            }
        }
    }
}

fn said(error: SaveError) -> String {
    match error {
        SaveError::Store(error) => down(&error),
        refused => refused.to_string(),
    }
}

fn group(change: &Change, before: Option<&Group>, context: &Context) -> Group {
    Group {
        id: context.groups[change.index],
        org: context.tenant.org,
        name: change.name.try_into().unwrap(),
        rank: Rank::try_from(change.rank).unwrap(),
        active: before.is_none() || change.active,
        created_on: before.map_or(context.now, |group| group.created_on),
        created_by: context.tenant.actor,
        updated_on: context.now,
        updated_by: context.tenant.actor,
    }
}

fn field(change: &Change, before: Option<&CustomField>, context: &Context) -> CustomField {
    CustomField {
        id: context.fields[change.index],
        org: context.tenant.org,
        name: change.name.try_into().unwrap(),
        data_type: before.map_or(DataType::String, |field| field.data_type),
        mandatory: change.rank == 1,
        default: (change.rank != 2).then(|| change.name.try_into().unwrap()),
        active: before.is_none() || change.active,
        created_on: before.map_or(context.now, |field| field.created_on),
        created_by: context.tenant.actor,
        updated_on: context.now,
        updated_by: context.tenant.actor,
    }
}

fn entry((number, texts): (&i64, &[Option<&'static str>; 4])) -> DirectoryEntry {
    let [email, mobile, external_id, card_number] =
        texts.map(|text| text.map(|text| Name::try_from(text).unwrap()));
    DirectoryEntry {
        customer: customer(*number),
        identifiers: Identifiers {
            email,
            mobile,
            external_id,
            card_number,
        },
    }
}
