//! What the handlers share.

use std::sync::Arc;

use accolade_application::Executed;
use accolade_application::badges::KnownBadges;
use accolade_application::customers::KnownCatalogues;
use accolade_application::earning::EarnBadge;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::ports::Ports;
use accolade_wire::render::Rendered;
use actix_web::HttpResponse;

use crate::address::TrustedProxies;
use crate::auth::Auth;
use crate::connections::Connections;
use crate::dispatch::{Dispatcher, DispatcherUsage};
use crate::failure::Failure;
use crate::follow::{FeedFollowers, JobFollowers};
use crate::group_commit::{Bounds, GroupCommit};
use crate::idempotency::RunningKeys;
use crate::listeners::Listeners;
use crate::metrics::Metrics;
use crate::middleware::budget::BodyBudget;
use crate::middleware::draining::Draining;
use crate::middleware::edge::Edge;
use crate::options::HttpOptions;
use crate::pages::Pages;
use crate::readiness::Readiness;
use crate::response::respond;
use crate::streamed::Streams;
use crate::submission::{self, Submission};

/// How many requests may wait at one moment for name servers, and as many again for receivers; and how
/// many more for their turn at the receivers.
const OUTWARD: u32 = 16;

/// What the handlers share. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct AppState {
    pub(crate) ports: Ports,
    pub(crate) catalogues: KnownCatalogues,
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) auth: Auth,
    pub(crate) dispatcher: Dispatcher,
    /// Where those wait who wait for a name server.
    pub(crate) name_servers: Dispatcher,
    /// Where those wait who wait for a receiver.
    pub(crate) receivers: Dispatcher,
    pub(crate) enrolments: GroupCommit<Submission<EnrolCustomers>, Executed>,
    pub(crate) earns: GroupCommit<Submission<EarnBadge>, Executed>,
    pub(crate) metrics: Metrics,
    /// Who is told what became of a request.
    pub(crate) listeners: Listeners,
    pub(crate) readiness: Readiness,
    pub(crate) running_keys: RunningKeys,
    pub(crate) draining: Draining,
    pub(crate) connections: Connections,
    pub(crate) bodies: BodyBudget,
    pub(crate) followers: FeedFollowers,
    pub(crate) job_followers: JobFollowers,
    pub(crate) streams: Streams,
    /// What is served beside the API, if anything is.
    pub(crate) pages: Option<Pages>,
}

impl AppState {
    /// The state of a server that works on `ports`.
    ///
    /// # Errors
    /// The metrics have a name that Prometheus does not take; a thread cannot be started.
    pub fn new(ports: Ports, options: HttpOptions) -> anyhow::Result<Self> {
        let bound = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let queue = bound(options.queue);
        let dispatcher = Dispatcher::new(bound(options.concurrency), queue);
        let draining = Draining::default();
        let concurrency = options.concurrency;
        let followers = FeedFollowers::of_feeds(&ports, &dispatcher, &draining, concurrency);
        let job_followers = JobFollowers::of_jobs(&ports, &dispatcher, &draining, concurrency);
        let metrics = Metrics::new(options.dropped_log_lines, options.more_metrics.clone())?;
        let proxies = TrustedProxies::new(&options.trusted_proxies);
        let connections = Connections::new(options.connections, proxies.clone(), metrics.clone());
        let known = KnownBadges::default();
        let bounds = |groups| Bounds {
            groups,
            of_a_kind: options.groups,
            queue: options.queue,
        };
        let groups = bounds(options.groups);
        let listeners = Listeners {
            counts: metrics.outcomes().clone(),
            followers: followers.clone(),
        };
        let enrolments =
            submission::start("enrolments", groups, &ports, &known, &metrics, &listeners)?;
        let groups = bounds(options.earn_groups);
        let earns = submission::start("earns", groups, &ports, &known, &metrics, &listeners)?;
        Ok(Self {
            auth: Auth::new(&ports, dispatcher.clone(), proxies, &options.auth),
            connections,
            bodies: BodyBudget::new(options.body_budget),
            metrics,
            listeners,
            enrolments,
            earns,
            readiness: Readiness::new(Arc::clone(&ports.stores.health), draining.clone()),
            running_keys: RunningKeys::default(),
            followers,
            job_followers,
            streams: Streams::new(&ports, &dispatcher, &draining, &options),
            options: Arc::new(options),
            ports,
            catalogues: KnownCatalogues::default(),
            dispatcher,
            // Votes come by here too, and may be many at once.
            name_servers: Dispatcher::new(OUTWARD, queue),
            receivers: Dispatcher::new(OUTWARD, OUTWARD),
            draining,
            pages: None,
        })
    }

    /// The same, with `pages` served beside the API.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self {
            pages: Some(pages),
            ..self
        }
    }

    /// The answer to a look-up that found `rendered`.
    ///
    /// # Errors
    /// 1951 if it is large and too much is held already.
    pub(crate) fn answer(&self, rendered: Rendered) -> Result<HttpResponse, Failure> {
        let share = self.bodies.for_answer(rendered.body.len())?;
        Ok(respond(rendered, share))
    }

    /// How busy what executes use cases is.
    pub(crate) fn usage(&self) -> DispatcherUsage {
        let all = [
            self.dispatcher.usage(),
            self.enrolments.usage(),
            self.earns.usage(),
        ];
        DispatcherUsage {
            running: all.iter().map(|it| it.running).sum(),
            waiting: all.iter().map(|it| it.waiting).sum(),
        }
    }

    /// What the outermost layer works with.
    pub(crate) fn edge(&self) -> Edge {
        Edge {
            metrics: self.metrics.clone(),
            draining: self.draining.clone(),
            request_timeout: self.options.request_timeout,
            traces: self.options.traces.clone(),
        }
    }
}
