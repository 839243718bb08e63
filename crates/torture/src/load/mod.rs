//! Writers of every kind against one server, faults in between, and the proof that nothing of what was
//! answered is lost, doubled or otherwise.
//!
//! Each writer sends one call after another and sends it again until it is answered; what was answered
//! stands in its books. When all have ended, everything that the server shows must be what the books of
//! all writers together say.

pub(crate) mod books;
mod call;
mod check;
mod delivery;
pub(crate) mod gate;
mod shared;
mod writer;

use std::thread;

use accolade_tests::Org;

use crate::chance::Chance;
use crate::figures::Figures;
use crate::load::books::Books;
use crate::load::delivery::Delivery;
use crate::load::gate::{Alarm, Gate};
use crate::load::shared::Shared;
use crate::load::writer::Writer;
use crate::stage::Stage;

/// How many write at once.
const WRITERS: i64 = 6;

/// Lets writers write while `faults` does what it does, and checks everything when it is done.
pub(crate) fn under(
    stage: &mut Stage<'_>,
    chance: &mut Chance,
    faults: impl FnOnce(&mut Stage<'_>, &Gate, &mut Chance, &mut Figures),
) -> Figures {
    let org = stage.org();
    let shared = Shared::create(&org);
    let audited = check::audited(&org);
    let gate = Gate::new(org);
    let mut figures = Figures::default();
    let mut books = Books::default();
    let all = thread::scope(|scope| {
        let writers: Vec<_> = (1..=WRITERS)
            .map(|number| {
                let writer = Writer::new(number, &shared, chance.child());
                let gate = &gate;
                scope.spawn(move || write(writer, gate))
            })
            .collect();
        let alarm = Alarm(&gate);
        faults(stage, &gate, chance, &mut figures);
        gate.close();
        drop(alarm);
        writers
            .into_iter()
            .map(|writer| {
                writer
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Vec<_>>()
    });
    for (own, counted) in all {
        books.join(own);
        figures.join(&counted);
    }
    check_all(
        stage,
        &gate.org(),
        &shared,
        &mut books,
        &audited,
        chance,
        &mut figures,
    );
    figures
}

fn write(mut writer: Writer<'_>, gate: &Gate) -> (Books, Figures) {
    let _alarm = Alarm(gate);
    let mut delivery = Delivery::new(gate);
    while !gate.is_closed() {
        let call = writer.next();
        let delivered = delivery.deliver(&call);
        delivery.figures.count(call.wish.name());
        writer.settle(call, &delivered);
    }
    (writer.books, delivery.figures)
}

fn check_all(
    stage: &Stage<'_>,
    org: &Org,
    shared: &Shared,
    books: &mut Books,
    audited: &std::collections::HashMap<(String, String, String), usize>,
    chance: &mut Chance,
    figures: &mut Figures,
) {
    check::finish_jobs(org, books);
    check::answers(org, books, chance, figures);
    check::rows(org, books);
    check::counts(org, books, shared);
    check::rows(org, books);
    check::catalogue(org, books, shared);
    check::audit(org, books, audited);
    figures.add("events compared", check::feed(org, books, shared));
    check::deliveries(books, shared);
    let rows = books.enrolments.len() + books.earns.len();
    figures.add("rows compared", rows as u64);
    stage.verify();
    figures.count("databases verified");
}
