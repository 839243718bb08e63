//! `operator`: who works in the console.

use std::io::{self, BufRead, IsTerminal as _};

use accolade_application::operators::{self, Password};
use accolade_application::ports::{
    Clock as _, CreateOperatorError, LinkOperatorError, UnknownOperator,
};
use accolade_domain::audit::Attribution;
use accolade_domain::ids::OrgId;
use accolade_domain::login::{Login, UnfitLogin};
use accolade_domain::operator::{Operator, OperatorLink, Subject, UnfitSubject};
use anyhow::{Context as _, Result, anyhow, bail};

use crate::cli::client::secret_on_first_line;
use crate::cli::output::{print_table, printable};
use crate::cli::{CreateOperator, LinkOperator, NamedOperator, print};
use crate::settings::{Environment, load};
use crate::sources::SystemClock;
use crate::store;

/// Reads a login from the command line.
///
/// # Errors
/// The text cannot be one.
pub(super) fn login(text: &str) -> Result<Login, UnfitLogin> {
    Login::try_from(text)
}

/// Reads a subject from the command line.
///
/// # Errors
/// The text cannot be one.
pub(super) fn subject(text: &str) -> Result<Subject, UnfitSubject> {
    Subject::try_from(text)
}

/// Creates an operator.
///
/// # Errors
/// There is no such organisation, the login is taken, or the password unfit.
pub(super) fn create(command: CreateOperator) -> Result<()> {
    let password = password()?;
    let ports = store::of_process()?;
    let (org, login) = (command.org, command.login.clone());
    let new = operators::CreateOperator {
        org,
        login: command.login,
        name: command.name,
        roles: command.roles.into_iter().collect(),
        password,
    };
    let roles = new.roles;
    let created = operators::create(&ports, new, &by_command_line());
    let number = created.map_err(|error| not_created(error, org))?;
    print(format!(
        "created the operator {number} ({}) of the organisation {org} as {roles}",
        printable(login.as_str())
    ))
}

fn not_created(error: CreateOperatorError, org: OrgId) -> anyhow::Error {
    match error {
        CreateOperatorError::UnknownOrg => anyhow!(
            "there is no organisation {org}: `accolade-server org list` names those there are"
        ),
        CreateOperatorError::LoginTaken => anyhow!(
            "there is an operator with this login already: a login belongs to one operator of the \
             whole installation, whatever its case, see `accolade-server operator list`"
        ),
        CreateOperatorError::Store(error) => error.into(),
    }
}

/// Lists the operators.
///
/// # Errors
/// The database does not answer.
pub(super) fn list() -> Result<()> {
    let operators = operators::list(&*store::of_process()?, None)?;
    let rows: Vec<_> = operators
        .into_iter()
        .map(|operator| {
            let last = operator.last_signed_in_on;
            let last = last.map(|it| it.floor_to_second().to_string());
            let link = operator.link.as_ref();
            let subject = link.map(|it| printable(it.subject.as_str()));
            [
                operator.number.to_string(),
                operator.login.to_string(),
                operator.org.to_string(),
                state(&operator),
                operator.roles.to_string(),
                last.unwrap_or_else(|| "-".to_owned()),
                subject.unwrap_or_else(|| "-".to_owned()),
                operator.name.into(),
            ]
        })
        .collect();
    let head = [
        "NUMBER",
        "LOGIN",
        "ORG",
        "STATE",
        "ROLES",
        "LAST SIGN-IN",
        "SUBJECT",
        "NAME",
    ];
    print_table(head, &rows)
}

fn state(operator: &Operator) -> String {
    match operator.disabled_on {
        Some(disabled_on) => format!("disabled {disabled_on}"),
        None => "active".to_owned(),
    }
}

/// Gives an operator another password.
///
/// # Errors
/// There is no such operator, or she is disabled; the password is unfit.
pub(super) fn set_password(command: &NamedOperator) -> Result<()> {
    let password = password()?;
    let ports = store::of_process()?;
    let login = &command.login;
    operators::set_password(&ports, None, login, &password, &by_command_line())
        .map_err(|error| unknown(error, login))?;
    let shown = printable(login.as_str());
    print(format!(
        "{shown} has another password; her sessions have ended"
    ))
}

/// Links an operator to whom the configured provider calls so.
///
/// # Errors
/// There is no provider or no such operator, she is disabled, or another one has the link.
pub(super) fn link(command: &LinkOperator) -> Result<()> {
    let loaded = load(&Environment::of_process()?)?;
    let issuer = loaded.settings.console.oidc.issuer.ok_or_else(|| {
        anyhow!(
            "there is no provider to link her to: set console.oidc.issuer as the server has it, see \
             `accolade-server config show`"
        )
    })?;
    let link = OperatorLink {
        issuer,
        subject: command.subject.clone(),
    };
    let ports = store::of_process()?;
    let login = &command.login;
    let linked = operators::link(&ports, None, login, &link, &by_command_line());
    linked.map_err(|error| match error {
        LinkOperatorError::Unknown => unknown(UnknownOperator::Unknown, login),
        LinkOperatorError::Taken => anyhow!(
            "another operator is linked to this subject: see `accolade-server operator list`, and unlink \
             her first"
        ),
        LinkOperatorError::Store(error) => error.into(),
    })?;
    print(format!(
        "{} is linked to {} at {}; her sessions have ended",
        printable(login.as_str()),
        printable(link.subject.as_str()),
        printable(link.issuer.as_str())
    ))
}

/// Takes the link of an operator back.
///
/// # Errors
/// There is no such operator, or she is disabled.
pub(super) fn unlink(command: &NamedOperator) -> Result<()> {
    let ports = store::of_process()?;
    let login = &command.login;
    operators::unlink(&ports, None, login, &by_command_line())
        .map_err(|error| unknown(error, login))?;
    let shown = printable(login.as_str());
    print(format!("{shown} is not linked; her sessions have ended"))
}

/// Disables an operator.
///
/// # Errors
/// There is no such operator, or she is disabled already.
pub(super) fn disable(command: &NamedOperator) -> Result<()> {
    let ports = store::of_process()?;
    let login = &command.login;
    operators::disable(&ports, None, login, &by_command_line())
        .map_err(|error| unknown(error, login))?;
    let shown = printable(login.as_str());
    print(format!("{shown} is disabled; her sessions have ended"))
}

fn by_command_line() -> Attribution {
    Attribution::system(SystemClock.now())
}

fn unknown(error: UnknownOperator, login: &Login) -> anyhow::Error {
    match error {
        UnknownOperator::Unknown => anyhow!(
            "there is no active operator {}: see `accolade-server operator list`",
            printable(login.as_str())
        ),
        UnknownOperator::Store(error) => error.into(),
    }
}

/// The password that is typed, unseen and twice, or the first line of standard input.
///
/// # Errors
/// It cannot be read or is unfit; neither says what it is.
fn password() -> Result<Password> {
    if io::stdin().is_terminal() {
        typed(|prompt| rpassword::prompt_password(prompt))
    } else {
        password_on_first_line(io::stdin().lock())
    }
}

fn typed(ask: impl Fn(&str) -> io::Result<String>) -> Result<Password> {
    let first = ask("Password, of 12 characters or more: ").context("the password")?;
    let password = Password::new(&first)?;
    if ask("The same again: ").context("the password")? != first {
        bail!("the passwords are not the same");
    }
    Ok(password)
}

fn password_on_first_line(input: impl BufRead) -> Result<Password> {
    Password::new(&secret_on_first_line(input)?)
        .map_err(|unfit| anyhow!("on the first line of standard input: {unfit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_what_is_read_and_never_repeated() {
        let read = |input: &[u8]| password_on_first_line(input).map(|_| ());
        for input in ["correct horse", "correct horse\nmore", "correct horse\r\n"] {
            assert!(read(input.as_bytes()).is_ok(), "{input:?}");
        }
        for input in [&b""[..], b"too short\ncorrect horse"] {
            let error = read(input).unwrap_err().to_string();
            assert!(error.contains("standard input"), "{error}");
            assert!(!error.contains("short"), "{error}");
        }
    }

    #[test]
    fn a_password_is_typed_twice() {
        assert!(typed(|_| Ok("correct horse".to_owned())).is_ok());
        let other = typed(|prompt| Ok(format!("correct horse {prompt}"))).unwrap_err();
        assert_eq!(other.to_string(), "the passwords are not the same");
        assert!(typed(|_| Ok("short".to_owned())).is_err());
    }
}
