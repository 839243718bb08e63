//! Files of jobs, as libFuzzer makes them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| accolade_torture::check("files", input));
