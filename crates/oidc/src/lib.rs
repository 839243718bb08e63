//! Has an OIDC provider say who somebody is: the port
//! [`IdentityProvider`](accolade_application::ports::IdentityProvider), by its authorization code flow with
//! PKCE.
//!
//! What the provider says of itself and its keys are fetched when they are needed first (`known`), by
//! requests that are bounded in time and in bytes (`fetch`). Whoever runs the server chooses the provider,
//! so it may be anywhere; what it answers is believed only as far as it is signed (`provider`).
//!
//! Without the feature `flow` there are only the options (`options`): whoever tries the server need not
//! compile what reads and verifies tokens.

#[cfg(feature = "flow")]
mod fetch;
#[cfg(feature = "flow")]
mod known;
mod options;
#[cfg(feature = "flow")]
mod provider;

pub use options::ProviderOptions;
#[cfg(feature = "flow")]
pub use provider::Provider;
