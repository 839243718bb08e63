//! What the demo has: an organisation, a client whose secret everybody knows, and two badges
//! for the API's own examples.
//!
//! Seeding makes sure of all that, whatever is there already: it runs at every start,
//! and on two servers at once.

use accolade_application::access::{
    AccessGroups, Caller, ClientKey, Secret, caller_of, create_org,
};
use accolade_application::badges::{
    ClaimBadge, CreateBadge, SetActivity, claim, create, set_activity,
};
use accolade_application::ports::{
    Client, CreateClientError, CreateOrgError, NewClient, Org, Ports,
};
use accolade_domain::badge::{BadgeDraft, EarnType, Expiry};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::text::{BadgeName, Description, Name, ReferenceId};
use accolade_domain::zone::Zone;
use anyhow::{Context as _, Result, anyhow};

const ORG: i64 = 100_458;
/// The key of the demo's client.
const KEY: &str = "demo";
/// Its secret, which is none.
const SECRET: &str = "demo-secret";

/// When the badges start: before the dates of the examples.
const STARTS_ON: &str = "2024-01-01T00:00:00Z";
/// When the badges end and enrolments expire: as in the answers of the examples.
const EXPIRES_ON: &str = "2031-01-15T09:32:37Z";

/// A badge of the demo.
struct DemoBadge {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    claimed_by: &'static str,
}

const BADGES: [DemoBadge; 2] = [
    DemoBadge {
        id: "66276dc68fe258516a88ff8e",
        name: "Frequent Guest",
        description: "The first badge of the demo, claimed by Loyalty for 123694.",
        claimed_by: "123694",
    },
    DemoBadge {
        id: "653de84db3cda7078c7c68ed",
        name: "Early Bird",
        description: "The second badge of the demo, claimed by Loyalty for 626.",
        claimed_by: "626",
    },
];

/// Makes sure of everything that the demo has.
///
/// # Errors
/// The database does not answer, or something else of the org is in the way.
pub(crate) fn seed(ports: &Ports) -> Result<()> {
    let client = client(ports)?;
    let Some(caller) = caller_of(&client).filter(|_| client.has_secret(&demo_secret())) else {
        tracing::warn!("the demo's client was revoked or has another secret: its request fails");
        return Ok(());
    };
    for demo in &BADGES {
        badge(ports, &caller, demo)
            .with_context(|| format!("the demo's badge {} ({})", demo.id, demo.name))?;
    }
    Ok(())
}

/// The API's first example, ready to paste into a shell.
pub(crate) fn example(address: &str) -> String {
    format!(
        r#"curl -sS -u {KEY}:{SECRET} -H 'Content-Type: application/json' \
  {address}/api_gateway/v1/badges/badgeMeta/customer/issueBulk -d '{{
    "badgeMetaId": "66276dc68fe258516a88ff8e",
    "customers": [62090013],
    "requestId": "21390",
    "issueEventDate": 1713860055,
    "issueEventDateISO": "2024-04-23T13:44:15+05:30",
    "triggeredBy": {{"ownerType": "Loyalty", "referenceId": "123694"}}
  }}'"#
    )
}

fn demo_secret() -> Secret {
    Secret::presented(SECRET)
}

/// The demo's client, created with its org if need be.
fn client(ports: &Ports) -> Result<Client> {
    let id = OrgId::try_from(ORG)?;
    let org = Org {
        id,
        name: Name::try_from("Demo")?,
        zone: Zone::utc(),
    };
    match create_org(ports, &org) {
        Ok(()) | Err(CreateOrgError::Exists) => {}
        Err(CreateOrgError::Store(error)) => return Err(error.into()),
    }
    let key = ClientKey::try_from(KEY)?;
    let new = NewClient {
        org: id,
        name: Name::try_from("Demo")?,
        key: key.clone(),
        groups: AccessGroups::ALL,
        secret: demo_secret().hash(),
        created_on: ports.clock.now(),
    };
    match ports.access.create_client(&new) {
        Ok(_) | Err(CreateClientError::KeyTaken) => {}
        Err(other) => return Err(other.into()),
    }
    ports
        .access
        .client(&key)?
        .filter(|client| client.org.id == id)
        .ok_or_else(|| anyhow!("the key {KEY} belongs to another organisation than the demo's"))
}

/// Makes sure that the badge is there, on, and claimed.
fn badge(ports: &Ports, caller: &Caller, demo: &DemoBadge) -> Result<()> {
    let id: BadgeId = demo.id.parse()?;
    if ports.badges.find(caller.org, id)?.is_none() {
        let created = create(ports, caller, new_badge(id, demo)?);
        // Another server that starts at the same moment may have been faster.
        if let Err(error) = created
            && ports.badges.find(caller.org, id)?.is_none()
        {
            return Err(error.into());
        }
    }
    let on = SetActivity {
        badge: id,
        active: true,
        idempotency: None,
    };
    set_activity(ports, caller, on)?;
    claim(
        ports,
        caller,
        ClaimBadge {
            badge: id,
            owner: Owner {
                owner_type: OwnerType::Loyalty,
                reference: ReferenceId::try_from(demo.claimed_by)?,
            },
            idempotency: None,
        },
    )?;
    Ok(())
}

fn new_badge(id: BadgeId, demo: &DemoBadge) -> Result<CreateBadge> {
    let at = |iso| Instant::parse_iso(iso).map_err(|problem| anyhow!(problem));
    let expires_on = at(EXPIRES_ON)?;
    Ok(CreateBadge {
        draft: BadgeDraft {
            name: Some(BadgeName::try_from(demo.name)?),
            description: Some(Description::try_from(demo.description)?),
            starts_on: Some(at(STARTS_ON)?),
            expires_on: Some(expires_on),
            earn_type: Some(EarnType::IssueEarn),
            enrolment_expiry: Some(Expiry::FixedDate(expires_on)),
            earned_expiry: Some(Expiry::Never),
            owners: vec![OwnerType::Loyalty],
            ..BadgeDraft::default()
        },
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: Some(id),
        idempotency: None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use accolade_application::access::{Credentials, authenticate, revoke_client};
    use accolade_application::answer::Answer;
    use accolade_application::badges::unclaim;
    use accolade_application::enrolment::{EnrolCustomers, enrol};
    use accolade_memory::{FixedClock, MemoryStore, memory_ports};

    use super::*;

    fn ports() -> Ports {
        let now = Instant::parse_iso("2026-06-01T00:00:00Z").unwrap();
        memory_ports(
            Arc::new(MemoryStore::default()),
            Arc::new(FixedClock::at(now)),
        )
    }

    fn caller(ports: &Ports) -> Caller {
        let credentials = Credentials {
            key: KEY.to_owned(),
            secret: demo_secret(),
        };
        caller_of(&authenticate(ports, &credentials).unwrap().unwrap()).unwrap()
    }

    fn loyalty(reference: &str) -> Owner {
        Owner {
            owner_type: OwnerType::Loyalty,
            reference: ReferenceId::try_from(reference).unwrap(),
        }
    }

    #[test]
    fn the_demos_client_enrols_for_both_badges_as_the_examples_do() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        assert_eq!(caller.org.get(), 100_458);
        assert_eq!(caller.groups, AccessGroups::ALL);
        for demo in &BADGES {
            let command = EnrolCustomers {
                badge: demo.id.parse().unwrap(),
                customers: vec![62_090_013.try_into().unwrap()],
                request_id: None,
                event_on: Some(Instant::parse_iso("2024-04-23T13:44:15+05:30").unwrap()),
                triggered_by: Some(loyalty(demo.claimed_by)),
                idempotency: None,
            };
            let Answer::Enrolment(answer) = enrol(&ports, &caller, command).unwrap() else {
                panic!("not an enrolment")
            };
            assert_eq!(answer.expires_on.unix_micros(), 1_926_235_957_000_000);
        }
    }

    #[test]
    fn seeding_again_or_at_once_changes_nothing() {
        let ports = ports();
        std::thread::scope(|scope| {
            let seeding: Vec<_> = (0..4).map(|_| scope.spawn(|| seed(&ports))).collect();
            for seeded in seeding {
                seeded.join().unwrap().unwrap();
            }
        });
        let org = OrgId::try_from(ORG).unwrap();
        let state = || {
            let badge = |demo: &DemoBadge| ports.badges.find(org, demo.id.parse().unwrap());
            let clients = ports.access.clients().unwrap();
            (BADGES.each_ref().map(|demo| badge(demo).unwrap()), clients)
        };
        let before = state();
        seed(&ports).unwrap();
        assert_eq!(state(), before);
        assert_eq!(before.1.len(), 1);
        for badge in before.0 {
            assert_eq!(badge.unwrap().badge.claims.len(), 1);
        }
    }

    #[test]
    fn seeding_turns_on_and_claims_what_was_tried_out() {
        let ports = ports();
        seed(&ports).unwrap();
        let caller = caller(&ports);
        let id: BadgeId = BADGES[0].id.parse().unwrap();
        let taken_back = ClaimBadge {
            badge: id,
            owner: loyalty("123694"),
            idempotency: None,
        };
        unclaim(&ports, &caller, taken_back).unwrap();
        let off = SetActivity {
            badge: id,
            active: false,
            idempotency: None,
        };
        set_activity(&ports, &caller, off).unwrap();

        seed(&ports).unwrap();
        let badge = ports.badges.find(caller.org, id).unwrap().unwrap().badge;
        assert!(badge.active && badge.is_claimed_by(&loyalty("123694")));
    }

    #[test]
    fn a_demo_client_that_was_revoked_stays_revoked() {
        let ports = ports();
        seed(&ports).unwrap();
        let key = ClientKey::try_from(KEY).unwrap();
        revoke_client(&ports, &key).unwrap();
        seed(&ports).unwrap();
        assert!(
            ports
                .access
                .client(&key)
                .unwrap()
                .unwrap()
                .revoked_on
                .is_some()
        );
    }

    #[test]
    fn the_example_names_the_address_that_the_server_has() {
        let example = example("http://127.0.0.1:9000");
        assert!(example.contains("-u demo:demo-secret "));
        assert!(
            example.contains(
                "http://127.0.0.1:9000/api_gateway/v1/badges/badgeMeta/customer/issueBulk"
            )
        );
        let (_, body) = example.split_once("-d '").unwrap();
        let body: serde_json::Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();
        assert_eq!(body["customers"], serde_json::json!([62_090_013]));
    }
}
