//! What a badge shows and brings: images, tags, benefits, its rank.
//!
//! Accolade keeps these and gives them back; no rule of enrolment reads them.

use crate::text::{Name, ShortText, UrlText};

/// Which state of the badge an image shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum ImageTag {
    /// The customer has earned it.
    Earned,
    /// The customer has not earned it.
    UnEarned,
    /// The customer is on the way.
    InProgress,
}

impl ImageTag {
    /// Every tag.
    pub const ALL: &[Self] = &[Self::Earned, Self::UnEarned, Self::InProgress];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Earned => "EARNED",
            Self::UnEarned => "UN_EARNED",
            Self::InProgress => "IN_PROGRESS",
        }
    }
}

/// A picture of the badge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Image {
    /// What the picture is called.
    pub name: Option<ShortText>,
    /// The caller's handle of the stored file.
    pub file_svc_handle: Option<ShortText>,
    /// Where it can be fetched: an absolute http(s) address.
    pub url: Option<UrlText>,
    /// Which state it shows.
    pub tag: Option<ImageTag>,
}

/// A free name and value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tag {
    /// The name.
    pub name: Name,
    /// The value.
    pub value: Option<ShortText>,
}

/// What earning the badge brings, in the caller's own words: a JSON object that
/// is kept as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Benefit {
    json: String,
}

impl Benefit {
    /// Keeps `json`, the text of an object with a `benefitType`; the edge has checked both.
    pub fn from_json(json: String) -> Self {
        Self { json }
    }

    /// The object's text.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Where a badge stands among others: 1 is highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "i64", into = "i64")
)]
pub struct Rank(u32);

impl Rank {
    /// The largest rank.
    pub const MAX: u32 = i32::MAX as u32;
}

/// The rank lies outside 1 to 2 147 483 647.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 2147483647")]
pub struct RankOutOfRange;

impl TryFrom<i64> for Rank {
    type Error = RankOutOfRange;

    fn try_from(rank: i64) -> Result<Self, RankOutOfRange> {
        u32::try_from(rank)
            .ok()
            .filter(|rank| (1..=Self::MAX).contains(rank))
            .map(Self)
            .ok_or(RankOutOfRange)
    }
}

impl From<Rank> for i64 {
    fn from(rank: Rank) -> i64 {
        i64::from(rank.0)
    }
}
