//! What a hostile caller, a crash, a race or a broken database cannot do.
#![allow(clippy::unwrap_used)]

mod robustness {
    mod bad_earning;
    mod bad_input;
    mod database_faults;
    mod durability;
    mod earning_durability;
    mod fuzz;
    mod limit_races;
    mod races;
    mod sizes;
}
