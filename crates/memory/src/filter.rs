//! Which badges a list shows, in which order, on which page.

use std::cmp::Ordering;

use accolade_application::ports::{BadgeQuery, BadgeSort, Page, PageOf, SortOrder};
use accolade_domain::badge::{Badge, BadgeDefinition};
use accolade_domain::ids::GroupId;
use accolade_domain::text::folded;

/// Those of `badges` that `query` asks for, on all pages, in its order. `group` names the
/// group of a badge that is active.
pub(crate) fn select<'a>(
    badges: impl Iterator<Item = &'a Badge>,
    query: &BadgeQuery,
    group: impl Fn(&Badge) -> Option<GroupId>,
) -> Vec<&'a Badge> {
    let mut found: Vec<_> = badges
        .filter(|badge| matches(badge, query))
        .filter(|badge| {
            query
                .group
                .is_none_or(|wanted| group(badge) == Some(wanted))
        })
        .collect();
    found.sort_by(|a, b| compare(a, b, query));
    found
}

/// The page of `all` that is asked for.
pub(crate) fn cut<T>(all: Vec<T>, page: PageOf) -> Page<T> {
    let total = all.len() as u64;
    let first = page.page as usize * page.size as usize;
    let items = all.into_iter().skip(first).take(page.size as usize);
    Page {
        items: items.collect(),
        total,
    }
}

/// Whether a badge's name contains `part`, whatever their case.
fn name_contains(definition: &BadgeDefinition, part: &str) -> bool {
    let name = folded(definition.name.as_str());
    name.contains(&folded(part))
}

fn matches(badge: &Badge, query: &BadgeQuery) -> bool {
    let definition = &badge.definition;
    let period = definition.period;
    let claimed_by = badge.claimed_by();

    (query.statuses.is_empty() || query.statuses.contains(&period.status(query.now)))
        && (query.earn_type).is_none_or(|wanted| definition.earn_mode.earn_type() == wanted)
        && (query.active).is_none_or(|wanted| badge.active == wanted)
        && (query.owner).is_none_or(|wanted| definition.owners.allow(wanted))
        && (query.claimed_by).is_none_or(|wanted| claimed_by.contains(&wanted))
        && (query.unclaimed).is_none_or(|wanted| claimed_by.is_empty() == wanted)
        && (query.name_contains.as_ref()).is_none_or(|part| name_contains(definition, part))
        && (query.starts_from).is_none_or(|from| period.starts_on() >= from)
        && (query.ends_until).is_none_or(|until| period.expires_on() <= until)
}

fn compare(a: &Badge, b: &Badge, query: &BadgeQuery) -> Ordering {
    let ascending = match query.sort {
        BadgeSort::Id => Ordering::Equal,
        // UTF-8 sorts like the code points that it encodes.
        BadgeSort::Name => a.definition.name.cmp(&b.definition.name),
        BadgeSort::StartDate => {
            let starts = [a, b].map(|badge| badge.definition.period.starts_on());
            starts[0].cmp(&starts[1])
        }
    }
    .then(a.id.cmp(&b.id));
    match query.order {
        SortOrder::Ascending => ascending,
        SortOrder::Descending => ascending.reverse(),
    }
}
