//! The Accolade server: one binary that serves, migrates and administers.
//!
//! It only wires: [`settings`] say what is wanted, [`store`] opens the database that they
//! name, [`serve`] puts the HTTP edge before it, [`cli`] is the command line. What the
//! program does is in the other crates.

mod cli;
mod demo;
mod limits;
mod lock;
mod outward;
mod serve;
mod settings;
mod sources;
mod store;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    limits::give_memory_back();
    limits::take_small_pages();
    let cli = cli::Cli::parse();
    let done = limits::outlive_full_files().map_err(anyhow::Error::from);
    match done.and_then(|()| cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(format!("error: {}", cli::one_line(&error)));
            ExitCode::FAILURE
        }
    }
}
