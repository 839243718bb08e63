//! Operators and their sessions.

use accolade_application::access::SecretHash;
use accolade_application::operators::{PasswordHash, Session};
use accolade_application::ports::{
    CreateOperatorError, KnownOperator, LinkOperatorError, NewOperator, NewSession, OperatorStore,
    SignInProof, StoreError, UnknownOperator,
};
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::ids::{OperatorNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::operator::{Operator, OperatorLink, Roles};

use crate::MemoryStore;
use crate::access::next_number;
use crate::store::State;

/// A session, by the hash of its token.
#[derive(Clone)]
pub(crate) struct SessionRecord {
    token: SecretHash,
    operator: OperatorNumber,
    began_on: Instant,
    expires_on: Instant,
    ends_on: Instant,
}

impl OperatorStore for MemoryStore {
    fn create_operator(&self, new: &NewOperator) -> Result<OperatorNumber, CreateOperatorError> {
        let mut state = self.begin();
        if !state.orgs.contains_key(&new.org) {
            return Err(CreateOperatorError::UnknownOrg);
        }
        if state
            .operators
            .iter()
            .any(|it| it.operator.login == new.login)
        {
            return Err(CreateOperatorError::LoginTaken);
        }
        let number = next_number(&state)?;
        state.operators.push(KnownOperator {
            operator: new.operator(number),
            password: new.password,
        });
        state.tell([new.entry(number)]);
        Ok(number)
    }

    fn operators(&self, within: Option<OrgId>) -> Result<Vec<Operator>, StoreError> {
        let state = self.begin();
        let all = state.operators.iter().map(|it| &it.operator);
        let asked = all.filter(|it| within.is_none_or(|org| it.org == org));
        Ok(asked.cloned().collect())
    }

    fn operator(&self, login: &Login) -> Result<Option<KnownOperator>, StoreError> {
        let state = self.begin();
        let mut all = state.operators.iter();
        Ok(all.find(|it| it.operator.login == *login).cloned())
    }

    fn set_password(
        &self,
        within: Option<OrgId>,
        login: &Login,
        password: &PasswordHash,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let mut state = self.begin();
        let known = active(&mut state, within, login)?;
        known.password = *password;
        let operator = known.operator.clone();
        end_all(&mut state, operator.number);
        state.tell([telling::password_set(&operator, by)]);
        Ok(())
    }

    fn set_roles(
        &self,
        within: Option<OrgId>,
        login: &Login,
        roles: Roles,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let mut state = self.begin();
        let operator = &mut active(&mut state, within, login)?.operator;
        let before = operator.clone();
        operator.roles = roles;
        let told = telling::operator_changed(&before, operator, by);
        state.tell(told);
        Ok(())
    }

    fn set_link(
        &self,
        within: Option<OrgId>,
        login: &Login,
        link: Option<&OperatorLink>,
        by: &Attribution,
    ) -> Result<(), LinkOperatorError> {
        let mut state = self.begin();
        let before = active(&mut state, within, login)?.operator.clone();
        if before.link.as_ref() == link {
            return Ok(());
        }
        let mut others = state.operators.iter().map(|it| &it.operator);
        if link.is_some() && others.any(|it| it.is_active() && it.link.as_ref() == link) {
            return Err(LinkOperatorError::Taken);
        }
        let after = Operator {
            link: link.cloned(),
            ..before.clone()
        };
        active(&mut state, within, login)?.operator = after.clone();
        end_all(&mut state, before.number);
        state.tell(telling::operator_changed(&before, &after, by));
        Ok(())
    }

    fn linked_operator(&self, link: &OperatorLink) -> Result<Option<Operator>, StoreError> {
        let state = self.begin();
        let all = state.operators.iter().map(|it| &it.operator);
        let linked = all.filter(|it| it.link.as_ref() == Some(link));
        Ok(linked
            .max_by_key(|it| (it.is_active(), it.disabled_on))
            .cloned())
    }

    fn disable_operator(
        &self,
        within: Option<OrgId>,
        login: &Login,
        by: &Attribution,
    ) -> Result<(), UnknownOperator> {
        let mut state = self.begin();
        let operator = &mut active(&mut state, within, login)?.operator;
        operator.disabled_on = Some(by.on);
        let operator = operator.clone();
        end_all(&mut state, operator.number);
        state.tell([telling::operator_disabled(&operator, by)]);
        Ok(())
    }

    fn begin_session(
        &self,
        operator: OperatorNumber,
        proof: &SignInProof,
        new: &NewSession,
        by: &Attribution,
    ) -> Result<Session, UnknownOperator> {
        let mut state = self.begin();
        let mut all = state.operators.iter_mut();
        let known = all.find(|it| it.operator.number == operator);
        let known = known
            .filter(|it| it.operator.is_active() && still_holds(it, proof))
            .ok_or(UnknownOperator::Unknown)?;
        known.operator.last_signed_in_on = Some(by.on);
        let operator = known.operator.clone();
        let record = SessionRecord {
            token: new.token,
            operator: operator.number,
            began_on: by.on,
            expires_on: new.expires_on,
            ends_on: new.ends_on,
        };
        state.tell([telling::signed_in(&operator, by)]);
        state.sessions.push(record.clone());
        let begun = session(&state, &record);
        begun.ok_or(UnknownOperator::Unknown)
    }

    fn session(&self, token: &SecretHash, now: Instant) -> Result<Option<Session>, StoreError> {
        let state = self.begin();
        let mut all = state.sessions.iter();
        let found = all.find(|it| it.token == *token && it.expires_on > now);
        Ok(found.and_then(|it| session(&state, it)))
    }

    fn extend_session(&self, token: &SecretHash, expires_on: Instant) -> Result<(), StoreError> {
        let mut state = self.begin();
        let mut all = state.sessions.iter_mut();
        if let Some(it) = all.find(|it| it.token == *token)
            && (it.expires_on..=it.ends_on).contains(&expires_on)
        {
            it.expires_on = expires_on;
        }
        Ok(())
    }

    fn end_session(&self, token: &SecretHash, by: &Attribution) -> Result<bool, StoreError> {
        let mut state = self.begin();
        let Some(place) = state.sessions.iter().position(|it| it.token == *token) else {
            return Ok(false);
        };
        let ended = state.sessions.remove(place);
        tell_of(&mut state, ended.operator, |it| telling::signed_out(it, by));
        Ok(true)
    }

    fn end_sessions(&self, operator: OperatorNumber, by: &Attribution) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let ended = end_all(&mut state, operator);
        if ended > 0 {
            tell_of(&mut state, operator, |it| telling::signed_out(it, by));
        }
        Ok(ended)
    }

    fn note_refused(&self, operator: OperatorNumber, by: &Attribution) -> Result<(), StoreError> {
        let mut state = self.begin();
        tell_of(&mut state, operator, |it| telling::sign_in_refused(it, by));
        Ok(())
    }

    fn sweep_sessions(&self, now: Instant) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let before = state.sessions.len();
        state.sessions.retain(|it| it.expires_on > now);
        Ok((before - state.sessions.len()) as u64)
    }
}

/// The operator with this login, unless she is disabled or of another org than is asked for.
fn active<'a>(
    state: &'a mut State,
    within: Option<OrgId>,
    login: &Login,
) -> Result<&'a mut KnownOperator, UnknownOperator> {
    let is_asked = |it: &&mut KnownOperator| {
        let operator = &it.operator;
        operator.login == *login
            && operator.is_active()
            && within.is_none_or(|org| operator.org == org)
    };
    let found = state.operators.iter_mut().find(is_asked);
    found.ok_or(UnknownOperator::Unknown)
}

fn still_holds(known: &KnownOperator, proof: &SignInProof) -> bool {
    match proof {
        SignInProof::Password(password) => known.password == *password,
        SignInProof::Link(link) => known.operator.link.as_ref() == Some(link),
    }
}

/// Ends every session of the operator; gives how many there were.
fn end_all(state: &mut State, operator: OperatorNumber) -> u64 {
    let before = state.sessions.len();
    state.sessions.retain(|it| it.operator != operator);
    (before - state.sessions.len()) as u64
}

fn session(state: &State, record: &SessionRecord) -> Option<Session> {
    let mut all = state.operators.iter().map(|it| &it.operator);
    let operator = all.find(|it| it.number == record.operator)?;
    Some(Session {
        org: state.orgs.get(&operator.org)?.clone(),
        operator: operator.clone(),
        began_on: record.began_on,
        expires_on: record.expires_on,
        ends_on: record.ends_on,
    })
}

fn tell_of(state: &mut State, operator: OperatorNumber, told: impl Fn(&Operator) -> Entry) {
    let mut all = state.operators.iter();
    let entry = all
        .find(|it| it.operator.number == operator)
        .map(|it| told(&it.operator));
    state.tell(entry);
}
