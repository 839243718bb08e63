//! The demo's operator, whose password everybody knows.

use accolade_application::operators::{self, CreateOperator, Password};
use accolade_application::ports::{CreateOperatorError, Ports};
use accolade_domain::audit::Attribution;
use accolade_domain::ids::OrgId;
use accolade_domain::login::Login;
use accolade_domain::operator::Roles;
use accolade_domain::text::Name;
use anyhow::{Result, bail};

/// What the demo's operator signs in with.
pub(super) const LOGIN: &str = "demo";
/// Her password, which is none.
pub(super) const PASSWORD: &str = "demo-password";

/// Makes sure that she is there, unless she was disabled or has another password.
///
/// # Errors
/// The database does not answer.
pub(super) fn ensure(ports: &Ports, org: OrgId) -> Result<()> {
    let login = Login::try_from(LOGIN)?;
    // Computing what is stored of a password takes long, and she is there at most starts.
    if ports.stores.operators.operator(&login)?.is_some() {
        return Ok(());
    }
    let new = CreateOperator {
        org,
        login,
        name: Name::try_from("Demo")?,
        roles: Roles::ALL,
        password: Password::new(PASSWORD)?,
    };
    let by = Attribution::system(ports.clock.now());
    match operators::create(ports, new, &by) {
        // Another server that starts at the same moment may have been faster.
        Ok(_) | Err(CreateOperatorError::LoginTaken) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Makes sure that nobody can sign in with the demo's password, which everybody knows.
///
/// # Errors
/// The demo's operator is active: it says what to do.
pub(super) fn ensure_closed(ports: &Ports) -> Result<()> {
    // A database that does not answer, or lacks migrations, is not ready; the server says so itself.
    let Ok(Some(known)) = ports.stores.operators.operator(&Login::try_from(LOGIN)?) else {
        return Ok(());
    };
    if known.operator.is_active() && known.password.is_of(&Password::presented(PASSWORD))? {
        bail!(
            "the demo is off, and its operator `{LOGIN}`, whose password everybody knows, is active in \
             this database: `accolade-server operator disable --login {LOGIN}` ends her"
        );
    }
    Ok(())
}
