//! Webhooks.

use accolade_application::access::AccessGroup;
use accolade_application::error::UseCaseError;
use accolade_application::webhooks::{
    self, CreateWebhook, DeleteWebhook, MoveWebhook, ResendEvents, RotateWebhook, TestWebhook,
    UpdateWebhook, no_such_webhook,
};
use accolade_domain::ids::WebhookId;
use accolade_domain::rejection::Rejection;
use accolade_wire::render;
use accolade_wire::webhook::answer::{
    WebhookBody, WebhookKeyBody, WebhookListBody, WebhookReferenceBody,
};
use accolade_wire::webhook::attempt::{AttemptBody, AttemptListBody, event_ids, read_query};
use accolade_wire::webhook::request::{WebhookChangeBody, WebhookRequestBody};
use accolade_wire::webhook::resend::ResendRequestBody;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{self, Operation, Success, delete, example, post, put};
use crate::routes::call::Call;
use crate::routes::mutation::Mutation;

/// The chapter of the document.
const TAG: &str = "Webhooks";

pub(crate) fn operations() -> Vec<Operation> {
    [definitions(), actions(), deliveries()]
        .into_iter()
        .flatten()
        .collect()
}

fn definitions() -> Vec<Operation> {
    vec![
        post("/webhooks", create)
            .named("createWebhook", TAG, "Create a webhook")
            .about(
                "\
It gets what is recorded from now on. The answer has its `secret`, this once: an answer that is
given again under its idempotency key has none.",
            )
            .needs(AccessGroup::BadgesWrite)
            .json_body::<WebhookRequestBody>(example!("webhook.request"))
            .answers::<Success<WebhookBody>>("Created.", example!("webhook-created"))
            .may_be_held()
            .codes(&[1961, 1963, 1993]),
        operation::get("/webhooks", list)
            .named("listWebhooks", TAG, "List webhooks")
            .about("In the order of their creation.")
            .needs(AccessGroup::BadgesWrite)
            .answers::<Success<WebhookListBody>>("All of them.", example!("webhooks")),
        operation::get("/webhooks/{id}", get)
            .named("getWebhook", TAG, "Look up a webhook")
            .about("Whether it is sent anything, how far it is and how much is behind that.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookBody>>("The webhook.", example!("webhook")),
        put("/webhooks/{id}", update)
            .named("updateWebhook", TAG, "Change a webhook")
            .about(
                "\
What is left out stays as it is. Another kind of signature brings a new secret, beside which the
one before signs for 24 hours.",
            )
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .json_body::<WebhookChangeBody>(example!("webhook-change.request"))
            .answers::<Success<WebhookBody>>("Changed.", example!("webhook"))
            .may_be_held()
            .codes(&[1961, 1993]),
        delete("/webhooks/{id}", remove)
            .named("deleteWebhook", TAG, "Delete a webhook")
            .about("With its secrets, all that waits for it, and what it was sent.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookReferenceBody>>("Deleted.", example!("webhook-id"))
            .may_be_held()
            .codes(&[1942, 1952]),
    ]
}

fn actions() -> Vec<Operation> {
    vec![
        post("/webhooks/{id}/rotate", rotate)
            .named("rotateWebhook", TAG, "Give a webhook a new secret")
            .about("The answer has it, this once. The one before signs beside it for 24 hours.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookBody>>("Rotated.", example!("webhook-created")),
        post("/webhooks/{id}/test", test)
            .named("testWebhook", TAG, "Try a webhook out")
            .about(
                "\
Sends an `accolade.webhook.test`, which is not in the feed, in whatever state the webhook is, and
waits up to 15 seconds for the answer of the receiver.",
            )
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<AttemptBody>>("How it went.", example!("webhook-attempt")),
        post("/webhooks/{id}/pause", pause)
            .named("pauseWebhook", TAG, "Stop a webhook")
            .about("Nothing is sent until it is enabled; then it goes on where it stopped.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookBody>>("It is paused.", example!("webhook"))
            .may_be_held()
            .codes(&[1963]),
        post("/webhooks/{id}/enable", enable)
            .named("enableWebhook", TAG, "Let a webhook go on")
            .about("At once where it stopped, whoever stopped it: nothing was lost that the feed keeps.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookBody>>("It is active.", example!("webhook"))
            .may_be_held(),
    ]
}

fn deliveries() -> Vec<Operation> {
    vec![
        post("/webhooks/{id}/resend", resend)
            .named("resendEvents", TAG, "Send events again")
            .about(
                "\
Those at `positions`, or those recorded from `from` until `until`; with `onlyFailed` those of them
that were given up or wait for a retry. What the feed does not keep any more is not sent.",
            )
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .json_body::<ResendRequestBody>(example!("webhook-resend.request"))
            .answers::<Success<WebhookReferenceBody>>("They are sent.", example!("webhook-id"))
            .codes(&[1963, 1993]),
        operation::get("/webhooks/{id}/attempts", attempts)
            .named("listAttempts", TAG, "What a webhook was sent")
            .about("The newest first, of the last 30 days.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .query("status", "SUCCEEDED or FAILED.")
            .query("after", "The `next` of the page before.")
            .number("limit", "1 to 1000, default 100.")
            .answers::<Success<AttemptListBody>>("One page.", example!("webhook-attempts")),
        operation::get("/webhooks/{id}/key", key)
            .named("getWebhookKey", TAG, "The public key of a webhook")
            .about("With which whoever receives verifies ED25519 signatures.")
            .needs(AccessGroup::BadgesWrite)
            .of_webhook()
            .answers::<Success<WebhookKeyBody>>("The key.", example!("webhook-key"))
            .codes(&[1963]),
    ]
}

impl Operation {
    /// Makes it about the webhook in its path.
    fn of_webhook(self) -> Self {
        self.path_parameter("id", "The id of the webhook.")
            .codes(&[1962])
    }
}

async fn create(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let asked = call.read(WebhookRequestBody::parse).await?;
    let command = asked.map(|(url, draft, headers)| CreateWebhook {
        url,
        draft,
        headers,
    });
    call.execute_with_names(command).await
}

async fn update(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let asked = call.read(WebhookChangeBody::parse).await?;
    let command = asked.and_then(|(draft, headers)| {
        Ok(UpdateWebhook {
            webhook: id?,
            draft,
            headers,
        })
    });
    call.execute_with_names(command).await
}

async fn remove(call: Call) -> Result<HttpResponse, Failure> {
    let (call, webhook) = of_webhook(call).await?;
    call.execute(webhook.map(|webhook| DeleteWebhook { webhook }))
        .await
}

async fn rotate(call: Call) -> Result<HttpResponse, Failure> {
    let (call, webhook) = of_webhook(call).await?;
    call.execute(webhook.map(|webhook| RotateWebhook { webhook }))
        .await
}

async fn test(call: Call) -> Result<HttpResponse, Failure> {
    let (call, webhook) = of_webhook(call).await?;
    call.execute_with_receiver(webhook.map(|webhook| TestWebhook { webhook }))
        .await
}

async fn pause(call: Call) -> Result<HttpResponse, Failure> {
    moved(call, false).await
}

async fn enable(call: Call) -> Result<HttpResponse, Failure> {
    moved(call, true).await
}

async fn moved(call: Call, enable: bool) -> Result<HttpResponse, Failure> {
    let (call, webhook) = of_webhook(call).await?;
    let command = webhook.map(|webhook| MoveWebhook { webhook, enable });
    call.execute(command).await
}

async fn resend(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let asked = call.read(ResendRequestBody::parse).await?;
    let command = asked.and_then(|(stretch, only_failed)| {
        Ok(ResendEvents {
            webhook: id?,
            stretch,
            only_failed,
        })
    });
    call.execute(command).await
}

async fn get(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let webhook = webhooks::webhook(ports, caller, id?)?;
        render::enveloped(&WebhookBody::new(&webhook), context)
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let webhooks = webhooks::webhooks(ports, caller)?;
        render::enveloped(&WebhookListBody::new(&webhooks), context)
    })
    .await
}

async fn attempts(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let mut call = call.open_lookup().await?;
    let asked = read_query(&mut call.query);
    call.answer(move |ports, caller, context| {
        let (status, after, limit) = (asked.status, asked.after, asked.limit);
        let page = webhooks::attempts(ports, caller, id?, status, after, limit)?;
        let ids = event_ids(caller.org, &page);
        render::enveloped(&AttemptListBody::new(&page, &ids), context)
    })
    .await
}

async fn key(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let key = webhooks::public_key(ports, caller, id?)?;
        render::enveloped(&WebhookKeyBody::new(&key), context)
    })
    .await
}

/// The opened call, whose body says nothing, and the webhook in its path.
async fn of_webhook(call: Call) -> Result<(Mutation, Result<WebhookId, UseCaseError>), Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let webhook = call.read_nothing().and_then(|()| Ok(id?));
    Ok((call, webhook))
}

fn id(call: &Call) -> Result<WebhookId, Rejection> {
    call.id("id", "").map_err(|_| no_such_webhook())
}
