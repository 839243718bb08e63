//! Turning badges on and off.

use accolade_application::answer::Answer;
use accolade_application::badges::{SetActivity, get};
use accolade_domain::ids::BadgeId;
use time::Duration;

use crate::world::{World, codes};

fn turning(badge: BadgeId, active: bool) -> SetActivity {
    SetActivity { badge, active }
}

#[test]
fn a_badge_is_turned_off_and_on_and_to_do_so_again_changes_nothing() {
    let world = World::new();
    let badge = world.badge("Gold");
    for active in [true, false, true] {
        world.clock.advance(Duration::hours(1));
        let answer = world.run(turning(badge, active)).unwrap();
        assert_eq!(answer, Answer::Activity { badge, active });
        let before = get(&world.ports, &world.caller, badge).unwrap().badge;
        assert_eq!(before.active, active);
        world.clock.advance(Duration::hours(1));
        let again = world.run(turning(badge, active)).unwrap();
        assert_eq!(again, answer);
        assert_eq!(
            get(&world.ports, &world.caller, badge).unwrap().badge,
            before
        );
    }
}

#[test]
fn an_unknown_badge_and_one_of_another_org_are_not_found() {
    let world = World::new();
    let badge = world.badge("Gold");
    let unknown = "ffffffffffffffffffffffff".parse().unwrap();
    let result = world.run(turning(unknown, false));
    assert_eq!(codes(result), [404]);
    let result = world.run_as(&world.stranger(), turning(badge, false));
    assert_eq!(codes(result), [404]);
    assert_eq!(codes(get(&world.ports, &world.caller, unknown)), [404]);
    assert!(
        get(&world.ports, &world.caller, badge)
            .unwrap()
            .badge
            .active
    );
}
