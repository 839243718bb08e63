//! What is said beside a vote.

use accolade_domain::text::Reason;

use crate::json::body;

body! {
    /// What is said beside a vote, or beside taking a change back.
    #[schema(as = VoteRequest)]
    pub struct VoteRequestBody {
        /// Why, 1 to 255 characters: kept with the change, in the audit trail and in events.
        #[schema(min_length = 1, max_length = 255, example = "As agreed")]
        comment: Option<String> => comment = Some(fields.field(name).text()),
    }
    parse(fields, name) -> Option<Reason> {
        comment
    }
}
