//! What every page looks like, light and dark, wide and narrow: axe-core finds nothing in it, the browser does
//! not complain, no request leaves the server, nothing is wider than the window, and it is small. A picture
//! of each is kept.
//!
//! Which pages there are, the console's router says. They are reached as people reach them: by links, from
//! where one begins and from what is listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use accolade_console::declarations;
use accolade_tests::{
    Axe, Backend, Browser, Client, Credentials, Provider, Receiver, Scheme, Scripts, Server, Width,
    badge, enrolling_job, with,
};
use serde_json::{Value, json};

use crate::desk::{sign_in, with_console};

/// The most bytes of a page with all that it needs.
const MOST_BYTES: u64 = 100_000;

/// What is asked for by GET and is no page: what leads to one, and files.
const NO_PAGES: [&str; 6] = [
    "/console",
    "/console/",
    "/console/assets/{file}",
    "/console/sign-in/oidc",
    "/console/sign-in/oidc/callback",
    "/console/jobs/{job}/results",
];

/// The demo's customer with the longest history, and two of her badges.
const ANNA: &str = "/console/customers/62090101";
const BREAKFAST_CLUB: &str = "66db1c348bdb494a4f065802";
const COFFEE_LOVER: &str = "66da90348bdb494a4f06576f";

/// The demo, with something of everything.
struct Demo {
    server: Server,
    receiver: Receiver,
    /// Where nothing leads that would be looked at otherwise, or where there is more to see.
    begin: Vec<(&'static str, String)>,
}

fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(Demo::start)
}

impl Demo {
    fn start() -> Self {
        let provider = Provider::start();
        let setup = with_console(Backend::Sqlite).set("demo.enabled", "true");
        let server = setup.with_provider(&provider).start();
        provider.lead_back_to(server.address());
        let api = server.client(&Credentials {
            key: "demo".to_owned(),
            secret: "demo-secret".to_owned(),
        });
        let receiver = Receiver::start();
        let webhook = api.post("webhooks", &json!({"url": receiver.url()})).ok();
        let webhook = webhook.data()["id"].as_str().unwrap().to_owned();
        let tried = api.post(&format!("webhooks/{webhook}/test"), &json!({}));
        tried.ok();

        let off = create(&api, &with(&badge(), &json!({"name": "Summer of 2024"})));
        let path = format!("badgeMeta/{off}/deactivate");
        api.put(&path).ok();
        let open = api.create_job(&enrolling_job(BREAKFAST_CLUB));
        let client = server
            .cli()
            .create_client_with(100_458, &["--groups", "badges:read"]);
        let rotate = ["client", "rotate", "--key", &client.key];
        server.cli().run(&rotate).ok();
        (server.cli()).create_operator(100_458, "grace", "Grace Hopper", "care,approver");
        let change = held_edit(&api);
        let begin = vec![
            (
                "customers-found-nobody",
                "/console/customers?q=nobody@example.org".to_owned(),
            ),
            ("customer-enrol", ANNA.to_owned()),
            ("customer-earn", format!("{ANNA}?tab=earn")),
            ("customer-earned", format!("{ANNA}?tab=earned")),
            ("customer-expired", format!("{ANNA}?tab=expired")),
            (
                "customer-without-anything",
                "/console/customers/5".to_owned(),
            ),
            ("timeline", format!("{ANNA}/timeline")),
            ("customer-badge", format!("{ANNA}/badges/{BREAKFAST_CLUB}")),
            (
                "customer-badge-refused",
                format!("{ANNA}/badges/{BREAKFAST_CLUB}/earn"),
            ),
            ("badge", format!("/console/badges/{COFFEE_LOVER}")),
            ("badge-off", format!("/console/badges/{off}")),
            ("badges-none-fits", "/console/badges?name=none".to_owned()),
            ("job-finished", "/console/jobs/demo-file".to_owned()),
            ("job-open", format!("/console/jobs/{open}")),
            ("approval-edit", format!("/console/approvals/{change}")),
            (
                "audit-of-badges",
                "/console/audit?entityType=BADGE".to_owned(),
            ),
        ];
        Self {
            server,
            receiver,
            begin,
        }
    }
}

fn create(api: &Client, body: &Value) -> String {
    let created = api.creating(body).send().ok();
    created.data()["id"].as_str().unwrap().to_owned()
}

/// The id of an edit of a badge that waits for approval.
fn held_edit(api: &Client) -> String {
    let rules = api.get("approvalRules").ok().data()["rules"].clone();
    let mut rules = rules.as_array().unwrap().clone();
    rules.push(json!({"operation": "UPDATE_BADGE"}));
    api.put_json("approvalRules", &json!({"rules": rules})).ok();
    let gold = with(
        &badge(),
        &json!({"name": "Gold", "description": "For who comes often."}),
    );
    let id = create(api, &gold);
    let edit = json!({
        "name": "Gold and Silver", "description": "For who comes often, or stays for long.",
        "expiresOn": "2080-06-01T00:00:00Z", "tags": [{"name": "season", "value": "winter"}],
        "customerConstraints": [
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 3},
        ],
    });
    let held = api.put_json(&format!("badgeMeta/{id}"), &with(&gold, &edit));
    assert_eq!(held.status, 202, "{held}");
    held.data()["changeId"].as_str().unwrap().to_owned()
}

/// Somebody who walks through the console and looks at each page.
struct Walk<'d> {
    demo: &'d Demo,
    browser: Browser,
    axe: Axe,
    /// The pages that nobody has looked at.
    missing: BTreeSet<&'static str>,
    /// Where one of them is, as a page that somebody has looked at says.
    known: BTreeMap<&'static str, String>,
    /// What is wrong, and where.
    found: Vec<String>,
}

impl Walk<'_> {
    /// Looks at the page that is shown, which is kept under `name`.
    fn look(&mut self, name: &str, status: u64) {
        let browser = &self.browser;
        let mut found = self.axe.violations(browser);
        found.extend(browser.complaints().into_iter().filter(|complaint| {
            // That a page was refused, Chromium says itself.
            status < 400 || !complaint.contains("Failed to load resource")
        }));
        let loaded = browser.run(
            "return performance.getEntries().filter(it => it.encodedBodySize !== undefined)\
             .map(it => [it.name, it.encodedBodySize, it.responseStatus])",
        );
        let loaded = loaded.as_array().unwrap();
        let strays = loaded.iter().filter(|it| {
            let url = it[0].as_str().unwrap();
            !url.starts_with(self.demo.server.address())
        });
        found.extend(strays.map(|it| format!("leaves the server: {it}")));
        let bytes: u64 = loaded.iter().map(|it| it[1].as_u64().unwrap()).sum();
        if bytes > MOST_BYTES {
            found.push(format!("has {bytes} bytes"));
        }
        if loaded[0][2] != status {
            found.push(format!("is answered {}", loaded[0][2]));
        }
        let picture = |scheme: Scheme| format!("{}/{name}", scheme.name());
        browser.picture(&picture(Scheme::Light), Width::Full);
        browser.picture(&format!("{}-narrow", picture(Scheme::Light)), Width::Half);
        let excess = browser.run(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        if excess != 0 {
            found.push(format!("is wider than a narrow window by {excess} px"));
        }
        // Nothing else is other in the dark than its colours.
        browser.prefer(Scheme::Dark);
        browser.picture(&picture(Scheme::Dark), Width::Full);
        found.extend(self.axe.faint(browser));
        browser.prefer(Scheme::Light);
        let place = browser.path();
        let placed = found
            .into_iter()
            .map(|it| format!("{name} ({place}): {it}"));
        self.found.extend(placed);
    }

    /// Opens a page and looks at it.
    fn visit(&mut self, name: &str, path: &str) {
        self.browser.go(path);
        self.look(name, 200);
        self.missing.retain(|page| !fits(page, path));
        for link in self.links() {
            let of = self.missing.iter().find(|page| fits(page, &link));
            if let Some(page) = of {
                self.known.insert(page, link);
            }
        }
    }

    /// Looks at every page that the router has, following links from where the demo begins.
    fn everywhere(&mut self) {
        for (name, path) in &self.demo.begin {
            self.visit(name, path);
        }
        self.browser.go("/console/access");
        let further = [("operator", "Grace Hopper"), ("client", "test")];
        let further = further.map(|(name, whose)| (name, self.browser.link(whose)));
        for (name, path) in &further {
            self.visit(name, path);
        }
        while let Some((page, link)) = self.known.pop_first() {
            if self.missing.contains(page) {
                let name = page.trim_start_matches("/console/").replace('/', "-");
                self.visit(&name.replace(['{', '}'], ""), &link);
            }
        }
    }

    fn links(&self) -> Vec<String> {
        let links = self
            .browser
            .run("return [...document.querySelectorAll('a')].map(it => it.getAttribute('href'))");
        let links = links.as_array().unwrap().iter();
        links.map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    /// Looks at pages that forms lead to.
    fn answers(&mut self) {
        self.browser.go("/console/nowhere");
        self.look("not-found", 404);

        self.browser
            .go(&format!("/console/badges/{COFFEE_LOVER}/edit"));
        self.browser.write("Name", "Coffee & Cake Lover");
        self.browser.write("At most", "2");
        self.browser.press("Show what changes");
        self.look("badge-check", 200);
        self.browser.press("Edit on");
        self.browser.write("At most", "none");
        self.browser.press("Show what changes");
        self.look("badge-refused", 400);

        self.browser.go(&format!("{ANNA}/badges/{BREAKFAST_CLUB}"));
        self.browser.press("Revoke");
        self.browser.press("Revoke");
        self.look("revocation-refused", 400);

        self.browser.go("/console/access/clients/new");
        self.browser.write("Name", "Nightly export");
        self.browser.press("Create");
        self.look("client-secret", 200);

        self.browser.go("/console/webhooks/new");
        self.browser.write("Address", self.demo.receiver.url());
        self.browser.press("Save");
        self.look("webhook-secret", 200);
        self.browser.press("To the webhook");
        self.browser.press("Send a test");
        self.look("webhook-tested", 200);
        self.browser.press("New secret");
        self.browser.press("New secret");
        self.look("webhook-rotated", 200);

        self.browser.go("/console/approvals/rules");
        self.browser.write("Waits, in hours", "soon");
        self.browser.press("Save");
        self.look("rules-refused", 400);

        self.browser.press("Sign out");
        self.look("signed-out", 200);
        self.browser.write("Login", "demo");
        self.browser.write("Password", "a wrong password");
        self.browser.press("Sign in");
        self.look("sign-in-refused", 401);
    }
}

/// The paths that pages are declared with.
fn pages() -> BTreeSet<&'static str> {
    let declared = declarations().into_iter();
    let pages = declared.filter(|it| it.method == "GET" && !NO_PAGES.contains(&it.path));
    pages.map(|it| it.path).collect()
}

/// Whether `path` is one of the page that is declared as `page`: a word comes before what stands for any.
fn fits(page: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap();
    let alike = |page: &str| {
        let (wanted, parts) = (page.split('/'), path.split('/'));
        wanted.clone().count() == parts.clone().count()
            && wanted
                .zip(parts)
                .all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    alike(page) && (page == path || !pages().contains(path))
}

/// Holds that what `walk` looks at can be used by everybody.
fn walk(walk: impl FnOnce(&mut Walk<'_>)) {
    let Some(axe) = Axe::installed() else {
        return;
    };
    let demo = demo();
    let Some(browser) = Browser::open(demo.server.address(), Scripts::On) else {
        return;
    };
    browser.prefer(Scheme::Light);
    browser.widen(Width::Full);
    let mut walker = Walk {
        demo,
        browser,
        axe,
        missing: pages(),
        known: BTreeMap::new(),
        found: Vec::new(),
    };
    walk(&mut walker);
    assert!(walker.found.is_empty(), "{}", walker.found.join("\n"));
}

#[test]
fn every_page_can_be_used_by_everybody_light_and_dark_wide_and_narrow() {
    walk(|walk| {
        walk.visit("sign-in", "/console/sign-in");
        walk.browser.press("Sign in with your company account");
        walk.look("not-linked", 403);
        sign_in(&walk.browser, "demo", "demo-password");
        walk.look("search", 200);
        walk.everywhere();
        assert!(
            walk.missing.is_empty(),
            "nothing leads to {:?}",
            walk.missing
        );
    });
}

#[test]
fn every_answer_to_a_form_can_be_used_by_everybody_light_and_dark_wide_and_narrow() {
    walk(|walk| {
        sign_in(&walk.browser, "demo", "demo-password");
        walk.answers();
    });
}
