//! The page of a job.

use time::Duration;

use crate::support::{JOB, World};

#[actix_web::test]
async fn the_page_of_a_job_that_is_left_open_keeps_nobody_signed_in() {
    let world = World::new();
    let campaign = world.sign_in("campaign").await;
    let path = format!("/console/jobs/{JOB}");
    let page = world.get(&campaign, &path).await;
    // With and without JavaScript.
    let again = format!("{path}?refresh=1");
    assert!(page.body.contains(&format!("hx-get=\"{again}\"")));
    assert!(page.body.contains("content=\"5; url=?refresh=1\""));
    world.clock.advance(Duration::minutes(20));
    assert_eq!(world.get(&campaign, &path).await.status, 200);
    for _ in 0..29 {
        world.clock.advance(Duration::MINUTE);
        assert_eq!(world.get(&campaign, &again).await.status, 200);
    }
    world.clock.advance(Duration::MINUTE);
    assert_eq!(world.get(&campaign, &again).await.status, 303);
}
