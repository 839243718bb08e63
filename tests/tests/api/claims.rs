//! Claiming, unclaiming, activating, deactivating.

use accolade_tests::{Server, assert_answer, badge, enrolment, on_both_databases, with};
use serde_json::json;

fn a_claim_and_its_end_answer_byte_for_byte(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let owner = json!({"ownerType": "loyalty", "referenceId": 123});
    let claim = org.post(&format!("badgeMeta/{id}/claim"), &owner).ok();
    let claimed = format!(
        r#"{{"data":{{"badgeMetaId":"{id}","ownerType":"Loyalty","referenceId":"123"}},"errors":null,"warnings":[]}}"#
    );
    assert_eq!(claim.text(), claimed);
    // Claiming again what is claimed succeeds.
    assert_eq!(
        org.post(&format!("badgeMeta/{id}/claim"), &owner)
            .ok()
            .text(),
        claimed
    );
    let claims =
        |id: &str| org.get(&format!("badgeMeta/{id}")).ok().data()["ownership"]["claims"].clone();
    assert_eq!(
        claims(&id),
        json!([{"ownerType": "Loyalty", "referenceId": "123", "isActive": true}])
    );

    let unclaim = org.post(&format!("badgeMeta/{id}/unclaim"), &owner).ok();
    assert_eq!(
        unclaim.text(),
        r#"{"data":{"ownerType":"Loyalty","referenceId":"123","isActive":false},"errors":null,"warnings":[]}"#
    );
    assert_eq!(
        claims(&id),
        json!([{"ownerType": "Loyalty", "referenceId": "123", "isActive": false}])
    );
    let again = org.post(&format!("badgeMeta/{id}/unclaim"), &owner);
    assert_eq!((again.status, again.codes()), (400, vec![737]));
    assert_eq!(
        org.post(&format!("badgeMeta/{id}/claim"), &owner)
            .ok()
            .text(),
        claimed
    );
    assert_eq!(
        claims(&id),
        json!([{"ownerType": "Loyalty", "referenceId": "123", "isActive": true}])
    );
}

fn only_an_allowed_owner_claims_and_only_an_active_badge(server: &Server) {
    let org = server.org();
    let id = org.create(&badge());
    let claim = |body: &serde_json::Value| org.post(&format!("badgeMeta/{id}/claim"), body);
    claim(&json!({"ownerType": "Journeys", "referenceId": "1"})).refused(714, Some("ownerType"));
    claim(&json!({"ownerType": "Nobody", "referenceId": "1"})).refused(400, Some("ownerType"));
    assert_answer!("claim_without_anything", claim(&json!({})));
    org.put(&format!("badgeMeta/{id}/deactivate")).ok();
    assert_eq!(
        claim(&json!({"ownerType": "Loyalty", "referenceId": "1"})).codes(),
        [1901]
    );
}

fn a_badge_holds_many_claims_in_the_order_they_were_made(server: &Server) {
    let org = server.org();
    let id = org.create(&with(
        &badge(),
        &json!({"ownership": {"restrictedToOwners": ["Loyalty", "Milestones"]}}),
    ));
    for claim in [("Loyalty", "2"), ("Milestones", "1"), ("Loyalty", "1")] {
        org.claim(&id, claim);
    }
    let claims = org.get(&format!("badgeMeta/{id}")).ok().data()["ownership"]["claims"].clone();
    let claims: Vec<_> = claims
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["referenceId"].clone())
        .collect();
    assert_eq!(claims, ["2", "1", "1"]);
}

fn a_badge_is_turned_off_and_on_under_every_spelling(server: &Server) {
    let org = server.org();
    let id = org.badge();
    for (action, on) in [
        ("deactivate", false),
        ("deactivate", false),
        ("activate", true),
        ("activate", true),
        ("Deactivate", false),
        ("Activate", true),
    ] {
        let reply = org.put(&format!("badgeMeta/{id}/{action}")).ok();
        assert_eq!(
            reply.text(),
            format!(r#"{{"data":{{"id":"{id}","isActive":{on}}},"errors":[],"warnings":[]}}"#)
        );
        let data = org.get(&format!("badgeMeta/{id}")).ok().data();
        assert_eq!(data["active"], on);
    }
    org.enrol(&enrolment(&id)).ok().issued();
}

on_both_databases! {
    a_claim_and_its_end_answer_byte_for_byte
    only_an_allowed_owner_claims_and_only_an_active_badge
    a_badge_holds_many_claims_in_the_order_they_were_made
    a_badge_is_turned_off_and_on_under_every_spelling
}
