//! The edge: paths, methods, types, and the id of a request.

use accolade_tests::{PREFIX, Server, assert_answer, enrolment, on_both_databases};

fn an_unknown_path_is_not_found_in_the_envelope(server: &Server) {
    let org = server.org();
    for path in [
        "nothing",
        "badgeMeta/a/b/c",
        "badgeMetas",
        "",
        "requests",
        "badgeMeta/customer",
        "%ff",
        "badgeMeta/..%2f..",
        "badgeMeta/%00",
    ] {
        let reply = org.get(path);
        assert_eq!(reply.status, 404, "{path}: {reply}");
        assert!([1940, 404].contains(&reply.codes()[0]), "{path}: {reply}");
    }
    assert_eq!(org.get("nothing").codes(), [1940]);
}

fn a_path_outside_the_prefix_is_not_found(server: &Server) {
    for path in [
        "/",
        "/nothing",
        "/api_gateway",
        "/api_gateway/v1",
        "/api_gateway/v1/badgesX",
    ] {
        assert_eq!(server.stranger().get(path).status, 404, "{path}");
    }
}

fn a_wrong_method_is_refused_with_those_that_are_allowed(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    for (method, path) in [
        ("DELETE", "badgeMeta/customer/issueBulk".to_owned()),
        ("GET", "badgeMeta/customer/issueBulk".to_owned()),
        ("DELETE", "badgeMeta".to_owned()),
        ("PATCH", format!("badgeMeta/{badge}")),
        ("GET", format!("badgeMeta/{badge}/claim")),
        ("POST", format!("badgeMeta/{badge}/activate")),
        ("POST", "requests/x".to_owned()),
        ("BREW", "badgeMeta".to_owned()),
    ] {
        let reply = org.request(method, &path).send();
        assert_eq!(
            (reply.status, reply.codes()),
            (405, vec![1941]),
            "{method} {path}: {reply}"
        );
        assert!(
            reply.header("allow").is_some_and(|allow| !allow.is_empty()),
            "{method} {path}"
        );
    }
}

fn a_body_must_say_that_it_is_json(server: &Server) {
    let org = server.org();
    let body = enrolment(&org.badge());
    let typed = |content_type: &str| {
        org.request("POST", "badgeMeta/customer/issueBulk")
            .bytes(body.to_string().into_bytes())
            .header("Content-Type", content_type)
            .send()
    };
    for wrong in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let reply = typed(wrong);
        assert_eq!(
            (reply.status, reply.codes()),
            (415, vec![1943]),
            "{wrong}: {reply}"
        );
    }
    typed("application/json; charset=utf-8").ok();
    typed("Application/JSON").ok();
}

fn an_empty_body_is_no_json(server: &Server) {
    let org = server.org();
    org.request("POST", "badgeMeta/customer/issueBulk")
        .text("")
        .send()
        .refused(999_999, None);
    for text in ["null", "[]", "1", "\"x\"", "true"] {
        let reply = org
            .request("POST", "badgeMeta/customer/issueBulk")
            .text(text)
            .send();
        assert_eq!(reply.status, 400, "{text}: {reply}");
    }
}

fn a_sane_request_id_header_is_echoed_and_another_replaced(server: &Server) {
    let org = server.org();
    let sent = |value: &str| {
        let reply = org
            .request("GET", "badgeMeta")
            .header("X-Request-Id", value)
            .send();
        reply.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(sent("my-request.1_A"), "my-request.1_A");
    for insane in ["with space", "<script>", &"x".repeat(1000), ""] {
        let ours = sent(insane);
        assert_ne!(ours, insane);
        assert!(!ours.is_empty() && ours.len() <= 64, "{ours}");
    }
    let ours = || {
        org.get("badgeMeta")
            .header("x-request-id")
            .unwrap()
            .to_owned()
    };
    assert_ne!(ours(), ours());
    // Everywhere, also without credentials and outside the prefix.
    for path in ["/nothing", "/health/live", "badgeMeta"] {
        assert!(
            server.stranger().get(path).header("x-request-id").is_some(),
            "{path}"
        );
    }
}

fn edge_refusals_answer_byte_for_byte(server: &Server) {
    let org = server.org();
    assert_answer!("unknown_path", org.get("nothing"));
    assert_answer!("wrong_method", org.request("DELETE", "badgeMeta").send());
    let xml = org
        .request("POST", "badgeMeta")
        .bytes(b"<a/>".to_vec())
        .header("Content-Type", "text/xml");
    assert_answer!("wrong_content_type", xml.send());
    assert_answer!(
        "no_json",
        org.request("POST", "badgeMeta")
            .text("{\"a\":\n nope}")
            .send()
    );
}

fn a_get_answers_head_without_a_body(server: &Server) {
    let org = server.org();
    let reply = org.request("HEAD", "badgeMeta").send();
    assert!(reply.body.is_empty());
    assert!([200, 405].contains(&reply.status), "{}", reply.status);
}

fn the_prefix_is_what_it_is(server: &Server) {
    assert_eq!(PREFIX, "/api_gateway/v1/badges");
    let org = server.org();
    assert_eq!(org.get("/API_GATEWAY/v1/badges/badgeMeta").status, 404);
}

on_both_databases! {
    an_unknown_path_is_not_found_in_the_envelope
    a_path_outside_the_prefix_is_not_found
    a_wrong_method_is_refused_with_those_that_are_allowed
    a_body_must_say_that_it_is_json
    an_empty_body_is_no_json
    a_sane_request_id_header_is_echoed_and_another_replaced
    edge_refusals_answer_byte_for_byte
    a_get_answers_head_without_a_body
    the_prefix_is_what_it_is
}
