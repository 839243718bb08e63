//! What a hostile caller, a crash, a race or a broken database cannot do.
#![allow(clippy::unwrap_used)]

mod robustness {
    mod bad_input;
    mod database_faults;
    mod durability;
    mod fuzz;
    mod races;
    mod sizes;
}
