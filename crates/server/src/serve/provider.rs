//! The provider that signs operators in, if this binary can ask one.

use std::sync::Arc;

use accolade_application::ports::IdentityProvider;
use anyhow::Result;

use crate::settings::ConsoleSettings;

/// The one that `console` names; nothing is asked of it yet.
///
/// # Errors
/// It cannot be one.
#[cfg(feature = "oidc")]
pub(super) fn of(console: &ConsoleSettings) -> Result<Option<Arc<dyn IdentityProvider>>> {
    use accolade_oidc::Provider;

    use crate::outward::trusted;
    use crate::sources::SystemClock;

    let Some(options) = console.oidc.provider(console.url.as_ref())? else {
        return Ok(None);
    };
    let provider = Provider::new(options, trusted(), Arc::new(SystemClock))?;
    Ok(Some(Arc::new(provider)))
}

/// None: settings that name one were refused.
#[cfg(not(feature = "oidc"))]
#[expect(clippy::unnecessary_wraps, reason = "who asks need not know")]
pub(super) const fn of(_: &ConsoleSettings) -> Result<Option<Arc<dyn IdentityProvider>>> {
    Ok(None)
}
