//! What the campaign desk does.

use accolade_domain::ids::BadgeId;

use crate::support::{BADGE, Browser, Reply, World};

/// The fields of the form on `page`, as a browser sends them, with `changes` made.
fn fields(page: &Reply, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let from = page
        .body
        .find("class=\"editor\"")
        .or(page.body.find("<form action=\"/console/badges/"));
    let form = &page.body[from.unwrap()..];
    let form = &form[..form.find("</form>").unwrap()];
    let mut selected = None;
    for (at, _) in form.match_indices('<') {
        let tag = &form[at + 1..];
        let tag = &tag[..tag.find('>').unwrap()];
        let value = |name: &str| {
            let begin = format!(" {name}=\"");
            let from = tag.find(&begin)? + begin.len();
            let rest = &tag[from..];
            Some(unescaped(&rest[..rest.find('"')?]))
        };
        if tag.starts_with("textarea ") {
            let end = form[at..].find('>').unwrap() + at + 1;
            let text = &form[end..end + form[end..].find('<').unwrap()];
            let text = unescaped(text).replace('\n', "\r\n");
            fields.push((value("name").unwrap(), text));
        } else if tag.starts_with("input ") {
            let is_off = tag.contains("type=\"checkbox\"") && !tag.contains(" checked");
            if let (Some(name), false) = (value("name"), is_off) {
                fields.push((name, value("value").unwrap_or_default()));
            }
        } else if tag.starts_with("select ") {
            selected = value("name");
        } else if tag.starts_with("option ")
            && tag.contains(" selected")
            && let Some(name) = selected.take()
        {
            fields.push((name, value("value").unwrap_or_default()));
        }
    }
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}

async fn send(world: &World, browser: &Browser, path: &str, fields: &[(String, String)]) -> Reply {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    world.post(browser, path, &fields).await
}

fn name_of(world: &World) -> String {
    let badge: BadgeId = BADGE.parse().unwrap();
    let org = 100_458.try_into().unwrap();
    let found = world.ports.stores.badges.find(org, badge).unwrap();
    found.unwrap().badge.definition.name.to_string()
}

fn edit() -> String {
    format!("/console/badges/{BADGE}/edit")
}

#[actix_web::test]
async fn a_form_that_nobody_touched_changes_nothing() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let page = world.get(&campaign, &edit()).await;
    let checked = send(
        &world,
        &campaign,
        &edit(),
        &fields(&page, &[("step", "check")]),
    )
    .await;
    assert!(
        checked.page().contains("Nothing changes."),
        "{}",
        checked.body
    );
}

#[actix_web::test]
async fn what_changes_is_shown_before_it_is_saved_and_is_saved_once() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let page = world.get(&campaign, &edit()).await;
    let changes = [
        ("name", "Platinum"),
        ("limit.0.scope", "CUSTOMER_BADGE"),
        ("limit.0.kind", "FIXED_VALUE"),
        ("limit.0.max", "3"),
        ("step", "check"),
    ];
    let checked = send(&world, &campaign, &edit(), &fields(&page, &changes)).await;
    assert!(
        checked.page().contains("<del>Gold</del>"),
        "{}",
        checked.body
    );
    assert!(checked.body.contains("<ins>Platinum</ins>"));
    assert!(checked.body.contains("Limits for each customer"));
    assert_eq!(name_of(&world), "Gold");
    let form = fields(&checked, &[("step", "save")]);
    for _ in 0..2 {
        let saved = send(&world, &campaign, &edit(), &form).await;
        let place = format!("/console/badges/{BADGE}?done=badge-saved");
        assert_eq!(saved.location(), place);
    }
    assert_eq!(name_of(&world), "Platinum");
}

#[actix_web::test]
async fn of_a_stale_edit_both_versions_are_shown_and_neither_is_lost() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let page = world.get(&campaign, &edit()).await;
    let changes = [("name", "Mine"), ("step", "check")];
    let mine = send(&world, &campaign, &edit(), &fields(&page, &changes)).await;
    let theirs = [("name", "Theirs"), ("step", "save"), ("key", "another key")];
    let saved = send(&world, &campaign, &edit(), &fields(&page, &theirs)).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let stale = send(
        &world,
        &campaign,
        &edit(),
        &fields(&mine, &[("step", "save")]),
    )
    .await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("<del>Theirs</del>"), "{}", stale.body);
    assert!(stale.body.contains("<ins>Mine</ins>"));
    assert_eq!(name_of(&world), "Theirs");
    let over = send(
        &world,
        &campaign,
        &edit(),
        &fields(&stale, &[("step", "save")]),
    )
    .await;
    assert_eq!(over.status, 303, "{}", over.body);
    assert_eq!(name_of(&world), "Mine");
}

#[actix_web::test]
async fn a_badge_is_duplicated_and_what_is_wrong_is_said_at_its_field_and_kept() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let new = "/console/badges/new";
    let page = world.get(&campaign, &format!("{new}?from={BADGE}")).await;
    assert_eq!(page.field("name"), "Gold (copy)");
    let changes = [
        ("expiresOn", "2020-01-01T00:00:00"),
        ("badgeRank", "first"),
        ("step", "check"),
    ];
    let refused = send(&world, &campaign, new, &fields(&page, &changes)).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("href=\"#f-badgeRank\""),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("value=\"first\""));
    let checked = send(&world, &campaign, new, &fields(&page, &[("step", "check")])).await;
    let created = send(
        &world,
        &campaign,
        new,
        &fields(&checked, &[("step", "save")]),
    )
    .await;
    let again = send(
        &world,
        &campaign,
        new,
        &fields(&checked, &[("step", "save")]),
    )
    .await;
    assert_eq!(created.location(), again.location());
    let list = world.get(&campaign, "/console/badges?name=copy").await;
    assert_eq!(list.page().matches("Gold (copy)").count(), 1);
}

#[actix_web::test]
async fn a_badge_is_turned_off_and_on_and_claimed() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let badge = format!("/console/badges/{BADGE}");
    for (way, done) in [("deactivate", "deactivated"), ("activate", "activated")] {
        let path = format!("{badge}/{way}");
        let key = world.get(&campaign, &path).await.field("key");
        let reply = world.post(&campaign, &path, &[("key", &key)]).await;
        assert_eq!(reply.location(), format!("{badge}?done={done}"));
    }
    let path = format!("{badge}/claim");
    let key = world.get(&campaign, &path).await.field("key");
    let fields = [
        ("key", &*key),
        ("ownerType", "Loyalty"),
        ("referenceId", "77"),
    ];
    let reply = world.post(&campaign, &path, &fields).await;
    assert_eq!(reply.location(), format!("{badge}?done=claimed"));
    let page = world.get(&campaign, &badge).await;
    assert!(page.page().contains(">77<"));
    let nothing = [
        ("key", &*key),
        ("ownerType", "Loyalty"),
        ("referenceId", " "),
    ];
    let reply = world.post(&campaign, &path, &nothing).await;
    assert_eq!(reply.status, 400);
}

#[actix_web::test]
async fn a_form_gets_more_rows_and_keeps_what_was_typed() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let page = world.get(&campaign, "/console/badges/new").await;
    assert_eq!(page.field("limits"), "2");
    let changes = [("name", "Half done"), ("step", "more-limits")];
    let more = send(
        &world,
        &campaign,
        "/console/badges/new",
        &fields(&page, &changes),
    )
    .await;
    assert_eq!(more.field("limits"), "4");
    assert_eq!(more.field("name"), "Half done");
}
