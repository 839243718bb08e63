//! Signing in by a provider: who has signed in there is signed in here, if an admin has linked her.

use accolade_domain::audit::RequestTag;
use accolade_domain::operator::Subject;
use sha2::{Digest as _, Sha256};

use crate::access::Secret;
use crate::operators::sign_in::{Begin, begin};
use crate::operators::{Lifetimes, SignedIn, note_refused};
use crate::ports::{IdentityProvider, Ports, ProviderError, SecretSource, SignInProof, StoreError};

/// A sign-in by a provider that a browser has begun. All that there is of it is one secret, which that
/// browser alone has; what the provider is told of it follows from the secret, and does not tell it. So
/// any server can go on with what another one began, and nothing is kept of those who never come back.
#[derive(Debug, Clone)]
pub struct RoundTrip(Secret);

impl RoundTrip {
    /// A new one.
    pub fn begin(source: &dyn SecretSource) -> Self {
        Self(Secret::generate(source))
    }

    /// The one whose secret a browser presents.
    pub const fn presented(secret: Secret) -> Self {
        Self(secret)
    }

    /// Its secret, for the browser that has begun it.
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What a browser brings back from the provider, to show that it was sent there.
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// What the provider repeats where it vouches for somebody.
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What redeems the code of this trip, and no other one's.
    pub fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// Whether a browser came back with its state.
    pub fn is_of(&self, state: &str) -> bool {
        let shown = Secret::presented(state).hash();
        Secret::presented(self.state()).hash().matches(&shown)
    }

    /// 256 bits as hex digits, from which nobody finds the secret, or those for another use.
    fn derived(&self, usage: &str) -> String {
        let text = format!("accolade sign-in {usage} {}", self.0.reveal());
        hex::encode(Sha256::digest(text))
    }
}

/// How a sign-in by a provider went, which vouches for somebody.
#[derive(Debug, Clone)]
pub enum ProvidedResult {
    /// A session begins.
    SignedIn(Box<SignedIn>),
    /// No operator is linked to her.
    Unlinked(Subject),
    /// The operator who is linked to her is disabled.
    Disabled(Subject),
}

/// Why a sign-in by a provider failed.
#[derive(Debug, thiserror::Error)]
pub enum ProvidedError {
    /// The provider vouches for nobody.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a session for the operator who is linked to whoever has signed in at the provider; nobody is
/// created. That a disabled one tried is in the audit trail.
///
/// # Errors
/// The provider vouches for nobody; the store failed.
pub fn sign_in_by_provider(
    ports: &Ports,
    provider: &dyn IdentityProvider,
    (code, trip): (&str, &RoundTrip),
    tag: Option<RequestTag>,
    lifetimes: Lifetimes,
) -> Result<ProvidedResult, ProvidedError> {
    let link = provider.identify(code, trip)?;
    let Some(operator) = ports.stores.operators.linked_operator(&link)? else {
        return Ok(ProvidedResult::Unlinked(link.subject));
    };
    if !operator.is_active() {
        note_refused(ports, operator.number, tag)?;
        return Ok(ProvidedResult::Disabled(link.subject));
    }
    let subject = link.subject.clone();
    let proof = SignInProof::Link(link);
    match begin(ports, operator.number, &proof, tag, lifetimes)? {
        Begin::Begun(signed_in) => Ok(ProvidedResult::SignedIn(signed_in)),
        // She was unlinked or disabled in this moment.
        Begin::Refused => Ok(ProvidedResult::Unlinked(subject)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_round_trip_follows_from_its_secret_and_differs_by_its_use() {
        let trip = |secret: &str| RoundTrip::presented(Secret::presented(secret));
        let one = trip("one");
        let told = [one.state(), one.nonce(), one.verifier()];
        let again = trip("one");
        assert_eq!(told, [again.state(), again.nonce(), again.verifier()]);
        assert!(told[0] != told[1] && told[1] != told[2] && told[2] != told[0]);
        assert!(one.is_of(&told[0]));
        for other in [&told[1], "", "one", &trip("two").state()] {
            assert!(!one.is_of(other), "{other}");
        }
        // The shortest verifier that there may be has 43 characters.
        assert_eq!(told[2].len(), 64);
    }
}
