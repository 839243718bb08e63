//! Has an OIDC provider say who somebody is: the port
//! [`IdentityProvider`](accolade_application::ports::IdentityProvider), by its authorization code flow with
//! PKCE.
//!
//! What the provider says of itself and its keys are fetched when they are needed first (`known`), by
//! requests that are bounded in time and in bytes (`fetch`). Whoever runs the server chooses the provider,
//! so it may be anywhere; what it answers is believed only as far as it is signed (`provider`).

mod fetch;
mod known;
mod provider;

pub use provider::{Provider, ProviderOptions};
