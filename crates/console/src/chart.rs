//! Counts over time as a picture, drawn by the server.

use std::fmt;

use accolade_application::access::Caller;
use accolade_application::answer::BadgeView;
use accolade_application::badges::{DayCounts, counts_over_time};
use accolade_application::error::UseCaseError;
use accolade_application::ports::Ports;
use askama::filters::HtmlSafe;
use time::{Date, Duration};

use crate::texts as t;

/// How many days the picture has.
const DAYS: u16 = 42;

/// The width of a day, in units of the picture's own.
const STEP: i64 = 15;

/// The size of the picture, and the room below the bars, for dates.
const WIDTH: i64 = STEP * DAYS as i64;
const HEIGHT: i64 = 120;
const FOOT: i64 = 16;

/// By how much the counts of a badge grew on each of some days, as a picture with a text for who does not
/// see it.
pub(crate) struct Chart {
    from: Date,
    days: Vec<DayCounts>,
}

/// That of a badge, for the days until today; `None` if there is nothing to be seen.
///
/// # Errors
/// The store failed.
pub(crate) fn of_badge(
    ports: &Ports,
    caller: &Caller,
    view: &BadgeView,
) -> Result<Option<Chart>, UseCaseError> {
    // Counts are kept for days of UTC.
    let today = time::OffsetDateTime::from(view.now).date();
    let from = today.saturating_sub(Duration::days(i64::from(DAYS) - 1));
    let days = counts_over_time(ports, caller, view.badge.id, from, DAYS.into())?;
    let is_empty = days.iter().all(|it| it.issued == 0 && it.earned == 0);
    Ok((!is_empty).then_some(Chart { from, days }))
}

impl Chart {
    /// The most that a count grew by on one day.
    fn most(&self) -> i64 {
        let counts = self.days.iter().map(|it| it.issued.max(it.earned));
        counts.max().unwrap_or(0).max(1)
    }
}

impl fmt::Display for Chart {
    /// Numbers, and words of ours: nothing that has to be escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (most, bottom) = (self.most(), HEIGHT - FOOT);
        let room = bottom - 8;
        // Whatever there is at least is seen; a day on which more was revoked than given has no bar.
        let height = |count: i64| (count.max(0).saturating_mul(room) + most - 1) / most;
        let sum = |count: fn(&DayCounts) -> i64| -> i64 { self.days.iter().map(count).sum() };
        let text = t::chart(DAYS, sum(|it| it.issued), sum(|it| it.earned), most);
        write!(
            f,
            r#"<figure class="chart"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text}">"#
        )?;
        write!(
            f,
            r#"<line x1="0" y1="{bottom}" x2="{WIDTH}" y2="{bottom}"/>"#
        )?;
        for day in &self.days {
            let place = (day.date - self.from).whole_days();
            let left = place * STEP;
            let title = t::chart_day(day.date, day.issued, day.earned);
            write!(f, "<g><title>{title}</title>")?;
            for (class, shift, count) in [("issued", 1, day.issued), ("earned", 7, day.earned)] {
                let high = height(count);
                let (x, y) = (left + shift, bottom - high);
                write!(
                    f,
                    r#"<rect class="{class}" x="{x}" y="{y}" width="6" height="{high}"/>"#
                )?;
            }
            f.write_str("</g>")?;
            if place % 7 == 0 {
                let (y, date) = (HEIGHT - 3, t::short_day(day.date));
                write!(f, r#"<text x="{left}" y="{y}">{date}</text>"#)?;
            }
        }
        write!(
            f,
            r#"</svg><figcaption><span class="swatch issued"></span> {} <span class="swatch earned"></span> {} · {text}</figcaption></figure>"#,
            t::ENROLLED,
            t::EARNED
        )
    }
}

impl HtmlSafe for Chart {}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn what_is_seen_of_a_day_is_its_share_of_the_most_and_a_loss_has_no_bar() {
        let day = |date, issued, earned| DayCounts {
            date,
            issued,
            earned,
        };
        let chart = Chart {
            from: date!(2026 - 04 - 01),
            days: vec![
                day(date!(2026 - 04 - 01), 10, 0),
                day(date!(2026 - 04 - 03), -2, 5),
            ],
        };
        let drawn = chart.to_string();
        for bar in [
            r#"<rect class="issued" x="1" y="8" width="6" height="96"/>"#,
            r#"<rect class="issued" x="31" y="104" width="6" height="0"/>"#,
            r#"<rect class="earned" x="37" y="56" width="6" height="48"/>"#,
            "3 Apr 2026: -2 enrolled, 5 earned",
        ] {
            assert!(drawn.contains(bar), "{bar}\n{drawn}");
        }
    }
}
