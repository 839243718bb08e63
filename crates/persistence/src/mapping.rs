//! Rows to the domain's values and back.
//!
//! What is stored was valid when it was written, so whatever does not fit here is damage, and an
//! unexpected error.

use std::collections::HashMap;
use std::sync::Arc;

use accolade_application::answer::BadgeCounts;
use accolade_application::ports::{BadgeVersion, CountedBadge, VersionedBadge};
use accolade_domain::badge::{Badge, BadgeDefinition, EarnType, Rank};
use accolade_domain::catalogue::Group;
use accolade_domain::customer_view::CatalogueBadge;
use accolade_domain::enrolment::{Enrolment, Hold};
use accolade_domain::ids::{BadgeId, BadgeNumber, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Claim, Owner, OwnerType, Owners};
use accolade_domain::text::{ReferenceId, folded};
use anyhow::{Context as _, anyhow};
use diesel::prelude::{AsChangeset, Insertable, Queryable};

use crate::schema::badge_metas;

pub(crate) fn instant(micros: i64) -> anyhow::Result<Instant> {
    Instant::from_unix_micros(micros).context("a stored instant")
}

pub(crate) fn object_id(bytes: &[u8]) -> anyhow::Result<ObjectId> {
    ObjectId::try_from(bytes).context("a stored id")
}

pub(crate) fn badge_id(bytes: &[u8]) -> anyhow::Result<BadgeId> {
    object_id(bytes).map(BadgeId)
}

/// A stored number or key as the domain has it.
pub(crate) fn stored<T, U>(value: T) -> anyhow::Result<U>
where
    U: TryFrom<T>,
    U::Error: std::error::Error + Send + Sync + 'static,
{
    U::try_from(value).with_context(|| format!("a stored {}", std::any::type_name::<U>()))
}

/// An enrolment as it is read: id, event date, expiry, and when it was revoked.
pub(crate) type EnrolmentRow = (Vec<u8>, i64, i64, Option<i64>);

pub(crate) fn enrolment(row: EnrolmentRow) -> anyhow::Result<Enrolment> {
    let (id, event_on, expires_on, revoked_on) = row;
    Ok(Enrolment {
        id: object_id(&id)?.into(),
        hold: Hold::new(instant(event_on)?, instant(expires_on)?)
            .map_err(|rejection| anyhow!("a stored enrolment: {rejection}"))?,
        revoked_on: revoked_on.map(instant).transpose()?,
    })
}

pub(crate) fn owner_type(number: i16) -> anyhow::Result<OwnerType> {
    OwnerType::from_number(number).ok_or_else(|| anyhow!("a stored owner type is {number}"))
}

/// The owners as a sum of powers of two, to be filtered by.
pub(crate) fn owner_bits(owners: &Owners) -> i32 {
    owners
        .as_slice()
        .iter()
        .fold(0, |bits, owner| bits | owner_bit(*owner))
}

pub(crate) fn owner_bit(owner: OwnerType) -> i32 {
    1 << owner.number()
}

pub(crate) fn earn_type_number(earn_type: EarnType) -> i16 {
    match earn_type {
        EarnType::IssueEarn => 1,
        EarnType::Earn => 2,
    }
}

pub(crate) fn rank_number(rank: Rank) -> anyhow::Result<i32> {
    Ok(i64::from(rank).try_into()?)
}

/// Who triggered a request, as the ledger's columns have it.
pub(crate) fn triggered_by(
    owner: Option<i16>,
    reference: Option<String>,
) -> anyhow::Result<Option<Owner>> {
    owner
        .zip(reference)
        .map(|(number, reference)| {
            Ok(Owner {
                owner_type: owner_type(number)?,
                reference: ReferenceId::from_stored(reference),
            })
        })
        .transpose()
}

/// The first version of a badge.
pub(crate) const FIRST_VERSION: i64 = 1;

/// A definition to be written, and what repeats it.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = badge_metas, treat_none_as_null = true)]
pub(crate) struct DefinitionRow<'a> {
    name: &'a str,
    name_folded: String,
    starts_on: i64,
    expires_on: i64,
    earn_type: i16,
    owners: i32,
    rank: Option<i32>,
    group_id: Option<Vec<u8>>,
    definition: String,
}

impl<'a> DefinitionRow<'a> {
    pub(crate) fn from_definition(definition: &'a BadgeDefinition) -> anyhow::Result<Self> {
        Ok(Self {
            name: definition.name.as_str(),
            name_folded: folded(definition.name.as_str()),
            starts_on: definition.period.starts_on().unix_micros(),
            expires_on: definition.period.expires_on().unix_micros(),
            earn_type: earn_type_number(definition.earn_mode.earn_type()),
            owners: owner_bits(&definition.owners),
            rank: definition.rank.map(rank_number).transpose()?,
            group_id: definition.group.map(|id| id.0.as_bytes().to_vec()),
            definition: serde_json::to_string(definition)?,
        })
    }
}

/// A definition as it is stored.
pub(crate) fn definition_of(stored: &str) -> anyhow::Result<BadgeDefinition> {
    Ok(serde_json::from_str(stored)?)
}

/// A badge to be written.
#[derive(Insertable)]
#[diesel(table_name = badge_metas)]
pub(crate) struct NewBadgeRow<'a> {
    org_id: i64,
    id: &'a [u8],
    numeric_id: i64,
    version: i64,
    #[diesel(embed)]
    definition: DefinitionRow<'a>,
    active: bool,
    created_on: i64,
    created_by: i64,
    updated_on: i64,
    updated_by: i64,
}

impl<'a> NewBadgeRow<'a> {
    pub(crate) fn from_badge(badge: &'a Badge, number: BadgeNumber) -> anyhow::Result<Self> {
        Ok(Self {
            org_id: badge.org.get(),
            id: badge.id.0.as_bytes(),
            numeric_id: number.get(),
            version: FIRST_VERSION,
            definition: DefinitionRow::from_definition(&badge.definition)?,
            active: badge.active,
            created_on: badge.created_on.unix_micros(),
            created_by: badge.created_by.number(),
            updated_on: badge.updated_on.unix_micros(),
            updated_by: badge.updated_by.number(),
        })
    }
}

/// A badge as it is read, with its claims as a JSON array of
/// `[owner type, reference, 0 or 1]`.
#[derive(Queryable)]
pub(crate) struct BadgeRow {
    org_id: i64,
    id: Vec<u8>,
    version: i64,
    active: bool,
    definition: String,
    created_on: i64,
    created_by: i64,
    updated_on: i64,
    updated_by: i64,
    claims: String,
}

impl BadgeRow {
    fn badge(self) -> anyhow::Result<Badge> {
        let definition = definition_of(&self.definition)
            .with_context(|| format!("the definition of badge {:02x?}", self.id))?;
        let claims: Vec<(i16, ReferenceId, u8)> = serde_json::from_str(&self.claims)?;
        Ok(Badge {
            id: badge_id(&self.id)?,
            org: stored(self.org_id)?,
            definition,
            active: self.active,
            claims: claims
                .into_iter()
                .map(|(number, reference, active)| {
                    Ok(Claim {
                        owner: Owner {
                            owner_type: owner_type(number)?,
                            reference,
                        },
                        active: active != 0,
                    })
                })
                .collect::<anyhow::Result<_>>()?,
            created_on: instant(self.created_on)?,
            created_by: stored(self.created_by)?,
            updated_on: instant(self.updated_on)?,
            updated_by: stored(self.updated_by)?,
        })
    }

    pub(crate) fn versioned(self) -> anyhow::Result<VersionedBadge> {
        let version = BadgeVersion(self.version);
        Ok(VersionedBadge {
            badge: self.badge()?,
            version,
        })
    }
}

/// A badge with its group.
#[derive(Queryable)]
pub(crate) struct GroupedBadgeRow {
    badge: BadgeRow,
    group: Option<String>,
}

impl GroupedBadgeRow {
    pub(crate) fn grouped(self) -> anyhow::Result<(Badge, Option<Group>)> {
        let group = self.group.as_deref().map(group).transpose()?;
        Ok((self.badge.badge()?, group))
    }

    /// The badge as a catalogue has it. `groups` has those that were read before, by their texts.
    pub(crate) fn in_catalogue(
        self,
        groups: &mut HashMap<String, Arc<Group>>,
    ) -> anyhow::Result<CatalogueBadge> {
        let Some(text) = self.group else {
            return Ok(CatalogueBadge::new(self.badge.badge()?, None));
        };
        let group = if let Some(known) = groups.get(&text) {
            Arc::clone(known)
        } else {
            let read = Arc::new(group(&text)?);
            groups.insert(text, Arc::clone(&read));
            read
        };
        Ok(CatalogueBadge::new(self.badge.badge()?, Some(group)))
    }
}

fn group(json: &str) -> anyhow::Result<Group> {
    serde_json::from_str(json).context("a stored group")
}

/// A badge with its group and its counts.
#[derive(Queryable)]
pub(crate) struct CountedBadgeRow {
    badge: BadgeRow,
    number: i64,
    group: Option<String>,
    issued: i64,
    earned: i64,
}

impl CountedBadgeRow {
    pub(crate) fn counted(self) -> anyhow::Result<CountedBadge> {
        Ok(CountedBadge {
            counts: BadgeCounts {
                issued: stored(self.issued)?,
                earned: stored(self.earned)?,
            },
            number: stored(self.number)?,
            group: self.group.as_deref().map(group).transpose()?,
            badge: self.badge.badge()?,
        })
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.badge.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in databases. Whoever changes the domain's types so that this test
    /// fails has to read the old form too, or to migrate it.
    const STORED: &str = r#"{"name":"Gold","description":"For regulars","period":{"starts_on":1704067200000000,"expires_on":1893456000000000},"earn_mode":{"EnrolThenEarn":{"enrolment_expiry":{"Relative":{"unit":"MONTHS","value":3}}}},"earned_expiry":{"FixedDate":1926235957000000},"owners":["Loyalty","Rewards_Catalog"],"customer_constraints":[{"FixedValue":5},{"FixedWindow":{"reference":"00000000-0000-0000-0000-000000000007","cycle":{"Days":{"refresh_rate":7}},"max":2}},{"FixedWindow":{"reference":"00000000-0000-0000-0000-000000000008","cycle":{"Weeks":{"starts_on":"SUNDAY"}},"max":2}},{"FixedWindow":{"reference":"00000000-0000-0000-0000-000000000009","cycle":"Months","max":2}},{"RollingWindow":[{"unit":"DAYS","length":30,"max":4}]}],"badge_constraints":["NoLimit"],"images":[{"name":"on","file_svc_handle":"h","url":"https://example.com/a.png","tag":"UN_EARNED"}],"tags":[{"name":"tier","value":null}],"benefits":["{ \"benefitType\": \"COUPON\" }"],"rank":3,"group":"66276dc68fe258516a88ff8e","custom_values":{"size":"XL"},"default_till":17}"#;

    #[test]
    fn the_stored_form_of_a_definition_is_pinned() {
        let definition: BadgeDefinition = serde_json::from_str(STORED).unwrap();
        assert_eq!(serde_json::to_string(&definition).unwrap(), STORED);
        assert_eq!(
            definition.benefits[0].json(),
            r#"{ "benefitType": "COUPON" }"#
        );
    }

    #[test]
    fn the_other_expiries_and_modes_are_pinned_too() {
        use accolade_domain::badge::{EarnMode, Expiry};
        let json = |value: &Expiry| serde_json::to_string(value).unwrap();
        assert_eq!(json(&Expiry::WithBadge), "\"WithBadge\"");
        assert_eq!(json(&Expiry::Never), "\"Never\"");
        assert_eq!(
            serde_json::to_string(&EarnMode::Direct).unwrap(),
            "\"Direct\""
        );
    }

    #[test]
    fn each_owner_has_a_bit_of_its_own() {
        let all = Owners::try_from(OwnerType::ALL.to_vec()).unwrap();
        assert_eq!(owner_bits(&all).count_ones() as usize, OwnerType::ALL.len());
    }
}
