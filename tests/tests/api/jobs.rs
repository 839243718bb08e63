//! Jobs as their callers see them: who may do what, files in parts and in one go, waiting for the end,
//! and what became of each row.

use std::io::Write as _;
use std::time::{Duration, Instant};

use accolade_tests::{
    Client, Reply, Server, customers_file, enrolling_job, enrolling_query, on_both_databases, with,
};
use serde_json::{Value, json};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Sends a small file with a job that is started at once.
fn post_file(client: &Client, path: &str, file: &str) -> Reply {
    client
        .request("POST", path)
        .bytes(file.as_bytes().to_vec())
        .header("Content-Type", "text/plain; charset=utf-8")
        .send()
}

fn a_small_file_comes_in_one_go_and_its_results_have_all_columns(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let file = "Name,CustomerID\r\n\"Doe, Jane\",1\r\nJohn,2\r\nJane again,1\r\nNobody,x\r\n";
    let path = enrolling_query(&badge, "&start=true&jobId=small");
    let created = post_file(&org, &path, file).ok();
    assert_eq!(created.data()["state"], "QUEUED", "{created}");
    let job = org.finished_job("small");
    let rows = json!({"total": 4, "processed": 4, "succeeded": 2, "refused": 1, "invalid": 1});
    assert_eq!((&job["state"], &job["rows"]), (&json!("COMPLETED"), &rows));

    let reply = org.get("jobs/small/results").ok();
    let kind = reply.header("content-type");
    assert_eq!(kind, Some("text/csv; charset=utf-8"));
    let text = reply.text().to_owned();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("line,status,id,code,message,Name,CustomerID")
    );
    let first = lines.next().unwrap();
    assert!(first.starts_with("2,SUCCEEDED,"), "{first}");
    assert!(first.ends_with(",,,\"Doe, Jane\",1"), "{first}");
    let id = first.split(',').nth(2).unwrap();
    assert!(lines.next().unwrap().starts_with("3,SUCCEEDED,"));
    let refused = lines.next().unwrap();
    // By the first of the file, whose id it has.
    assert!(
        refused.starts_with(&format!("4,REFUSED,{id},1040,")),
        "{refused}"
    );
    let invalid = lines.next().unwrap();
    assert!(invalid.starts_with("5,INVALID,,400,"), "{invalid}");
    assert_eq!(lines.next(), None);

    let only = org
        .get("jobs/small/results?only=refused&format=ndjson")
        .ok();
    let kind = only.header("content-type");
    assert_eq!(kind, Some("application/x-ndjson"));
    let mut lines = only.text().lines();
    let line: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(lines.next(), None);
    assert_eq!(
        (&line["line"], &line["id"], &line["code"]),
        (&json!(4), &json!(id), &json!(1040))
    );
    assert_eq!(
        line["row"],
        json!({"Name": "Jane again", "CustomerID": "1"})
    );
    let head = org.request("HEAD", "jobs/small/results").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
}

fn a_file_comes_in_parts_in_any_order_compressed_and_again(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let job = org.create_job(&enrolling_job(&badge));
    let file = customers_file(1..=100);
    // In the midst of a row.
    let (first, rest) = file.as_bytes().split_at(17);
    let (second, third) = rest.split_at(20);
    let put = |number, data: &[u8], encoding: &str| {
        org.putting_part(&job, number, data)
            .header("Content-Encoding", encoding)
            .send()
    };
    put(3, &gzip(third), "gzip").ok();
    let start = || org.request("POST", &format!("jobs/{job}/start")).send();
    start().refused(1963, None);
    put(1, first, "identity").ok();
    start().refused(1963, None);
    let zstd = zstd::encode_all(second, 3).unwrap();
    put(2, &zstd, "zstd").ok();
    // The same bytes again, whichever way they come.
    put(3, third, "identity").ok();
    put(2, &gzip(second), "gzip").ok();
    put(2, third, "identity").refused(1964, None);
    put(0, third, "identity").refused(400, Some("part"));
    put(4, b"", "identity").refused(400, None);
    put(4, b"x", "br").refused(1943, None);
    put(4, b"x", "gzip").refused(400, None);
    let bomb = vec![b'1'; (8 << 20) + 1];
    put(4, &gzip(&bomb), "gzip").refused(1942, None);
    put(4, &zstd::encode_all(&*bomb, 1).unwrap(), "zstd").refused(1942, None);
    start().ok();
    start().ok();
    put(4, b"x", "identity").refused(1963, None);
    let ended = org.finished_job(&job);
    assert_eq!(ended["rows"]["succeeded"], 100, "{ended}");
    assert_eq!(org.issued_count(&badge), 100);
}

fn who_may_do_what_its_rows_do_may_have_to_do_with_a_job(server: &Server) {
    let org = server.org();
    let issuing = server.client_with(&org, "badges:issue");
    let writing = server.client_with(&org, "badges:write");
    let reading = server.client_with(&org, "badges:read");
    let body = |operation: &str| json!({"operation": operation, "format": "CSV"});
    for (able, unable, operation) in [
        (&issuing, &writing, "ENROL"),
        (&issuing, &writing, "IMPORT"),
        (&writing, &issuing, "CUSTOMERS"),
    ] {
        for client in [unable, &reading] {
            client.post("jobs", &body(operation)).refused(1931, None);
            let path = format!("jobs?operation={operation}&format=CSV");
            post_file(client, &path, "customerId\n1\n").refused(1931, None);
        }
        let job = able.create_job(&body(operation));
        let path = format!("jobs/{job}");
        for client in [unable, &reading] {
            client.get(&path).refused(1931, None);
            client.get(&format!("{path}?wait=1")).refused(1931, None);
            client.get(&format!("{path}/results")).refused(1931, None);
            client
                .putting_part(&job, 1, b"x")
                .send()
                .refused(1931, None);
            for action in ["start", "cancel"] {
                let request = client.request("POST", &format!("{path}/{action}"));
                request.send().refused(1931, None);
            }
            client.request("DELETE", &path).send().refused(1931, None);
        }
        let listed = |client: &Client| client.get("jobs?limit=100").ok().text().contains(&job);
        assert!(listed(able) && !listed(unable));
        able.get(&path).ok();
        able.request("DELETE", &path).send().ok();
        able.get(&path).refused(1962, None);
    }
}

fn who_waits_for_a_job_is_told_of_its_end_at_once(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let job = org.create_job(&enrolling_job(&badge));
    let path = format!("jobs/{job}?wait=1");
    let begun = Instant::now();
    assert_eq!(org.get(&path).ok().data()["state"], "OPEN");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let path = format!("jobs/{job}?wait=25");
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| org.get(&path).ok().data());
        org.putting_part(&job, 1, b"customerId\n1\n").send().ok();
        org.start_job(&job);
        waiting.join().unwrap()
    });
    assert_eq!(waiting["state"], "COMPLETED", "{waiting}");
    // It has ended: nobody waits.
    let begun = Instant::now();
    org.get(&path).ok();
    assert!(begun.elapsed() < Duration::from_secs(20));
    for wait in ["26", "-1", "x"] {
        org.get(&format!("jobs/{job}?wait={wait}"))
            .refused(400, Some("wait"));
    }
}

fn a_request_under_a_key_is_carried_out_once(server: &Server) {
    let org = server.org();
    let body = enrolling_job(&org.badge());
    let create = || {
        let request = org.request("POST", "jobs").json(&body);
        request.header("Idempotency-Key", "create").send().ok()
    };
    let (first, again) = (create(), create());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    let job = first.data()["jobId"].as_str().unwrap().to_owned();
    let put = |data: &[u8], encoding: &str| {
        let request = org.putting_part(&job, 1, data);
        let request = request.header("Content-Encoding", encoding);
        request.header("Idempotency-Key", "put").send()
    };
    let packed = gzip(b"customerId\n1\n");
    put(&packed, "gzip").ok();
    let again = put(&packed, "gzip").ok();
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // The same bytes are something else if they are not taken for compressed ones.
    put(&packed, "identity").refused(1910, None);
}

fn what_is_wrong_with_a_job_has_its_code_and_field(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let body = with(&enrolling_job(&badge), &json!({"jobId": "known"}));
    org.post("jobs", &body).ok();
    org.post("jobs", &body).refused(809, Some("jobId"));
    let used = post_file(
        &org,
        &enrolling_query(&badge, "&jobId=known"),
        "customerId\n1\n",
    );
    used.refused(809, Some("jobId"));
    org.post("jobs?dryRun=true", &body)
        .refused(400, Some("dryRun"));
    let nameless = post_file(
        &org,
        &enrolling_query(&badge, "&start=true"),
        "name\nJane\n",
    );
    assert_eq!(
        (nameless.status, nameless.codes()),
        (400, vec![1969]),
        "{nameless}"
    );
    let odd =
        json!({"operation": "CUSTOMERS", "format": "NDJSON", "badgeMetaId": badge, "state": "x"});
    org.post("jobs", &odd)
        .warned(&[(1993, "state"), (1993, "badgeMetaId")]);
    let path = format!("jobs?operation=CUSTOMERS&format=NDJSON&badgeMetaId={badge}&oddity=1");
    post_file(&org, &path, "{\"customerId\":1}\n")
        .warned(&[(1990, "oddity"), (1993, "badgeMetaId")]);
    for path in ["jobs/unknown", "jobs/not%20an%20id", "jobs/unknown/results"] {
        org.get(path).refused(1962, None);
    }
    org.get("jobs/known/results").refused(1963, None);
    org.get("jobs/known/results?only=some")
        .refused(400, Some("only"));
}

fn what_a_job_did_is_in_the_feed_and_in_the_trail(server: &Server) {
    let org = server.org();
    let after = org.get("events?after=latest").ok().data()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let badge = org.badge();
    let path = enrolling_query(&badge, "&start=true&jobId=told");
    post_file(&org, &path, "customerId\n1\n").ok();
    let job = org.finished_job("told");
    let path = format!("events?after={after}&types=job.finished&wait=25");
    let events = org.get(&path).ok().data();
    let event = &events["events"][0];
    assert_eq!(event["subject"], "jobs/told", "{events}");
    let data =
        json!({"jobId": "told", "operation": "ENROL", "state": "COMPLETED", "rows": job["rows"]});
    assert_eq!(event["data"], data);
    let admin = server.client_with(&org, "admin");
    let trail = admin.get("audit?entityType=JOB&entityId=told").ok().data();
    let actions: Vec<_> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["START", "CREATE"], "{trail}");
}

on_both_databases! {
    a_small_file_comes_in_one_go_and_its_results_have_all_columns
    a_file_comes_in_parts_in_any_order_compressed_and_again
    who_may_do_what_its_rows_do_may_have_to_do_with_a_job
    who_waits_for_a_job_is_told_of_its_end_at_once
    a_request_under_a_key_is_carried_out_once
    what_is_wrong_with_a_job_has_its_code_and_field
    what_a_job_did_is_in_the_feed_and_in_the_trail
}
