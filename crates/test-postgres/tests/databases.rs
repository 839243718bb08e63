//! What a test may rely on when it asks for a database.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use accolade_test_postgres::{Cluster, Options, TestDatabase};

/// `psql` from the same place as the library finds it.
fn psql() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/psql"))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| "psql".into())
}

fn try_query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(psql())
        .args(["-XqAtw", "-d", url, "-c", sql])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn query(url: &str, sql: &str) -> String {
    try_query(url, sql).unwrap()
}

fn one_table(url: &str) -> anyhow::Result<()> {
    try_query(url, "CREATE TABLE badge (name text)").map_err(anyhow::Error::msg)?;
    Ok(())
}

/// `throwaway-postgres sh -c SCRIPT`, beside a server of its own.
fn own_server(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throwaway-postgres"));
    command
        .args(["sh", "-c", script])
        .env_remove("ACCOLADE_TEST_DATABASE_URL");
    command
}

/// Starts the command and gives it with its first line.
fn start(mut command: Command) -> (Child, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line.trim().to_owned())
}

#[test]
fn two_databases_of_one_template_are_independent() {
    let first = TestDatabase::from_template("independent_1", one_table).unwrap();
    let second = TestDatabase::from_template("independent_1", one_table).unwrap();
    query(first.url(), "INSERT INTO badge VALUES ('a'), ('b')");
    query(second.url(), "INSERT INTO badge VALUES ('c')");
    assert_eq!(query(first.url(), "SELECT count(*) FROM badge"), "2");
    assert_eq!(query(second.url(), "SELECT count(*) FROM badge"), "1");
}

#[test]
fn what_a_test_leaves_in_a_database_is_gone_for_the_next() {
    let numbered = |url: &str| {
        let tables = "CREATE TABLE badge (
                number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
            CREATE TABLE claim (badge bigint REFERENCES badge)";
        try_query(url, tables).map_err(anyhow::Error::msg)?;
        Ok(())
    };
    let mut names = Vec::new();
    for rows in [1, 5_000, 1] {
        let database = TestDatabase::reused("reused_2", numbered).unwrap();
        let url = database.url();
        assert_eq!(query(url, "SELECT count(*) FROM badge"), "0");
        let insert = format!(
            "INSERT INTO badge (name) SELECT 'gold' FROM generate_series(1, {rows}) RETURNING number"
        );
        assert_eq!(query(url, &insert).lines().next(), Some("1"));
        query(url, "INSERT INTO claim SELECT number FROM badge");
        names.push((database.is_kept(), database.name().to_owned()));
    }
    // The same one each time, where databases are kept at all.
    let [first, ..] = &names[..] else { panic!() };
    assert!(!first.0 || names.iter().all(|it| it == first), "{names:?}");
}

#[test]
fn a_template_is_made_once_however_many_ask_for_it_at_once() {
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let cluster_wide = format!("once_{}", std::process::id());
                let database = TestDatabase::from_template(&cluster_wide, |url| {
                    made.fetch_add(1, Ordering::SeqCst);
                    one_table(url)
                })
                .unwrap();
                assert_eq!(query(database.url(), "SELECT count(*) FROM badge"), "0");
            });
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[test]
fn a_template_whose_migration_fails_is_not_there_afterwards() {
    let name = format!("failing_{}", std::process::id());
    let failed = TestDatabase::from_template(&name, |url| {
        one_table(url)?;
        anyhow::bail!("the second migration is wrong")
    });
    let message = format!("{:#}", failed.unwrap_err());
    assert_eq!(
        message,
        format!("the template {name} cannot be filled: the second migration is wrong")
    );
    let database = TestDatabase::from_template(&name, one_table).unwrap();
    assert_eq!(query(database.url(), "SELECT count(*) FROM badge"), "0");
}

#[test]
fn a_template_may_be_left_with_an_open_connection() {
    let name = format!("connected_{}", std::process::id());
    let mut connected = None;
    let database = TestDatabase::from_template(&name, |url| {
        one_table(url)?;
        let mut psql = Command::new(psql())
            .args(["-XqAtw", "-d", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        std::io::Write::write_all(psql.stdin.as_mut().unwrap(), b"SELECT 'connected';\n")?;
        let mut line = String::new();
        BufReader::new(psql.stdout.as_mut().unwrap()).read_line(&mut line)?;
        assert_eq!(line, "connected\n");
        connected = Some(psql);
        Ok(())
    })
    .unwrap();
    assert_eq!(query(database.url(), "SELECT count(*) FROM badge"), "0");
    let mut psql = connected.unwrap();
    psql.kill().unwrap();
    psql.wait().unwrap();
}

#[test]
fn a_dropped_database_is_gone_even_if_somebody_is_connected() {
    let database = TestDatabase::empty().unwrap();
    let (name, server) = (database.name().to_owned(), database.server_url().to_owned());
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(query(&server, &count), "1");

    let mut psql = Command::new(psql())
        .args(["-XqAtw", "-d", database.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(psql.stdin.as_mut().unwrap(), b"SELECT 1;\n").unwrap();
    let mut line = String::new();
    BufReader::new(psql.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();

    drop(database);
    assert_eq!(query(&server, &count), "0");
    psql.kill().unwrap();
    psql.wait().unwrap();
}

#[test]
fn many_threads_may_create_databases_at_once() {
    std::thread::scope(|scope| {
        for thread in 0..16 {
            scope.spawn(move || {
                let database = TestDatabase::from_template("many_1", one_table).unwrap();
                let insert = format!("INSERT INTO badge VALUES ('{thread}') RETURNING name");
                assert_eq!(query(database.url(), &insert), thread.to_string());
            });
        }
    });
}

#[test]
fn the_role_of_a_test_database_owns_it_and_is_no_superuser() {
    let cluster = Cluster::start(&Options::throw_away()).unwrap();
    let database = cluster.empty_database().unwrap();
    let role = "SELECT current_user, current_setting('is_superuser')";
    assert_eq!(query(database.url(), role), "accolade|off");
    assert_eq!(query(cluster.admin_url(), role), "postgres|on");
    query(database.url(), "CREATE TABLE mine (id int)");
}

#[test]
fn a_command_is_given_the_server_that_there_is_and_a_database_in_it() {
    let here = TestDatabase::empty().unwrap();
    let mut command = own_server("echo $ACCOLADE_TEST_DATABASE_URL $ACCOLADE__DATABASE__URL");
    command.env("ACCOLADE_TEST_DATABASE_URL", here.server_url());
    let (mut other, line) = start(command);
    let (server, database) = line.split_once(' ').unwrap();
    assert_eq!(server, here.server_url());
    assert_ne!(database, here.url());
    assert!(other.wait().unwrap().success());
}

#[test]
fn a_server_ends_with_its_owner_even_if_that_is_killed() {
    let (mut owner, url) = start(own_server("echo $ACCOLADE__DATABASE__URL; read line"));
    assert_eq!(query(&url, "SELECT 1"), "1");

    owner.kill().unwrap();
    owner.wait().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while try_query(&url, "SELECT 1").is_ok() {
        assert!(Instant::now() < deadline, "the server still runs");
    }
}

#[test]
fn an_interrupt_ends_the_command_while_its_database_is_there() {
    let script = r#"trap '"$0" -XqAt -d "$ACCOLADE__DATABASE__URL" -c "SELECT 42"; exit 7' INT
                    echo ready; read line"#;
    let mut child = own_server(script)
        .arg(psql())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let _open = child.stdin.take();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");

    // As a terminal does: everybody in the group gets it.
    let group = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "42");
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn a_dropped_cluster_has_stopped() {
    let cluster = Cluster::start(&Options::throw_away()).unwrap();
    let url = cluster.admin_url().to_owned();
    assert_eq!(query(&url, "SHOW fsync"), "off");
    drop(cluster);
    assert!(try_query(&url, "SELECT 1").is_err());
}

#[test]
fn a_durable_cluster_has_the_defaults_of_postgresql() {
    let options = Options::durable()
        .max_connections(50)
        .set("shared_buffers", "64MB");
    let cluster = Cluster::start(&options).unwrap();
    let show = |name: &str| query(cluster.admin_url(), &format!("SHOW {name}"));
    assert_eq!(show("fsync"), "on");
    assert_eq!(show("synchronous_commit"), "on");
    assert_eq!(show("full_page_writes"), "on");
    assert_eq!(show("autovacuum"), "on");
    assert_eq!(show("max_connections"), "50");
    assert_eq!(show("shared_buffers"), "64MB");
}

#[test]
fn a_setting_that_postgresql_refuses_is_reported_with_its_words() {
    let options = Options::throw_away().set("shared_buffers", "many");
    let message = format!("{:#}", Cluster::start(&options).unwrap_err());
    assert!(
        message.contains("invalid value for parameter \"shared_buffers\": \"many\""),
        "{message}"
    );
}
