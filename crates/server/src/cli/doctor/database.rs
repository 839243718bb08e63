//! The database: what it is, its clock, its connections, its migrations, and whether its secrets can be
//! read.

use accolade_application::ports::Stores;
use accolade_persistence::{Facts, ServerFacts};
use anyhow::Result;
use time::Duration;

use crate::cli::doctor::Finding;
use crate::cli::one_line;
use crate::serve::background_connections;
use crate::settings::Settings;
use crate::store;

/// What clocks that are kept by the network differ by at most.
const CLOSE: Duration = Duration::seconds(1);

/// From here on limits and expiries are those of another moment.
const FAR: Duration = Duration::seconds(30);

/// Looks at the database that the settings name.
pub(super) fn look_at(settings: &Settings) -> Vec<Finding> {
    if settings
        .database
        .url
        .file()
        .is_some_and(|file| !file.exists())
    {
        let says = "its file is not there yet: the first command or server makes it";
        return vec![Finding::good("the database", says)];
    }
    let facts = match store::facts(settings) {
        Ok(facts) => facts,
        Err(error) => return vec![Finding::wrong("the database", one_line(&error))],
    };
    let mut found = versions(&facts);
    if let Some(server) = &facts.server {
        found.push(clock(server));
        found.push(connections(
            server,
            settings.database.pool_size + background_connections(settings),
        ));
        found.push(pooler(server));
    }
    found.extend(contents(settings));
    found
}

fn versions(facts: &Facts) -> Vec<Finding> {
    let Facts {
        version,
        encoding,
        collation,
        ..
    } = facts;
    let ours = env!("CARGO_PKG_VERSION");
    let says =
        format!("{version}, {encoding}, collation {collation}; this is accolade-server {ours}");
    let mut found = vec![Finding::good("versions", says)];
    if facts.is_collation_stale {
        found.push(Finding::risk(
            "collation",
            "the rules by which texts are compared have changed since the database was made: \
             REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION",
        ));
    }
    if let Some(setting) = facts.loses {
        let says = format!("{setting} is off: a crash of PostgreSQL loses what was answered");
        found.push(Finding::risk("durability", says));
    }
    found
}

fn clock(server: &ServerFacts) -> Finding {
    let off = server.clock_ahead.abs();
    let millis = off.whole_milliseconds();
    let direction = if server.clock_ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    let says = format!("the database's is {millis} ms {direction} this machine's");
    if off >= FAR + server.answered_in {
        Finding::wrong("the clock", says + ": set both by NTP")
    } else if off >= CLOSE + server.answered_in {
        Finding::risk("the clock", says + ": set both by NTP")
    } else {
        Finding::good("the clock", says)
    }
}

fn connections(server: &ServerFacts, wanted: u32) -> Finding {
    let most = server.most_connections;
    let wanted = i64::from(wanted);
    let says = format!(
        "a server wants {wanted}, of the {most} that PostgreSQL gives; {} are open",
        server.connections
    );
    if wanted > most {
        let remedy = ": make database.pool_size smaller or max_connections larger";
        Finding::wrong("connections", says + remedy)
    } else if server.connections + wanted > most {
        Finding::risk("connections", says + ": not enough for one more server")
    } else {
        Finding::good("connections", says)
    }
}

fn pooler(server: &ServerFacts) -> Finding {
    Finding::good(
        "pooler",
        if server.is_session_shared {
            "one stands between that hands sessions on with each transaction, which works"
        } else {
            "none that hands sessions on"
        },
    )
}

/// What is in the database.
fn contents(settings: &Settings) -> Vec<Finding> {
    let (store, missing) = match store::as_it_is(settings) {
        Ok(opened) => opened,
        Err(error) => return vec![Finding::wrong("the database", one_line(&error))],
    };
    if !missing.is_empty() {
        return vec![migrations(&missing, settings.database.migrate)];
    }
    let secrets = match secrets(&store.stores, settings.secrets.key.is_some()) {
        Ok(found) => found,
        Err(error) => Finding::wrong("the database", one_line(&error)),
    };
    vec![Finding::good("migrations", "none is missing"), secrets]
}

fn migrations(missing: &[String], run_at_start: bool) -> Finding {
    let says = format!("missing: {}", missing.join(", "));
    if run_at_start {
        let remedy = "; the next command or server runs them: back up, and read CHANGELOG.md first";
        Finding::risk("migrations", says + remedy)
    } else {
        Finding::wrong("migrations", says + "; run `accolade-server migrate`")
    }
}

/// Whether the secrets of all webhooks can be read, and are encrypted.
fn secrets(stores: &Stores, has_key: bool) -> Result<Finding> {
    let about = "secrets.key";
    let webhooks = stores.webhooks.standings()?;
    for it in &webhooks {
        if let Err(error) = stores.webhooks.webhook(it.org, it.webhook) {
            let says = format!("a webhook cannot be read: {}", one_line(&error.into()));
            return Ok(Finding::wrong(about, says));
        }
    }
    Ok(match (webhooks.len(), has_key) {
        (0, false) => Finding::good(about, "not set, and there are no webhooks"),
        (count, false) => Finding::risk(
            about,
            format!(
                "not set: the secrets of {count} webhooks are stored as they are, in every backup \
                 too; `openssl rand -base64 32` makes one"
            ),
        ),
        (count, true) => Finding::good(about, format!("it reads the secrets of {count} webhooks")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Verdict;

    fn server() -> ServerFacts {
        ServerFacts {
            clock_ahead: Duration::milliseconds(3),
            answered_in: Duration::milliseconds(1),
            connections: 10,
            most_connections: 97,
            is_session_shared: false,
        }
    }

    fn facts() -> Facts {
        Facts {
            version: "PostgreSQL 17.2".to_owned(),
            encoding: "UTF8".to_owned(),
            collation: "C".to_owned(),
            is_collation_stale: false,
            loses: None,
            server: Some(server()),
        }
    }

    #[test]
    fn a_clock_that_differs_is_found() {
        let at = |clock_ahead| {
            clock(&ServerFacts {
                clock_ahead,
                ..server()
            })
        };
        assert_eq!(at(Duration::ZERO).verdict, Verdict::Good);
        let behind = at(Duration::seconds(-2));
        assert_eq!(behind.verdict, Verdict::Risk);
        assert!(behind.says.contains("2000 ms behind"), "{}", behind.says);
        assert_eq!(at(Duration::minutes(1)).verdict, Verdict::Wrong);
    }

    #[test]
    fn an_answer_that_took_long_says_little_of_the_clock() {
        let slow = ServerFacts {
            clock_ahead: Duration::seconds(2),
            answered_in: Duration::seconds(3),
            ..server()
        };
        assert_eq!(clock(&slow).verdict, Verdict::Good);
    }

    #[test]
    fn connections_that_do_not_suffice_are_found() {
        let with = |wanted| connections(&server(), wanted).verdict;
        assert_eq!(with(8), Verdict::Good);
        assert_eq!(with(90), Verdict::Risk);
        assert_eq!(with(200), Verdict::Wrong);
    }

    #[test]
    fn a_stale_collation_and_a_careless_database_are_found() {
        assert_eq!(versions(&facts()).len(), 1);
        let careless = Facts {
            is_collation_stale: true,
            loses: Some("fsync"),
            ..facts()
        };
        let found = versions(&careless);
        let verdicts: Vec<_> = found.iter().map(|it| (it.about, it.verdict)).collect();
        let expected = [
            ("versions", Verdict::Good),
            ("collation", Verdict::Risk),
            ("durability", Verdict::Risk),
        ];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn migrations_that_nobody_will_run_are_wrong() {
        let missing = ["20270101000000_more".to_owned()];
        assert_eq!(migrations(&missing, true).verdict, Verdict::Risk);
        assert_eq!(migrations(&missing, false).verdict, Verdict::Wrong);
    }
}
