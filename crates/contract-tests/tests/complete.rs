//! No sentence is left out of the list.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

fn sentences(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let functions = text.lines().filter_map(|line| line.strip_prefix("pub fn "));
    let names = functions.filter_map(|rest| rest.split_once('('));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_sentence_is_in_the_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let list = fs::read_to_string(source.join("list.rs")).unwrap();
    let listed: Vec<_> = list.split_whitespace().collect();
    let mut found = 0;
    for file in fs::read_dir(source.join("suite")).unwrap() {
        for sentence in sentences(&file.unwrap().path()) {
            assert!(
                listed.contains(&sentence.as_str()),
                "{sentence} is not listed"
            );
            found += 1;
        }
    }
    assert!(found > 100, "only {found} sentences were found");
}
