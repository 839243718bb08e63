//! Who an actor is: the answer.

use accolade_application::ports::ActorRecord;

use crate::answer::answer;
use crate::words::ActorKindName;

answer! {
    /// Who created or changed something.
    #[schema(as = Actor)]
    pub struct ActorBody<'a> {
        /// Its number, as `createdBy` and `lastUpdatedBy` have it.
        #[schema(example = 1)]
        number: i64 = record.actor().number(),
        /// What it is.
        #[schema(value_type = ActorKindName)]
        kind: &'static str = record.kind().name(),
        /// Its name, for people.
        #[schema(example = "Till")]
        name: &'a str = record.name(),
    }
    new(record: &'a ActorRecord) {}
}
