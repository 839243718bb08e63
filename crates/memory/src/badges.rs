//! Badge metas.

use std::collections::BTreeSet;

use accolade_application::answer::BadgeCounts;
use accolade_application::ports::{
    BadgeDay, BadgeEdit, BadgeEditRequest, BadgePage, BadgeQuery, BadgeStore, BadgeVersion,
    CountedBadge, CreateBadgeError, EditBadgeError, IdempotencyRecord, Page, PageOf, StoreError,
    VersionedBadge,
};
use accolade_domain::audit::Entry;
use accolade_domain::badge::Badge;
use accolade_domain::catalogue::Group;
use accolade_domain::ids::{BadgeId, BadgeNumber, OrgId};
use anyhow::anyhow;
use time::Date;

use crate::MemoryStore;
use crate::filter;
use crate::store::State;

impl BadgeStore for MemoryStore {
    fn create(
        &self,
        badge: &Badge,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<BadgeNumber, CreateBadgeError> {
        let mut state = self.begin();
        if idempotency.is_some_and(|record| state.is_key_used(&record.guard)) {
            return Err(CreateBadgeError::IdempotencyKeyUsed);
        }
        if state.badges.contains_key(&(badge.org, badge.id)) {
            return Err(CreateBadgeError::IdTaken);
        }
        if state
            .badges_of(badge.org)
            .any(|other| other.definition.name == badge.definition.name)
        {
            return Err(CreateBadgeError::NameTaken);
        }
        let number = state.next_badge_number(badge.org)?;
        if let Some(record) = idempotency {
            state.remember(record.numbered(number));
        }
        let created = VersionedBadge {
            badge: badge.clone(),
            version: BadgeVersion(1),
        };
        state.told_of_badge(None, &created);
        state.badges.insert((badge.org, badge.id), created);
        state.badge_numbers.insert((badge.org, badge.id), number);
        state.raise_catalogue_version(badge.org);
        state.tell(entries.iter().cloned());
        Ok(number)
    }

    fn find(&self, org: OrgId, badge: BadgeId) -> Result<Option<VersionedBadge>, StoreError> {
        Ok(self.begin().badges.get(&(org, badge)).cloned())
    }

    fn find_all(&self, org: OrgId, badges: &[BadgeId]) -> Result<Vec<VersionedBadge>, StoreError> {
        let state = self.begin();
        let wanted: BTreeSet<_> = badges.iter().map(|badge| (org, *badge)).collect();
        let found = wanted.iter().filter_map(|key| state.badges.get(key));
        Ok(found.cloned().collect())
    }

    fn find_counted(&self, org: OrgId, badge: BadgeId) -> Result<Option<CountedBadge>, StoreError> {
        let state = self.begin();
        let found = state.badges.get(&(org, badge));
        found.map(|found| state.counted(&found.badge)).transpose()
    }

    fn days(&self, org: OrgId, badge: BadgeId, from: Date) -> Result<Vec<BadgeDay>, StoreError> {
        let state = self.begin();
        let Some(days) = state.badge_days.get(&(org, badge)) else {
            return Ok(Vec::new());
        };
        let before = days.range(..from).next_back();
        let found = before.into_iter().chain(days.range(from..));
        Ok(found.map(|(_, day)| *day).collect())
    }

    fn list(&self, org: OrgId, query: &BadgeQuery) -> Result<BadgePage, StoreError> {
        let state = self.begin();
        let group = |badge: &Badge| state.active_group(badge).map(|group| group.id);
        let found = filter::select(state.badges_of(org), query, group);
        let page = PageOf {
            page: query.page,
            size: query.size,
        };
        let Page { items, total } = filter::cut(found, page);
        Ok(BadgePage {
            badges: (items.into_iter().map(|b| state.counted(b))).collect::<Result<_, _>>()?,
            total,
        })
    }

    fn edit(&self, request: &BadgeEditRequest) -> Result<(), EditBadgeError> {
        let mut state = self.begin();
        if request
            .idempotency
            .as_ref()
            .is_some_and(|record| state.is_key_used(&record.guard))
        {
            return Err(EditBadgeError::IdempotencyKeyUsed);
        }
        if !state.has_version(request.org, request.badge, request.version) {
            return Err(EditBadgeError::Changed);
        }
        if let BadgeEdit::Definition { definition, .. } = &request.edit
            && state
                .badges_of(request.org)
                .any(|other| other.id != request.badge && other.definition.name == definition.name)
        {
            return Err(EditBadgeError::NameTaken);
        }
        let found = state
            .badges
            .get_mut(&(request.org, request.badge))
            .ok_or(EditBadgeError::Changed)?;
        let before = found.clone();
        apply(&request.edit, &mut found.badge);
        found.badge.updated_on = request.now;
        found.badge.updated_by = request.by;
        found.version.0 += 1;
        let after = found.clone();
        state.told_of_badge(Some(&before), &after);
        state.raise_catalogue_version(request.org);
        state.tell(request.entries.iter().cloned());
        if let Some(record) = &request.idempotency {
            state.remember(record.clone());
        }
        Ok(())
    }
}

fn apply(edit: &BadgeEdit, badge: &mut Badge) {
    match edit {
        BadgeEdit::Activity(active) => badge.active = *active,
        BadgeEdit::Claim(claim) => match badge.claims.iter_mut().find(|c| c.owner == claim.owner) {
            Some(known) => known.active = claim.active,
            None => badge.claims.push(claim.clone()),
        },
        BadgeEdit::Definition { definition, active } => {
            badge.definition = definition.as_ref().clone();
            badge.active = active.unwrap_or(badge.active);
        }
    }
}

impl State {
    pub(crate) fn badges_of(&self, org: OrgId) -> impl Iterator<Item = &Badge> {
        self.badges
            .values()
            .map(|found| &found.badge)
            .filter(move |badge| badge.org == org)
    }

    /// Whether the badge is there and has this version.
    pub(crate) fn has_version(&self, org: OrgId, badge: BadgeId, version: BadgeVersion) -> bool {
        let found = self.badges.get(&(org, badge));
        found.is_some_and(|found| found.version == version)
    }

    /// The badge's group, unless it was removed.
    pub(crate) fn active_group(&self, badge: &Badge) -> Option<Group> {
        let group = self.groups.get(&(badge.org, badge.definition.group?));
        group.filter(|group| group.active).cloned()
    }

    /// The number of the badge that the org creates next.
    fn next_badge_number(&self, org: OrgId) -> Result<BadgeNumber, StoreError> {
        let numbered = self.badge_numbers.iter().filter(|((of, _), _)| *of == org);
        let last = numbered.map(|(_, number)| number.get()).max();
        BadgeNumber::try_from(last.unwrap_or(0) + 1)
            .map_err(|error| StoreError::Unexpected(error.into()))
    }

    pub(crate) fn counted(&self, badge: &Badge) -> Result<CountedBadge, StoreError> {
        let number = self.badge_numbers.get(&(badge.org, badge.id)).copied();
        let number = number.ok_or_else(|| {
            StoreError::Unexpected(anyhow!("the badge {} has no number", badge.id))
        })?;
        Ok(CountedBadge {
            badge: badge.clone(),
            number,
            group: self.active_group(badge),
            counts: self.counts_of(badge.org, badge.id),
        })
    }

    /// How many enrolments and earned badges the badge has that are not revoked.
    pub(crate) fn counts_of(&self, org: OrgId, badge: BadgeId) -> BadgeCounts {
        let of_badge = self.enrolments.iter();
        let issued = of_badge
            .filter(|((of, id, _), _)| (*of, *id) == (org, badge))
            .flat_map(|(_, records)| records)
            .filter(|record| record.enrolment.revoked_on.is_none())
            .count();
        let forgotten = self.forgotten.get(&(org, badge));
        let issued = issued + forgotten.map_or(0, |it| it.issued);
        let earned = self
            .earns_of(org, badge, None)
            .filter(|earned| earned.revoked_on.is_none())
            .count();
        BadgeCounts {
            issued: issued as u64,
            earned: earned as u64,
        }
    }
}
