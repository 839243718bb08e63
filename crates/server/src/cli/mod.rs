//! The command line: what can be said, and one file for each command.

mod backup;
mod client;
mod config;
mod doctor;
mod health;
mod job;
mod migrate;
mod openapi;
mod operator;
mod org;
mod output;
mod restore;
mod transfer;
mod verify;
mod watched;

use std::fmt;
use std::path::PathBuf;

use accolade_domain::identifier::Region;
use accolade_domain::ids::OrgId;
use accolade_domain::login::Login;
use accolade_domain::operator::{Role, Subject};
use accolade_domain::text::Name;
use accolade_domain::zone::Zone;
use anyhow::Result;
use clap::{Args, Parser, Subcommand};

pub(crate) use output::{complain, one_line, print, show_warnings};

const ABOUT: &str = "Enrols customers of loyalty programmes for badges, over HTTP, durably.";

const HELP: &str = "\
Configuration, later wins:
  the defaults inside this binary, and config/default.toml if it is there
  config/{profile}.toml; ACCOLADE_PROFILE names the profile (production when unset)
  config/local.toml
  the environment: ACCOLADE__SECTION__KEY, such as ACCOLADE__HTTP__PORT=9000
ACCOLADE_CONFIG_DIR names another directory than ./config.

Examples:
  accolade-server config show
  accolade-server doctor
  accolade-server serve
  ACCOLADE__DATABASE__URL=postgres://accolade:secret@db/accolade accolade-server migrate
  accolade-server org create --id 1 --name Example --time-zone Asia/Kolkata --region IN
  accolade-server client create --org 1 --name loyalty";

/// The version, with these databases.
macro_rules! long_version {
    ($databases:literal) => {
        concat!(
            env!("CARGO_PKG_VERSION"),
            "\nfor ",
            $databases,
            "\nlicence: ",
            env!("CARGO_PKG_LICENSE")
        )
    };
}

const LONG_VERSION: &str = if cfg!(feature = "postgres") {
    long_version!("SQLite (inside this binary) and PostgreSQL 15 or later")
} else {
    long_version!("SQLite (inside this binary) alone")
};

/// What is said on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "accolade-server",
    about = ABOUT,
    after_long_help = HELP,
    after_help = "`--help` says more: how it is configured, and examples.",
    version,
    long_version = LONG_VERSION,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT; running requests finish first
    Serve,
    /// Run the migrations that the database lacks, and say which
    Migrate,
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Create or list organisations: the tenants that everything belongs to
    #[command(subcommand)]
    Org(OrgCommand),
    /// Create, list, rotate or revoke API clients
    #[command(subcommand)]
    Client(ClientCommand),
    /// Create, list, link or disable operators: the people who work in the console
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Have the rows of a file carried out by a server
    #[command(subcommand)]
    Job(JobCommand),
    /// Copy SQLite's database into a new file, while the server runs, and check the copy
    #[command(after_help = "\
Example:
  accolade-server backup backup/accolade-monday.db

`accolade-server restore` makes an empty database of the copy.
PostgreSQL has tools of its own: pg_dump --format=custom --file=FILE URL")]
    Backup(Copy),
    /// Put a copy that `backup` made in the place of an empty SQLite database, and check it
    #[command(after_help = "\
Example:
  ACCOLADE__DATABASE__URL=sqlite://var/accolade.db accolade-server restore backup/accolade-monday.db

The database must not be there, or be empty; no server may run on it. What ends in the middle leaves it
as it was. A copy of an earlier release is migrated at the next start.
PostgreSQL has tools of its own: pg_restore --no-owner --dbname=URL FILE")]
    Restore(RestoreCopy),
    /// Read the whole database and say what disagrees: counts, sums, ledger, feed. Servers may run
    #[command(after_help = "\
Each disagreement is a line that begins with the name of the check; a table of all checks comes last.
The exit code is 0 if all agrees.")]
    Verify,
    /// Move everything into another database, SQLite to PostgreSQL or back, and compare both
    #[command(after_help = "\
Example:
  accolade-server transfer --from sqlite://var/accolade.db --to postgres://user:password@host/accolade

Stop the servers of the source first. The target must be empty; servers begin on it when the transfer
has ended. One that was ended in the middle goes on where it was when it is started again. The source
stays as it is. Ids, cursors, request ids, idempotency keys and secrets stay what they are; so must
secrets.key, where it is set.")]
    Transfer(TransferDatabase),
    /// Ask the running server whether it is ready; exit code 0 if it is
    Health,
    /// Look whether all is well: settings, disk, clock, database; exit code 0 unless something is wrong
    #[command(after_help = "\
Each line is ok, a RISK that may be meant, or WRONG. It is for the user and the machine that the server
has, while it runs or before; it changes nothing.")]
    Doctor,
    /// Print the OpenAPI document of the API
    Openapi,
}

#[derive(Debug, Args)]
struct Copy {
    /// The file of the copy, which must not be there yet
    file: PathBuf,
}

#[derive(Debug, Args)]
struct RestoreCopy {
    /// The copy
    file: PathBuf,
}

#[derive(Args)]
struct TransferDatabase {
    /// The database that is moved, as database.url names it
    // Read later: what is wrong with it is said without it.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The empty database into which it is moved
    #[arg(long, value_name = "URL")]
    to: String,
}

impl fmt::Debug for TransferDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be passwords in it.
        f.debug_struct("TransferDatabase").finish_non_exhaustive()
    }
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say what is wrong with the configuration, without starting anything
    Check,
    /// Print every value that holds and where it comes from, secrets masked
    Show,
}

#[derive(Debug, Subcommand)]
enum OrgCommand {
    /// Create an organisation
    #[command(after_help = "\
Example:
  accolade-server org create --id 1 --name Example --time-zone Asia/Kolkata --region IN")]
    Create(CreateOrg),
    /// List the organisations
    List,
}

#[derive(Debug, Args)]
struct CreateOrg {
    /// Its number, from 1 to 9223372036854775807
    #[arg(long)]
    id: OrgId,
    /// Its name, for people
    #[arg(long, value_parser = name)]
    name: Name,
    /// The IANA time zone in which its days begin; it never changes
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    time_zone: Zone,
    /// The country in which telephone numbers without a country code are dialled, such as IN; it
    /// never changes. Without one such numbers are compared by their digits
    #[arg(long, value_name = "COUNTRY")]
    region: Option<Region>,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// Create a client and print its key and secret, once
    #[command(after_help = "\
Examples:
  accolade-server client create --org 1 --name loyalty
  accolade-server client create --org 1 --name reports --groups badges:read --json
  accolade-server client create --org 1 --name till --key till@example.org --secret-stdin < secret")]
    Create(CreateClient),
    /// List the clients, without secrets
    List,
    /// Give a client a second secret; both hold until `--finish`
    #[command(after_help = "\
Example:
  accolade-server client rotate --key KEY           # prints the second secret; move the caller over
  accolade-server client rotate --key KEY --finish  # ends the first one")]
    Rotate(RotateClient),
    /// Bound what a client may ask for a minute, and say when it ends; other bounds stay
    #[command(after_help = "\
Examples:
  accolade-server client set --key KEY --rate 600 --customer-rate 100000
  accolade-server client set --key KEY --rate none --ends 2027-01-01T00:00:00Z")]
    Set(SetClient),
    /// Revoke a client for good: refused everywhere within 5 seconds
    Revoke(RevokeClient),
}

#[derive(Debug, Args)]
struct CreateClient {
    /// The number of the organisation that it acts for
    #[arg(long)]
    org: OrgId,
    /// Its name, for people
    #[arg(long, value_parser = name)]
    name: Name,
    /// What it may do: some of badges:read, badges:write, badges:issue, badges:approve, admin
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "badges:read,badges:write,badges:issue"
    )]
    groups: Vec<accolade_application::access::AccessGroup>,
    /// The login of whoever owns it, who need not be known otherwise: the clients of one owner, and the
    /// operator of that login, vote as one person
    #[arg(long, value_name = "LOGIN", value_parser = client::login)]
    owner: Option<Login>,
    /// The key that its callers use already: 1 to 128 printable characters without `:`. It belongs
    /// to one client of the whole installation
    #[arg(long, value_parser = client::key, requires = "secret_stdin")]
    key: Option<accolade_application::access::ClientKey>,
    /// Read the secret that its callers use already, of at least 16 characters, from the first line
    /// of standard input. It is not printed
    #[arg(long, requires = "key")]
    secret_stdin: bool,
    /// Print {"key": …, "secret": …} alone; without the secret if that was read
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RotateClient {
    /// The client's key
    #[arg(long, value_parser = client::key)]
    key: accolade_application::access::ClientKey,
    /// End the first secret; the second becomes the only one
    #[arg(long)]
    finish: bool,
    /// Print {"key": …, "secret": …} alone
    #[arg(long, conflicts_with = "finish")]
    json: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
struct SetClient {
    /// The client's key
    #[arg(long, value_parser = client::key)]
    key: accolade_application::access::ClientKey,
    /// How many requests it may send a minute to each server, or `none` for as many as it likes
    #[arg(long, value_name = "REQUESTS", group = "change")]
    rate: Option<client::Rate>,
    /// How many customers it may name a minute in requests to each server that change something, or
    /// `none` for as many as it likes
    #[arg(long, value_name = "CUSTOMERS", group = "change")]
    customer_rate: Option<client::Rate>,
    /// When it ends, such as 2027-01-01T00:00:00Z, or `never`
    #[arg(long, value_name = "MOMENT", group = "change")]
    ends: Option<client::End>,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Create an operator, whose password is asked for or read from the first line of standard input
    #[command(after_help = "\
Examples:
  accolade-server operator create --org 1 --login ada --name 'Ada Lovelace' --roles care,campaign
  accolade-server operator create --org 1 --login eve --name Eve --roles admin < password

Roles: everybody sees customers, badges, jobs and approvals, a viewer nothing more; care enrols, lets earn
and revokes; campaign edits badges, groups, custom fields and jobs; approver votes; admin has the audit
trail, webhooks, rules, clients and operators.")]
    Create(CreateOperator),
    /// List the operators
    List,
    /// Give an operator another password, as `create` reads it; her sessions end
    Password(NamedOperator),
    /// Link an operator to whom the provider of `console.oidc` calls so, who may sign in as her; her sessions
    /// end
    #[command(after_help = "\
Example:
  accolade-server operator link --login ada --subject 248289761001

The subject (`sub`) is what the provider calls her. The page that refuses her shows it.")]
    Link(LinkOperator),
    /// Take the link of an operator back, who has her password alone then; her sessions end
    Unlink(NamedOperator),
    /// Disable an operator for good; her sessions end
    Disable(NamedOperator),
}

#[derive(Debug, Args)]
struct CreateOperator {
    /// The number of the organisation that she works for
    #[arg(long)]
    org: OrgId,
    /// What she signs in with: unique in the whole installation, whatever its case
    #[arg(long, value_parser = operator::login)]
    login: Login,
    /// Her name, for people
    #[arg(long, value_parser = name)]
    name: Name,
    /// What she is there for: some of viewer, care, campaign, approver, admin
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<Role>,
}

#[derive(Debug, Args)]
struct NamedOperator {
    /// What she signs in with
    #[arg(long, value_parser = operator::login)]
    login: Login,
}

#[derive(Debug, Args)]
struct LinkOperator {
    /// What she signs in with
    #[arg(long, value_parser = operator::login)]
    login: Login,
    /// What the provider calls her: 1 to 255 characters, to the letter
    #[arg(long, value_parser = operator::subject)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum JobCommand {
    /// Send a file to a server, follow it to its end, and show what was refused; the exit code is 0 if
    /// nothing was
    #[command(after_help = "\
Examples:
  export ACCOLADE_SECRET=…
  accolade-server job run --file customers.csv --operation enrol --badge 66276dc68fe258516a88ff8e \
    --key KEY --dry-run
  accolade-server job run --file earned.csv --operation import --key KEY --refused refused.csv \
    --url https://badges.example.org")]
    Run(Box<job::RunJob>),
}

#[derive(Debug, Args)]
struct RevokeClient {
    /// The client's key
    #[arg(long, value_parser = client::key)]
    key: accolade_application::access::ClientKey,
}

fn name(text: &str) -> Result<Name, accolade_domain::text::TextError> {
    Name::try_from(text)
}

/// Does what is said.
///
/// # Errors
/// Why it was not done, for one line.
pub(crate) fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Serve => crate::serve::serve(),
        Command::Migrate => migrate::migrate(),
        Command::Config(ConfigCommand::Check) => config::check(),
        Command::Config(ConfigCommand::Show) => config::show(),
        Command::Org(OrgCommand::Create(org)) => org::create(org),
        Command::Org(OrgCommand::List) => org::list(),
        Command::Client(ClientCommand::Create(client)) => client::create(client),
        Command::Client(ClientCommand::List) => client::list(),
        Command::Client(ClientCommand::Rotate(client)) => client::rotate(client),
        Command::Client(ClientCommand::Set(client)) => client::set(&client),
        Command::Client(ClientCommand::Revoke(client)) => client::revoke(&client),
        Command::Operator(OperatorCommand::Create(new)) => operator::create(new),
        Command::Operator(OperatorCommand::List) => operator::list(),
        Command::Operator(OperatorCommand::Password(named)) => operator::set_password(&named),
        Command::Operator(OperatorCommand::Link(link)) => operator::link(&link),
        Command::Operator(OperatorCommand::Unlink(named)) => operator::unlink(&named),
        Command::Operator(OperatorCommand::Disable(named)) => operator::disable(&named),
        Command::Job(JobCommand::Run(run)) => job::run(&run),
        Command::Backup(copy) => backup::backup(&copy),
        Command::Restore(copy) => restore::restore(&copy),
        Command::Verify => verify::verify(),
        Command::Transfer(transfer) => transfer::transfer(&transfer),
        Command::Health => health::health(),
        Command::Doctor => doctor::doctor(),
        Command::Openapi => openapi::openapi(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use accolade_application::access::AccessGroups;
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Cli::try_parse_from(line.split_whitespace())
            .map(|cli| cli.command)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_organisation_has_a_number_a_name_a_zone_and_a_region() {
        let line =
            "accolade-server org create --id 7 --name X --time-zone Asia/Kolkata --region in";
        let Ok(Command::Org(OrgCommand::Create(org))) = parse(line) else {
            panic!("{:?}", parse(line))
        };
        assert_eq!(org.id.get(), 7);
        assert_eq!(org.name.as_str(), "X");
        assert_eq!(org.time_zone.name(), "Asia/Kolkata");
        assert_eq!(org.region, "IN".parse().ok());
        for (wrong, part) in [
            ("--id 0 --name X", "from 1 to 9223372036854775807"),
            ("--id 7 --name X --time-zone Mars/Olympus", "IANA"),
            ("--id 7 --name X --region XX", "two letters of a country"),
            ("--id 7", "--name"),
        ] {
            let error = parse(&format!("accolade-server org create {wrong}")).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_client_has_the_default_groups_unless_told_otherwise() {
        let groups = |line: &str| {
            let line = format!("accolade-server client create --org 1 --name x {line}");
            match parse(&line)? {
                Command::Client(ClientCommand::Create(client)) => {
                    Ok(client.groups.into_iter().collect::<AccessGroups>())
                }
                other => Err(format!("{other:?}")),
            }
        };
        assert_eq!(groups(""), Ok(AccessGroups::DEFAULT));
        let some = groups("--groups badges:read,admin").unwrap();
        assert_eq!(some.to_string(), "badges:read,admin");
        assert!(
            groups("--groups badges:raed")
                .unwrap_err()
                .contains("badges:approve or admin")
        );
        assert!(groups("--groups=").is_err());
    }

    #[test]
    fn a_key_of_callers_comes_with_their_secret() {
        let create = |line: &str| {
            let line = format!("accolade-server client create --org 1 --name x {line}");
            parse(&line).map(drop)
        };
        assert_eq!(create("--key till@example.org --secret-stdin"), Ok(()));
        assert!(create("--key till").unwrap_err().contains("--secret-stdin"));
        assert!(create("--secret-stdin").unwrap_err().contains("--key"));
        let colon = create("--key a:b --secret-stdin").unwrap_err();
        assert!(colon.contains("without ':'"), "{colon}");
    }

    #[test]
    fn a_rotation_that_finishes_prints_no_secret() {
        assert!(parse("accolade-server client rotate --key k --finish --json").is_err());
        assert!(parse("accolade-server client rotate --key k --json").is_ok());
    }

    #[test]
    fn a_client_gets_bounds_one_by_one_and_loses_them_by_a_word() {
        let set = |line: &str| {
            let line = format!("accolade-server client set --key k {line}");
            match parse(&line)? {
                Command::Client(ClientCommand::Set(set)) => Ok(set.change()),
                other => Err(format!("{other:?}")),
            }
        };
        let some = set("--rate 600 --ends 2027-01-01T00:00:00Z").unwrap();
        assert_eq!(some.requests_per_minute, Some(NonZeroU32::new(600)));
        assert_eq!(some.customers_per_minute, None);
        let end = "2027-01-01T00:00:00Z";
        assert_eq!(some.ends_on.unwrap().unwrap().to_string(), end);
        let none = set("--customer-rate none --ends never").unwrap();
        assert_eq!(none.requests_per_minute, None);
        assert_eq!(none.customers_per_minute, Some(None));
        assert_eq!(none.ends_on, Some(None));
        for (wrong, part) in [
            ("", "--rate"),
            ("--rate 0", "from 1 to"),
            ("--rate -1", "--rate"),
            ("--customer-rate many", "none"),
            ("--ends tomorrow", "never"),
        ] {
            let error = set(wrong).unwrap_err();
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }

    #[test]
    fn an_operator_has_an_org_a_login_a_name_and_roles() {
        let create = |line: &str| {
            let line = format!("accolade-server operator create {line}");
            match parse(&line)? {
                Command::Operator(OperatorCommand::Create(new)) => Ok(new),
                other => Err(format!("{other:?}")),
            }
        };
        let new = create("--org 1 --login ADA --name Ada --roles care,admin").unwrap();
        assert_eq!(new.login.as_str(), "ada");
        assert_eq!(new.roles, [Role::Care, Role::Admin]);
        for (missing, part) in [
            ("--login ada --name Ada --roles care", "--org"),
            ("--org 1 --name Ada --roles care", "--login"),
            ("--org 1 --login ada --roles care", "--name"),
            ("--org 1 --login ada --name Ada", "--roles"),
            (
                "--org 1 --login ada --name Ada --roles boss",
                "approver or admin",
            ),
        ] {
            let error = create(missing).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(parse("accolade-server operator disable --login ada").is_ok());
        assert!(parse("accolade-server operator password").is_err());
    }

    #[test]
    fn a_job_has_a_file_an_operation_and_a_key() {
        let run = |line: &str| {
            let line = format!("accolade-server job run {line}");
            parse(&line).map(drop)
        };
        let whole = "--file a.csv --operation revoke-earns --key k";
        assert_eq!(run(whole), Ok(()));
        for (missing, part) in [
            ("--operation earn --key k", "--file"),
            ("--file a.csv --key k", "--operation"),
            ("--file a.csv --operation earn", "--key"),
            ("--file a.csv --operation earns --key k", "REVOKE_EARNS"),
            (
                "--file a.csv --operation earn --key k --format xml",
                "NDJSON",
            ),
            (
                "--file a.csv --operation earn --key k --owner-type x",
                "--reference-id",
            ),
            (
                "--file a.csv --operation earn --key k --badge 8",
                "24 hexadecimal",
            ),
        ] {
            let error = run(missing).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn help_has_examples_and_says_how_to_configure() {
        let help = Cli::command().render_long_help().to_string();
        for part in [
            "ACCOLADE__HTTP__PORT=9000",
            "org create --id 1",
            "ACCOLADE_PROFILE",
        ] {
            assert!(help.contains(part), "{help}");
        }
    }
}
