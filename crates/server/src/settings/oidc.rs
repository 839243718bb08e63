//! `console.oidc`: the provider that signs operators in beside their passwords.

use std::fmt;

use accolade_domain::text::UrlText;
use accolade_oidc::ProviderOptions;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use url::Url;

use crate::settings::parse;

/// Where the provider sends browsers back to, below `console.url`.
const BACK: &str = "/console/sign-in/oidc/callback";

/// `console.oidc`: who the provider is, and as whom this server comes to it. Off unless there is an issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSettings {
    #[serde(default, deserialize_with = "parse::optional_issuer")]
    pub(crate) issuer: Option<UrlText>,
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    #[serde(default)]
    pub(crate) client_secret: Option<OidcSecret>,
    #[serde(deserialize_with = "parse::words")]
    pub(crate) name: String,
    #[serde(deserialize_with = "parse::scopes")]
    pub(crate) scopes: Vec<String>,
}

/// What keeps operators from being signed in by the provider.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct OidcProblem {
    /// The key of the configuration that it is about.
    pub(crate) key: &'static str,
    problem: &'static str,
}

impl OidcSettings {
    /// The provider, for a console that browsers find at `url`; `None` if there is to be none.
    ///
    /// # Errors
    /// There is an issuer, and what it needs beside it is not there.
    pub(crate) fn provider(
        &self,
        url: Option<&Url>,
    ) -> Result<Option<ProviderOptions>, OidcProblem> {
        let Some(issuer) = &self.issuer else {
            return Ok(None);
        };
        let client_id = self.client_id.as_deref().filter(|it| !it.trim().is_empty());
        let client_id = client_id.ok_or(OidcProblem {
            key: "console.oidc.client_id",
            problem: "console.oidc.issuer needs console.oidc.client_id: what the provider calls this server",
        })?;
        let back = url.and_then(|url| url.join(BACK).ok()).ok_or(OidcProblem {
            key: "console.url",
            problem: "console.oidc.issuer needs console.url: how browsers reach this server, like \
                      \"https://badges.example.org\"",
        })?;
        Ok(Some(ProviderOptions {
            name: self.name.clone(),
            issuer: issuer.clone(),
            client_id: client_id.to_owned(),
            client_secret: self.client_secret.clone().map(|it| it.0),
            scopes: self.scopes.clone(),
            back,
        }))
    }
}

/// `console.oidc.client_secret`, never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OidcSecret(String);

impl<'de> Deserialize<'de> for OidcSecret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Err(D::Error::custom(
                "must not be empty; leave it out if there is none",
            ));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for OidcSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OidcSecret(…)")
    }
}
