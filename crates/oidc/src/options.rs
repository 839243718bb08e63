//! What has to be said of a provider.

use accolade_domain::text::UrlText;
use url::Url;

/// Which provider it is, and as whom this server comes to it.
#[derive(Clone)]
pub struct ProviderOptions {
    /// What people call it.
    pub name: String,
    /// What it calls itself: its configuration is below it.
    pub issuer: UrlText,
    /// What it calls this server.
    pub client_id: String,
    /// By what this server shows that it is the one; `None` if the provider asks for nothing.
    pub client_secret: Option<String>,
    /// What a browser is asked for there, beside `openid`.
    pub scopes: Vec<String>,
    /// Where it sends browsers back to.
    pub back: Url,
}
