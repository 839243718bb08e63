//! Which entries tell of an operator: of what became of her, and of her sign-ins.

use super::{Action, Attribution, Change, Entry, HiddenField, State};
use crate::operator::Operator;

fn of(operator: &Operator, action: Action, change: Change, by: &Attribution) -> Entry {
    Entry::new(operator.org, by, operator.number, action, change)
}

/// An operator was created.
pub fn operator_created(operator: &Operator, by: &Attribution) -> Entry {
    let change = Change::to(State::Operator(operator.into()));
    of(operator, Action::Create, change, by)
}

/// An operator's roles or her link are others now; nothing if they are not.
pub fn operator_changed(before: &Operator, after: &Operator, by: &Attribution) -> Option<Entry> {
    let (was, is) = (before.into(), after.into());
    if was == is {
        return None;
    }
    let change = Change::between(State::Operator(was), State::Operator(is));
    Some(of(after, Action::Update, change, by))
}

/// An operator got another password.
pub fn password_set(operator: &Operator, by: &Attribution) -> Entry {
    let change = Change::hidden(vec![HiddenField::Password]);
    of(operator, Action::Rotate, change, by)
}

/// An operator was disabled.
pub fn operator_disabled(operator: &Operator, by: &Attribution) -> Entry {
    of(operator, Action::Revoke, Change::default(), by)
}

/// An operator signed in.
pub fn signed_in(operator: &Operator, by: &Attribution) -> Entry {
    of(operator, Action::SignIn, Change::default(), by)
}

/// Somebody tried to sign in as an operator, with a wrong password or after she was disabled.
pub fn sign_in_refused(operator: &Operator, by: &Attribution) -> Entry {
    of(operator, Action::SignInRefused, Change::default(), by)
}

/// An operator signed out.
pub fn signed_out(operator: &Operator, by: &Attribution) -> Entry {
    of(operator, Action::SignOut, Change::default(), by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;
    use crate::operator::{OperatorLink, Role};

    #[test]
    fn an_operator_whose_roles_and_link_stay_has_no_entry() {
        let by = Attribution::system(at("2026-05-01T09:30:00Z"));
        let before = Operator {
            number: 7.try_into().unwrap(),
            org: 1.try_into().unwrap(),
            login: "ada".try_into().unwrap(),
            name: "Ada".try_into().unwrap(),
            roles: Role::Care.into(),
            link: None,
            created_on: by.on,
            disabled_on: None,
            last_signed_in_on: None,
        };
        assert_eq!(operator_changed(&before, &before, &by), None);
        let after = Operator {
            roles: Role::Admin.into(),
            ..before.clone()
        };
        let told = operator_changed(&before, &after, &by).unwrap();
        assert_eq!((told.action, told.entity.id()), (Action::Update, "7"));
        assert_eq!(told.change.hidden, []);
        let link = OperatorLink {
            issuer: "https://id.example.org".try_into().unwrap(),
            subject: "7f".try_into().unwrap(),
        };
        let linked = Operator {
            link: Some(link),
            ..before.clone()
        };
        assert!(operator_changed(&before, &linked, &by).is_some());
    }
}
