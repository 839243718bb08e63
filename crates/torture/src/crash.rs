//! SIGKILL at random moments, and PostgreSQL ended at once: everything that was answered is there once,
//! and nothing else.

use std::thread;

use accolade_tests::Backend;

use crate::chance::Chance;
use crate::figures::Figures;
use crate::load;
use crate::load::gate::Gate;
use crate::stage::{Grounds, Stage};

/// How a round goes: so many kills, while writers write.
pub(crate) fn round(backend: Backend, seed: u64, kills: usize, grounds: &Grounds) -> Figures {
    let mut chance = Chance::new(seed);
    let mut stage = Stage::set(backend, grounds);
    load::under(&mut stage, &mut chance, |stage, gate, chance, figures| {
        for _ in 0..kills {
            if !gate.wait_for_answers(chance.count(5..=120)) {
                return;
            }
            // Anywhere between two answers.
            thread::sleep(chance.millis(30));
            kill(stage, gate, chance, figures);
        }
        gate.wait_for_answers(chance.count(5..=60));
    })
}

fn kill(stage: &mut Stage<'_>, gate: &Gate, chance: &mut Chance, figures: &mut Figures) {
    let is_postgres = stage.backend == Backend::Postgres;
    if is_postgres && chance.once_in(2) {
        figures.count("PostgreSQL ended at once");
        if chance.once_in(3) {
            // Both, in this order or the other.
            figures.count("servers killed");
            let is_first = chance.once_in(2);
            if is_first {
                stage.crash_postgres();
            }
            stage.kill_server(gate, |stage| {
                if !is_first {
                    stage.crash_postgres();
                }
                stage.start_postgres();
            });
        } else {
            stage.crash_postgres();
            thread::sleep(chance.millis(1_500));
            stage.start_postgres();
        }
    } else {
        figures.count("servers killed");
        let pause = chance.millis(300);
        stage.kill_server(gate, |_| thread::sleep(pause));
    }
}
