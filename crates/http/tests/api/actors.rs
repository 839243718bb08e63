//! Who created or changed something.

use insta::assert_snapshot;

use crate::support::{BADGE, TestApp};

#[actix_web::test]
async fn who_created_a_badge_is_told_by_its_number() {
    let app = TestApp::new();
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    let path = format!("actors/{}", badge["data"]["createdBy"]);
    assert_snapshot!("client", app.get(&path).await.ok());
    assert_snapshot!("system", app.get("actors/0").await.ok());
}

#[actix_web::test]
async fn a_number_that_nobody_has_or_could_have_is_not_found_and_the_message_says_where_to_look() {
    let app = TestApp::new();
    for number in ["9", "-1", "+1", "one", "%FF", "9223372036854775808"] {
        let reply = app.get(&format!("actors/{number}")).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{number}");
        assert!(reply.body.contains("createdBy"), "{}", reply.body);
    }
}
