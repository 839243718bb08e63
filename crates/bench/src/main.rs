//! Measures Accolade over HTTP against what the database underneath can do by itself.
//!
//! The server is a process of its own, the release binary with its own configuration; this
//! program sends the requests, holds every answer to what it must show, and lets the database
//! do the same work without a server in turns with it. `docs/performance.md` says what is
//! measured and how.
//!
//! How it is laid out:
//!
//! - `cli`, `plan`: what to measure, how long and how often
//! - `database`, `server`, `stand`: what it is measured on
//! - `http`, `calls`, `load`: how requests are made and sent
//! - `baselines`: the databases by themselves
//! - `scenarios`: what is measured
//! - `pairs`: one server against another instead
//! - `stats`, `report`, `machine`: what is said about it

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod baselines;
mod calls;
mod cli;
mod database;
mod http;
mod load;
mod machine;
mod pairs;
mod plan;
mod receiver;
mod report;
mod scenarios;
mod server;
mod stand;
mod stats;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Parser as _;

use crate::baselines::{postgres, sqlite};
use crate::cli::Arguments;
use crate::database::Ground;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::report::compare::Recorded;
use crate::report::json::Run;
use crate::report::{Row, json, table};
use crate::scenarios::Bench;
use crate::server::Binary;

// One thread: what it leaves of the processors is the server's and the database's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let measured = tokio::select! {
        measured = run(&arguments) => measured,
        // Whatever was started is stopped when the future is dropped.
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accolade-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) {
        bail!("this is a debug build, which measures itself: use `make bench`");
    }
    let begun = Instant::now();
    // Read before it may be written.
    let recorded = arguments
        .compare
        .as_deref()
        .map(Recorded::read)
        .transpose()?;
    let binary = Binary::find(arguments.server.as_deref())?;
    let plan = Plan::of(arguments);
    std::fs::create_dir_all(&arguments.data)?;
    let machine = Machine::look(&arguments.data);
    if let Some(other) = arguments.against.as_deref() {
        let other = Binary::find(Some(other))?;
        return compare(arguments, [&binary, &other], &plan, &machine).await;
    }
    let mut rows = Vec::new();
    let mut databases = BTreeMap::new();
    for kind in arguments.databases() {
        let ground = Ground::prepare(kind, &arguments.data)?;
        let version = version(&ground).await?;
        rows.extend(measure(arguments, &ground, &binary, &plan).await?);
        databases.extend([json::version_of(kind, version)]);
    }
    let run = Run {
        machine,
        plan,
        server: binary.version()?,
        databases,
        seconds: begun.elapsed().as_secs_f64(),
    };
    report(arguments, &run, &rows, recorded.as_ref())
}

/// One server against another, in turns.
async fn compare(
    arguments: &Arguments,
    servers: [&Binary; 2],
    plan: &Plan,
    machine: &Machine,
) -> Result<()> {
    let mut measured = Vec::new();
    for kind in arguments.databases() {
        let ground = Ground::prepare(kind, &arguments.data)?;
        measured.extend(pairs::measure(&ground, servers, plan, arguments.pairs).await?);
    }
    println!("{}\n\n{}", machine.line(), pairs::render(&measured));
    if let Some(warning) = machine.warning() {
        println!("{warning}");
    }
    Ok(())
}

async fn version(ground: &Ground) -> Result<String> {
    match ground.admin_url() {
        Some(url) => postgres::version(url).await,
        None => Ok(sqlite::version().to_owned()),
    }
}

async fn measure(
    arguments: &Arguments,
    ground: &Ground,
    binary: &Binary,
    plan: &Plan,
) -> Result<Vec<Row>> {
    let mut bench = Bench::new(ground, binary, plan);
    let mut rows = Vec::new();
    for scenario in arguments.scenarios() {
        let begun = Instant::now();
        eprint!("{}: {scenario:?} ", ground.kind().name());
        let measured = scenario.run(&mut bench).await;
        eprintln!("({:.0} s)", begun.elapsed().as_secs_f64());
        rows.extend(measured.with_context(|| format!("{scenario:?}"))?);
    }
    Ok(rows)
}

fn report(
    arguments: &Arguments,
    run: &Run,
    rows: &[Row],
    recorded: Option<&Recorded>,
) -> Result<()> {
    println!("{}", run.line());
    println!("\n{}", table::render(rows));
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&json::render(run, rows))? + "\n";
        write(file, &text)?;
    }
    let compared = recorded.iter().flat_map(|it| it.warnings(rows));
    for warning in run.machine.warning().into_iter().chain(compared) {
        println!("{warning}");
    }
    if let Some(file) = &arguments.record {
        Recorded::of(&run.machine.line(), rows).write(file)?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
