//! Ten times the load that fits, and everybody else who costs something: slow ones, vanishing ones, idle ones,
//! strangers. Healthy clients are served, the memory stays within its bound, and soon after nothing of it is felt.

mod nuisance;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use accolade_tests::{Backend, Org, Server, Setup, direct_badge, earning};

use crate::chance::Chance;
use crate::crowds::nuisance::Crowd;
use crate::figures::Figures;

/// How crowded it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// How long.
    pub(crate) time: Duration,
    /// Connections on which nothing happens.
    pub(crate) idle: usize,
    /// Of each other kind so many.
    pub(crate) each: usize,
    /// Which part of the rate from before must be there again, as one of so many.
    pub(crate) recovers_to: u64,
}

/// How many clients ask for what fits.
const HEALTHY: usize = 4;

/// How long the server's rate is measured.
const MEASURED: Duration = Duration::from_secs(2);

/// How long it may take until the server is as fast as before.
const RECOVERY: Duration = Duration::from_secs(30);

const CONNECTIONS: u64 = 12_000;
const BODY_BUDGET: u64 = 32;
const POOL_SIZE: u64 = 2;

/// What `docs/operations.md` says of the memory, in MiB.
const MEMORY: u64 = 300 + CONNECTIONS / 10 + 2 * BODY_BUDGET + 48 * POOL_SIZE;

/// How a round goes: a while without a crowd, one with it, one without it again.
pub(crate) fn round(backend: Backend, seed: u64, size: Size) -> Figures {
    let mut chance = Chance::new(seed);
    let server = Setup::new(backend)
        .set("log.level", "error")
        .set("http.connections", &CONNECTIONS.to_string())
        .set("http.connections_per_address", &CONNECTIONS.to_string())
        .set("http.body_budget", &format!("{BODY_BUDGET}MiB"))
        .set("http.queue", "64")
        .set("database.pool_size", &POOL_SIZE.to_string())
        .set("auth.failures_per_address", "100")
        .start();
    let org = server.org();
    let [badge, abandoned] = [(); 2].map(|()| org.create(&direct_badge()));
    let earned = AtomicU64::new(0);
    let mut figures = Figures::default();

    let before = rate(&org, &badge, &earned);
    let (answered, refused, slowest) = crowded(
        &server,
        &org,
        [&badge, &abandoned],
        &earned,
        size,
        &mut chance,
        &mut figures,
    );
    assert!(
        answered > 0,
        "nobody who is healthy was served: {refused} refused"
    );
    figures.add("healthy requests served in a crowd", answered);
    figures.add("healthy requests refused in a crowd", refused);
    figures.longest("a healthy answer in a crowd (ms, at most)", slowest);

    let begun = Instant::now();
    loop {
        let now = rate(&org, &badge, &earned);
        if now * size.recovers_to > before {
            break;
        }
        let time = begun.elapsed();
        assert!(
            time < RECOVERY,
            "after {time:?} {now} requests, before {before}"
        );
    }
    figures.longest("until it was fast again (ms, at most)", begun.elapsed());
    let memory = server.peak_memory() / (1 << 20);
    assert!(memory < MEMORY, "{memory} MiB of {MEMORY}");
    let counted = u64::try_from(org.earned_count(&badge)).unwrap();
    assert_eq!(
        counted,
        earned.load(Ordering::Relaxed),
        "answered, and counted"
    );
    figures.add("customers who earned", counted);
    server.cli().run(&["verify"]).ok();
    figures
}

/// How many requests healthy clients have answered in [`MEASURED`].
fn rate(org: &Org, badge: &str, earned: &AtomicU64) -> u64 {
    let answered = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..HEALTHY {
            scope.spawn(|| {
                let client = org.with_a_connection();
                let begun = Instant::now();
                while begun.elapsed() < MEASURED {
                    if is_served(&client, badge, earned) {
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    answered.into_inner()
}

/// Whether a request was carried out; else it was refused as it must be.
fn is_served(client: &Org, badge: &str, earned: &AtomicU64) -> bool {
    static NEXT: AtomicI64 = AtomicI64::new(2_000_000_000);
    let customer = NEXT.fetch_add(1, Ordering::Relaxed);
    let request = client.sending("POST", "customer/earn", &earning(badge, customer));
    let Ok(reply) = request.may_fail().try_send() else {
        return false;
    };
    if reply.status == 200 {
        earned.fetch_add(1, Ordering::Relaxed);
        return true;
    }
    assert!([429, 503].contains(&reply.status), "{reply}");
    assert!(reply.header("retry-after").is_some(), "{reply}");
    false
}

/// Healthy clients in a crowd: how many of their requests were served, how many refused, and how long the
/// slowest waited.
fn crowded(
    server: &Server,
    org: &Org,
    [badge, abandoned]: [&str; 2],
    earned: &AtomicU64,
    size: Size,
    chance: &mut Chance,
    figures: &mut Figures,
) -> (u64, u64, Duration) {
    let (is_over, attempts) = (AtomicBool::new(false), AtomicU64::new(0));
    let crowd = Crowd {
        socket: server.socket(),
        org,
        badge,
        abandoned,
        is_over: &is_over,
        earned,
        attempts: &attempts,
    };
    let healthy = thread::scope(|scope| {
        scope.spawn(|| crowd.idle(size.idle));
        for _ in 0..size.each {
            let (of_flood, of_vanishing) = (chance.child(), chance.child());
            scope.spawn(|| crowd.flood(of_flood));
            scope.spawn(|| crowd.vanish(of_vanishing));
            scope.spawn(|| crowd.guess());
            scope.spawn(|| crowd.drip());
            scope.spawn(|| crowd.read_nothing());
        }
        let healthy: Vec<_> = (0..HEALTHY)
            .map(|_| scope.spawn(|| beside(org, badge, earned, size.time)))
            .collect();
        let healthy: Vec<_> = healthy
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        is_over.store(true, Ordering::Relaxed);
        healthy
    });
    figures.add("attempts of a crowd", attempts.into_inner());
    let mut sum = (0, 0, Duration::ZERO);
    for one in healthy {
        let (answered, refused, slowest) =
            one.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sum = (sum.0 + answered, sum.1 + refused, sum.2.max(slowest));
    }
    sum
}

/// One healthy client beside a crowd.
fn beside(org: &Org, badge: &str, earned: &AtomicU64, time: Duration) -> (u64, u64, Duration) {
    let client = org.with_a_connection();
    let (mut answered, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    let begun = Instant::now();
    while begun.elapsed() < time {
        let asked = Instant::now();
        if is_served(&client, badge, earned) {
            answered += 1;
            slowest = slowest.max(asked.elapsed());
        } else {
            refused += 1;
        }
        thread::sleep(Duration::from_millis(10));
    }
    (answered, refused, slowest)
}
