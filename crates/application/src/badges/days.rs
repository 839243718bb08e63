//! How many enrolments and earned badges a badge had from day to day.

use accolade_domain::ids::BadgeId;
use time::{Date, Duration};

use crate::access::Caller;
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{BadgeDay, Ports};

/// The most days that may be asked for.
const MOST_DAYS: u32 = 3_660;

/// By how much the counts of a badge grew on one day of UTC: what was revoked is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCounts {
    /// The day.
    pub date: Date,
    /// Enrolments.
    pub issued: i64,
    /// Earned badges.
    pub earned: i64,
}

/// By how much the counts of a badge grew on each of `days` days from `from` on, up to today. What was
/// there before anybody looked is of no day.
///
/// # Errors
/// 404 if the caller's org has no such badge.
pub fn counts_over_time(
    ports: &Ports,
    caller: &Caller,
    badge: BadgeId,
    from: Date,
    days: u32,
) -> Result<Vec<DayCounts>, UseCaseError> {
    let badges = &ports.stores.badges;
    let now = ports.clock.now();
    let found = badges
        .find_counted(caller.org, badge)?
        .ok_or_else(|| not_found(badge))?;
    let mut noted = badges.days(caller.org, badge, from)?;
    // What was noted last may be a minute old.
    let today = BadgeDay {
        date: BadgeDay::of(now),
        issued: found.counts.issued,
        earned: found.counts.earned,
    };
    if !noted.is_empty() {
        noted.retain(|it| it.date != today.date);
        noted.push(today);
    }
    let mut noted = noted.into_iter().peekable();
    // The last before them, or the first that there is; nothing, if the badge is no older than that.
    let created = BadgeDay::of(found.badge.created_on);
    let mut before = noted.peek().map(|first| {
        if created >= first.date {
            BadgeDay {
                issued: 0,
                earned: 0,
                ..*first
            }
        } else {
            *first
        }
    });
    while let Some(earlier) = noted.next_if(|it| it.date < from) {
        before = Some(earlier);
    }
    let all =
        (0..days.min(MOST_DAYS)).map_while(|day| from.checked_add(Duration::days(day.into())));
    let counts = all.take_while(|date| *date <= today.date).map(|date| {
        let noted = noted.next_if(|it| it.date == date);
        let (Some(was), Some(is)) = (before, noted) else {
            return DayCounts {
                date,
                issued: 0,
                earned: 0,
            };
        };
        before = Some(is);
        DayCounts {
            date,
            issued: grown(was.issued, is.issued),
            earned: grown(was.earned, is.earned),
        }
    });
    Ok(counts.collect())
}

fn grown(was: u64, is: u64) -> i64 {
    let signed = |count| i64::try_from(count).unwrap_or(i64::MAX);
    signed(is) - signed(was)
}
