//! Runs the sentences against adapters, as a program of tests.

use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use crate::suite::{OF_EVERYTHING_ELSE, OF_RECORDING_ENROLMENTS, Part, Sentence};
use crate::{Database, World};

type Fresh = Arc<dyn Fn() -> Box<dyn Database> + Send + Sync>;

/// What is tested, under the name that its tests begin with.
pub struct Adapter {
    name: &'static str,
    parts: Vec<Part>,
    fresh: Fresh,
}

impl Adapter {
    /// An adapter that keeps every promise. `fresh` gives a [`Database`] that is empty,
    /// migrated, and nobody else's; it is called once for each sentence.
    pub fn new<D: Database + 'static>(
        name: &'static str,
        fresh: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            parts: [OF_RECORDING_ENROLMENTS, OF_EVERYTHING_ELSE].concat(),
            ..Self::recording_enrolments(name, fresh)
        }
    }

    /// Another way in which an adapter records enrolments: only what is about that is tested.
    pub fn recording_enrolments<D: Database + 'static>(
        name: &'static str,
        fresh: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            parts: OF_RECORDING_ENROLMENTS.to_vec(),
            fresh: Arc::new(move || Box::new(fresh())),
        }
    }

    fn trials(self) -> impl Iterator<Item = Trial> {
        let Self { name, parts, fresh } = self;
        parts.into_iter().flat_map(move |(part, sentences)| {
            let fresh = Arc::clone(&fresh);
            let trial = move |(sentence, test): &Sentence| {
                let (test, fresh) = (*test, Arc::clone(&fresh));
                Trial::test(format!("{name}::{part}::{sentence}"), move || {
                    test(&World::on(fresh()));
                    Ok(())
                })
            };
            sentences.iter().map(trial).collect::<Vec<_>>()
        })
    }
}

/// Runs the sentences that the command line selects, as any program of tests takes it, beside
/// each other, against each adapter; then ends the process.
pub fn run(adapters: impl IntoIterator<Item = Adapter>) -> ! {
    let trials = adapters.into_iter().flat_map(Adapter::trials).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}
