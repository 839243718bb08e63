//! What callers send, changed at random, before every parser of it: none panics, each says the same twice, and
//! what it makes of a text it makes of that again.
//!
//! It begins with a corpus that is kept: the files in `corpus/`, and for bodies the examples of the API too.
//! An input that breaks a promise is made as small as it can be and told; it belongs into the corpus.
//!
//! In `fuzz/` the same targets stand before libFuzzer, which looks for inputs by what they reach.

mod bodies;
mod files;
mod mutation;
mod queries;
mod words;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::Strategy as _;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::figures::Figures;
use crate::fuzz::mutation::mutation;

/// What is said of an input; an error says what does not hold.
type Verdict = Result<(), String>;

/// A kind of input, and everything that reads it.
struct Target {
    name: &'static str,
    /// Where its corpus is, below this crate.
    corpora: &'static [&'static str],
    check: fn(&[u8]) -> Verdict,
}

const TARGETS: &[Target] = &[
    Target {
        name: "bodies",
        corpora: &["corpus/bodies", "../http/examples"],
        check: bodies::check,
    },
    Target {
        name: "queries",
        corpora: &["corpus/queries"],
        check: queries::check,
    },
    Target {
        name: "words",
        corpora: &["corpus/words"],
        check: words::check,
    },
    Target {
        name: "files",
        corpora: &["corpus/files", "../http/examples"],
        check: files::check,
    },
];

/// How a round goes: everything of the corpora, and so many changes of it for each target.
pub(crate) fn round(seed: u64, cases: u32) -> Figures {
    let mut figures = Figures::default();
    for target in TARGETS {
        let corpus = corpus(target);
        for input in &corpus {
            let verdict = (target.check)(input);
            assert_eq!(verdict, Ok(()), "{}: {}", target.name, input.escape_ascii());
        }
        fuzz(target, corpus, seed, cases);
        figures.add(&format!("fuzzed: {}", target.name), cases.into());
    }
    figures
}

/// Lets everything read `input` that reads inputs of the target with this name.
///
/// # Panics
/// A promise is broken, or no target has this name.
pub fn check(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|it| it.name == name).unwrap();
    assert_eq!((target.check)(input), Ok(()), "{name}");
}

fn fuzz(target: &Target, corpus: Vec<Vec<u8>>, seed: u64, cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 10_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let inputs = (select(corpus), vec(mutation(), 0..8)).prop_map(|(mut input, mutations)| {
        for mutation in &mutations {
            mutation.change(&mut input);
        }
        input
    });
    let checked = TestRunner::new_with_rng(config, rng).run(&inputs, |input| {
        (target.check)(&input)
            .map_err(|wrong| TestCaseError::fail(format!("{wrong}: {}", input.escape_ascii())))
    });
    if let Err(error) = checked {
        panic!("{}: {error}", target.name);
    }
}

/// What there is of a target's corpora.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for directory in target.corpora {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        let mut files: Vec<_> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        corpus.extend(files.into_iter().map(|file| fs::read(file).unwrap()));
    }
    corpus
}

/// Both times the same.
fn agree<T: PartialEq + std::fmt::Debug>(what: &str, once: &T, again: &T) -> Verdict {
    if once == again {
        Ok(())
    } else {
        Err(format!("{what}: {once:?} and {again:?}"))
    }
}
