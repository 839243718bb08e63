//! Groups and custom fields.

use accolade_application::ports::{
    CatalogueStore, CustomFieldQuery, IdempotencyRecord, Page, PageOf, SaveError, SortOrder,
    StoreError,
};
use accolade_domain::audit::Entry;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{CustomFieldId, GroupId, OrgId};
use anyhow::anyhow;

use crate::MemoryStore;
use crate::filter::cut;
use crate::store::State;

impl CatalogueStore for MemoryStore {
    fn create_group(
        &self,
        group: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let mut state = self.begin();
        state.check_key(idempotency)?;
        state.check_group_name(group)?;
        if state.groups.keys().any(|(_, id)| *id == group.id) {
            return Err(exists("group", group.id).into());
        }
        state.groups.insert((group.org, group.id), group.clone());
        state.raise_catalogue_version(group.org);
        state.remember_if(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn save_group(
        &self,
        before: &Group,
        after: &Group,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let mut state = self.begin();
        state.check_key(idempotency)?;
        if state.groups.get(&(before.org, before.id)) != Some(before) {
            return Err(SaveError::Changed);
        }
        state.check_group_name(after)?;
        state.groups.insert((before.org, before.id), after.clone());
        state.raise_catalogue_version(before.org);
        state.remember_if(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn group(&self, org: OrgId, group: GroupId) -> Result<Option<Group>, StoreError> {
        Ok(self.begin().groups.get(&(org, group)).cloned())
    }

    fn groups(&self, org: OrgId, page: PageOf) -> Result<Page<Group>, StoreError> {
        let state = self.begin();
        let mut groups: Vec<_> = (state.groups.values())
            .filter(|group| group.org == org && group.active)
            .cloned()
            .collect();
        groups.sort_by_key(|group| (group.rank, group.id));
        Ok(cut(groups, page))
    }

    fn create_field(
        &self,
        field: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let mut state = self.begin();
        state.check_key(idempotency)?;
        state.check_field_name(field)?;
        if state.fields.keys().any(|(_, id)| *id == field.id) {
            return Err(exists("custom field", field.id).into());
        }
        state.fields.insert((field.org, field.id), field.clone());
        state.remember_if(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn save_field(
        &self,
        before: &CustomField,
        after: &CustomField,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveError> {
        let mut state = self.begin();
        state.check_key(idempotency)?;
        if state.fields.get(&(before.org, before.id)) != Some(before) {
            return Err(SaveError::Changed);
        }
        state.check_field_name(after)?;
        state.fields.insert((before.org, before.id), after.clone());
        state.remember_if(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn field(&self, org: OrgId, field: CustomFieldId) -> Result<Option<CustomField>, StoreError> {
        Ok(self.begin().fields.get(&(org, field)).cloned())
    }

    fn fields(
        &self,
        org: OrgId,
        query: &CustomFieldQuery,
    ) -> Result<Page<CustomField>, StoreError> {
        let state = self.begin();
        let mut fields: Vec<_> = (state.fields.values())
            .filter(|field| field.org == org)
            .filter(|field| query.active.is_none_or(|wanted| field.active == wanted))
            .cloned()
            .collect();
        fields.sort_by_key(|field| (field.updated_on, field.id));
        if query.order == SortOrder::Descending {
            fields.reverse();
        }
        Ok(cut(fields, query.page))
    }

    fn active_fields(&self, org: OrgId) -> Result<Vec<CustomField>, StoreError> {
        let state = self.begin();
        let fields = state.fields.values();
        let active = fields.filter(|field| field.org == org && field.active);
        Ok(active.cloned().collect())
    }
}

fn exists(what: &str, id: impl std::fmt::Display) -> StoreError {
    StoreError::Unexpected(anyhow!("there is a {what} with the id {id}"))
}

impl State {
    fn check_key(&self, idempotency: Option<&IdempotencyRecord>) -> Result<(), SaveError> {
        if idempotency.is_some_and(|record| self.is_key_used(&record.guard)) {
            return Err(SaveError::IdempotencyKeyUsed);
        }
        Ok(())
    }

    fn remember_if(&mut self, idempotency: Option<&IdempotencyRecord>) {
        if let Some(record) = idempotency {
            self.remember(record.clone());
        }
    }

    /// Refuses `group` if another active one has its name; an inactive one may have any.
    fn check_group_name(&self, group: &Group) -> Result<(), SaveError> {
        let is_rival = |other: &Group| {
            other.active
                && other.id != group.id
                && (other.org, &other.name) == (group.org, &group.name)
        };
        if group.active && self.groups.values().any(is_rival) {
            return Err(SaveError::NameTaken);
        }
        Ok(())
    }

    /// Refuses `field` if another active one has its name; an inactive one may have any.
    fn check_field_name(&self, field: &CustomField) -> Result<(), SaveError> {
        let is_rival = |other: &CustomField| {
            other.active
                && other.id != field.id
                && (other.org, &other.name) == (field.org, &field.name)
        };
        if field.active && self.fields.values().any(is_rival) {
            return Err(SaveError::NameTaken);
        }
        Ok(())
    }
}
