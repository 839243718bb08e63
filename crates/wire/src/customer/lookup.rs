//! Finding customers by anything: the answer.

use accolade_application::customers::Match;
use accolade_domain::ids::BadgeId;

use crate::answer::answer;
use crate::words::MatchKindName;

answer! {
    /// Who was found.
    #[schema(as = CustomerMatches)]
    pub struct MatchesBody {
        /// Each kind, customer and badge once, at most 20.
        #[schema(max_items = 20)]
        matches: Vec<MatchBody> = matches.iter().map(MatchBody::new).collect(),
    }
    new(matches: &[Match]) {}
}

answer! {
    /// Somebody who was found.
    #[schema(as = CustomerMatch)]
    pub struct MatchBody {
        /// By what.
        #[schema(value_type = MatchKindName)]
        kind: &'static str = found.kind.name(),
        /// The customer: the successor of one who was merged into another.
        #[schema(example = 62_090_013)]
        customerId: i64 = found.customer.get(),
        /// The badge that the enrolment, the earned badge or the request is about; null otherwise.
        #[schema(required, value_type = Option<String>, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: Option<BadgeId> = found.badge,
    }
    new(found: &Match) {}
}
