//! Which commands wait: every command says so, and there is one door.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every command, and the rule that holds it; none for those that no rule holds.
const COMMANDS: &[(&str, Option<&str>)] = &[
    ("AddClient", Some("Client")),
    ("BoundClient", Some("Client")),
    ("CancelJob", None),
    ("CastVote", None),
    ("ClaimBadge", None),
    ("CreateBadge", None),
    ("CreateCustomField", None),
    ("CreateGroup", None),
    ("CreateJob", Some("Job")),
    ("CreateWebhook", Some("Webhook")),
    ("DecideRequest", None),
    ("DeleteJob", None),
    ("DeleteWebhook", Some("Webhook")),
    ("EarnBadge", Some("Earn")),
    ("EnrolCustomers", Some("Enrol")),
    ("EraseCustomer", Some("Erase")),
    ("FinishClientRotation", None),
    ("ImportCustomerBadges", Some("Import")),
    ("MergeCustomers", Some("Merge")),
    ("MoveWebhook", Some("Webhook")),
    ("PutApprovalRules", Some("Rules")),
    ("PutCustomers", None),
    ("PutPart", None),
    ("RemoveGroup", None),
    ("ResendEvents", None),
    ("RevokeClient", None),
    ("RevokeEarn", Some("Revoke")),
    ("RevokeEnrolments", Some("Revoke")),
    ("RotateClient", None),
    ("RotateWebhook", None),
    ("SetActivity", Some("DeactivateBadge")),
    ("StartJob", Some("Job")),
    ("SubmitRequest", None),
    ("TestWebhook", None),
    ("UnclaimBadge", None),
    ("UpdateBadge", Some("UpdateBadge")),
    ("UpdateCustomField", None),
    ("UpdateGroup", None),
    ("UpdateWebhook", Some("Webhook")),
    ("WithdrawChange", None),
];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// All sources of this crate.
fn sources() -> String {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let texts = found.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

/// What each command says of approval.
fn said(sources: &str) -> BTreeMap<&str, Option<&str>> {
    let commands = sources.split("impl Command for ").skip(1);
    let said = commands.map(|text| {
        let (name, rest) = text.split_once(' ').unwrap();
        let (_, rest) = rest.split_once("const APPROVAL").unwrap();
        let (_, rest) = rest.split_once("Approval::").unwrap();
        let ruled = rest.strip_prefix("Ruled(RuledOperation::");
        let ruled = ruled.and_then(|it| it.split_once(','));
        assert!(ruled.is_some() || rest.starts_with("Exempt("), "{name}");
        (name, ruled.map(|it| it.0))
    });
    said.collect()
}

#[test]
fn every_command_is_held_by_a_rule_or_named_as_exempt() {
    let sources = sources();
    let expected: BTreeMap<_, _> = COMMANDS.iter().copied().collect();
    assert_eq!(said(&sources), expected);
}

#[test]
fn every_operation_that_can_be_ruled_holds_a_command() {
    use accolade_domain::approval::RuledOperation;

    let ruled: Vec<_> = COMMANDS.iter().filter_map(|it| it.1).collect();
    for operation in RuledOperation::ALL {
        let name = format!("{operation:?}");
        assert!(ruled.contains(&name.as_str()), "{name}");
    }
}
