//! What waits for approval, as it looks.

use accolade_application::approvals::{ChangeList, ChangeView, Effect, HeldAnswer, VoteView};
use accolade_domain::approval::ChangeState;
use accolade_domain::text::Reason;
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::command::command;
use super::effect::{AnswerBody, EffectBody};
use super::query::next;
use crate::actor::ActorBody;
use crate::answer::answer;
use crate::instant::{WireInstant, WireIso};
use crate::words::{ChangeStateName, DecisionName, RuledOperationName};

answer! {
    /// The command waits for approval.
    #[schema(as = HeldCommand)]
    pub struct HeldBody {
        /// The change that it became.
        #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        changeId: String = held.change.to_string(),
        /// What it does.
        #[schema(value_type = RuledOperationName)]
        operation: &'static str = held.operation.name(),
        /// What has become of it.
        #[schema(value_type = ChangeStateName)]
        state: &'static str = ChangeState::Pending.name(),
        /// When it expires if nobody has decided it.
        expiresOn: WireInstant = held.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = held.expires_on.into(),
    }
    new(held: &HeldAnswer) {}
}

answer! {
    /// A change as it is listed.
    #[schema(as = ListedChange)]
    pub struct ListedChangeBody<'a> {
        /// Its id.
        #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        changeId: String = change.id.to_string(),
        /// What it does.
        #[schema(value_type = RuledOperationName)]
        operation: &'static str = change.operation.name(),
        /// What has become of it.
        #[schema(value_type = ChangeStateName)]
        state: &'static str = change.state.name(),
        /// Who made it.
        maker: ActorBody<'a> = ActorBody::new(&change.maker),
        /// When.
        createdOn: WireInstant = change.created_on.into(),
        /// The same as text.
        createdOnISO: WireIso = change.created_on.into(),
        /// When it expires if nobody has decided it.
        expiresOn: WireInstant = change.expires_on.into(),
        /// The same as text.
        expiresOnISO: WireIso = change.expires_on.into(),
        /// How many approvals it needs.
        #[schema(example = 1)]
        approvals: u8 = change.approvals,
        /// The votes, in the order in which they were cast.
        votes: Vec<VoteBody<'a>> = change.votes.iter().map(VoteBody::new).collect(),
    }
    new(change: &'a ChangeView) {}
}

answer! {
    /// A command that waits for approval, or did.
    #[schema(as = Change)]
    pub struct ChangeBody<'a> {
        /// What stands in the list, too.
        #[serde(flatten)]
        listed: ListedChangeBody<'a> = ListedChangeBody::new(change),
        /// What it is to do.
        command: CommandBody = CommandBody::new(change, zone)?,
        /// What it would have done when it was made.
        #[schema(required)]
        then: Option<EffectBody> = effect(change.then.as_ref())?,
        /// What it would do now; null unless it waits.
        #[schema(required)]
        now: Option<EffectBody> = effect(change.now.as_ref())?,
        /// What was answered when it was carried out, or why it failed; null before.
        #[schema(required)]
        result: Option<AnswerBody> = (change.result.as_ref())
            .map(|it| AnswerBody::new(it, zone))
            .transpose()?,
    }
    new(change: &'a ChangeView, zone: &Zone) -> serde_json::Result<Self> as Ok {
        let effect = |it: Option<&Effect>| it.map(|it| EffectBody::new(it, zone)).transpose();
    }
}

answer! {
    /// A vote.
    #[schema(as = Vote)]
    pub struct VoteBody<'a> {
        /// Who has voted.
        actor: ActorBody<'a> = ActorBody::new(&vote.actor),
        /// What.
        #[schema(value_type = DecisionName)]
        decision: &'static str = vote.decision.name(),
        /// Why; null if it was not said.
        #[schema(required)]
        comment: Option<&'a str> = vote.comment.as_ref().map(Reason::as_str),
        /// When.
        votedOn: WireInstant = vote.voted_on.into(),
        /// The same as text.
        votedOnISO: WireIso = vote.voted_on.into(),
    }
    new(vote: &'a VoteView) {}
}

/// What a change is to do, as the request that would do it at once. Headers are not kept, and customers
/// are named by their numbers; secrets are null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeCommand)]
pub struct CommandBody {
    /// The method; null where there is no such request, as of what only the console does.
    #[schema(required, example = "POST")]
    pub(super) method: Option<&'static str>,
    /// The path.
    #[schema(
        required,
        example = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk"
    )]
    pub(super) path: Option<String>,
    /// The body; null if there is none, or all of it was about customers who were erased since.
    #[schema(required, value_type = Option<Object>)]
    pub(super) body: Option<Box<RawValue>>,
}

impl CommandBody {
    fn new(change: &ChangeView, zone: &Zone) -> serde_json::Result<Self> {
        match &change.command {
            Some(held) => command(held, zone),
            None => Ok(Self {
                method: None,
                path: None,
                body: None,
            }),
        }
    }
}

answer! {
    /// Changes, the newest first.
    #[schema(as = ChangeList)]
    pub struct ChangeListBody<'a> {
        /// The changes.
        changes: Vec<ListedChangeBody<'a>> =
            list.changes.iter().map(ListedChangeBody::new).collect(),
        /// The `after` of the next page; null on the last.
        #[schema(required)]
        next: Option<String> = list.next.as_ref().map(next),
    }
    new(list: &'a ChangeList) {}
}
