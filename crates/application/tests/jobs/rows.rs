//! What becomes of rows: as if each had been a request of its own, one after the other.

use accolade_domain::badge::EarnType;
use accolade_domain::ids::CustomerId;
use accolade_domain::job::{JobOperation, JobState, RowOutcome};

use crate::world::{World, code, id, ids, settings};

/// A file with these columns and lines.
fn file(columns: &str, lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut file = format!("{columns}\n");
    for line in lines {
        file.push_str(line.as_ref());
        file.push('\n');
    }
    file
}

#[test]
fn a_customers_second_row_of_a_badge_is_refused_with_the_firsts_id_across_chunks_too() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    let lines = ["1", "2", "1", "3", "2", "x", "4"];
    world.start(
        "a",
        settings(JobOperation::Enrol, Some(badge)),
        &file("customerId", lines),
    );
    let outcomes = world.finish("a");
    let codes: Vec<_> = outcomes.iter().map(code).collect();
    assert_eq!(codes, [0, 0, 1040, 0, 1040, 400, 0]);
    assert_eq!(outcomes[2].id(), outcomes[0].id());
    assert_eq!(outcomes[4].id(), outcomes[1].id());
    assert!(matches!(outcomes[5], RowOutcome::Invalid(_)));
    assert_eq!(ids(&outcomes).len(), world.events("enrolment.created"));
    let job = accolade_application::jobs::job(&world.ports, &world.caller, &id("a")).unwrap();
    let rows = job.job.rows;
    assert_eq!(job.job.state, JobState::Completed);
    assert_eq!(
        (rows.total, rows.succeeded, rows.refused, rows.invalid),
        (Some(7), 4, 2, 1)
    );
}

#[test]
fn limits_are_taken_in_the_order_of_the_rows_whatever_the_chunks_and_the_dates() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::Earn, Some(6));
    let dates = ["2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z", ""];
    let lines = (0..12).map(|row| format!("{},{}", row % 5 + 1, dates[row / 2 % 3]));
    let file = file("customerId,eventDate", lines);
    world.start("a", settings(JobOperation::Earn, Some(badge)), &file);
    let codes: Vec<_> = world.finish("a").iter().map(code).collect();
    let expected = [[0; 6], [818; 6]].concat();
    assert_eq!(codes, expected);
    assert_eq!(world.events("earn.created"), 6);
}

#[test]
fn customers_are_named_by_identifiers_and_who_is_unknown_is_refused() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    world.call(7, "ada@example.org");
    let lines = [
        ",ada@example.org",
        "7,",
        ",bob@example.org",
        ",ADA@example.org",
    ];
    let file = file("customerId,email", lines);
    world.start("a", settings(JobOperation::Enrol, Some(badge)), &file);
    let codes: Vec<_> = world.finish("a").iter().map(code).collect();
    assert_eq!(codes, [0, 1040, 1026, 1040]);
}

#[test]
fn what_is_refused_as_a_whole_is_refused_for_each_row_and_for_ever() {
    let world = World::new();
    let (gold, other) = (
        world.badge("Gold", EarnType::IssueEarn, None),
        world.badge("Silver", EarnType::IssueEarn, None),
    );
    world.turn(gold, false);
    let lines = [
        format!("1,{gold}"),
        format!("1,{other}"),
        "1,66276dc68fe258516a88ff00".to_owned(),
        format!("2,{gold}"),
        format!("2,{other}"),
    ];
    let file = file("customerId,badgeMetaId", lines);
    world.start("a", settings(JobOperation::Enrol, None), &file);
    let codes: Vec<_> = world.finish("a").iter().map(code).collect();
    assert_eq!(codes, [1901, 0, 404, 1901, 0]);
    assert_eq!(world.events("enrolment.created"), 2);
}

#[test]
fn enrolments_and_earns_are_revoked_each_once() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    world.start(
        "a",
        settings(JobOperation::Enrol, Some(badge)),
        "customerId\n1\n2\n3\n",
    );
    let enrolled = ids(&world.finish("a"));
    world.start(
        "b",
        settings(JobOperation::Earn, Some(badge)),
        "customerId\n1\n2\n4\n",
    );
    let outcomes = world.finish("b");
    assert_eq!(world.codes("b"), [0, 0, 811]);
    let earned = ids(&outcomes);
    let lines = [
        format!("1,{}", earned[0]),
        format!("1,{}", earned[1]),
        format!("1,{}", earned[0]),
    ];
    let earns = file("customerId,earnedBadgeId", lines);
    world.start(
        "c",
        settings(JobOperation::RevokeEarns, Some(badge)),
        &earns,
    );
    let revoked = world.finish("c");
    assert_eq!(world.codes("c"), [0, 814, 814]);
    assert_eq!(ids(&revoked), [earned[0]]);
    let lines = [
        format!("1,{}", enrolled[0]),
        "2,".to_owned(),
        format!("3,{}", enrolled[0]),
        "1,".to_owned(),
        "2,".to_owned(),
    ];
    let issued = file("customerId,issuedId", lines);
    world.start(
        "d",
        settings(JobOperation::RevokeEnrolments, Some(badge)),
        &issued,
    );
    let revoked = world.finish("d");
    assert_eq!(world.codes("d"), [0, 0, 404, 404, 404]);
    assert_eq!(ids(&revoked), enrolled[..2]);
    assert_eq!(world.events("enrolment.revoked"), 2);
    assert_eq!(world.events("earn.revoked"), 1);
}

#[test]
fn earned_badges_are_imported_each_with_its_own_dates() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::Earn, Some(1));
    let lines = [
        "1,2020-01-01T00:00:00Z,2030-01-01T00:00:00Z",
        "1,2020-01-01T00:00:00Z,2030-01-01T00:00:00Z",
        "2,2021-01-01T00:00:00Z,2020-01-01T00:00:00Z",
        "3,2021-01-01T00:00:00Z,",
        "4,2021-01-01T00:00:00Z,2031-01-01T00:00:00Z",
    ];
    let file = file("customerId,eventDate,earnExpiresOn", lines);
    world.start("a", settings(JobOperation::Import, Some(badge)), &file);
    let outcomes = world.finish("a");
    assert_eq!(world.codes("a"), [0, 0, 400, 400, 0]);
    assert!(matches!(outcomes[2], RowOutcome::Refused(..)));
    assert!(matches!(outcomes[3], RowOutcome::Invalid(_)));
    assert_eq!(world.events("earn.imported"), 3);
}

#[test]
fn identifiers_move_as_if_one_row_came_after_the_other() {
    let world = World::new();
    world.call(9, "nine@example.org");
    let lines = [
        "1,a@example.org,",
        // Another's, who gives it up only later.
        "2,nine@example.org,",
        "9,other@example.org,",
        "2,nine@example.org,55",
        // In the next chunk: 1 gives it up, and 3 may have it.
        "1,b@example.org,",
        "3,a@example.org,",
        "4,b@example.org,",
    ];
    let file = file("customerId,email,cardNumber", lines);
    world.start("a", settings(JobOperation::Customers, None), &file);
    world.finish("a");
    assert_eq!(world.codes("a"), [0, 1921, 0, 0, 0, 0, 1921]);
    let directory = &world.ports.stores.directory;
    let kind = accolade_application::ports::IdentifierKind::Email;
    let names = ["a", "b", "nine", "other"].map(|it| format!("{it}@example.org"));
    let found = directory.resolve(world.caller.org, kind, &names).unwrap();
    let numbers: Vec<_> = found
        .into_iter()
        .map(|it| it.map_or(0, CustomerId::get))
        .collect();
    assert_eq!(numbers, [3, 1, 2, 9]);
}

#[test]
fn a_file_without_rows_is_a_job_without_rows() {
    let world = World::new();
    let badge = world.badge("Gold", EarnType::IssueEarn, None);
    world.start(
        "a",
        settings(JobOperation::Enrol, Some(badge)),
        "customerId\n",
    );
    assert_eq!(world.finish("a"), []);
    let job = accolade_application::jobs::job(&world.ports, &world.caller, &id("a")).unwrap();
    assert_eq!(
        (job.job.state, job.job.rows.total),
        (JobState::Completed, Some(0))
    );
}
