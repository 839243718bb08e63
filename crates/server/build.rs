//! How the tests' server is linked.

use std::env::var;

/// As an executable that stands where it was linked to: it is started some thousand times by the tests, and
/// what is relocated at each start, of unoptimised code, takes half of the time of a short command. What is
/// released stands anywhere, as executables do.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name, value| var(name).is_ok_and(|it| it == value);
    if is("PROFILE", "debug")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
