//! How operators come and go.

use accolade_domain::audit::Attribution;
use accolade_domain::ids::{OperatorNumber, OrgId};
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Roles};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;

use crate::error::UseCaseError;
use crate::operators::Password;
use crate::ports::{
    CreateOperatorError, LinkOperatorError, NewOperator, Ports, StoreError, UnknownOperator,
};

/// An operator to create.
#[derive(Debug, Clone)]
pub struct CreateOperator {
    /// The org that she works for.
    pub org: OrgId,
    /// What she signs in with.
    pub login: Login,
    /// Her name.
    pub name: Name,
    /// What she is there for.
    pub roles: Roles,
    /// Her password.
    pub password: Password,
}

/// Creates an operator. She may sign in at once.
///
/// # Errors
/// [`CreateOperatorError::UnknownOrg`]; [`CreateOperatorError::LoginTaken`], whichever org has it.
pub fn create(
    ports: &Ports,
    command: CreateOperator,
    by: &Attribution,
) -> Result<OperatorNumber, CreateOperatorError> {
    ports.stores.operators.create_operator(&NewOperator {
        org: command.org,
        login: command.login,
        name: command.name,
        roles: command.roles,
        password: command.password.hash(&*ports.secrets)?,
        created: by.clone(),
    })
}

/// Creates an operator as [`create`] does; sent again it gives the number that there is. It is the same
/// wish as long as she has the login, the name, the roles and the password that it says, and has never
/// signed in: who sends a form twice is told the same, and nobody learns of a password in use.
///
/// # Errors
/// Those of [`create`].
pub fn create_once(
    ports: &Ports,
    command: &CreateOperator,
    by: &Attribution,
) -> Result<OperatorNumber, CreateOperatorError> {
    match create(ports, command.clone(), by) {
        Err(CreateOperatorError::LoginTaken) => {}
        created => return created,
    }
    let known = ports.stores.operators.operator(&command.login)?;
    let unused = known.filter(|known| {
        let operator = &known.operator;
        operator.org == command.org
            && operator.name == command.name
            && operator.roles == command.roles
            && operator.is_active()
            && operator.last_signed_in_on.is_none()
    });
    match unused {
        Some(known) if known.password.is_of(&command.password)? => Ok(known.operator.number),
        _ => Err(CreateOperatorError::LoginTaken),
    }
}

/// Every operator, or those of the org, disabled ones included, by number.
///
/// # Errors
/// The store failed.
pub fn list(ports: &Ports, within: Option<OrgId>) -> Result<Vec<Operator>, StoreError> {
    ports.stores.operators.operators(within)
}

/// Gives an operator another password, and ends her sessions.
///
/// # Errors
/// [`UnknownOperator::Unknown`].
pub fn set_password(
    ports: &Ports,
    within: Option<OrgId>,
    login: &Login,
    password: &Password,
    by: &Attribution,
) -> Result<(), UnknownOperator> {
    let password = password.hash(&*ports.secrets)?;
    (ports.stores.operators).set_password(within, login, &password, by)
}

/// Gives an operator these roles instead of those that she has. They hold at once.
///
/// # Errors
/// [`UnknownOperator::Unknown`].
pub fn set_roles(
    ports: &Ports,
    within: Option<OrgId>,
    login: &Login,
    roles: Roles,
    by: &Attribution,
) -> Result<(), UnknownOperator> {
    ports.stores.operators.set_roles(within, login, roles, by)
}

/// Links an operator to whom a provider calls so, who may sign in as her from then on; ends her sessions.
/// To link her again to the same changes nothing.
///
/// # Errors
/// [`LinkOperatorError::Unknown`]; [`LinkOperatorError::Taken`], whichever org she is of who has it.
pub fn link(
    ports: &Ports,
    within: Option<OrgId>,
    login: &Login,
    link: &OperatorLink,
    by: &Attribution,
) -> Result<(), LinkOperatorError> {
    (ports.stores.operators).set_link(within, login, Some(link), by)
}

/// Takes an operator's link back, so that she signs in with her password alone; ends her sessions.
/// To unlink her again changes nothing.
///
/// # Errors
/// [`UnknownOperator::Unknown`].
pub fn unlink(
    ports: &Ports,
    within: Option<OrgId>,
    login: &Login,
    by: &Attribution,
) -> Result<(), UnknownOperator> {
    match ports.stores.operators.set_link(within, login, None, by) {
        Ok(()) => Ok(()),
        Err(LinkOperatorError::Store(error)) => Err(error.into()),
        // Nobody else has what is none.
        Err(LinkOperatorError::Unknown | LinkOperatorError::Taken) => Err(UnknownOperator::Unknown),
    }
}

/// Disables an operator for good, and ends her sessions.
///
/// # Errors
/// [`UnknownOperator::Unknown`].
pub fn disable(
    ports: &Ports,
    within: Option<OrgId>,
    login: &Login,
    by: &Attribution,
) -> Result<(), UnknownOperator> {
    ports.stores.operators.disable_operator(within, login, by)
}

impl From<UnknownOperator> for UseCaseError {
    fn from(error: UnknownOperator) -> Self {
        match error {
            UnknownOperator::Unknown => Rejection::new(Code::NothingLikeThat)
                .with_message("Operator not found, or disabled. Check the login.")
                .into(),
            UnknownOperator::Store(error) => error.into(),
        }
    }
}
