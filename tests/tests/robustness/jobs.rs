//! Jobs through faults: each row of a file has exactly one outcome, however often servers are killed,
//! whoever takes the job up, and whenever it is cancelled.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_tests::{
    Backend, Database, Org, PREFIX, Raw, RowResult, Server, Setup, customers_file, direct_badge,
    dry, enrolling_job, enrolment, on_both_databases, until, with, without_ids,
};
use serde_json::{Value, json};

/// How long a server may need to take up what one that was killed has left, here where machines are
/// busy. What is promised is fifteen seconds.
const TAKEOVER: Duration = Duration::from_secs(30);

const PATIENCE: Duration = Duration::from_mins(5);

/// The most rows of a chunk of enrolments on a server [`with_small_chunks`].
const CHUNK: i64 = 8_000;

/// `setup` with a limit that chunks follow, so low that files of several chunks are soon carried out.
fn with_small_chunks(setup: Setup) -> Setup {
    setup.set("limits.customers_per_request", "4000")
}

/// A number that the environment may set, for a longer run by hand.
fn number(variable: &str, default: i64) -> i64 {
    let said = std::env::var(variable).ok();
    said.map_or(default, |text| text.parse().unwrap())
}

/// A file with `rows` rows: customers in no order, of whom each tenth is there already, and each 97th is
/// none.
fn mixed_file(rows: i64) -> String {
    let mut file = "note,customerId\r\n".to_owned();
    for row in 0..rows {
        let customer = row * 7_919 % 1_000_003 + 1;
        let line = match row % 97 {
            96 => format!("{row},nobody\r\n"),
            _ if row % 10 == 9 => format!("{row},{}\r\n", (row - 5) * 7_919 % 1_000_003 + 1),
            _ => format!("{row},{customer}\r\n"),
        };
        file += &line;
    }
    file
}

/// `data` under one of the encodings, and its name.
fn encoded(data: &[u8], place: usize) -> (Vec<u8>, &'static str) {
    match place % 3 {
        0 => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(data).unwrap();
            (encoder.finish().unwrap(), "gzip")
        }
        1 => (zstd::encode_all(data, 1).unwrap(), "zstd"),
        _ => (data.to_vec(), "identity"),
    }
}

/// Sends `file` in parts of `size` bytes, the last part first, each second one twice.
fn send_parts(org: &Org, job: &str, file: &str, size: usize) {
    let parts: Vec<_> = file.as_bytes().chunks(size).collect();
    for (place, part) in parts.iter().enumerate().rev() {
        for time in 0..=place % 2 {
            let (body, encoding) = encoded(part, place + time);
            org.putting_part(job, place + 1, &body)
                .header("Content-Encoding", encoding)
                .send()
                .ok();
        }
    }
}

/// How many results have each status.
fn by_status(results: &[RowResult]) -> BTreeMap<&str, u64> {
    let mut counted = BTreeMap::new();
    for result in results {
        *counted.entry(result.status.as_str()).or_default() += 1;
    }
    counted
}

/// The job, its results and what is recorded must say the same.
fn check_agreement(org: &Org, badge: &str, job: &Value, rows: u64) -> Vec<RowResult> {
    let results = org.results(job["jobId"].as_str().unwrap());
    assert_eq!(results.len() as u64, rows);
    let counted = by_status(&results);
    let count = |status: &str| counted.get(status).copied().unwrap_or(0);
    let told = &job["rows"];
    for (field, status) in [
        ("succeeded", "SUCCEEDED"),
        ("refused", "REFUSED"),
        ("invalid", "INVALID"),
    ] {
        assert_eq!(told[field], count(status), "{field}: {job}");
    }
    assert_eq!(told["processed"], rows - count("UNPROCESSED"), "{job}");
    let recorded = if job["dryRun"] == true {
        0
    } else {
        count("SUCCEEDED")
    };
    assert_eq!(org.issued_count(badge), i64::try_from(recorded).unwrap());
    results
}

/// How many enrolments of the badge there are in the database, counted row by row.
fn rows_of(server: &Server, org: &Org) -> i64 {
    let sql = format!(
        "SELECT count(*) AS value FROM enrolments WHERE org_id = {}",
        org.id()
    );
    server.database().number(&sql)
}

/// With `ACCOLADE_TEST_JOB_ROWS=1000000 ACCOLADE_TEST_JOB_KILLS=20` this is the long run.
fn a_file_is_carried_out_once_however_often_the_server_is_killed(backend: Backend) {
    let rows = number("ACCOLADE_TEST_JOB_ROWS", 3 * CHUNK);
    // On PostgreSQL each of them is found out by a lease that ends.
    let kills = match backend {
        Backend::Sqlite => 3,
        Backend::Postgres => 1,
    };
    let kills = number("ACCOLADE_TEST_JOB_KILLS", kills);
    let file = mixed_file(rows);
    let part_size = file.len() / 7 + 1;

    let mut server = with_small_chunks(Setup::new(backend)).start();
    let (undisturbed, mut org) = (server.org(), server.org());
    let badges = (undisturbed.badge(), org.badge());
    let wanted = {
        let job = undisturbed.create_job(&enrolling_job(&badges.0));
        send_parts(&undisturbed, &job, &file, part_size);
        undisturbed.start_job(&job);
        let job = undisturbed.finished_job(&job);
        assert_eq!(job["state"], "COMPLETED", "{job}");
        undisturbed.results_text(job["jobId"].as_str().unwrap())
    };

    let body = with(&enrolling_job(&badges.1), &json!({"jobId": "killed"}));
    let job = org.create_job(&body);
    send_parts(&org, &job, &file, part_size);
    org.start_job(&job);
    for kill in 1..=kills {
        let far = u64::try_from(rows * kill / (kills + 1)).unwrap();
        until("the job goes on", PATIENCE, || {
            let job = org.job(&job);
            job["rows"]["processed"].as_u64().unwrap() >= far || job["state"] == "COMPLETED"
        });
        server = server.kill().start();
        org = server.take_over(&org);
    }
    let job = org.finished_job(&job);
    assert_eq!(job["state"], "COMPLETED", "{job}");
    let rows = u64::try_from(rows).unwrap();
    assert_eq!(job["rows"]["total"], rows, "{job}");
    let results = check_agreement(&org, &badges.1, &job, rows);
    let succeeded = by_status(&results)["SUCCEEDED"];
    assert_eq!(rows_of(&server, &org), i64::try_from(succeeded).unwrap());
    assert!(
        without_ids(&org.results_text("killed")) == without_ids(&wanted),
        "the results of the job that was disturbed differ"
    );
}

fn a_server_that_is_killed_while_it_gets_a_file_keeps_the_parts_that_it_has_answered(
    backend: Backend,
) {
    let mut server = Server::start(backend);
    let mut org = server.org();
    let badge = org.badge();
    let file = customers_file(1..=3_000);
    let job = org.create_job(&enrolling_job(&badge));
    for (place, part) in file.as_bytes().chunks(file.len() / 3 + 1).enumerate() {
        org.putting_part(&job, place + 1, part).send().ok();
        server = server.kill().start();
        org = server.take_over(&org);
    }
    org.start_job(&job);
    server = server.kill().start();
    org = server.take_over(&org);
    let job = org.finished_job(&job);
    assert_eq!(job["rows"]["succeeded"], 3_000, "{job}");
    check_agreement(&org, &badge, &job, 3_000);
}

/// SQLite has one server.
#[test]
fn two_servers_share_jobs_and_one_takes_over_what_the_other_leaves() {
    let database = Arc::new(Database::create(Backend::Postgres));
    let [first, second] =
        [database.clone(), database].map(|database| with_small_chunks(Setup::on(database)).start());
    let rows = 2 * CHUNK + 1;
    let orgs: Vec<Org> = (0..4).map(|_| first.org()).collect();
    let file = mixed_file(rows);
    let jobs: Vec<(Org, String, String)> = orgs
        .iter()
        .map(|org| {
            let badge = org.badge();
            let job = org.run_job(&enrolling_job(&badge), &file);
            (second.take_over(org), badge, job)
        })
        .collect();
    until("every job has begun", PATIENCE, || {
        let mut begun = jobs.iter().map(|(org, _, job)| org.processed(job) > 0);
        begun.all(|it| it)
    });
    first.kill();
    let before: Vec<u64> = jobs
        .iter()
        .map(|(org, _, job)| org.processed(job))
        .collect();
    until("every job goes on", TAKEOVER, || {
        jobs.iter().zip(&before).all(|((org, _, job), before)| {
            let job = org.job(job);
            job["rows"]["processed"].as_u64() > Some(*before) || job["state"] == "COMPLETED"
        })
    });
    let rows = u64::try_from(rows).unwrap();
    for (org, badge, job) in &jobs {
        let job = org.finished_job(job);
        assert_eq!(job["rows"]["total"], rows, "{job}");
        check_agreement(org, badge, &job, rows);
    }
}

fn a_job_that_is_cancelled_keeps_what_it_did_and_does_nothing_more(backend: Backend) {
    let server = with_small_chunks(Setup::new(backend)).start();
    let org = server.org();
    let rows = 5 * CHUNK;
    let file = mixed_file(rows);
    let rows = u64::try_from(rows).unwrap();
    for far in [0, 1, rows / 5 + 1] {
        let badge = org.badge();
        let job = org.run_job(&enrolling_job(&badge), &file);
        until("the job is so far", PATIENCE, || org.processed(&job) >= far);
        org.cancel_job(&job);
        let ended = org.finished_job(&job);
        assert_eq!(ended["state"], "CANCELLED", "{ended}");
        let results = check_agreement(&org, &badge, &ended, rows);
        let done = usize::try_from(ended["rows"]["processed"].as_u64().unwrap()).unwrap();
        assert!(done as u64 >= far);
        let is_open = |result: &RowResult| result.status == "UNPROCESSED";
        assert!(!results[..done].iter().any(is_open));
        assert!(results[done..].iter().all(is_open));
        // It stays as it is.
        org.cancel_job(&job);
        assert_eq!(org.job(&job), ended);
        let started = org.request("POST", &format!("jobs/{job}/start")).send();
        assert!(matches!(started.status, 200 | 409), "{started}");
        assert_eq!(org.job(&job), ended);
    }
}

fn a_dry_run_says_what_would_be_and_records_nothing(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    let rows = 5_000;
    let (file, body) = (mixed_file(rows), enrolling_job(&badge));
    let rows = u64::try_from(rows).unwrap();
    let tried = org.run_job(&dry(&body), &file);
    let ended = org.finished_job(&tried);
    assert_eq!(
        (&ended["state"], &ended["dryRun"]),
        (&json!("COMPLETED"), &json!(true))
    );
    check_agreement(&org, &badge, &ended, rows);
    assert_eq!(rows_of(&server, &org), 0);
    let done = org.run_job(&body, &file);
    let ended = org.finished_job(&done);
    check_agreement(&org, &badge, &ended, rows);
    let (tried, done) = (org.results_text(&tried), org.results_text(&done));
    assert!(
        without_ids(&tried) == without_ids(&done),
        "it said something else"
    );
}

fn limits_are_taken_in_the_order_of_the_rows(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let limit = json!({"badgeConstraints": [
        {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 3_000}
    ]});
    let badge = org.claimed(&with(&direct_badge(), &limit));
    let body = with(&enrolling_job(&badge), &json!({"operation": "EARN"}));
    for body in [dry(&body), body] {
        let job = org.run_job(&body, &customers_file((1..=5_000).rev()));
        let ended = org.finished_job(&job);
        assert_eq!(ended["rows"]["succeeded"], 3_000, "{ended}");
        let results = org.results(&job);
        let is_first = |result: &RowResult| result.status == "SUCCEEDED";
        let is_refused =
            |result: &RowResult| (&*result.status, &*result.code) == ("REFUSED", "818");
        assert!(results[..3_000].iter().all(is_first));
        assert!(results[3_000..].iter().all(is_refused));
    }
}

/// Begins to fetch the results of a job, and reads nothing of them.
fn begin_download(server: &Server, org: &Org, job: &str) -> Raw {
    let mut raw = Raw::connect(server);
    raw.send(format!(
        "GET {PREFIX}/jobs/{job}/results HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\
         Connection: close\r\n\r\n",
        org.credentials().unwrap().basic()
    ));
    assert_eq!(raw.first_line(), "HTTP/1.1 200 OK");
    raw
}

/// Rows that are as long as a row may be: more than what is on its way between two programs.
fn heavy_file() -> String {
    let note = "x".repeat(60_000);
    let rows: Vec<_> = (1..=300)
        .map(|customer| format!("{customer},{note}"))
        .collect();
    format!("customerId,note\n{}\n", rows.join("\n"))
}

/// What an answer in chunks ends with that has come whole.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

fn who_reads_results_slowly_holds_nothing_that_others_need(backend: Backend) {
    let server = Setup::new(backend).set("database.pool_size", "2").start();
    let org = server.org();
    let badge = org.badge();
    let job = org.create_job(&enrolling_job(&badge));
    send_parts(&org, &job, &heavy_file(), 4 << 20);
    org.start_job(&job);
    assert_eq!(org.finished_job(&job)["rows"]["succeeded"], 300);
    let mut slow: Vec<_> = (0..8)
        .map(|_| begin_download(&server, &org, &job))
        .collect();
    let idle = r#"accolade_database_connections{state="busy"} 0"#;
    until("no connection is busy", PATIENCE, || {
        let metrics = server.stranger().get("/metrics").ok();
        metrics.text().lines().any(|line| line == idle)
    });
    for customer in 1_001..=1_020 {
        let body = json!({"customers": [customer]});
        org.enrol(&with(&enrolment(&badge), &body)).ok();
    }
    let last = slow.pop().unwrap().rest();
    assert!(last.ends_with(LAST_CHUNK));
    assert!(last.len() > 300 * 60_000);
}

fn an_answer_that_cannot_be_completed_breaks_off(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let job = org.create_job(&enrolling_job(&org.badge()));
    send_parts(&org, &job, &heavy_file(), 4 << 20);
    org.start_job(&job);
    org.finished_job(&job);
    let mut download = begin_download(&server, &org, &job);
    // Most of it is not made yet.
    org.request("DELETE", &format!("jobs/{job}")).send().ok();
    let came = download.rest();
    assert!(!came.ends_with(LAST_CHUNK), "{} bytes", came.len());
}

/// Whoever may no more is known to all that is sent: one database will do, and exports have the other.
#[test]
fn a_client_that_is_revoked_gets_no_more_of_its_results() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    let job = org.create_job(&enrolling_job(&org.badge()));
    send_parts(&org, &job, &heavy_file(), 4 << 20);
    org.start_job(&job);
    org.finished_job(&job);
    let mut download = begin_download(&server, &org, &job);
    let key = &org.credentials().unwrap().key;
    server.cli().run(&["client", "revoke", "--key", key]).ok();
    let revoked = Instant::now();
    // What a client may do is looked at each second.
    until("it is looked at again", PATIENCE, || {
        revoked.elapsed() > Duration::from_secs(2)
    });
    let came = download.rest();
    assert!(!came.ends_with(LAST_CHUNK), "{} bytes", came.len());
}

on_both_databases! {
    who_reads_results_slowly_holds_nothing_that_others_need
    an_answer_that_cannot_be_completed_breaks_off
    a_file_is_carried_out_once_however_often_the_server_is_killed
    a_server_that_is_killed_while_it_gets_a_file_keeps_the_parts_that_it_has_answered
    a_job_that_is_cancelled_keeps_what_it_did_and_does_nothing_more
    a_dry_run_says_what_would_be_and_records_nothing
    limits_are_taken_in_the_order_of_the_rows
}
