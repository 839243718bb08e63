//! Words and values of query strings that several lists read alike.

use accolade_application::ports::{IdentifierKind, PageOf, SortOrder};
use accolade_domain::badge::{BadgeStatus, EarnType};
use accolade_domain::ids::GroupId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::Zone;

use crate::customer::named::{IdentifierText, NamedCustomer};
use crate::instant;
use crate::json::{not_a_word, sentence, word};
use crate::query::{Query, number};

/// The most elements that a page may have.
const MAX_SIZE: u32 = 100;

/// The last page that may be asked for: what the document calls a number of 32 bits.
const LAST_PAGE: u32 = i32::MAX.unsigned_abs();

/// Words and what they mean, where the domain has no spelling of its own.
pub(crate) type Words<T> = [(T, &'static str)];

const STATUSES: &Words<BadgeStatus> = &[
    (BadgeStatus::Upcoming, "UPCOMING"),
    (BadgeStatus::Live, "LIVE"),
    (BadgeStatus::Expired, "EXPIRED"),
    (BadgeStatus::Expired, "ENDED"),
];
const ACTIVITIES: &Words<bool> = &[
    (true, "ACTIVATED"),
    (false, "DE_ACTIVATED"),
    (false, "DEACTIVATED"),
];
const ORDERS: &Words<SortOrder> = &[
    (SortOrder::Descending, "DESC"),
    (SortOrder::Ascending, "ASC"),
];

/// The page, from 0, and its size, also `limit`, or else `default_size`.
pub fn page(query: &mut Query, default_size: u32) -> PageOf {
    PageOf {
        page: page_number(query, "page"),
        size: query
            .read_either(["size", "limit"], number(1, MAX_SIZE))
            .unwrap_or(default_size),
    }
}

/// Which page `name` says, from 0; the first unless it is there.
pub(crate) fn page_number(query: &mut Query, name: &str) -> u32 {
    query.read(name, number(0, LAST_PAGE)).unwrap_or(0)
}

/// Which end comes first: the later, unless told otherwise.
pub(crate) fn order(query: &mut Query) -> SortOrder {
    query
        .read("order", |text| meaning(text, ORDERS))
        .unwrap_or_default()
}

/// A comma list of statuses.
pub(crate) fn statuses(list: &str) -> Result<Vec<BadgeStatus>, Rejection> {
    list.split(',')
        .filter(|text| !text.trim().is_empty())
        .map(|text| meaning(text.trim(), STATUSES))
        .collect()
}

/// A comma list of words.
pub(crate) fn list_of<T: Copy>(
    list: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Vec<T>, Rejection> {
    list.split(',')
        .filter(|text| !text.trim().is_empty())
        .map(|text| one_of(text.trim(), all, name))
        .collect()
}

/// ACTIVATED or `DE_ACTIVATED`, also spelt DEACTIVATED.
pub(crate) fn activity(text: &str) -> Result<bool, Rejection> {
    meaning(text, ACTIVITIES)
}

/// A type of owner.
pub(crate) fn owner(text: &str) -> Result<OwnerType, Rejection> {
    one_of(text, OwnerType::ALL, OwnerType::name)
}

/// Whether customers enrol first.
pub(crate) fn earn_type(text: &str) -> Result<EarnType, Rejection> {
    one_of(text, EarnType::ALL, EarnType::name)
}

/// What `text` means among `words`.
pub(crate) fn meaning<T: Copy>(text: &str, words: &Words<T>) -> Result<T, Rejection> {
    one_of(text, words, |(_, spelling)| spelling).map(|(meaning, _)| meaning)
}

/// An instant in any form that bodies have it in.
pub(crate) fn moment(text: &str) -> Result<Instant, Rejection> {
    // A plus sign of an offset that was not percent-encoded has become a blank.
    instant::parse(&text.trim().replace(' ', "+")).map_err(Rejection::unreadable)
}

/// A local day of an org in this zone: its first moment, and that of the next one.
pub(crate) fn day(text: &str, zone: &Zone) -> Result<(Instant, Instant), Rejection> {
    let wrong = "Must be a day, such as 2026-05-01.";
    zone.day(text.trim())
        .ok_or_else(|| Rejection::unreadable(wrong))
}

/// A customer, by its number or by an identifier of the kind `named_by`.
pub(crate) fn customer(
    text: &str,
    named_by: Option<IdentifierKind>,
) -> Result<NamedCustomer, Rejection> {
    match named_by {
        None => text.parse().map(NamedCustomer::Number).map_err(sentence),
        Some(kind) => IdentifierText::try_from(text.to_owned())
            .map(|text| NamedCustomer::Identifier(kind, text.into_string()))
            .map_err(sentence),
    }
    .map_err(Rejection::unreadable)
}

/// The id of a group.
pub(crate) fn group(text: &str) -> Result<GroupId, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be the id of a group: 24 hexadecimal digits."))
}

/// The one of `all` that `text` says.
pub(crate) fn one_of<T: Copy>(
    text: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Rejection> {
    word(text, all, name).ok_or_else(|| not_a_word(all, name))
}
