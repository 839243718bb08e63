//! An API client as it is shown.

use accolade_application::access::ClientView;
use accolade_application::answer::ShownSecret;
use accolade_domain::login::Login;

use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};

answer! {
    /// An API client.
    #[schema(as = Client)]
    pub struct ClientBody<'a> {
        /// Its number, as `createdBy` has it.
        #[schema(example = 7)]
        number: i64 = client.number.get(),
        /// Its name.
        name: &'a str = client.name.as_str(),
        /// The public half of its credentials.
        key: &'a str = &client.key,
        /// What it may do.
        groups: Vec<String> = client.groups.names(),
        /// The login of whoever owns it.
        #[schema(required)]
        owner: Option<&'a str> = client.owner.as_ref().map(Login::as_str),
        /// How many requests it may send a minute; null: as many as it likes.
        #[schema(required)]
        requestsPerMinute: Option<u32> = client.requests_per_minute,
        /// How many customers it may name a minute; null: as many as it likes.
        #[schema(required)]
        customersPerMinute: Option<u32> = client.customers_per_minute,
        /// From when on it is not let in any more.
        #[schema(required)]
        endsOn: Option<WireInstant> = client.ends_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        endsOnISO: Option<WireIso> = client.ends_on.map(Into::into),
        /// When it was revoked.
        #[schema(required)]
        revokedOn: Option<WireInstant> = client.revoked_on.map(Into::into),
        /// The same as text.
        #[schema(required)]
        revokedOnISO: Option<WireIso> = client.revoked_on.map(Into::into),
        /// Its secret, where it is new.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        secret: Option<&'a str> = client.secret.as_ref().map(ShownSecret::reveal),
    }
    new(client: &'a ClientView) {}
}
