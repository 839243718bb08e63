//! Dates, identifiers, ids and other words, as libFuzzer makes them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| accolade_torture::check("words", input));
