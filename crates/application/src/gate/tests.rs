//! Who goes before whom; nobody waits for time.

use std::sync::mpsc::{Receiver, channel};

use super::*;

/// What entered a gate, in its order, with its slot.
struct Scene {
    gate: Gate,
    tell: std::sync::mpsc::Sender<(&'static str, Slot)>,
    entered: Receiver<(&'static str, Slot)>,
}

fn scene(all: usize, large: usize, waiting: usize) -> Scene {
    let (tell, entered) = channel();
    let gate = Gate::new(Slots {
        all,
        large,
        waiting,
    });
    Scene {
        gate,
        tell,
        entered,
    }
}

fn turn(org: i64, size: Size) -> Turn {
    Turn::new(org.try_into().unwrap(), size)
}

impl Scene {
    fn come(&self, org: i64, size: Size, name: &'static str) -> Result<(), Crowded> {
        let tell = self.tell.clone();
        let told = move |slot| tell.send((name, slot)).map_err(|unsent| unsent.0.1);
        self.gate.wait(turn(org, size), told)
    }

    fn small(&self, org: i64, name: &'static str) {
        self.come(org, Size::Small, name).unwrap();
    }

    fn large(&self, org: i64, name: &'static str) {
        self.come(org, Size::Large, name).unwrap();
    }

    /// Who has entered since it was asked last.
    fn entered(&self) -> Vec<(&'static str, Slot)> {
        self.entered.try_iter().collect()
    }

    /// Who goes, one after another, until nobody waits; each leaves before the next enters.
    fn all_in_turn(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        while let Ok((name, slot)) = self.entered.try_recv() {
            names.push(name);
            drop(slot);
        }
        names
    }
}

fn names(entered: &[(&'static str, Slot)]) -> Vec<&'static str> {
    entered.iter().map(|it| it.0).collect()
}

#[test]
fn a_single_waits_for_one_bulk_request_however_many_wait() {
    let scene = scene(1, 1, 100);
    for bulk in ["bulk 1", "bulk 2", "bulk 3", "bulk 4"] {
        scene.large(1, bulk);
    }
    let running = scene.entered();
    scene.small(2, "single");
    drop(running);
    assert_eq!(
        scene.all_in_turn(),
        ["single", "bulk 2", "bulk 3", "bulk 4"]
    );
}

#[test]
fn a_bulk_request_waits_for_the_singles_that_waited_before_and_for_no_more() {
    let scene = scene(1, 1, 100);
    scene.large(1, "bulk 1");
    scene.large(1, "bulk 2");
    let running = scene.entered();
    scene.small(2, "early 1");
    scene.small(3, "early 2");
    drop(running);
    let first = scene.entered();
    assert_eq!(names(&first), ["early 1"]);
    // Singles that never end to come.
    for late in ["late 1", "late 2", "late 3"] {
        scene.small(2, late);
    }
    drop(first);
    let order = scene.all_in_turn();
    assert_eq!(order, ["early 2", "bulk 2", "late 1", "late 2", "late 3"]);
}

#[test]
fn a_bulk_request_that_comes_while_singles_never_end_is_next() {
    let scene = scene(1, 1, 100);
    scene.small(1, "single 1");
    scene.small(1, "single 2");
    let running = scene.entered();
    scene.large(2, "bulk");
    scene.small(1, "single 3");
    drop(running);
    assert_eq!(scene.all_in_turn(), ["bulk", "single 2", "single 3"]);
}

#[test]
fn orgs_take_turns_with_bulk_requests_and_with_singles() {
    let scene = scene(1, 1, 100);
    scene.small(9, "first");
    let running = scene.entered();
    for of_one in ["a 1", "a 2", "a 3"] {
        scene.large(1, of_one);
    }
    scene.large(2, "b 1");
    drop(running);
    assert_eq!(scene.all_in_turn(), ["a 1", "b 1", "a 2", "a 3"]);
    scene.large(9, "bulk");
    let running = scene.entered();
    for of_one in ["a 1", "a 2", "a 3"] {
        scene.small(1, of_one);
    }
    scene.small(2, "b 1");
    drop(running);
    assert_eq!(scene.all_in_turn(), ["a 1", "b 1", "a 2", "a 3"]);
}

#[test]
fn bulk_requests_leave_slots_to_others_and_have_one_at_least() {
    let scene = scene(3, 2, 100);
    for bulk in ["bulk 1", "bulk 2", "bulk 3"] {
        scene.large(1, bulk);
    }
    let mut running = scene.entered();
    assert_eq!(names(&running), ["bulk 1", "bulk 2"]);
    scene.small(2, "single 1");
    scene.small(2, "single 2");
    running.extend(scene.entered());
    assert_eq!(names(&running), ["bulk 1", "bulk 2", "single 1"]);
    // The slot of a bulk request that ends is first for whoever is small.
    drop(running.remove(0));
    running.extend(scene.entered());
    assert_eq!(names(&running), ["bulk 2", "single 1", "single 2"]);
    scene.small(2, "single 3");
    scene.small(2, "single 4");
    // None is served any more: one of them has its turn before those who came later.
    drop(running.remove(0));
    running.extend(scene.entered());
    assert_eq!(names(&running), ["single 1", "single 2", "single 3"]);
    drop(running.remove(0));
    running.extend(scene.entered());
    assert_eq!(names(&running), ["single 2", "single 3", "single 4"]);
    scene.small(2, "single 5");
    drop(running.remove(0));
    running.extend(scene.entered());
    assert_eq!(names(&running), ["single 3", "single 4", "bulk 3"]);
}

#[test]
fn who_has_left_costs_the_others_no_turn() {
    let scene = scene(1, 1, 2_000);
    scene.small(1, "first");
    let running = scene.entered();
    let (tell, gone) = channel();
    for _ in 0..1_000 {
        let tell = tell.clone();
        let told = move |slot| tell.send(slot).map_err(|unsent| unsent.0);
        scene.gate.wait(turn(1, Size::Small), told).unwrap();
    }
    drop(gone);
    scene.small(1, "last");
    drop(running);
    assert_eq!(scene.all_in_turn(), ["last"]);
    assert_eq!(scene.gate.usage(), (0, 0));
}

#[test]
fn an_org_of_which_few_wait_is_not_refused_because_another_has_taken_all_places() {
    let scene = scene(1, 1, 20);
    scene.small(1, "first");
    for _ in 0..20 {
        scene.small(1, "many");
    }
    assert_eq!(scene.come(1, Size::Small, "one more"), Err(Crowded));
    for _ in 0..LEAST_WAITING {
        scene.small(2, "few");
    }
    assert_eq!(scene.come(2, Size::Small, "one more"), Err(Crowded));
}

#[test]
fn a_slot_is_had_at_once_if_that_overtakes_nobody() {
    let scene = scene(2, 1, 100);
    let (small, large) = (turn(1, Size::Small), turn(1, Size::Large));
    let first = scene.gate.enter(large).unwrap();
    assert!(scene.gate.enter(large).is_none());
    scene.large(1, "bulk");
    let second = scene.gate.enter(small).unwrap();
    assert!(scene.gate.enter(small).is_none());
    drop(first);
    assert_eq!(names(&scene.entered()), ["bulk"]);
    drop(second);
    assert!(scene.gate.enter(small).is_some());
}

#[test]
fn what_is_about_as_many_as_small_requests_come_to_together_is_small() {
    let org = 1.try_into().unwrap();
    assert_eq!(Turn::about(org, FEW), Turn::new(org, Size::Small));
    assert_eq!(Turn::about(org, FEW + 1), Turn::new(org, Size::Large));
}
