//! Look-ups on PostgreSQL: prepared once a connection, then executed over and over.

use std::cell::Cell;
use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::BytesMut;
use futures_util::future::try_join_all;
use ron::Value;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::postgres::connect;
use super::statements::LookUp;

/// A value in PostgreSQL's own spelling, whatever its type; none is null.
#[derive(Debug)]
struct Spelt(Option<String>);

impl ToSql for Spelt {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// A connection with everything prepared.
struct Ready {
    client: Client,
    /// For each look-up its statements, with their values.
    look_ups: Vec<Vec<(Statement, Vec<Spelt>)>>,
}

impl Ready {
    async fn make(url: &str, look_ups: &[LookUp]) -> Result<Self> {
        let client = connect(url).await?;
        let mut prepared: HashMap<&str, Statement> = HashMap::new();
        for statement in look_ups.iter().flatten() {
            if !prepared.contains_key(statement.sql.as_str()) {
                let kinds: Vec<_> = statement.values.iter().map(kind).collect();
                let made = client.prepare_typed(&statement.sql, &kinds).await?;
                prepared.insert(&statement.sql, made);
            }
        }
        let look_ups = look_ups
            .iter()
            .map(|look_up| {
                let bound = look_up.iter().map(|statement| {
                    let prepared = prepared[statement.sql.as_str()].clone();
                    let values = statement.values.iter().zip(prepared.params());
                    let values = values.map(|(value, kind)| Spelt(spell(value, kind)));
                    let values = values.collect();
                    (prepared, values)
                });
                bound.collect()
            })
            .collect();
        Ok(Self { client, look_ups })
    }

    async fn look_up(&self, number: usize) -> Result<()> {
        for (statement, values) in &self.look_ups[number % self.look_ups.len()] {
            let values: Vec<_> = values.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
            self.client.query(statement, &values).await?;
        }
        Ok(())
    }
}

/// Keeps `connections` busy with these look-ups, and tells how many a second.
///
/// # Errors
/// The server refuses.
pub(crate) async fn run(
    url: &str,
    look_ups: &[LookUp],
    connections: usize,
    duration: Duration,
) -> Result<f64> {
    let ready = try_join_all((0..connections).map(|_| Ready::make(url, look_ups))).await?;
    let done = Cell::new(0_u32);
    let begun = Instant::now();
    try_join_all(ready.iter().map(|connection| {
        let done = &done;
        async move {
            while begun.elapsed() < duration {
                let number = done.get();
                done.set(number + 1);
                connection.look_up(number as usize).await?;
            }
            anyhow::Ok(())
        }
    }))
    .await?;
    Ok(f64::from(done.get()) / begun.elapsed().as_secs_f64())
}

/// The type of a parameter that is given such a value; unknown is for PostgreSQL to infer.
fn kind(value: &Value) -> Type {
    match value {
        Value::Option(Some(value)) => match &**value {
            Value::Seq(_) => Type::BYTEA,
            value => kind(value),
        },
        Value::Bool(_) => Type::BOOL,
        Value::Number(_) => Type::INT8,
        Value::String(_) => Type::TEXT,
        _ => Type::UNKNOWN,
    }
}

/// None is null.
fn spell(value: &Value, kind: &Type) -> Option<String> {
    match value {
        Value::Option(Some(value)) => spell(value, kind),
        Value::Seq(_) if *kind == Type::BYTEA => spell_bytes(value),
        Value::Seq(values) => Some(spell_array(values, kind)),
        Value::Bool(value) => Some(value.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(value.clone().into_rust::<i64>().ok()?.to_string()),
        _ => None,
    }
}

fn spell_bytes(value: &Value) -> Option<String> {
    let bytes: Vec<u8> = value.clone().into_rust().ok()?;
    Some(format!("\\x{}", hex::encode(bytes)))
}

fn spell_array(values: &[Value], kind: &Type) -> String {
    let inner = match kind.kind() {
        Kind::Array(inner) => inner,
        _ => kind,
    };
    let values: Vec<_> = values
        .iter()
        .map(|value| match spell(value, inner) {
            Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            None => "NULL".to_owned(),
        })
        .collect();
    format!("{{{}}}", values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(value: &str, kind: &Type) -> Option<String> {
        spell(&ron::from_str(value).unwrap(), kind)
    }

    #[test]
    fn values_are_spelt_as_postgresql_reads_them() {
        let big = "1893456000000000";
        assert_eq!(spelt(big, &Type::INT8).as_deref(), Some(big));
        assert_eq!(spelt("-1", &Type::INT8).as_deref(), Some("-1"));
        assert_eq!(spelt("Some(false)", &Type::BOOL).as_deref(), Some("false"));
        assert_eq!(spelt("None", &Type::INT2), None);
        assert_eq!(spelt("[1, 255]", &Type::BYTEA).as_deref(), Some("\\x01ff"));
        let array = spelt("[1, 255]", &Type::INT4_ARRAY);
        assert_eq!(array.as_deref(), Some(r#"{"1","255"}"#));
        let array = spelt("[[1], [2]]", &Type::BYTEA_ARRAY);
        assert_eq!(array.as_deref(), Some(r#"{"\\x01","\\x02"}"#));
    }
}
