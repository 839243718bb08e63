//! The bodies of requests to earn, for one customer and for many, and to revoke an earned badge.

use accolade_application::earning::{EarnBadge, Earners, RevokeEarn};

use crate::badge::owner::TriggeredBy;
use crate::customer::named;
use crate::instant::WireIso;
use crate::json::{Presence, body};
use crate::request::context::ParseContext;
use crate::shapes::{CustomerReference, CustomerReferences, InstantInput, TextOrNumber};

body! {
    /// A customer who is to earn a badge.
    #[schema(as = EarnRequest)]
    pub struct EarnRequestBody {
        /// The badge.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customer.
        customerId: CustomerReference => earners = named::one(fields.field(name), context.named_by)
            .map(Earners::One),
        /// The caller's id of this request, 1 to 255 characters; required here or in the header.
        requestId: Option<TextOrNumber> => request_id = context.request_id(fields, name, true),
        /// When the criteria were fulfilled; now if it is absent.
        earnEventDate: Option<InstantInput> =>
            event_on = Some(fields.instant_pair(name, Presence::Optional)),
        /// The same as text; wins over the number.
        earnEventDateISO: Option<WireIso>,
        /// Who triggers it; absent if it is done by hand at the care desk.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
    }
    parse(fields, name, context: ParseContext<'_>) -> EarnBadge {
        EarnBadge { badge, earners, request_id, event_on, triggered_by }
    }
}

body! {
    /// Customers who are to earn a badge.
    pub struct EarnBulkRequest {
        /// The badge.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customers.
        customerIds: CustomerReferences => customers = named::several(fields, name, context),
        /// The caller's id of this request, 1 to 255 characters; required here or in the header.
        requestId: Option<TextOrNumber> => request_id = context.request_id(fields, name, true),
        /// When the criteria were fulfilled; now if it is absent.
        earnEventDate: Option<InstantInput> =>
            event_on = Some(fields.instant_pair(name, Presence::Optional)),
        /// The same as text; wins over the number.
        earnEventDateISO: Option<WireIso>,
        /// Who triggers it; absent if it is done by hand at the care desk.
        triggeredBy: Option<TriggeredBy> => triggered_by = Some(TriggeredBy::field(fields, name)),
    }
    parse(fields, name, context: ParseContext<'_>) -> EarnBadge {
        named::warn_of_repeats(&customers, fields, "customerIds");
        let earners = Earners::Several(customers);
        EarnBadge { badge, earners, request_id, event_on, triggered_by }
    }
}

body! {
    /// An earned badge to revoke.
    #[schema(as = RevokeEarnRequest)]
    pub struct RevokeEarnRequestBody {
        /// The badge.
        #[schema(example = "653ddb33b3cda7078c7c68e9")]
        badgeMetaId: String => badge = fields.field(name).required().object_id(),
        /// The customer.
        customerId: CustomerReference => customer = named::one(fields.field(name), context.named_by),
        /// The earned badge.
        #[schema(example = "654cbea06bccde1274b6d3a2")]
        earnedBadgeId: String => earned = fields.field(name).required().object_id(),
        /// The caller's id of this request, 1 to 255 characters.
        requestId: Option<TextOrNumber> => request_id = Some(context.request_id(fields, name, false)),
    }
    parse(fields, name, context: ParseContext<'_>) -> RevokeEarn {
        RevokeEarn { badge, customer, earned, request_id }
    }
}
