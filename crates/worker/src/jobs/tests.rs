//! Whose chunks are carried out when, and by which server.

use super::*;
use crate::options::Options;
use crate::testing::{ChunkFailure, Server, World, job, options, pass};

/// A server that no other shares the database with.
fn alone(world: &World) -> Server {
    let options = Options {
        is_alone: true,
        ..options()
    };
    world.serve_with::<Jobs>(1, options)
}

fn chunks(world: &World) -> Vec<String> {
    let state = world.fake.state();
    state.chunks.iter().map(|(_, job)| job.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_is_carried_out_chunk_by_chunk_until_it_has_ended() {
    let world = World::new();
    world.fake.state().jobs.insert(job(1, "a", 1), 3);
    let server = alone(&world);
    pass(Duration::ZERO).await;
    assert_eq!(chunks(&world), ["a", "a", "a"]);
    // It was opened once: the file is not read anew for each chunk.
    assert_eq!(world.fake.state().opened_jobs, 1);
    assert!((server.metric("accolade_job_rows_total") - 30.0).abs() < 0.1);
    pass(PERIOD).await;
    assert!(server.metric("accolade_jobs_unfinished").abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_another_server_started_is_noticed_within_a_second() {
    let world = World::new();
    let _server = alone(&world);
    pass(Duration::from_millis(500)).await;
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    pass(Duration::from_secs(1)).await;
    assert_eq!(chunks(&world), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_this_server_started_is_noticed_within_a_tenth_of_a_second() {
    let world = World::new();
    let _server = alone(&world);
    pass(Duration::from_millis(5_250)).await;
    world.fake.state().started_jobs = 1;
    // As late as what started it is committed.
    pass(Duration::from_millis(700)).await;
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    pass(PERIOD).await;
    assert_eq!(chunks(&world), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_nothing_to_do_asks_for_jobs_once_a_second() {
    let world = World::new();
    let _server = alone(&world);
    pass(Duration::from_secs(10)).await;
    let asked = world.fake.state().asked_for_jobs;
    assert!((10..=11).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn orgs_take_turns_and_so_do_the_jobs_of_one() {
    let world = World::new();
    for (it, chunks) in [
        (job(1, "a", 1), 4),
        (job(1, "b", 2), 2),
        (job(2, "c", 3), 4),
    ] {
        world.fake.state().jobs.insert(it, chunks);
    }
    let _server = alone(&world);
    pass(PERIOD).await;
    let expected = ["a", "c", "b", "c", "a", "c", "b", "c", "a", "a"];
    assert_eq!(chunks(&world), expected);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_fails_is_tried_again_after_longer_and_longer_rests_and_holds_up_nobody() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Unavailable);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let _server = alone(&world);
    // 0, 0.5, 1.5, 3.5 …, when the task looks next: once a second.
    pass(Duration::from_secs(10)).await;
    let tried = chunks(&world).len();
    assert!((4..=6).contains(&tried), "{tried}");
    world.fake.state().jobs.insert(job(2, "b", 2), 1);
    world.fake.state().chunks_fail = None;
    pass(PERIOD).await;
    assert!(chunks(&world).contains(&"b".to_owned()));
    pass(LONGEST_REST + PERIOD).await;
    assert!(world.fake.state().jobs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_file_cannot_be_read_fails_in_the_end() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Unreadable);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let _server = alone(&world);
    pass(Duration::from_secs(5)).await;
    assert_eq!(world.fake.state().failed_jobs, Vec::<String>::new());
    pass(Duration::from_secs(20)).await;
    assert_eq!(world.fake.state().failed_jobs, ["a"]);
    assert_eq!(chunks(&world).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_place_in_its_file_cannot_be_read_fails_in_the_end() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Nowhere);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let _server = alone(&world);
    pass(Duration::from_secs(25)).await;
    assert_eq!(world.fake.state().failed_jobs, ["a"]);
    assert_eq!(world.fake.state().opened_jobs, 5);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_panics_is_tried_again() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Panic);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let _server = alone(&world);
    pass(PERIOD).await;
    world.fake.state().chunks_fail = None;
    pass(Duration::from_secs(5)).await;
    assert!(world.fake.state().jobs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_another_server_works_on_is_left_alone_for_a_while() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Superseded);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let server = alone(&world);
    pass(Duration::from_secs(5)).await;
    assert!((2..=5).contains(&chunks(&world).len()));
    // That is no failure.
    let failures = r#"accolade_background_failures_total{task="jobs"}"#;
    let families = server.context.metrics.registry().gather();
    let text = prometheus::TextEncoder::new()
        .encode_to_string(&families)
        .unwrap();
    assert!(!text.contains(failures), "{text}");
}

#[tokio::test(start_paused = true)]
async fn servers_share_jobs_and_each_is_one_servers_at_a_time() {
    let world = World::new();
    let first = world.serve::<Jobs>(1);
    let second = world.serve::<Jobs>(2);
    pass(PERIOD * 2).await;
    // Chunks that succeed take no virtual time, so that none would ever pass.
    world.fake.state().chunks_fail = Some(ChunkFailure::Unavailable);
    for second in 1..=4 {
        let it = job(second, &format!("j{second}"), second);
        world.fake.state().jobs.insert(it, 1);
    }
    pass(PERIOD * 10).await;
    world.fake.state().chunks.clear();
    pass(LONGEST_REST * 2).await;
    let mut owners: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
    for (server, job) in &world.fake.state().chunks {
        owners.entry(job.clone()).or_default().insert(*server);
    }
    assert_eq!(owners.len(), 4);
    assert!(
        owners.values().all(|servers| servers.len() == 1),
        "{owners:?}"
    );
    let of_first = owners
        .values()
        .filter(|it| it.contains(&Uuid::from_u128(1)));
    assert_eq!(of_first.count(), 2);
    world.fake.state().jobs.clear();
    first.stop().await;
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_jobs_of_a_server_that_is_killed_go_on_within_fifteen_seconds() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Unavailable);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let first = world.serve::<Jobs>(1);
    pass(PERIOD).await;
    assert!(!chunks(&world).is_empty());
    first.kill().await;
    world.fake.state().chunks_fail = None;
    let _second = world.serve::<Jobs>(2);
    pass(Duration::from_secs(15)).await;
    assert!(world.fake.state().jobs.is_empty());
    let last = world.fake.state().chunks.last().cloned();
    assert_eq!(last.map(|(server, _)| server), Some(Uuid::from_u128(2)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_gives_its_jobs_back() {
    let world = World::new();
    world.fake.state().chunks_fail = Some(ChunkFailure::Unavailable);
    world.fake.state().jobs.insert(job(1, "a", 1), 1);
    let first = world.serve::<Jobs>(1);
    pass(PERIOD).await;
    assert_eq!(world.holders(), 1);
    first.stop().await;
    assert_eq!(world.holders(), 0);
}
