//! Previews of earns: the same outcomes, and nothing recorded.

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{BadgeEdit, EarnRequest, TriedEarns};
use accolade_domain::enrolment::{Hold, Outcome};
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::World;
use crate::earning::{codes, in_all, rolling};
use crate::fixtures::{customer, now};

fn preview(world: &World, request: &EarnRequest) -> Vec<CustomerEarn> {
    world.stores.earning.preview(request).unwrap()
}

fn a_preview_says_who_would_earn_by_virtue_of_which_enrolment(world: &World) {
    let badge = world.badge("Gold");
    let mut enrolment = world.request(&badge, [1]);
    enrolment.hold = Hold::new(now(), Instant::MAX).unwrap();
    let Outcome::Enrolled(id) = world.enrol(&enrolment).unwrap()[0].outcome else {
        panic!("not enrolled")
    };
    let shown = preview(world, &world.earning(&badge, [2, 1]));
    assert_eq!(codes(&shown), [811, 0]);
    let expected = CustomerEarn {
        customer: customer(1),
        outcome: EarnOutcome::WouldEarn(Some(id)),
    };
    assert_eq!(shown[1], expected);
}

fn a_preview_refuses_whom_earning_would_refuse_in_the_same_words(world: &World) {
    let badge = world.limited(
        "Gold",
        [in_all(1)],
        [in_all(4), rolling(CalendarUnit::Days, 1, 3)],
    );
    world.earns(&badge, [1]);
    let late = now() - Duration::HOUR;
    for request in [
        world.earning(&badge, [1, 2, 3, 4]),
        world.earning_at(&badge, [5, 1], late, late),
    ] {
        let shown = preview(world, &request);
        let outcomes = world.earn(&request).unwrap();
        assert_eq!(codes(&shown), codes(&outcomes));
        for (shown, outcome) in shown.into_iter().zip(outcomes) {
            if let EarnOutcome::Refused(_) = outcome.outcome {
                assert_eq!(shown, outcome);
            }
        }
    }
}

fn a_preview_records_nothing_no_refusal_either(world: &World) {
    let badge = world.limited("Gold", [], [in_all(1)]);
    let mut request = world.earning(&badge, [1, 2]);
    request.context.key = Some(world.guard("key"));
    for _ in 0..3 {
        assert_eq!(codes(&preview(world, &request)), [0, 818]);
    }
    assert_eq!(world.earned(&badge), 0);
    assert_eq!(world.remembered("key"), None);
    assert_eq!(world.details(&badge, 1).earns.items, []);
    assert_eq!(world.details(&badge, 2).refusals, []);
    assert_eq!(codes(&world.earn(&request).unwrap()), [0, 818]);
}

fn a_preview_looks_at_neither_keys_nor_the_version(world: &World) {
    let badge = world.direct("Gold");
    let mut request = world.earning(&badge, [1]);
    request.context.key = Some(world.guard("key"));
    world.earn(&request).unwrap();
    world.edit(&badge, BadgeEdit::Activity(false));
    assert_eq!(codes(&preview(world, &request)), [0]);
}

fn a_preview_counts_what_was_tried_before_as_if_it_had_been_recorded(world: &World) {
    let badge = world.limited("Gold", [in_all(2)], [in_all(4)]);
    world.earn(&world.earning(&badge, [1])).unwrap();
    let request = world.earning(&badge, [1, 2, 3, 4]);
    let tried = TriedEarns {
        customers: vec![vec![0], vec![2], vec![1], vec![0]],
        badge: vec![1],
    };
    let earning = &world.stores.earning;
    let shown = earning.preview_after(&request, &tried).unwrap();
    assert_eq!(codes(&shown), [0, 817, 0, 818]);
    let none = earning.preview_after(&request, &TriedEarns::default());
    assert_eq!(codes(&none.unwrap()), [0, 0, 0, 818]);
}

sentences! {
    a_preview_says_who_would_earn_by_virtue_of_which_enrolment
    a_preview_refuses_whom_earning_would_refuse_in_the_same_words
    a_preview_records_nothing_no_refusal_either
    a_preview_looks_at_neither_keys_nor_the_version
    a_preview_counts_what_was_tried_before_as_if_it_had_been_recorded
}
