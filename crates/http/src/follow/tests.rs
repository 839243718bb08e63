//! Waiting in virtual time: how often is looked, and who wakes whom.

use std::sync::atomic::{AtomicI64, AtomicUsize};

use futures_util::future::join_all;

use super::*;

/// An org's feed that counts how often it is looked at.
struct Watched {
    followers: FeedFollowers,
    draining: Draining,
    newest: Arc<AtomicI64>,
    looks: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
}

fn org() -> OrgId {
    100_458.try_into().unwrap()
}

fn at(position: i64) -> Position {
    position.try_into().unwrap()
}

fn seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

impl Watched {
    fn new() -> Self {
        let (newest, looks) = (Arc::<AtomicI64>::default(), Arc::<AtomicUsize>::default());
        let is_away = Arc::<AtomicBool>::default();
        let look: Look<OrgId, Position> = {
            let (newest, looks, is_away) = (newest.clone(), looks.clone(), is_away.clone());
            Arc::new(move |_| {
                looks.fetch_add(1, Ordering::SeqCst);
                if is_away.load(Ordering::SeqCst) {
                    return Err(StoreError::Unavailable(anyhow::anyhow!("away")));
                }
                Ok(at(newest.load(Ordering::SeqCst)))
            })
        };
        let draining = Draining::default();
        let dispatcher = Dispatcher::new(4, 16);
        Self {
            followers: Followers::looking(look, &dispatcher, &draining, 4),
            draining,
            newest,
            looks,
            is_away,
        }
    }

    /// Something is recorded: on this server, or on another.
    fn record(&self, is_here: bool) {
        self.newest.fetch_add(1, Ordering::SeqCst);
        if is_here {
            self.followers.recorded(&org());
        }
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    /// So many wait behind the beginning until `end`; what each is told.
    async fn wait(&self, count: usize, end: Instant) -> Vec<bool> {
        let waiting = (0..count).map(|_| async {
            let follower = self.followers.follow(org());
            follower
                .wait(|newest| *newest > Position::START, end)
                .await
                .unwrap()
        });
        join_all(waiting).await
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_wait_for_an_org_the_looks_are_those_of_one() {
    let feed = Watched::new();
    let told = feed.wait(200, seconds(10)).await;
    assert_eq!(told, [false; 200]);
    // Sooner at first, then every 400 ms.
    assert!((20..=32).contains(&feed.looks()), "{}", feed.looks());
    assert_eq!(feed.followers.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_later_takes_the_word_of_those_who_wait() {
    let feed = Watched::new();
    let end = seconds(10);
    let late = (0..40).map(|place| {
        let feed = &feed;
        async move {
            tokio::time::sleep(Duration::from_millis(73 * place)).await;
            feed.wait(1, end).await
        }
    });
    join_all(late).await;
    assert!(feed.looks() <= 32, "{}", feed.looks());
}

#[tokio::test(start_paused = true)]
async fn what_this_server_records_wakes_all_at_once_and_what_another_does_soon() {
    for (is_here, patience) in [(true, SOONEST), (false, LATEST)] {
        let feed = Watched::new();
        let recorded = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            feed.record(is_here);
            Instant::now()
        };
        let waiting = async {
            let told = feed.wait(50, seconds(25)).await;
            assert_eq!(told, [true; 50]);
            Instant::now()
        };
        let (recorded_on, told_on) = tokio::join!(recorded, waiting);
        let late = told_on - recorded_on;
        assert!(late <= patience, "{is_here}: {late:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_org_in_which_all_the_time_something_is_recorded_is_looked_at_no_more_often() {
    let feed = Watched::new();
    let (end, begun) = (seconds(1), feed.looks());
    let behind = at(1_000_000);
    let follower = feed.followers.follow(org());
    let busy = async {
        for _ in 0..1_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            feed.record(true);
        }
    };
    let (told, ()) = tokio::join!(follower.wait(|newest| *newest > behind, end), busy);
    assert!(!told.unwrap());
    assert!(feed.looks() - begun <= 22, "{}", feed.looks());
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_away_is_waited_for() {
    let feed = Watched::new();
    feed.is_away.store(true, Ordering::SeqCst);
    let back = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        feed.record(false);
        feed.is_away.store(false, Ordering::SeqCst);
    };
    let (told, ()) = tokio::join!(feed.wait(3, seconds(25)), back);
    assert_eq!(told, [true; 3]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_on_a_server_that_stops() {
    let feed = Watched::new();
    let begun = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        feed.draining.begin();
    };
    let (told, ()) = tokio::join!(feed.wait(3, seconds(25)), stop);
    assert_eq!(told, [false; 3]);
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    assert_eq!(feed.wait(1, seconds(25)).await, [false]);
}

#[tokio::test(start_paused = true)]
async fn other_orgs_are_not_woken() {
    let feed = Watched::new();
    let other: OrgId = 7.try_into().unwrap();
    let follower = feed.followers.follow(other);
    feed.followers.recorded(&org());
    let told = follower
        .wait(|newest| *newest > Position::START, seconds(1))
        .await;
    assert!(!told.unwrap());
    assert_eq!(feed.followers.count(), 1);
    drop(follower);
    assert_eq!(feed.followers.count(), 0);
}
