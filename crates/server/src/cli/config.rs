//! `config`: what the configuration says.

use anyhow::Result;

use crate::cli::print;
use crate::settings::{Environment, load};

/// Says that the configuration is right.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check() -> Result<()> {
    let loaded = load(&Environment::of_process()?)?;
    loaded.fit_to_serve()?;
    print(format!(
        "the configuration of the profile {} is right",
        loaded.profile
    ))
}

/// Prints the configuration.
///
/// # Errors
/// What is wrong with it.
pub(super) fn show() -> Result<()> {
    let loaded = load(&Environment::of_process()?)?;
    print(crate::settings::show(&loaded).trim_end())
}
