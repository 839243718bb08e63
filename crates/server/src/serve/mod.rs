//! `serve`: from the configuration to a server that listens, and to its end.

mod background;
mod listen;
mod logging;
mod process;
mod provider;
mod service_manager;
mod shutdown;
mod tls;
mod traces;

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use accolade_application::jobs::JobLimits;
use accolade_application::operators::Lifetimes;
use accolade_application::ports::SecretSource as _;
use accolade_http::app::{AppState, AuthOptions, ConnectionBounds, HttpOptions};
use accolade_http::pages::Pages;
use anyhow::{Context as _, Result};
use prometheus::{IntGauge, Registry};

use crate::cli::{one_line, print};
use crate::demo;
use crate::limits::raise_descriptors;
use crate::lock::FileLock;
use crate::settings::{
    AuthSettings, ConsoleSettings, DatabaseSettings, DatabaseUrl, Environment, Loaded, Settings,
    SigningKey, load,
};
use crate::sources::SystemSecrets;
use crate::store;
use background::Background;
pub(crate) use background::connections as background_connections;
use listen::listen;
use service_manager::HandedSockets;
use shutdown::StopSignals;
use tls::Presented;
use traces::TraceExport;

/// How long an idle connection is kept: longer than usual proxies keep theirs, so that
/// it is they who end it.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long who still sends a body that was answered already is listened to.
const LINGER: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
///
/// # Errors
/// What it lacks to start: a good configuration, the port, the database.
pub(crate) fn serve() -> Result<()> {
    let loaded = load(&Environment::of_process()?)?;
    loaded.fit_to_serve()?;
    let traces = TraceExport::start(&loaded.settings.telemetry)?;
    logging::start(&loaded.settings.log, traces.layer())?;
    let served = start_and_run(loaded, &traces);
    if served.is_ok() {
        tracing::info!("stopped");
    }
    traces.finish();
    logging::finish();
    served
}

fn start_and_run(loaded: Loaded, traces: &TraceExport) -> Result<()> {
    let Loaded {
        settings, profile, ..
    } = loaded;
    raise_descriptors(settings.http.connections);
    // Whatever can be refused is refused before the database is touched.
    let http = &settings.http;
    let mut handed = HandedSockets::take();
    let listener = match handed.api()? {
        Some(listener) => listener,
        None => listen(&http.host, http.port, "http.host and http.port")?,
    };
    let metrics = listen_for_metrics(&settings, &mut handed)?;
    if let Some(file) = settings.database.url.file() {
        FileLock::take_for_good(file).context("database.url")?;
    }

    // At the end of this function whoever uses the store goes before it.
    let background = Background::prepare(&settings, traces.passed_on())?;
    let shown = background.metrics();
    process::show_metrics(&shown, settings.database.url.kind())?;
    let certificate_end = tls::show_end(&shown)?;
    traces.show_metrics(&shown)?;
    let store = store::open(
        &settings,
        background.receivers(),
        background::connections(&settings),
        &shown,
    )?;
    if settings.demo.enabled {
        demo::seed(&store)?;
    } else {
        demo::ensure_closed(&store)?;
    }
    let _worker = background.start(&store.ports, &settings)?;
    let options = HttpOptions {
        traces: traces.followed(),
        ..options(&settings, shown)
    };
    let state = with_console(
        AppState::new(store.ports.clone(), options)?,
        &settings.console,
    )?;
    let listeners = Listeners {
        api: listener,
        metrics,
    };
    run(&profile, &settings, listeners, certificate_end, &state)
}

/// The same, with the console beside the API, if there is to be one.
///
/// # Errors
/// The provider that signs operators in cannot be one.
fn with_console(state: AppState, console: &ConsoleSettings) -> Result<AppState> {
    if !console.enabled {
        return Ok(state);
    }
    // More than there is time for is held at its end.
    let long = |time: Duration| time::Duration::try_from(time).unwrap_or(time::Duration::MAX);
    let context = state.pages(Lifetimes {
        idle: long(console.session_idle),
        most: long(console.session_max),
    });
    let context = match provider::of(console)? {
        Some(provider) => context.with_provider(provider),
        None => context,
    };
    Ok(state.with_pages(Pages::new(context, accolade_console::configure)))
}

fn listen_for_metrics(
    settings: &Settings,
    handed: &mut HandedSockets,
) -> Result<Option<TcpListener>> {
    let Some(port) = settings.metrics_port() else {
        return Ok(None);
    };
    if let Some(listener) = handed.metrics()? {
        return Ok(Some(listener));
    }
    let host = settings
        .metrics
        .host
        .as_ref()
        .unwrap_or(&settings.http.host);
    listen(host, port, "metrics.host and metrics.port").map(Some)
}

/// Where the server listens.
struct Listeners {
    api: TcpListener,
    /// The port of its own that `/metrics` has, if it has one.
    metrics: Option<TcpListener>,
}

fn run(
    profile: &str,
    settings: &Settings,
    listeners: Listeners,
    certificate_end: IntGauge,
    state: &AppState,
) -> Result<()> {
    let Listeners { api, metrics } = listeners;
    actix_web::rt::System::new().block_on(async {
        let stop = StopSignals::take()?;
        let address = listen::url(settings.http.scheme(), &api)?;
        let metrics_address = metrics.as_ref().map(|it| listen::url("http", it));
        let metrics_address = metrics_address.transpose()?;
        let presented = Presented::read(&settings.http.tls, certificate_end)?;
        let tls = presented.as_ref().map(Presented::tls);
        let server = accolade_http::app::serve(api, metrics, tls, state)?;
        if let Some(presented) = presented {
            actix_web::rt::spawn(presented.follow());
        }
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            profile,
            database = settings.database.url.kind(),
            address,
            "listening"
        );
        announce(settings, &address, metrics_address.as_deref())?;
        service_manager::tell_ready();
        let stopped = async {
            stop.first().await;
            service_manager::tell_stopping();
        };
        Ok(server.run_until(stopped).await?)
    })
}

/// Tells whoever started the server where it is, on standard output; a server works whether that is
/// read or not.
fn announce(settings: &Settings, address: &str, metrics: Option<&str>) -> Result<()> {
    let mut lines = vec![format!("listening on {address}")];
    lines.extend(metrics.map(|metrics| format!("metrics on {metrics}/metrics")));
    if settings.console.enabled && !settings.demo.enabled {
        lines.push(format!("the console is at {address}/console"));
    }
    if settings.demo.enabled {
        let described = if settings.docs.enabled {
            format!("The API is described at {address}/docs. ")
        } else {
            String::new()
        };
        if settings.console.enabled {
            lines.push(format!("\n{}", demo::console_hint(address)));
        }
        lines.push(format!(
            "\n{described}Try it:\n\n{}\n",
            demo::example(address)
        ));
    }
    let announcement = lines.join("\n");
    let print = move || {
        if let Err(error) = print(announcement) {
            let error = one_line(&error);
            tracing::warn!(error, "nobody is told where the server is");
        }
    };
    thread::Builder::new()
        .name("announcement".to_owned())
        .spawn(print)
        .context("announcement")?;
    Ok(())
}

fn options(settings: &Settings, more_metrics: Registry) -> HttpOptions {
    let http = &settings.http;
    let Shares {
        concurrency,
        groups,
        earn_groups,
    } = shares(&settings.database);
    HttpOptions {
        workers: match http.workers {
            0 => thread::available_parallelism().map_or(1, Into::into),
            workers => workers,
        },
        connections: ConnectionBounds {
            all: http.connections,
            of_address: http.connections_per_address,
        },
        trusted_proxies: http.trusted_proxies.clone(),
        body_limit: http.body_limit,
        body_budget: http.body_budget,
        request_timeout: http.request_timeout,
        write_timeout: http.write_timeout,
        keep_alive: KEEP_ALIVE,
        linger: LINGER,
        shutdown_timeout: http.request_timeout,
        concurrency,
        groups,
        earn_groups,
        queue: http.queue,
        customers_per_request: settings.limits.customers_per_request,
        idempotency_retention: settings.idempotency.retention,
        events_retention: settings.events.retention,
        job_limits: JobLimits {
            most_open: settings.jobs.max_unfinished,
            most_bytes: settings.jobs.max_bytes as u64,
        },
        auth: AuthOptions {
            token_ttl: settings.auth.token_ttl,
            token_keys: token_keys(&settings.auth),
            failures_per_key: settings.auth.failures_per_key,
            failures_per_address: settings.auth.failures_per_address,
        },
        cors_origins: http.cors_origins.clone(),
        docs: settings.docs.enabled,
        metrics: settings.metrics_port().is_none(),
        dropped_log_lines: logging::dropped_lines,
        more_metrics,
        traces: None,
    }
}

/// How many run at one moment.
struct Shares {
    /// Use cases.
    concurrency: usize,
    /// Groups of small enrolments beside them, and of small earns of one badge.
    groups: usize,
    /// Groups of small earns of all badges.
    earn_groups: usize,
}

/// How many run at one moment.
///
/// SQLite has a writer beside its pool, and more than one would wait for each other. On
/// PostgreSQL they share the pool: two groups of a kind, so that one gathers while the other
/// waits for the disk; with more, each would be smaller. Earns of different badges share no
/// group, so there are as many groups of them as there were single earns otherwise.
fn shares(database: &DatabaseSettings) -> Shares {
    let pool = usize::try_from(database.pool_size).unwrap_or(usize::MAX);
    match database.url {
        DatabaseUrl::Sqlite(_) => Shares {
            concurrency: pool,
            groups: 1,
            earn_groups: 1,
        },
        DatabaseUrl::Postgres(_) => {
            let groups = (pool / 4).clamp(1, 2);
            let concurrency = pool.saturating_sub(groups).max(1);
            Shares {
                concurrency,
                groups,
                earn_groups: concurrency,
            }
        }
    }
}

/// The configured key, or one for this start alone, and those that are still taken beside it.
fn token_keys(auth: &AuthSettings) -> Vec<Vec<u8>> {
    let first = auth.token_key.clone().unwrap_or_else(|| {
        tracing::warn!("auth.token_key is not set: access tokens end with this process");
        SigningKey::from_bytes(SystemSecrets.bytes())
    });
    let keys = [&first].into_iter().chain(&auth.token_keys);
    keys.map(|key| key.as_bytes().to_vec()).collect()
}
