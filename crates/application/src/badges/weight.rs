//! How much memory a badge takes, for what remembers badges.

use std::mem::size_of;

use accolade_domain::badge::Badge;
use accolade_domain::owner::Claim;

/// About how many bytes `badge` takes: what it takes itself, twice what its definition takes as JSON, and
/// its claims with their references.
pub(crate) fn weight(badge: &Badge) -> usize {
    let definition = serde_json::to_vec(&badge.definition).unwrap_or_default();
    let claim = |it: &Claim| size_of::<Claim>() + it.owner.reference.as_str().len();
    let claims: usize = badge.claims.iter().map(claim).sum();
    size_of::<Badge>() + 2 * (definition.len() + claims)
}
