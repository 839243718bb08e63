//! A database that is slow, cut off, away, busy or full: the right answer or 503 in time, and nothing has
//! to be done to recover.

use std::fs;
use std::thread;

use accolade_tests::{Backend, Mode, Then};

use crate::chance::Chance;
use crate::figures::Figures;
use crate::load;
use crate::load::gate::Gate;
use crate::stage::{Grounds, Stage};

/// How a round goes: so many faults of the database, while writers write.
pub(crate) fn round(backend: Backend, seed: u64, faults: usize, grounds: &Grounds) -> Figures {
    let mut chance = Chance::new(seed);
    let mut stage = Stage::set(backend, grounds);
    load::under(&mut stage, &mut chance, |stage, gate, chance, figures| {
        for _ in 0..faults {
            if !gate.wait_for_answers(chance.count(5..=60)) {
                return;
            }
            match stage.backend {
                Backend::Sqlite => of_sqlite(stage, chance, figures),
                Backend::Postgres => of_postgres(stage, gate, chance, figures),
            }
        }
        // By itself.
        gate.wait_for_answers(chance.count(20..=60));
    })
}

fn of_sqlite(stage: &Stage<'_>, chance: &mut Chance, figures: &mut Figures) {
    let time = chance.millis(2_500);
    let file = stage.database().url().strip_prefix("sqlite://").unwrap();
    let aside = format!("{file}-aside");
    match chance.number(0..=3) {
        0 => {
            figures.count("locked by another program");
            let held = stage.database().hold("enrolments");
            thread::sleep(time);
            drop(held);
        }
        1 => {
            figures.count("disk full");
            stage.server().limit_files(true);
            thread::sleep(time);
            stage.server().limit_files(false);
        }
        2 => {
            figures.count("file moved away and back");
            fs::rename(file, &aside).unwrap();
            thread::sleep(time);
            fs::rename(&aside, file).unwrap();
        }
        _ => {
            figures.count("another file in its place for a while");
            fs::rename(file, &aside).unwrap();
            fs::write(file, "").unwrap();
            thread::sleep(time);
            fs::rename(&aside, file).unwrap();
        }
    }
}

fn of_postgres(stage: &Stage<'_>, gate: &Gate, chance: &mut Chance, figures: &mut Figures) {
    let proxy = stage.proxy.as_ref().unwrap();
    let time = chance.millis(2_500);
    let then = *chance.pick(&[Then::Pass, Then::Refuse]);
    match chance.number(0..=6) {
        0 => {
            figures.count("PostgreSQL away");
            proxy.set(Mode::Refuse);
            thread::sleep(time);
        }
        1 => {
            figures.count("words delayed");
            proxy.delay(chance.millis(200));
            thread::sleep(time);
            proxy.delay(std::time::Duration::ZERO);
        }
        2 => {
            figures.count("cut in mid-statement");
            for _ in 0..chance.count(1..=10) {
                proxy.set(Mode::InMidStatement);
                gate.wait_for_answers(1);
            }
        }
        3 => {
            figures.count("cut before COMMIT");
            proxy.set(Mode::AtCommit {
                carried_out: false,
                then,
            });
            thread::sleep(time);
        }
        4 => {
            figures.count("cut between COMMIT and its answer");
            proxy.set(Mode::AtCommit {
                carried_out: true,
                then,
            });
            thread::sleep(time);
        }
        5 => {
            figures.count("sessions ended by PostgreSQL");
            stage.database().number(
                "SELECT count(pg_terminate_backend(pid)) AS value FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
        _ => {
            figures.count("a table locked by another program");
            let held = stage.database().hold("enrolments");
            thread::sleep(time);
            drop(held);
        }
    }
    proxy.set(Mode::Pass);
}
