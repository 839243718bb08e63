//! Queries of requests, and cursors in them, as libFuzzer makes them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| accolade_torture::check("queries", input));
