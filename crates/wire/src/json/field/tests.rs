//! What each reading takes and refuses.
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's lifetimes are fixed where the helpers need any"
)]

use super::*;
use crate::json::read;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::owner::OwnerType;
use accolade_domain::text::{BadgeName, RequestId};

fn reading<T>(
    json: &str,
    take: impl FnOnce(Field<'_, '_>) -> Option<T>,
) -> Result<T, Vec<(u32, String, Option<String>)>> {
    let body = format!("{{\"x\":{json}}}");
    let parsed = read(body.as_bytes(), |fields| take(fields.field("x")));
    parsed.map(|parsed| parsed.value).map_err(|problems| {
        problems
            .into_iter()
            .map(|problem| (problem.code.number(), problem.message, problem.field))
            .collect()
    })
}

fn message<T: fmt::Debug>(json: &str, take: impl FnOnce(Field<'_, '_>) -> Option<T>) -> String {
    let mut problems = reading(json, take).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].2.as_deref(), Some("x"));
    problems.remove(0).1
}

#[test]
fn a_text_is_what_its_type_says_it_may_be() {
    let name = |json| reading(json, |x| x.text::<BadgeName>()).map(String::from);
    assert_eq!(name(r#""a\"\u00e4""#), Ok("a\"ä".to_owned()));
    let said = |json| message(json, |x| x.text::<BadgeName>());
    assert_eq!(said(r#""""#), "Must not be blank.");
    assert_eq!(said("5"), "Must be a string, not a number.");
    assert_eq!(
        said(r#""a\u0000""#),
        "Must not contain the NUL character (U+0000)."
    );
    assert_eq!(
        said(r#""\ud800""#),
        "Is not valid Unicode: half of a surrogate pair."
    );
    let long = format!("\"{}\"", "x".repeat(256));
    assert_eq!(said(&long), "Must not be longer than 255 characters.");
}

#[test]
fn a_request_id_may_be_a_number_read_as_its_digits() {
    let id = |json| reading(json, |x| x.text_or_number::<RequestId>()).map(String::from);
    assert_eq!(id("2132"), Ok("2132".to_owned()));
    assert_eq!(
        id("123456789012345678901234567890"),
        Ok("123456789012345678901234567890".to_owned())
    );
    assert_eq!(id(r#""10few789""#), Ok("10few789".to_owned()));
    assert_eq!(
        message("true", |x| x.text_or_number::<RequestId>()),
        "Must be a string, not true or false."
    );
}

#[test]
fn a_customer_is_a_positive_number_or_a_string_of_digits() {
    let id = |json| reading(json, |x| x.number_id::<CustomerId>()).map(CustomerId::get);
    assert_eq!(id("62090013"), Ok(62_090_013));
    assert_eq!(id(r#""62090013""#), Ok(62_090_013));
    assert_eq!(id("9223372036854775807"), Ok(i64::MAX));
    for json in [
        "0",
        "-1",
        "1.5",
        "1.0",
        "1e3",
        "9223372036854775808",
        "\"\"",
        "\"+1\"",
    ] {
        assert_eq!(
            message(json, |x| x.number_id::<CustomerId>()),
            "Must be a whole number from 1 to 9223372036854775807.",
            "{json}"
        );
    }
    assert_eq!(
        message("[]", |x| x.number_id::<CustomerId>()),
        "Must be a whole number, not an array."
    );
}

#[test]
fn numbers_ids_and_booleans_say_what_they_must_be() {
    assert_eq!(
        reading("36500", |x| x.integer_within(1, 36_500)),
        Ok(36_500)
    );
    assert_eq!(
        message("36501", |x| x.integer_within(1, 36_500)),
        "Must be a whole number from 1 to 36500."
    );
    assert_eq!(
        message("1e2", |x| x.integer::<i64>()),
        "Must be a whole number from -9223372036854775808 to 9223372036854775807."
    );
    assert_eq!(
        reading(r#""66276DC68FE258516A88FF8E""#, |x| x
            .object_id::<BadgeId>())
        .map(|id| id.to_string()),
        Ok("66276dc68fe258516a88ff8e".to_owned())
    );
    assert_eq!(
        message(r#""8""#, |x| x.object_id::<BadgeId>()),
        "Must be an id of 24 hexadecimal digits."
    );
    assert_eq!(reading("true", |x| x.boolean()), Ok(true));
    assert_eq!(
        message(r#""true""#, |x| x.boolean()),
        "Must be true or false, not a string."
    );
}

#[test]
fn a_word_is_read_in_any_case_and_another_one_is_told_the_words() {
    let owner = |x: Field<'_, '_>| x.word(OwnerType::ALL, OwnerType::name);
    for json in [
        r#""Referral_Campaigns""#,
        r#""referral-campaigns""#,
        r#""REFERRAL CAMPAIGNS""#,
    ] {
        assert_eq!(reading(json, owner), Ok(OwnerType::ReferralCampaigns));
    }
    for json in [r#""Loyalities""#, "7", "{}"] {
        let problems = reading(json, owner).unwrap_err();
        assert_eq!(problems[0].0, 400);
        assert!(
            problems[0]
                .1
                .starts_with("Must be one of Loyalty, Loyalty_Promotion, ")
        );
    }
}

#[test]
fn every_element_that_is_wrong_is_named_by_its_place() {
    let ids = |x: Field<'_, '_>| {
        let ids = x.list(5, Code::TooManyCustomers)?;
        Some(ids.filter_map(Field::number_id::<CustomerId>).count())
    };
    assert_eq!(reading("[1,2]", ids), Ok(2));
    assert_eq!(reading("[]", ids), Ok(0));
    let paths: Vec<_> = reading("[1,null,-1,\"x\",5]", ids)
        .unwrap_err()
        .into_iter()
        .map(|(code, _, path)| (code, path.unwrap()))
        .collect();
    let expected = ["x[1]", "x[2]", "x[3]"].map(|path| (400, path.to_owned()));
    assert_eq!(paths, expected);
    assert_eq!(
        reading("[1,2,3,4,5,6,7]", ids).unwrap_err(),
        [(
            1905,
            "Has 7 elements; at most 5 are accepted.".to_owned(),
            Some("x".to_owned())
        )]
    );
    assert_eq!(message("7", ids), "Must be an array, not a number.");
}

#[test]
fn no_more_than_fifty_problems_are_told() {
    let body = format!("[{}]", vec!["0"; 200].join(","));
    let problems = reading(&body, |x| {
        let ids = x.list(1_000, Code::TooManyCustomers)?;
        Some(ids.filter_map(Field::number_id::<CustomerId>).count())
    });
    assert_eq!(problems.unwrap_err().len(), 50);
}

#[test]
fn absence_is_a_problem_only_where_the_field_is_required() {
    assert_eq!(reading("null", |x| Some(x.boolean())), Ok(None));
    assert_eq!(message("null", |x| x.required().boolean()), "Is required.");
    assert_eq!(
        reading("null", |x| x.required_as(Code::ReferenceMissing).boolean()).unwrap_err()[0].0,
        717
    );
}
