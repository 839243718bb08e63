//! A desk: somebody who is signed in to the console, for an org of her own.

use std::sync::OnceLock;

use accolade_tests::{Backend, Browser, Org, PASSWORD, Scripts, Server, Setup};

/// Somebody who has every role, with her browser.
pub(crate) struct Desk {
    pub(crate) org: Org,
    pub(crate) login: String,
    pub(crate) browser: Browser,
}

/// Makes two tests of each function of a `&Desk` that is named: with scripts on SQLite, and without on
/// PostgreSQL. What a browser runs is nothing to a database: the other two would tell what these do.
macro_rules! in_every_browser {
    ($($name:ident)*) => {
        $(mod $name {
            use accolade_tests::{Backend, Scripts};

            #[test]
            fn on_sqlite() {
                crate::desk::at_a_desk(Backend::Sqlite, Scripts::On, super::$name);
            }
            #[test]
            fn on_postgres_without_scripts() {
                crate::desk::at_a_desk(Backend::Postgres, Scripts::Off, super::$name);
            }
        })*
    };
}

/// Has `flow` happen at a desk, where there is a browser.
pub(crate) fn at_a_desk(backend: Backend, scripts: Scripts, flow: fn(&Desk)) {
    let server = shared(backend);
    let Some(browser) = Browser::open(server.address(), scripts) else {
        return;
    };
    let org = server.org();
    let login = operator(server, &org);
    enter(server, &browser, &login);
    flow(&Desk {
        org,
        login,
        browser,
    });
}

/// Creates an operator who has every role, and gives her login.
pub(crate) fn operator(server: &Server, org: &Org) -> String {
    let login = format!("ada-{}", org.id());
    let roles = "viewer,care,campaign,approver,admin";
    (server.cli()).create_operator(org.id(), &login, "Ada", roles);
    login
}

/// Has her signed in, without the form of which `sign_in.rs` tells.
fn enter(server: &Server, browser: &Browser, login: &str) {
    let form = format!("login={login}&password={}", PASSWORD.replace(' ', "+"));
    let stranger = server.stranger();
    let request = stranger.request("POST", "/console/sign-in");
    let request = request.header("Origin", server.address());
    let signed_in = request.bytes(form.into_bytes()).send();
    assert_eq!(signed_in.status, 303, "{signed_in}");
    browser.keep(signed_in.header("set-cookie").unwrap());
    browser.go("/console");
    assert_eq!(browser.path(), "/console/customers");
}

/// Signs in, from wherever that is.
pub(crate) fn sign_in(browser: &Browser, login: &str, password: &str) {
    browser.go("/console");
    browser.write("Login", login);
    browser.write("Password", password);
    browser.press("Sign in");
    assert_eq!(browser.path(), "/console/customers");
}

/// A server to start whose console is on.
pub(crate) fn with_console(backend: Backend) -> Setup {
    let setup = Setup::new(backend).set("console.enabled", "true");
    setup.with_receivers_on_this_machine()
}

fn shared(backend: Backend) -> &'static Server {
    static SQLITE: OnceLock<Server> = OnceLock::new();
    static POSTGRES: OnceLock<Server> = OnceLock::new();
    match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    }
    .get_or_init(|| with_console(backend).start())
}
