//! PostgreSQL by itself: the fastest way in, binary `COPY`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::{Bytes, BytesMut};
use futures_util::future::try_join_all;
use futures_util::{SinkExt as _, TryStreamExt as _, pin_mut};
use tokio_postgres::{Client, NoTls};

/// How many bytes are handed over at once.
const PIECE: usize = 64 * 1024;

/// Rows as `COPY` reads and writes them.
#[derive(Debug)]
pub(crate) struct Rows(Bytes);

/// Connects.
///
/// # Errors
/// The server refuses or is gone.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // How it ends is told to whoever waits for an answer.
    tokio::spawn(connection);
    Ok(client)
}

/// Has everything written to the disk that is going to be, so that nothing done earlier is
/// paid for by what is measured next.
///
/// # Errors
/// Only a superuser may; the server is gone.
pub(crate) async fn checkpoint(admin_url: &str) -> Result<()> {
    let client = connect(admin_url).await?;
    Ok(client.batch_execute("CHECKPOINT").await?)
}

/// Makes an empty table with the columns and indexes of `enrolments`.
///
/// # Errors
/// The server refuses.
pub(crate) async fn make_table(url: &str, table: &str) -> Result<()> {
    let statement = format!("CREATE TABLE {table} (LIKE enrolments INCLUDING ALL)");
    Ok(connect(url).await?.batch_execute(&statement).await?)
}

/// Reads the enrolments for a badge, in the order in which they were written: one customer of
/// each `step`, in blocks of `block`, beginning with the block of number `offset`.
///
/// # Errors
/// The server refuses.
pub(crate) async fn read(
    url: &str,
    badge: &str,
    block: i64,
    (offset, step): (usize, usize),
) -> Result<Rows> {
    let client = connect(url).await?;
    let statement = format!(
        "COPY (SELECT * FROM enrolments WHERE badge_id = '\\x{badge}' \
         AND (customer_id / {block}) % {step} = {offset} ORDER BY ctid) TO STDOUT (FORMAT binary)"
    );
    let read = client.copy_out(&statement).await?;
    pin_mut!(read);
    let mut rows = BytesMut::new();
    while let Some(piece) = read.try_next().await? {
        rows.extend_from_slice(&piece);
    }
    Ok(Rows(rows.freeze()))
}

/// Loads each of `streams` on a connection of its own, all at once, and tells how many rows
/// that were and how long it took until the last was committed.
///
/// # Errors
/// The server refuses.
pub(crate) async fn copy(url: &str, table: &str, streams: &[Rows]) -> Result<(u64, Duration)> {
    let clients = try_join_all(streams.iter().map(|_| connect(url))).await?;
    let statement = format!("COPY {table} FROM STDIN (FORMAT binary)");
    let begun = Instant::now();
    let counts = try_join_all(clients.iter().zip(streams).map(|(client, rows)| {
        let statement = &statement;
        async move {
            let sink = client.copy_in::<_, Bytes>(statement.as_str()).await?;
            pin_mut!(sink);
            let mut left = rows.0.clone();
            while !left.is_empty() {
                sink.send(left.split_to(left.len().min(PIECE))).await?;
            }
            sink.finish().await
        }
    }))
    .await?;
    let elapsed = begun.elapsed();
    Ok((counts.iter().sum(), elapsed))
}

/// A statement that inserts a row like those that `enrolments` has, with `customer` in place
/// of its customer.
///
/// # Errors
/// There is no row; the server refuses.
pub(crate) async fn insert_like(url: &str, table: &str, customer: &str) -> Result<String> {
    let client = connect(url).await?;
    let columns = "SELECT attname::text FROM pg_attribute \
                   WHERE attrelid = 'enrolments'::regclass AND attnum > 0 AND NOT attisdropped \
                   ORDER BY attnum";
    let columns: Vec<String> = client
        .query(columns, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    ensure!(
        columns.iter().any(|it| it == "customer_id"),
        "enrolments have no customer_id"
    );
    let literals: Vec<_> = columns
        .iter()
        .map(|column| format!("quote_nullable({column}::text)"))
        .collect();
    let row = format!("SELECT {} FROM enrolments LIMIT 1", literals.join(", "));
    let row = client
        .query_opt(&row, &[])
        .await?
        .context("nobody is enrolled yet")?;
    let values: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| match column.as_str() {
            "customer_id" => customer.to_owned(),
            _ => row.get(index),
        })
        .collect();
    Ok(format!(
        "INSERT INTO {table} VALUES ({})",
        values.join(", ")
    ))
}

/// The version of the server.
///
/// # Errors
/// The server is gone.
pub(crate) async fn version(url: &str) -> Result<String> {
    let client = connect(url).await?;
    Ok(client.query_one("SHOW server_version", &[]).await?.get(0))
}
