//! What waits for whom, on one worker whose turn the tests decide.

use std::sync::{Mutex, mpsc as std_mpsc};
use std::time::Duration;

use accolade_domain::rejection::{Code, Rejection};

use super::*;

type Outcome<R> = Result<R, Failure>;

type Doubling = GroupCommit<u32, (u32, Vec<u32>)>;

impl Member for u32 {
    type Kind = u32;

    /// Their hundreds.
    fn kind(&self) -> u32 {
        self / 100
    }

    /// Their thousands.
    fn org(&self) -> OrgId {
        i64::from(1 + self / 1_000).try_into().unwrap()
    }
}

fn bounds(groups: usize, queue: usize) -> Bounds {
    Bounds {
        groups,
        of_a_kind: 1,
        queue,
    }
}

fn later() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// Doubles numbers, and says who was in the group. 0 is refused, and 13 panics.
fn double(group: Vec<u32>) -> Vec<Result<(u32, Vec<u32>), UseCaseError>> {
    assert!(!group.contains(&13), "as the test wants it");
    let of = |number: &u32| match number {
        0 => Err(Rejection::new(Code::NotFound).into()),
        number => Ok((number * 2, group.clone())),
    };
    let results = group.iter().map(of).collect();
    drop(group);
    results
}

/// A queue of `length` whose only worker says when it begins and waits to be let go on.
fn held(length: usize) -> (Doubling, std_mpsc::Receiver<()>, std_mpsc::Sender<()>) {
    let (begun, begins) = std_mpsc::channel();
    let (go, may_go) = std_mpsc::channel();
    let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
    let commit = GroupCommit::start("test", bounds(1, length), move |group| {
        let _ = begun.lock().unwrap().send(());
        let _ = may_go.lock().unwrap().recv();
        double(group)
    });
    (commit.unwrap(), begins, go)
}

fn ask(commit: &Doubling, job: u32, deadline: Deadline) -> Asked {
    let commit = commit.clone();
    tokio::spawn(async move { commit.execute(deadline, job, 1).await })
}

type Asked = tokio::task::JoinHandle<Outcome<(u32, Vec<u32>)>>;

fn code<R: std::fmt::Debug>(outcome: Outcome<R>) -> u32 {
    outcome.unwrap_err().code().number()
}

/// Waits until so many jobs are in the queue.
async fn queued(commit: &Doubling, jobs: u32) {
    while commit.usage().waiting < jobs {
        tokio::task::yield_now().await;
    }
}

/// Waits until the worker begins.
async fn has_begun(begins: &std_mpsc::Receiver<()>) {
    while begins.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_comes_alone_is_carried_out_alone() {
    let commit = GroupCommit::start("test", bounds(2, 8), double).unwrap();
    let outcome = commit.execute(later(), 4, 1).await.unwrap();
    assert_eq!(outcome, (8, vec![4]));
    assert_eq!(commit.usage().waiting, 0);
}

#[tokio::test]
async fn who_comes_while_a_group_runs_shares_the_next_one_and_has_a_result_of_its_own() {
    let (commit, begins, go) = held(8);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let mut others = Vec::new();
    for job in [2, 0, 3] {
        others.push(ask(&commit, job, later()));
        queued(&commit, u32::try_from(others.len()).unwrap()).await;
    }
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), (2, vec![1]));
    let mut results = Vec::new();
    for other in others {
        results.push(other.await.unwrap().map_err(|it| it.code().number()));
    }
    let group = vec![2, 0, 3];
    assert_eq!(results, [Ok((4, group.clone())), Err(404), Ok((6, group))]);
}

#[tokio::test]
async fn a_group_takes_on_no_more_than_its_bound() {
    let (commit, begins, go) = held(8);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let heavy = |job| {
        let commit = commit.clone();
        tokio::spawn(async move { commit.execute(later(), job, MOST / 2).await })
    };
    let mut others = Vec::new();
    for job in [2, 3, 4] {
        others.push(heavy(job));
        queued(&commit, u32::try_from(others.len()).unwrap()).await;
    }
    drop(go);
    first.await.unwrap().unwrap();
    let last = others.pop().unwrap().await.unwrap().unwrap();
    assert_eq!(last, (8, vec![4]));
}

#[tokio::test]
async fn a_group_is_of_one_kind_and_those_that_came_first_begin_first() {
    let (commit, begins, go) = held(8);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let mut others = Vec::new();
    for job in [102, 3, 104, 5] {
        others.push(ask(&commit, job, later()));
        queued(&commit, u32::try_from(others.len()).unwrap()).await;
    }
    drop(go);
    first.await.unwrap().unwrap();
    let mut results = Vec::new();
    for other in others {
        results.push(other.await.unwrap().unwrap().1);
    }
    let [even, odd] = [vec![102, 104], vec![3, 5]];
    assert_eq!(results, [even.clone(), odd.clone(), even, odd]);
}

#[tokio::test]
async fn orgs_take_turns_however_many_groups_one_of_them_has_waiting() {
    let (commit, begins, go) = held(16);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let (tell, told) = std_mpsc::channel();
    let ask = |job| {
        let (commit, tell) = (commit.clone(), tell.clone());
        tokio::spawn(async move {
            let group = commit.execute(later(), job, MOST / 2).await.unwrap().1;
            tell.send(group).unwrap();
        })
    };
    let mut others = Vec::new();
    for job in [2, 3, 4, 5, 106, 1_002, 7] {
        others.push(ask(job));
        queued(&commit, u32::try_from(others.len()).unwrap()).await;
    }
    drop(go);
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap();
    }
    let mut groups: Vec<_> = told.try_iter().collect();
    groups.dedup();
    let after = vec![vec![4, 5], vec![106], vec![7]];
    assert_eq!(groups, [vec![vec![2, 3], vec![1_002]], after].concat());
}

#[tokio::test]
async fn an_org_of_which_few_wait_is_not_refused_because_another_has_taken_all_places() {
    let (commit, begins, go) = held(2);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let others = [ask(&commit, 2, later()), ask(&commit, 3, later())];
    queued(&commit, 2).await;
    assert_eq!(code(commit.execute(later(), 4, 1).await), 1951);
    let of_another = ask(&commit, 1_000, later());
    queued(&commit, 3).await;
    drop(go);
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(of_another.await.unwrap().unwrap(), (2_000, vec![1_000]));
}

#[tokio::test]
async fn while_one_kind_runs_it_gathers_and_others_begin() {
    let (begun, begins) = std_mpsc::channel();
    let (go, may_go) = std_mpsc::channel::<()>();
    let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
    let commit = GroupCommit::start("test", bounds(2, 8), move |group: Vec<u32>| {
        if group.contains(&1) {
            let _ = begun.lock().unwrap().send(());
            let _ = may_go.lock().unwrap().recv();
        }
        double(group)
    });
    let commit = commit.unwrap();
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let same = [ask(&commit, 2, later()), ask(&commit, 3, later())];
    queued(&commit, 2).await;
    // The second worker leaves them to the first.
    assert_eq!(
        commit.execute(later(), 104, 1).await.unwrap(),
        (208, vec![104])
    );
    assert_eq!((commit.usage().running, commit.usage().waiting), (1, 2));
    drop(go);
    first.await.unwrap().unwrap();
    for same in same {
        let mut group = same.await.unwrap().unwrap().1;
        group.sort_unstable();
        assert_eq!(group, [2, 3]);
    }
}

#[tokio::test]
async fn more_than_may_wait_are_refused_at_once() {
    let (commit, begins, go) = held(1);
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    let second = ask(&commit, 2, later());
    queued(&commit, 1).await;
    assert_eq!(code(commit.execute(later(), 3, 1).await), 1951);
    drop(go);
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_never_begun_and_who_has_begun_has_an_unknown_outcome() {
    let (commit, begins, go) = held(8);
    // The clock goes on only while everybody waits for it.
    let first = ask(&commit, 1, later());
    has_begun(&begins).await;
    assert_eq!(code(first.await.unwrap()), 1952);
    let waiting = commit.execute(Deadline::after(Duration::ZERO), 2, 1).await;
    assert_eq!(code(waiting), 1951);
    let left = ask(&commit, 3, later());
    queued(&commit, 2).await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    // From now on a thread is waited for.
    tokio::time::resume();
    let last = ask(&commit, 4, later());
    queued(&commit, 3).await;
    drop(go);
    assert_eq!(last.await.unwrap().unwrap(), (8, vec![4]));
}

#[tokio::test]
async fn a_panic_is_the_failure_of_its_group_and_the_worker_goes_on() {
    let commit = GroupCommit::start("test", bounds(1, 8), double).unwrap();
    assert_eq!(code(commit.execute(later(), 13, 1).await), 999_999);
    assert_eq!(commit.execute(later(), 1, 1).await.unwrap(), (2, vec![1]));
}
