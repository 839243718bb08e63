//! What became of earlier requests.

use accolade_application::answer::Answer;
use accolade_application::enrolment::requests;
use accolade_application::ports::Operation;
use time::Duration;

use crate::world::{World, codes, command};

#[test]
fn a_request_is_found_with_the_answer_that_it_was_given() {
    let world = World::new();
    let badge = world.badge("Gold");
    let recorded_on = world.ports.clock.now();
    let answer = world.enrol(command(badge, &[2, 1])).unwrap();
    world.clock.advance(Duration::days(10_000));
    world.deactivate(badge);
    let entries = requests(&world.ports, &world.caller, &answer.request_id).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].operation, Operation::IssueBulk);
    assert_eq!(entries[0].recorded_on, recorded_on);
    assert_eq!(entries[0].answer, Answer::Enrolment(answer));
}

#[test]
fn a_request_that_nobody_made_and_one_of_another_org_are_not_found() {
    let world = World::new();
    let answer = world.enrol(command(world.badge("Gold"), &[1])).unwrap();
    let unknown = "unknown".try_into().unwrap();
    assert_eq!(
        codes(requests(&world.ports, &world.caller, &unknown)),
        [404]
    );
    let stranger = world.stranger();
    assert_eq!(
        codes(requests(&world.ports, &stranger, &answer.request_id)),
        [404]
    );
}
