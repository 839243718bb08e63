//! What is measured. Each scenario is one file, and gives rows of the report.

mod bulk;
mod copies;
pub(crate) mod earn;
mod expiries;
mod fair;
mod growth;
mod jobs;
mod latency;
mod memory;
pub(crate) mod mixed;
mod push;
mod single;
mod start;

use std::rc::Rc;

use anyhow::Result;

use crate::database::{Ground, Kind};
use crate::plan::Plan;
use crate::report::{Baseline, Row, Target};
use crate::server::Binary;
use crate::stand::Stand;
use crate::stats::Sample;

/// The scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Enrolling 10 000 customers a request
    Bulk,
    /// Enrolling one customer a request
    Single,
    /// How long single enrolments take at half of the top rate
    Latency,
    /// Earning under a limit that all customers share
    Earn,
    /// Looking customers' badges up, and enrolling some
    Mixed,
    /// How long single enrolments take beside deliveries to a webhook
    Push,
    /// How long single enrolments take while many others expire
    Expiries,
    /// What single and bulk enrolments take from each other
    Fair,
    /// Enrolling the customers of a file
    Jobs,
    /// Exporting, verifying, copying and transferring all of it, and erasing a customer
    Copies,
    /// The most memory that the server has had
    Memory,
    /// Bulk enrolment into a table that is full
    Growth,
    /// How soon the server is ready
    Start,
}

impl Scenario {
    /// All of them, in the order in which they are run.
    pub(crate) const ALL: [Self; 13] = [
        Self::Bulk,
        Self::Single,
        Self::Latency,
        Self::Earn,
        Self::Mixed,
        Self::Push,
        Self::Expiries,
        Self::Fair,
        Self::Jobs,
        Self::Copies,
        Self::Memory,
        Self::Growth,
        Self::Start,
    ];

    /// Measures.
    ///
    /// # Errors
    /// An answer of the server is wrong, or a baseline cannot be had.
    pub(crate) async fn run(self, bench: &mut Bench<'_>) -> Result<Vec<Row>> {
        match self {
            Self::Bulk => bulk::run(bench).await,
            Self::Single => single::run(bench).await,
            Self::Latency => latency::run(bench).await,
            Self::Earn => earn::run(bench).await,
            Self::Mixed => mixed::run(bench).await,
            Self::Push => push::run(bench).await,
            Self::Expiries => expiries::run(bench).await,
            Self::Fair => fair::run(bench).await,
            Self::Jobs => jobs::run(bench).await,
            Self::Copies => copies::run(bench).await,
            Self::Memory => memory::run(bench).await,
            Self::Growth => growth::run(bench).await,
            Self::Start => start::run(bench).await,
        }
    }
}

/// What the scenarios of one database share.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    ground: &'a Ground,
    binary: &'a Binary,
    plan: &'a Plan,
    stand: Option<Rc<Stand>>,
    filled: Option<memory::Filled>,
    top_rate: Option<f64>,
}

impl<'a> Bench<'a> {
    /// Nothing is started yet.
    pub(crate) fn new(ground: &'a Ground, binary: &'a Binary, plan: &'a Plan) -> Self {
        Self {
            ground,
            binary,
            plan,
            stand: None,
            filled: None,
            top_rate: None,
        }
    }

    /// On which database.
    fn database(&self) -> Kind {
        self.ground.kind()
    }

    /// What was measured on the database.
    fn row(
        &self,
        name: String,
        unit: &'static str,
        ours: Sample,
        baseline: Option<Baseline>,
        target: Target,
    ) -> Row {
        Row {
            name,
            database: self.database(),
            unit,
            ours,
            baseline,
            target,
        }
    }

    /// A new stand.
    async fn set_up(&self) -> Result<Stand> {
        Stand::set_up(self.ground, self.binary).await
    }

    /// The stand that most scenarios use.
    async fn stand(&mut self) -> Result<Rc<Stand>> {
        if let Some(stand) = &self.stand {
            return Ok(Rc::clone(stand));
        }
        let stand = Rc::new(self.set_up().await?);
        self.stand = Some(Rc::clone(&stand));
        Ok(stand)
    }
}
