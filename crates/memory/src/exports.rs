//! Everything that an org has, a page after the other.

use accolade_application::ports::{
    CountedBadge, CustomerExport, DirectoryEntry, EarnRecord, EnrolmentRecord, ExportPage,
    Exported, Exports, HeldExport, HeldKey, Identifiers, ListExport, StoreError,
};
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{BadgeId, CustomFieldId, CustomerId, GroupId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::Name;
use anyhow::Context as _;

use crate::MemoryStore;
use crate::store::{ByCustomer, State};

/// How many rows one call looks at.
const AT_ONCE: usize = 100;

impl Exports for MemoryStore {
    fn enrolments(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EnrolmentRecord>, HeldKey>, StoreError> {
        let state = self.begin();
        let about = |it: &EnrolmentRecord| (it.enrolment.id.0, it.recorded_on);
        state.held(&state.enrolments, org, asked, about)
    }

    fn earned_badges(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EarnRecord>, HeldKey>, StoreError> {
        let state = self.begin();
        let about = |it: &EarnRecord| (it.earned.id.0, it.earned.earned_on);
        state.held(&state.earns, org, asked, about)
    }

    fn badges(
        &self,
        org: OrgId,
        asked: &ListExport<BadgeId>,
    ) -> Result<ExportPage<CountedBadge, BadgeId>, StoreError> {
        let state = self.begin();
        let all = state.badges_of(org);
        let page = listed(all.map(|it| (it.id, it.created_on, it)), asked);
        let counted = page.rows.into_iter().map(|badge| state.counted(badge));
        Ok(ExportPage {
            rows: counted.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    fn groups(
        &self,
        org: OrgId,
        asked: &ListExport<GroupId>,
    ) -> Result<ExportPage<Group, GroupId>, StoreError> {
        let state = self.begin();
        let all = state.groups.values().filter(|group| group.org == org);
        Ok(listed(
            all.map(|it| (it.id, it.created_on, it.clone())),
            asked,
        ))
    }

    fn custom_fields(
        &self,
        org: OrgId,
        asked: &ListExport<CustomFieldId>,
    ) -> Result<ExportPage<CustomField, CustomFieldId>, StoreError> {
        let state = self.begin();
        let all = state.fields.values().filter(|field| field.org == org);
        Ok(listed(
            all.map(|it| (it.id, it.created_on, it.clone())),
            asked,
        ))
    }

    fn customers(
        &self,
        org: OrgId,
        asked: &CustomerExport,
    ) -> Result<ExportPage<DirectoryEntry, CustomerId>, StoreError> {
        let state = self.begin();
        let of_org = state.identifiers.iter().filter(|it| it.0.0 == org);
        let mut entries: Vec<DirectoryEntry> = Vec::new();
        let mut all: Vec<_> = of_org.map(|(key, customer)| (*customer, key)).collect();
        all.sort_unstable();
        for (customer, (_, kind, text)) in all {
            if entries.last().is_none_or(|it| it.customer != customer) {
                entries.push(DirectoryEntry {
                    customer,
                    identifiers: Identifiers::default(),
                });
            }
            if let Some(entry) = entries.last_mut() {
                let text = Name::from_stored(text.clone());
                entry.identifiers.set(*kind, text);
            }
        }
        let asked_for = |it: &DirectoryEntry| {
            asked.after.is_none_or(|after| it.customer > after)
                && asked.only.is_none_or(|only| it.customer == only)
        };
        entries.retain(asked_for);
        let has_more = entries.len() > AT_ONCE;
        entries.truncate(AT_ONCE);
        let last = entries.last().map(|it| it.customer);
        Ok(ExportPage {
            rows: entries,
            next: last.filter(|_| has_more),
        })
    }
}

impl State {
    /// What `asked` asks for of `all`; `about` tells the id of a record, and when it was recorded.
    fn held<T: Clone>(
        &self,
        all: &ByCustomer<T>,
        org: OrgId,
        asked: &HeldExport,
        about: impl Fn(&T) -> (ObjectId, Instant),
    ) -> Result<ExportPage<Exported<T>, HeldKey>, StoreError> {
        let of_org = all.iter().filter(|(key, _)| key.0 == org);
        let placed = of_org.flat_map(|((_, badge, customer), records)| {
            (1..).zip(records).map(move |(ordinal, record)| {
                let (customer, badge) = (*customer, *badge);
                let key = HeldKey {
                    customer,
                    badge,
                    ordinal,
                };
                (key, record)
            })
        });
        let mut placed: Vec<_> = placed
            .filter(|(key, _)| asked.after.is_none_or(|after| *key > after))
            .filter(|(key, _)| asked.customer.is_none_or(|one| key.customer == one))
            .collect();
        placed.sort_unstable_by_key(|(key, _)| *key);
        let has_more = placed.len() > AT_ONCE;
        placed.truncate(AT_ONCE);
        let last = placed.last().map(|(key, _)| *key);
        let mut rows = Vec::new();
        for (key, record) in placed {
            let (id, recorded_on) = about(record);
            let is_asked_for = asked.badge.is_none_or(|badge| key.badge == badge)
                && asked.recorded.contains(recorded_on);
            if is_asked_for {
                let origin = self.origins.get(&id).cloned();
                let origin = origin.context("something that no request recorded");
                let (request_id, created_by) = origin.map_err(StoreError::Unexpected)?;
                rows.push(Exported {
                    key,
                    record: record.clone(),
                    request_id,
                    created_by,
                });
            }
        }
        Ok(ExportPage {
            rows,
            next: last.filter(|_| has_more),
        })
    }
}

/// What `asked` asks for of `all`, each with its id and when it was created, in the order of ids.
fn listed<I: Copy + Ord, T>(
    all: impl Iterator<Item = (I, Instant, T)>,
    asked: &ListExport<I>,
) -> ExportPage<T, I> {
    let mut found: Vec<_> = all
        .filter(|(id, ..)| asked.after.is_none_or(|after| *id > after))
        .filter(|(id, ..)| asked.only.is_none_or(|only| *id == only))
        .collect();
    let has_more = found.len() > AT_ONCE;
    found.truncate(AT_ONCE);
    let last = found.last().map(|(id, ..)| *id);
    let rows = found.into_iter();
    let rows = rows.filter(|(_, created_on, _)| asked.recorded.contains(*created_on));
    ExportPage {
        rows: rows.map(|(.., row)| row).collect(),
        next: last.filter(|_| has_more),
    }
}
