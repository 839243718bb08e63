//! Clients of both generations work against the same server.
//!
//! Each is written from the contract alone, as a client in the field is: it sends what its generation
//! sends and reads what its generation reads, and nothing else.

use accolade_tests::{Client, PREFIX, Server, badge, new_id, on_both_databases, with};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A client of the older generation: a token of its own header, seconds, numbers for ids, customers
/// without a list, and one list of outcomes for everything.
struct Older {
    client: Client,
    token: String,
}

/// What it reads of a customer of a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    customer_id: i64,
    issued_id: Option<String>,
    status: Option<String>,
    error: Option<Coded>,
}

#[derive(Deserialize)]
struct Coded {
    code: u32,
}

/// What it reads of an answer to a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    issued_badges: Vec<Element>,
    expires_on: f64,
    request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Enveloped<T> {
    data: T,
}

impl Older {
    fn new(server: &Server, client: &Client) -> Self {
        let credentials = client.credentials().unwrap();
        let body = json!({"key": credentials.key, "secret": credentials.secret});
        let stranger = server.stranger();
        let answer = stranger.post("/v3/oauth/token/generate", &body).ok();
        let token: Enveloped<Token> = serde_json::from_slice(&answer.body).unwrap();
        Self {
            client: stranger,
            token: token.data.access_token,
        }
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> T {
        let request = self.client.request("POST", path).json(body);
        let reply = request
            .header("X-CAP-API-OAUTH-TOKEN", &self.token)
            .header("X-CAP-BADGES-MIGRATION", "migration")
            .send();
        assert!(matches!(reply.status, 200 | 201), "{reply}");
        let envelope: Enveloped<T> = serde_json::from_slice(&reply.body).unwrap();
        envelope.data
    }
}

fn a_client_of_the_older_generation_defines_enrols_and_earns(server: &Server) {
    #[derive(Deserialize)]
    struct Created {
        id: String,
    }
    let org = server.org();
    let older = Older::new(server, &org);
    let seconds = json!({"startOn": 1_672_531_200, "expiresOn": 3_786_912_000_i64});
    let Created { id } = older.post("badgeMeta", &with(&badge(), &seconds));
    let owner = json!({"ownerType": "Loyalty", "referenceId": 123_694});
    let _: Value = older.post(&format!("badgeMeta/{id}/claim"), &owner);

    let body = json!({
        "badgeMetaId": id, "customers": 62_090_013, "requestId": 2132,
        "issueEventDate": 1_713_860_055, "triggeredBy": owner,
    });
    let enrolled: Batch = older.post("badgeMeta/customer/issueBulk", &body);
    assert_eq!(enrolled.request_id, "2132");
    assert_eq!(enrolled.expires_on.to_string(), "1926235957");
    let [issued] = enrolled.issued_badges.as_slice() else {
        panic!("one customer has one outcome");
    };
    assert_eq!(issued.customer_id, 62_090_013);
    assert_eq!(issued.status.as_deref(), Some("ACTIVE"));
    assert!(issued.issued_id.is_some() && issued.error.is_none());

    let body = json!({
        "badgeMetaId": id, "customerIds": ["62090013", 7], "requestId": 2133,
        "earnEventDate": 1_713_860_056,
    });
    let earned: Batch = older.post("customer/earnBulk", &body);
    let [winner, other] = earned.issued_badges.as_slice() else {
        panic!("two customers have two outcomes");
    };
    assert_eq!(winner.status.as_deref(), Some("LIVE"));
    assert!(winner.issued_id.is_some() && winner.error.is_none());
    assert_eq!((other.customer_id, other.issued_id.as_ref()), (7, None));
    assert_eq!(other.error.as_ref().map(|error| error.code), Some(811));

    let body = json!({"badgeMetaId": id, "customers": "62090013"});
    let revoked: Value = older.post("badgeMeta/customer/revokeIssue", &body);
    assert_eq!(revoked["revokedIssuedBadges"][0]["error"], Value::Null);
}

/// A client of the newer generation: it names its requests, speaks of milliseconds, and reads 201,
/// two lists of outcomes with their counts, and the names that the newer documents have.
struct Newer {
    client: Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarnedList {
    earned_badges_list: Vec<EarnedOne>,
    failed_earn_badge_error_list: Vec<FailedOne>,
    total_count: u32,
    earned_count: u32,
    failed_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarnedOne {
    customer_id: i64,
    earned_badge_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedOne {
    customer_id: i64,
    error_code: u32,
    error_message: String,
}

impl Newer {
    /// The `data` of the answer, which has this status and the id of the request in its headers, and
    /// the codes of its warnings.
    fn send(&self, method: &str, path: &str, body: &Value, status: u16) -> (Value, Vec<u64>) {
        let id = new_id().replace(' ', "-");
        let request = self.client.request(method, path);
        let request = match body {
            Value::Null => request,
            body => request.json(body),
        };
        let reply = request
            .header("X-CAP-REQUEST-ID", &id)
            .header("X-CAP-BADGES-MIGRATION", "migration")
            .send();
        assert_eq!(reply.status, status, "{reply}");
        assert_eq!(reply.header("X-CAP-REQUEST-ID"), Some(&*id), "{reply}");
        assert_eq!(reply.header("X-Request-Id"), Some(&*id), "{reply}");
        (reply.data(), reply.codes())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.send("POST", path, body, 200).0
    }

    fn get(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null, 200).0
    }
}

fn a_client_of_the_newer_generation_defines_enrols_and_earns(server: &Server) {
    let org = server.org();
    let newer = Newer {
        client: server.client(org.credentials().unwrap()),
    };
    let name = new_id();
    let milliseconds = json!({
        "name": name, "startOn": 1_672_531_200_000_i64, "expiresOn": 3_786_912_000_000_i64,
        "badgeConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 1}],
    });
    let body = with(&badge(), &milliseconds);
    let (created, _) = newer.send("POST", "badgeMeta", &body, 201);
    let id = created["id"].as_str().unwrap();
    assert_eq!(created["badgeNumericId"], 1);
    assert_eq!(created["startOnISO"], "2023-01-01T00:00:00Z");
    assert_eq!(created["customerConstraints"][0]["maxEarnLimit"], 1);

    let owner = json!({"ownerType": "Loyalty", "referenceId": "123694"});
    let claim = format!("badgeMeta/{id}/claim");
    assert_eq!(newer.post(&claim, &owner)["isActive"], true);
    let (_, warnings) = newer.send("POST", &claim, &owner, 200);
    assert_eq!(warnings, [900]);

    let group = json!({"name": "Newer", "rank": 1});
    newer.post("group", &group);
    assert_eq!(newer.get("group")["badgeGroups"][0]["name"], "Newer");

    let moment = 1_713_860_055_000_i64;
    let body = json!({
        "badgeMetaId": id, "customers": [5], "issueEventDate": moment, "triggeredBy": owner,
    });
    newer.post("badgeMeta/customer/issueBulk", &body);
    let body = json!({
        "badgeMetaId": id, "customerIds": [5, 6], "requestId": "newer-1",
        "issueEventDate": moment + 1_000, "triggeredBy": owner,
    });
    let earned: EarnedList =
        serde_json::from_value(newer.post("customer/earnBulk", &body)).unwrap();
    let counts = (earned.total_count, earned.earned_count, earned.failed_count);
    assert_eq!(counts, (2, 1, 1));
    assert_eq!(earned.earned_badges_list[0].customer_id, 5);
    let failed = &earned.failed_earn_badge_error_list[0];
    assert_eq!((failed.customer_id, failed.error_code), (6, 811));
    assert!(!failed.error_message.is_empty());

    let details = newer.get(&format!("management/5/badge/{id}?includeStatistics=true"));
    let earn = &details["earnDetails"]["earns"][0];
    assert_eq!(
        earn["earnedBadgeId"],
        earned.earned_badges_list[0].earned_badge_id
    );
    assert_eq!(earn["earnEventDate"], 1_713_860_056.0);
    let ends = "expiresOn=2099-01-01T00:00:00Z&endOnOperator=LESS_THAN&action=ACTIVATED";
    let managed = newer.get(&format!("management/5?badgeType=EARNED&{ends}"));
    assert_eq!(managed["customerBadges"][0]["badgeMetaId"], id);
    let (deactivated, _) = newer.send(
        "PUT",
        &format!("badgeMeta/{id}/deactivate"),
        &Value::Null,
        200,
    );
    assert_eq!(deactivated["isActive"], false);
    let list = newer.get("badgeMeta?action=DEACTIVATED");
    assert_eq!(list["metaBasicDetails"][0]["id"], id);

    let row = json!({
        "badgeMetaId": id, "customerId": "8",
        "earnEventDate": moment, "earnExpiresOn": 3_471_292_800_000_i64,
    });
    let request = newer.client.request("PUT", "import/customerBadges");
    let imported = request
        .header("requestId", "newer-2")
        .json(&json!([row]))
        .send()
        .ok();
    assert_eq!(imported.json()[0]["data"]["requestId"], "newer-2_1");
    let recorded = newer.get("requests/newer-2_1");
    assert_eq!(
        recorded["requests"][0]["answer"][0]["data"]["customerId"],
        8
    );

    let created = json!({"name": "Tier", "dataType": "STRING"});
    newer.send("POST", "customField", &created, 201);
}

fn what_one_generation_records_the_other_reads(server: &Server) {
    let org = server.org();
    let older = Older::new(server, &org);
    let id = org.badge();
    let body = json!({"badgeMetaId": id, "customers": 5, "requestId": 77});
    let _: Batch = older.post("badgeMeta/customer/issueBulk", &body);
    let body = json!({"badgeMetaId": id, "customerIds": 5, "requestId": "78"});
    let earned: Batch = older.post("customer/earnBulk", &body);
    let newer = Newer {
        client: server.client(org.credentials().unwrap()),
    };
    let recorded = newer.get("requests/78")["requests"][0]["answer"].take();
    let list: EarnedList = serde_json::from_value(recorded).unwrap();
    let earned_id = earned.issued_badges[0].issued_id.as_deref();
    assert_eq!(
        Some(&*list.earned_badges_list[0].earned_badge_id),
        earned_id
    );
    let path = format!("{PREFIX}/customer/earnBulk");
    let again = newer.client.post(&path, &body);
    again.refused(809, Some("requestId"));
}

on_both_databases! {
    a_client_of_the_newer_generation_defines_enrols_and_earns
    a_client_of_the_older_generation_defines_enrols_and_earns
    what_one_generation_records_the_other_reads
}
