//! Operators: created, listed, given another password and disabled on the command line, and known as actors.

use accolade_tests::{Backend, Server, Setup, on_both_databases};
use serde_json::json;

const PASSWORD: &str = "correct horse battery\n";

fn create<'a>(server: &Server, org: &'a str, login: &'a str, roles: &'a str) -> String {
    let cli = server.cli();
    let outcome = cli.run_reading(PASSWORD, &created(org, login, roles));
    outcome.ok()
}

fn created<'a>(org: &'a str, login: &'a str, roles: &'a str) -> [&'a str; 10] {
    [
        "operator", "create", "--org", org, "--login", login, "--name", "Ada", "--roles", roles,
    ]
}

/// The line of the list that begins with this number.
fn listed(server: &Server, number: &str) -> String {
    let list = server.cli().run(&["operator", "list"]).ok();
    let line = list.lines().find(|line| line.starts_with(number));
    line.unwrap_or_else(|| panic!("{list}")).to_owned()
}

fn an_operator_is_created_listed_given_another_password_and_disabled(server: &Server) {
    let org = server.org();
    let id = org.id().to_string();
    let login = format!("Ada-{id}");
    let said = create(server, &id, &login, "care,admin");
    let number = said.split_whitespace().nth(3).unwrap().to_owned();
    assert!(said.trim_end().ends_with("as care,admin"), "{said}");
    let line = listed(server, &number);
    let folded = login.to_lowercase();
    assert!(line.contains(&folded) && line.contains("active"), "{line}");

    let actor = org.get(&format!("actors/{number}")).ok().data();
    let expected =
        json!({"number": number.parse::<i64>().unwrap(), "kind": "OPERATOR", "name": "Ada"});
    assert_eq!(actor, expected);

    let cli = server.cli();
    let named = ["operator", "password", "--login", &login];
    let said = cli.run_reading("another horse battery", &named).ok();
    assert!(said.starts_with(&folded), "{said}");
    cli.run(&["operator", "disable", "--login", &login]).ok();
    assert!(listed(server, &number).contains("disabled"));
    let again = cli.run(&["operator", "disable", "--login", &login]);
    assert!(again.refused().contains("operator list"));
    let password = cli.run_reading("another horse battery", &named);
    assert!(password.refused().contains("no active operator"));

    let admin = server.client_with(&org, "admin");
    let path = format!("audit?entityType=OPERATOR&entityId={number}");
    let trail = admin.get(&path).ok();
    let entries = trail.data()["entries"].as_array().unwrap().clone();
    let actions: Vec<_> = entries.iter().map(|it| it["action"].clone()).collect();
    assert_eq!(actions, ["REVOKE", "ROTATE", "CREATE"]);
    assert_eq!(
        entries[2]["changes"][0],
        json!({"field": "login", "before": null, "after": folded})
    );
    assert!(!trail.text().contains("horse"), "{trail}");
}

fn an_operator_needs_an_org_a_login_of_her_own_and_a_password(server: &Server) {
    let id = server.org().id().to_string();
    let login = format!("eve-{id}");
    create(server, &id, &login, "viewer");
    let refused = |input: &str, org: &str, login: &str| {
        let arguments = created(org, login, "viewer");
        server.cli().run_reading(input, &arguments).refused()
    };
    let line = refused(PASSWORD, &id, &login.to_uppercase());
    assert!(line.contains("whatever its case"), "{line}");
    let line = refused(PASSWORD, "9223372036854775807", "somebody");
    assert!(line.contains("org list"), "{line}");
    let line = refused("too short\n", &id, "somebody");
    assert!(
        line.contains("12 to 1024") && !line.contains("short"),
        "{line}"
    );
}

fn without_the_demo_a_server_refuses_to_start_while_its_operator_is_active(backend: Backend) {
    let server = Setup::new(backend).set("demo.enabled", "true").start();
    let setup = server.kill().set("demo.enabled", "false");
    let cli = setup.cli();
    cli.run(&["client", "revoke", "--key", "demo"]).ok();
    let line = setup.stops().refused();
    assert!(line.contains("operator disable --login demo"), "{line}");
    cli.run(&["operator", "disable", "--login", "demo"]).ok();
    setup.start();
}

on_both_databases! {
    an_operator_is_created_listed_given_another_password_and_disabled
    an_operator_needs_an_org_a_login_of_her_own_and_a_password
    without_the_demo_a_server_refuses_to_start_while_its_operator_is_active
}
