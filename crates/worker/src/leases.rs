//! The leases that this process has, as far as it knows.

use std::collections::BTreeMap;
use std::time::Duration;

use accolade_application::ports::{LeaseName, StoreError, TakenLease, Term};
use tokio::time::Instant;

use crate::context::{Context, Line};

/// How long a lease lasts unless it is renewed: after a crash nobody does its work for so long.
const LENGTH: Duration = Duration::from_secs(10);

/// How long after its beginning a term is followed by the next one.
const RENEWED_AFTER: Duration = Duration::from_secs(3);

/// How long a term is where nobody else asks for leases: then it is taken again.
const UNDISPUTED: Duration = Duration::from_hours(365 * 24);

/// The leases of a task. Their terms are measured from before the store was asked: they end here at
/// the same moment as there, or earlier.
pub(crate) struct HeldLeases {
    context: Context,
    ends: BTreeMap<LeaseName, Instant>,
    renewed: Instant,
}

impl HeldLeases {
    /// None.
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            ends: BTreeMap::new(),
            renewed: Instant::now(),
        }
    }

    /// When the term of a lease ends; `None` if it is not held.
    pub(crate) fn end(&self, name: LeaseName) -> Option<Instant> {
        let end = self.ends.get(&name).copied();
        end.filter(|end| *end > Instant::now())
    }

    /// The leases that it has, or had until they ran out.
    pub(crate) fn names(&self) -> impl Iterator<Item = LeaseName> {
        self.ends.keys().copied()
    }

    /// How many of so many things that are shared a server has at most: what is left for each, rounded
    /// up. It says to the others that it is there.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn share(&mut self, things: usize) -> Result<usize, StoreError> {
        if things == 0 || self.context.options.is_alone {
            return Ok(things);
        }
        let server = LeaseName::Server(self.context.holder);
        if self.end(server).is_none() {
            self.take(vec![server], 1).await?;
        }
        let now = self.context.clock.now();
        let count = self
            .context
            .call(Line::Prompt, move |it| it.leases.count_holders(now));
        let servers = usize::try_from(count.await?).unwrap_or(usize::MAX);
        Ok(things.div_ceil(servers.max(1)))
    }

    /// Takes the first `most` of `names` that it can; gives them.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn take(
        &mut self,
        mut names: Vec<LeaseName>,
        most: usize,
    ) -> Result<Vec<LeaseName>, StoreError> {
        if names.is_empty() || most == 0 {
            return Ok(Vec::new());
        }
        let asked = Instant::now();
        if self.context.options.is_alone {
            names.truncate(most);
            self.ends
                .extend(names.iter().map(|name| (*name, asked + UNDISPUTED)));
            return Ok(names);
        }
        let term = self.term();
        let take = self
            .context
            .call(Line::Prompt, move |it| it.leases.take(&names, most, &term));
        let taken: Vec<TakenLease> = take.await?;
        let takeovers = taken.iter().filter(|lease| lease.is_takeover).count();
        self.context.metrics.took_over(takeovers as u64);
        let taken: Vec<_> = taken.into_iter().map(|lease| lease.name).collect();
        self.ends
            .extend(taken.iter().map(|name| (*name, asked + LENGTH)));
        Ok(taken)
    }

    /// Renews all of them, if it is time to. What was lost, or has run out, is held no more.
    ///
    /// # Errors
    /// The store failed: what has not run out is held until it does.
    pub(crate) async fn renew(&mut self) -> Result<(), StoreError> {
        let asked = Instant::now();
        if self.context.options.is_alone
            || self.ends.is_empty()
            || asked < self.renewed + RENEWED_AFTER
        {
            return Ok(());
        }
        let names: Vec<_> = self.ends.keys().copied().collect();
        let term = self.term();
        let renew = self
            .context
            .call(Line::Prompt, move |it| it.leases.renew(&names, &term));
        let result = renew.await;
        match result {
            Ok(renewed) => {
                self.renewed = asked;
                self.ends = renewed
                    .into_iter()
                    .map(|name| (name, asked + LENGTH))
                    .collect();
                Ok(())
            }
            Err(error) => {
                let now = Instant::now();
                self.ends.retain(|_, end| *end > now);
                Err(error)
            }
        }
    }

    /// Gives back those of `names` that it has.
    ///
    /// # Errors
    /// The store failed: they run out.
    pub(crate) async fn release(&mut self, names: Vec<LeaseName>) -> Result<(), StoreError> {
        let mut held = names;
        held.retain(|name| self.ends.remove(name).is_some());
        if held.is_empty() || self.context.options.is_alone {
            return Ok(());
        }
        let holder = self.context.holder;
        let release = self
            .context
            .call(Line::Prompt, move |it| it.leases.release(&held, holder));
        release.await
    }

    /// Gives back all of them. Whatever becomes of that, they run out.
    pub(crate) async fn release_all(mut self) {
        let names = self.ends.keys().copied().collect();
        if let Err(error) = self.release(names).await {
            let error = crate::task::one_line(error);
            tracing::debug!(error, "leases were not given back, and run out");
        }
    }

    fn term(&self) -> Term {
        Term {
            holder: self.context.holder,
            now: self.context.clock.now(),
            length: LENGTH,
        }
    }
}
