//! What the feed is told of badges that are created and edited.

use accolade_application::ports::{BadgeEdit, BadgeEditRequest};
use accolade_domain::badge::Badge;
use accolade_domain::event::{BadgeChanged, BadgeFact};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::BadgeName;
use anyhow::Context as _;
use diesel::prelude::*;

use super::Connection;
use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::mapping::{FIRST_VERSION, definition_of};
use crate::retry::WorkError;
use crate::schema::{badge_claims, badge_metas};

/// What an edit changes, as it was.
pub(super) struct Before {
    name: BadgeName,
    is_active: bool,
    /// Whether the owner that the edit is about had an active claim.
    is_claimed: bool,
    /// What it is to become already, if the edit is about the definition.
    is_defined_so: bool,
}

/// The badge before `request`, if it is there.
pub(super) fn before(
    connection: &mut Connection,
    request: &BadgeEditRequest,
) -> Result<Option<Before>, WorkError> {
    let (org, badge) = (request.org.get(), request.badge.0.as_bytes().as_slice());
    let found: Option<(String, bool, String)> = badge_metas::table
        .find((org, badge))
        .select((
            badge_metas::name,
            badge_metas::active,
            badge_metas::definition,
        ))
        .get_result(connection)
        .optional()?;
    let is_claimed: Option<bool> = match &request.edit {
        BadgeEdit::Claim(claim) => badge_claims::table
            .find((
                org,
                badge,
                claim.owner.owner_type.number(),
                claim.owner.reference.as_str(),
            ))
            .select(badge_claims::active)
            .get_result(connection)
            .optional()?,
        BadgeEdit::Activity(_) | BadgeEdit::Definition { .. } => None,
    };
    let Some((name, is_active, stored)) = found else {
        return Ok(None);
    };
    let is_defined_so = match &request.edit {
        BadgeEdit::Definition { definition, .. } => definition_of(&stored)? == **definition,
        BadgeEdit::Activity(_) | BadgeEdit::Claim(_) => false,
    };
    Ok(Some(Before {
        name: BadgeName::from_stored(name),
        is_active,
        is_claimed: is_claimed.unwrap_or(false),
        is_defined_so,
    }))
}

/// What is told of a new badge.
pub(super) fn created(badge: &Badge) -> anyhow::Result<Vec<FeedRow>> {
    let fact = BadgeFact {
        badge: badge.id,
        version: FIRST_VERSION,
        name: badge.definition.name.clone(),
        actor: badge.created_by,
        owner: None,
    };
    let row = row(badge.created_on, BadgeChanged::Created, fact)?;
    Ok(row.into_iter().collect())
}

/// What is told of `request`, which was carried out.
pub(super) fn edited(
    request: &BadgeEditRequest,
    before: Option<Before>,
) -> anyhow::Result<Vec<FeedRow>> {
    let before = before.context("an edit of a badge that was not there")?;
    let mut name = before.name;
    let mut told: Vec<(BadgeChanged, Option<Owner>)> = Vec::new();
    let mut set_activity = None;
    match &request.edit {
        BadgeEdit::Activity(active) => set_activity = Some(*active),
        BadgeEdit::Claim(claim) => {
            if claim.active != before.is_claimed {
                let changed = if claim.active {
                    BadgeChanged::Claimed
                } else {
                    BadgeChanged::Unclaimed
                };
                told.push((changed, Some(claim.owner.clone())));
            }
        }
        BadgeEdit::Definition { definition, active } => {
            name = definition.name.clone();
            if !before.is_defined_so {
                told.push((BadgeChanged::Updated, None));
            }
            set_activity = *active;
        }
    }
    if let Some(active) = set_activity.filter(|active| *active != before.is_active) {
        let changed = if active {
            BadgeChanged::Activated
        } else {
            BadgeChanged::Deactivated
        };
        told.push((changed, None));
    }
    let rows = told.into_iter().map(|(changed, owner)| {
        let fact = BadgeFact {
            badge: request.badge,
            version: request.version.0 + 1,
            name: name.clone(),
            actor: request.by,
            owner,
        };
        row(request.now, changed, fact)
    });
    rows.filter_map(Result::transpose).collect()
}

fn row(now: Instant, changed: BadgeChanged, fact: BadgeFact) -> anyhow::Result<Option<FeedRow>> {
    FeedRow::new(now, changed.kind(), 1, &Data::Badge(Box::new(fact)))
}
