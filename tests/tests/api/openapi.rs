//! Every operation of the OpenAPI document is guarded.

use std::collections::{BTreeMap, BTreeSet};

use accolade_tests::{
    Client, LOYALTY, Org, PREFIX, Reply, Server, badge, earning, earning_all, enrolment, imported,
    on_both_databases, with,
};
use serde_json::{Value, json};
use url::Url;

/// What another org's client gets when it asks for what is not its own.
enum Foreign {
    /// 404.
    NotFound,
    /// A success that shows nothing of it.
    OwnView,
    /// 404 with 1962.
    NothingLikeThat,
    /// A success whose every element is a 1054.
    NoElement,
}

use Foreign::{NoElement, NotFound, NothingLikeThat, OwnView};

/// One operation as it is called here.
struct Operation {
    method: &'static str,
    /// Below the prefix, with `{}` for every parameter.
    path: &'static str,
    /// What stands for the parameters, and the query.
    parameters: Vec<String>,
    query: String,
    body: Option<Value>,
    foreign: Foreign,
}

impl Operation {
    /// What the document calls it.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What an org has for its operations to work on.
struct World {
    org: Org,
    badge: String,
    /// The number of who created the badge.
    creator: String,
    definition: Value,
    earned: String,
    catalogue_group: String,
    field: String,
    webhook: String,
    job: String,
    /// Some that wait.
    changes: [String; 3],
}

const GROUPS: [&str; 3] = ["badges:read", "badges:write", "badges:issue"];

/// What needs the access group that permits everything.
const ADMINISTRATIVE: [&str; 8] = [
    "get approvalRules",
    "get audit",
    "get exports/customers",
    "post customers/merge",
    "delete customers/{}",
    "post changes/{}/approve",
    "post changes/{}/reject",
    "put approvalRules",
];

impl World {
    /// Customer 9 is enrolled for a badge and has earned it.
    fn of(server: &Server) -> Self {
        let org = server.org();
        let definition = badge();
        let badge = org.claimed(&definition);
        let answer = org.get(&format!("badgeMeta/{badge}")).ok();
        let creator = answer.data()["createdBy"].to_string();
        let body = json!({"requestId": "walked", "customers": [9]});
        org.enrol(&with(&enrolment(&badge), &body)).ok();
        let earned = org.earned(&badge, 9);
        let created = |path: &str, body: Value| {
            let reply = org.post(path, &body).ok();
            reply.data()["id"].as_str().unwrap().to_owned()
        };
        let catalogue_group = created("group", json!({"name": "Walked", "rank": 1}));
        let field = created(
            "customField",
            json!({"name": "Walked", "dataType": "STRING"}),
        );
        // Literal, so that no name server is asked.
        let webhook = created(
            "webhooks",
            json!({"url": "https://1.1.1.1/hook", "signature": "ED25519"}),
        );
        let job = org.create_job(&json!({"operation": "CUSTOMERS", "format": "NDJSON"}));
        let changes = ["a", "b", "c"].map(|id| {
            let body = with(&enrolment(&badge), &json!({"requestId": id}));
            let task = json!({
                "path": "/api_gateway/v1/badges/badgeMeta/customer/issueBulk",
                "body": body,
            });
            let body = json!({"payload": {"IntouchAPITask-Payload": task}});
            let reply = org.post("/api_gateway/v2/request-workflow/ISSUE-BADGE", &body);
            reply.ok().data()["requestId"].as_str().unwrap().to_owned()
        });
        Self {
            org,
            badge,
            creator,
            definition,
            earned,
            catalogue_group,
            field,
            webhook,
            job,
            changes,
        }
    }

    /// Every operation, in an order in which they all succeed one after the other.
    fn operations(&self) -> Vec<Operation> {
        let mut walk = Walk(Vec::new());
        self.definitions(&mut walk);
        self.earning(&mut walk);
        self.views(&mut walk);
        self.catalogue(&mut walk);
        self.webhooks(&mut walk);
        self.jobs(&mut walk);
        self.approvals(&mut walk);
        walk.0
    }

    fn definitions(&self, walk: &mut Walk) {
        let badge_id = self.badge.as_str();
        let (owner, reference) = LOYALTY;
        let owner = || Some(json!({"ownerType": owner, "referenceId": reference}));
        let future = json!({
            "startOn": "2080-01-01T00:00:00Z", "expiresOn": "2090-01-01T00:00:00Z",
            "issuedBadgeExpiry": {"expiryType": "NEVER"},
        });
        let id = &[badge_id];
        let put = || Some(with(&self.definition, &json!({"id": badge_id})));
        let new = Some(with(&badge(), &future));
        walk.add("post", "badgeMeta", &[], new, OwnView);
        walk.add("put", "badgeMeta", &[], put(), NotFound);
        walk.add("put", "badgeMeta/{}", id, put(), NotFound);
        walk.add("get", "badgeMeta", &[], None, OwnView);
        walk.add("get", "badgeMeta/{}", id, None, NotFound);
        let path = "badgeMeta/{}/unclaim";
        walk.add("post", path, id, owner(), NotFound);
        let path = "badgeMeta/{}/claim";
        walk.add("post", path, id, owner(), NotFound);
        let path = "badgeMeta/{}/deactivate";
        walk.add("put", path, id, None, NotFound);
        let path = "badgeMeta/{}/activate";
        walk.add("put", path, id, None, NotFound);
    }

    fn earning(&self, walk: &mut Walk) {
        let badge_id = self.badge.as_str();
        let mut post = |path, body| walk.add("post", path, &[], Some(body), NotFound);
        post("badgeMeta/customer/issueBulk", enrolment(badge_id));
        post("customer/earn", earning(badge_id, 9));
        post("customer/earnBulk", earning_all(badge_id, &[9]));
        post(
            "customer/revokeEarn",
            json!({"badgeMetaId": badge_id, "customerId": 9, "earnedBadgeId": self.earned}),
        );
        post(
            "badgeMeta/customer/revokeIssue",
            json!({"badgeMetaId": badge_id, "customers": [9]}),
        );
        for method in ["post", "put"] {
            let elements = Some(json!([imported(badge_id, 9)]));
            let path = "import/customerBadges";
            walk.add(method, path, &[], elements, NoElement);
        }
    }

    fn views(&self, walk: &mut Walk) {
        let badge_id = self.badge.as_str();
        walk.add("get", "requests/{}", &["walked"], None, NotFound);
        walk.add("get", "events", &[], None, OwnView);
        walk.add("get", "actors/{}", &[self.creator.as_str()], None, NotFound);
        walk.add("get", "audit", &[], None, OwnView);
        for path in [
            "exports/enrolments",
            "exports/earnedBadges",
            "exports/badges",
            "exports/groups",
            "exports/customFields",
            "exports/customers",
        ] {
            walk.add("get", path, &[], None, OwnView);
        }
        walk.add("get", "customers/lookup", &[], None, OwnView);
        if let Some(last) = walk.0.last_mut() {
            "?q=walked".clone_into(&mut last.query);
        }
        walk.add("get", "customer/{}", &["9"], None, OwnView);
        walk.add("get", "management/{}", &["9"], None, OwnView);
        let path = "management/{}/badge/{}";
        walk.add("get", path, &["9", badge_id], None, NotFound);
        let path = "badgeMeta/getFixedWindowDetails";
        walk.add("get", path, &[], None, NotFound);
        if let Some(last) = walk.0.last_mut() {
            last.query = format!("?badgeMetaId={badge_id}");
        }
    }

    fn webhooks(&self, walk: &mut Walk) {
        let id = &[self.webhook.as_str()];
        let new = Some(json!({"url": "https://1.1.1.1/another"}));
        walk.add("post", "webhooks", &[], new, OwnView);
        walk.add("get", "webhooks", &[], None, OwnView);
        let mut walk = |method, path, body| walk.add(method, path, id, body, NothingLikeThat);
        walk("get", "webhooks/{}", None);
        walk("put", "webhooks/{}", Some(json!({"batch": 2})));
        walk("post", "webhooks/{}/pause", None);
        walk("post", "webhooks/{}/enable", None);
        walk("post", "webhooks/{}/rotate", None);
        walk("get", "webhooks/{}/key", None);
        walk("get", "webhooks/{}/attempts", None);
        let resend = Some(json!({"positions": [1]}));
        walk("post", "webhooks/{}/resend", resend);
        walk("post", "webhooks/{}/test", None);
        walk("delete", "webhooks/{}", None);
    }

    fn jobs(&self, walk: &mut Walk) {
        let job = self.job.as_str();
        let new = Some(json!({"operation": "ENROL", "format": "CSV"}));
        walk.add("post", "jobs", &[], new, OwnView);
        walk.add("get", "jobs", &[], None, OwnView);
        let row = Some(json!({"customerId": 9, "email": "row@example.org"}));
        let path = "jobs/{}/parts/{}";
        walk.add("put", path, &[job, "1"], row, NothingLikeThat);
        let mut walk_on = |method, path| walk.add(method, path, &[job], None, NothingLikeThat);
        walk_on("post", "jobs/{}/start");
        walk_on("get", "jobs/{}/results");
        walk_on("post", "jobs/{}/cancel");
        walk_on("get", "jobs/{}");
        if let Some(last) = walk.0.last_mut() {
            // It can be deleted once it has ended.
            last.query += "?wait=25";
        }
        walk.add("delete", "jobs/{}", &[job], None, NothingLikeThat);
    }

    fn approvals(&self, walk: &mut Walk) {
        let rules = Some(json!({"rules": []}));
        walk.add("put", "approvalRules", &[], rules, OwnView);
        walk.add("get", "approvalRules", &[], None, OwnView);
        walk.add("get", "changes", &[], None, OwnView);
        let [first, second, third] = self.changes.each_ref().map(String::as_str);
        let vote = || Some(json!({"comment": "walked"}));
        let mut walk = |method, path, change, body| {
            walk.add(method, path, &[change], body, NothingLikeThat);
        };
        walk("get", "changes/{}", first, None);
        walk("post", "changes/{}/approve", first, vote());
        walk("post", "changes/{}/reject", second, vote());
        walk("post", "changes/{}/withdraw", third, vote());
    }

    fn catalogue(&self, walk: &mut Walk) {
        let group = &[self.catalogue_group.as_str()];
        let field = &[self.field.as_str()];
        let change = || Some(json!({"name": "Changed"}));
        let new = Some(json!({"name": "Another", "rank": 1}));
        walk.add("post", "group", &[], new, OwnView);
        walk.add("get", "group", &[], None, OwnView);
        walk.add("get", "group/{}", group, None, NotFound);
        walk.add("put", "group/{}", group, change(), NotFound);
        walk.add("delete", "group/{}", group, None, NotFound);
        let new = Some(json!({"name": "Another", "dataType": "STRING"}));
        walk.add("post", "customField", &[], new, OwnView);
        walk.add("get", "customField", &[], None, OwnView);
        walk.add("get", "customField/{}", field, None, NotFound);
        walk.add("put", "customField/{}", field, change(), NotFound);
        let entry = Some(json!({"email": "walked@example.org"}));
        walk.add("put", "customers/{}", &["9"], entry, OwnView);
        let entries = Some(json!({"customers": [{"customerId": 9, "mobile": "1"}]}));
        walk.add("post", "customers/bulk", &[], entries, OwnView);
        let both = Some(json!({"fromCustomerId": 8, "toCustomerId": 9}));
        walk.add("post", "customers/merge", &[], both, OwnView);
        walk.add("delete", "customers/{}", &["7"], None, OwnView);
    }
}

/// Operations as they are put together.
struct Walk(Vec<Operation>);

impl Walk {
    fn add(
        &mut self,
        method: &'static str,
        path: &'static str,
        parameters: &[&str],
        body: Option<Value>,
        foreign: Foreign,
    ) {
        self.0.push(Operation {
            method,
            path,
            parameters: parameters.iter().map(|&it| it.to_owned()).collect(),
            query: String::new(),
            body,
            foreign,
        });
    }
}

/// The document's operations below the prefix, parameters without their names, and the access
/// groups any one of which each needs.
fn documented(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let document = server.stranger().get("/openapi.json").ok().json();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix(&format!("{PREFIX}/")) else {
            continue;
        };
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for (method, operation) in item.as_object().unwrap() {
            let ways = operation["security"].as_array().unwrap().iter();
            let groups = ways.filter_map(|way| way["basic"][0].as_str());
            let groups = groups.map(str::to_owned).collect();
            found.insert(format!("{method} {path}"), groups);
        }
    }
    assert!(!found.is_empty());
    found
}

fn call(client: &Client, operation: &Operation) -> Reply {
    let mut path = operation.path.to_owned();
    for parameter in &operation.parameters {
        path = path.replacen("{}", parameter, 1);
    }
    path += &operation.query;
    let request = client.request(&operation.method.to_uppercase(), &path);
    match &operation.body {
        Some(body) => request.json(body).send(),
        None => request.send(),
    }
}

/// The one of an org's two clients that may call `operation`.
fn able<'a>(operation: &Operation, plain: &'a Client, admin: &'a Client) -> &'a Client {
    if ADMINISTRATIVE.contains(&operation.name().as_str()) {
        admin
    } else {
        plain
    }
}

/// Calls a documented operation with nothing that it would need: enough for what is refused before
/// anything of a request is read.
fn knock(client: &Client, operation: &str) -> Reply {
    let (method, path) = operation.split_once(' ').unwrap();
    let path = path.replace("{}", "1");
    client.request(&method.to_uppercase(), &path).send()
}

fn the_operations_that_are_walked_are_all_there_are(server: &Server) {
    let walked: BTreeSet<String> = World::of(server)
        .operations()
        .iter()
        .map(Operation::name)
        .collect();
    let documented: BTreeSet<String> = documented(server).into_keys().collect();
    let uncovered: Vec<_> = documented.difference(&walked).collect();
    assert!(
        uncovered.is_empty(),
        "documented and not walked: {uncovered:?}"
    );
    let undocumented: Vec<_> = walked.difference(&documented).collect();
    assert!(
        undocumented.is_empty(),
        "walked and not documented: {undocumented:?}"
    );
}

fn every_operation_refuses_who_has_no_credentials_or_wrong_ones(server: &Server) {
    let org = server.org();
    // Of several clients, since the wrong secrets of each are counted.
    let wrong = [(); 6].map(|()| server.client_with(&org, "admin"));
    for (index, operation) in documented(server).keys().enumerate() {
        let wrong = wrong[index % wrong.len()].credentials().unwrap().wrong();
        for client in [&server.stranger(), &server.client(&wrong)] {
            let reply = knock(client, operation);
            assert_eq!((reply.status, reply.codes()), (401, vec![1930]), "{reply}");
            assert!(reply.header("www-authenticate").is_some(), "{reply}");
        }
    }
}

fn every_operation_refuses_who_lacks_its_access_group(server: &Server) {
    let org = server.org();
    let documented = documented(server);
    for group in GROUPS {
        let client = server.client_with(&org, group);
        for (operation, enough) in &documented {
            let reply = knock(&client, operation);
            // An export that is not refused is no JSON as a whole.
            let refused = reply.status == 403 && reply.codes() == [1931];
            assert_eq!(refused, !enough.contains(group), "by {group}: {reply}");
        }
    }
}

fn every_operation_hides_what_belongs_to_another_org(server: &Server) {
    let world = World::of(server);
    let other = server.org();
    let path = format!("badgeMeta/{}", world.badge);
    let before = world.org.get(&path).ok();
    let admin = server.client_with(&other, "admin");
    for operation in world.operations() {
        let reply = call(able(&operation, &other, &admin), &operation);
        match operation.foreign {
            NotFound => {
                assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
            }
            NothingLikeThat => {
                assert_eq!((reply.status, reply.codes()), (404, vec![1962]), "{reply}");
            }
            OwnView => {
                let text = reply.ok().text().to_owned();
                let World {
                    badge,
                    field,
                    webhook,
                    job,
                    changes,
                    ..
                } = &world;
                let one = &changes[0];
                for id in [badge, &world.catalogue_group, field, webhook, job, one] {
                    assert!(!text.contains(id), "{text}");
                }
            }
            NoElement => {
                assert_eq!(reply.imports(), [[(1054, "badgeMetaId".to_owned())]]);
            }
        }
    }
    assert_eq!(world.org.get(&path).ok().text(), before.text());
}

fn every_operation_lets_the_right_client_through(server: &Server) {
    let world = World::of(server);
    let admin = server.client_with(&world.org, "admin");
    for operation in world.operations() {
        call(able(&operation, &world.org, &admin), &operation).ok();
    }
}

fn the_document_names_every_code_and_can_be_browsed(server: &Server) {
    let reply = server.stranger().get("/openapi.json").ok();
    assert!(reply.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    for code in accolade_domain::rejection::Code::ALL {
        assert!(
            reply.text().contains(&code.number().to_string()),
            "{code} is not documented"
        );
    }
    let page = server.stranger().get("/docs");
    let page = match page.header("location") {
        Some(location) => {
            let here = Url::parse(server.address()).unwrap().join("/docs").unwrap();
            server.stranger().get(here.join(location).unwrap().path())
        }
        None => page,
    };
    let text = page.ok().text().to_lowercase();
    assert!(text.contains("<html"));
    assert!(
        !text.contains("src=\"http") && !text.contains("href=\"http"),
        "{text}"
    );
}

on_both_databases! {
    the_operations_that_are_walked_are_all_there_are
    every_operation_refuses_who_has_no_credentials_or_wrong_ones
    every_operation_refuses_who_lacks_its_access_group
    every_operation_hides_what_belongs_to_another_org
    every_operation_lets_the_right_client_through
    the_document_names_every_code_and_can_be_browsed
}
