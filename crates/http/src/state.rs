//! What the handlers share, and how the edge behaves.

use std::sync::Arc;
use std::time::Duration;

use accolade_application::Executed;
use accolade_application::badges::KnownBadges;
use accolade_application::customers::KnownCatalogues;
use accolade_application::earning::EarnBadge;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::jobs::JobLimits;
use accolade_application::ports::Ports;
use accolade_wire::render::Rendered;
use actix_web::HttpResponse;
use ipnet::IpNet;
use prometheus::Registry;

use crate::address::TrustedProxies;
use crate::auth::Auth;
use crate::connections::Connections;
use crate::dispatch::{Dispatcher, DispatcherUsage};
use crate::failure::Failure;
use crate::follow::{FeedFollowers, JobFollowers};
use crate::group_commit::{Bounds, GroupCommit};
use crate::idempotency::RunningKeys;
use crate::metrics::Metrics;
use crate::middleware::budget::BodyBudget;
use crate::middleware::draining::Draining;
use crate::middleware::edge::Edge;
use crate::pages::Pages;
use crate::readiness::Readiness;
use crate::response::respond;
use crate::streamed::Streams;
use crate::submission::{self, Submission};
use crate::traces::Traces;

pub use crate::auth::AuthOptions;
pub use crate::connections::ConnectionBounds;

/// How many requests may wait at one moment for name servers, and as many again for receivers; and how
/// many more for their turn at the receivers.
const OUTWARD: u32 = 16;

/// How the edge behaves. All of it comes from the configuration.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// How many connections there may be.
    pub connections: ConnectionBounds,
    /// The networks of proxies that say by `X-Forwarded-For` whom they have a request from.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes that a body may have.
    pub body_limit: usize,
    /// The most bytes that large bodies, received and answered, may have together.
    pub body_budget: usize,
    /// How long a request may take, its body included.
    pub request_timeout: Duration,
    /// After how long a connection is given up whose other side takes nothing of what is sent.
    pub write_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long the rest of a body is read and thrown away that was answered before its end, so
    /// that who still sends it gets the answer and not a reset.
    pub linger: Duration,
    /// How long running requests have to finish when the server stops.
    pub shutdown_timeout: Duration,
    /// Use cases that run at one moment: as many as there are connections to the database.
    pub concurrency: usize,
    /// Groups of small enrolments that are executed at one moment, beside them, and of small
    /// earns of one badge.
    pub groups: usize,
    /// Groups of small earns of all badges.
    pub earn_groups: usize,
    /// Requests that may wait for one of them; more are refused with 1951.
    pub queue: usize,
    /// The most customers that one request may name.
    pub customers_per_request: usize,
    /// How long answers are kept under their idempotency keys.
    pub idempotency_retention: Duration,
    /// How long events are given.
    pub events_retention: Duration,
    /// How many jobs there may be, and how large.
    pub job_limits: JobLimits,
    /// How clients are authenticated.
    pub auth: AuthOptions,
    /// The origins whose pages may call the API from a browser, each as browsers write it.
    pub cors_origins: Vec<String>,
    /// Whether the documents of the API and the page that shows them are served.
    pub docs: bool,
    /// Whether `/metrics` is served beside the API; `false` if it has a port of its own.
    pub metrics: bool,
    /// How many lines the log of this process has dropped since the start.
    pub dropped_log_lines: fn() -> u64,
    /// What `/metrics` shows besides: of the background, the database and the process.
    pub more_metrics: Registry,
    /// Where spans of requests are collected, if anywhere.
    pub traces: Option<Arc<dyn Traces>>,
}

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
        let listeners = (metrics.clone(), followers.clone());
        let enrolments = submission::start("enrolments", groups, &ports, &known, &listeners)?;
        let groups = bounds(options.earn_groups);
        let earns = submission::start("earns", groups, &ports, &known, &listeners)?;
        Ok(Self {
            auth: Auth::new(&ports, dispatcher.clone(), proxies, &options.auth),
            connections,
            bodies: BodyBudget::new(options.body_budget),
            metrics,
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
