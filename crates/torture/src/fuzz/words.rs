//! Texts by themselves: moments, ids, identifiers of customers, zones, names. What was made of one says so
//! when it is written, and is made of that again.

use accolade_application::access::ClientKey;
use accolade_application::ports::{IdempotencyKey, IdentifierKind};
use accolade_domain::audit::{EntryId, RequestTag};
use accolade_domain::identifier::Region;
use accolade_domain::ids::ObjectId;
use accolade_domain::instant::Instant;
use accolade_domain::job::JobId;
use accolade_domain::text::RequestId;
use accolade_domain::webhook::{HeaderName, HeaderValue};
use accolade_domain::zone::Zone;

use crate::fuzz::{Verdict, agree};

pub(super) fn check(input: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(input);
    for line in text.lines().take(16) {
        one(line)?;
    }
    one(&text)
}

fn one(text: &str) -> Verdict {
    if let Ok(moment) = Instant::parse_iso(text) {
        agree(
            "a moment",
            &Instant::parse_iso(&moment.to_string()),
            &Ok(moment),
        )?;
        let micros = Instant::from_unix_micros(moment.unix_micros());
        agree("a moment", &micros.ok(), &Some(moment))?;
    }
    if let Ok(id) = text.parse::<ObjectId>() {
        agree("an id", &id.to_string().parse::<ObjectId>().ok(), &Some(id))?;
    }
    if let Ok(id) = text.parse::<EntryId>() {
        agree(
            "an entry",
            &id.to_string().parse::<EntryId>().ok(),
            &Some(id),
        )?;
    }
    if let Ok(zone) = text.parse::<Zone>() {
        let again = zone.to_string().parse::<Zone>();
        agree(
            "a zone",
            &again.ok().map(|it| it.to_string()),
            &Some(zone.to_string()),
        )?;
    }
    if let Ok(id) = JobId::try_from(text) {
        agree(
            "a job",
            &JobId::try_from(id.as_str()).ok(),
            &Some(id.clone()),
        )?;
    }
    if let Ok(id) = RequestId::try_from(text) {
        agree(
            "a request",
            &RequestId::try_from(id.as_str()).ok(),
            &Some(id.clone()),
        )?;
    }
    let _ = RequestTag::try_from(text);
    let _ = HeaderName::try_from(text);
    let _ = HeaderValue::try_from(text);
    let _ = ClientKey::try_from(text);
    let _ = IdempotencyKey::try_from(text.to_owned());
    let regions = [
        None,
        "IN".parse::<Region>().ok(),
        text.parse::<Region>().ok(),
    ];
    for kind in IdentifierKind::ALL {
        for region in regions {
            let once = kind.comparable(text, region).text;
            // Nothing of it may be left.
            if !once.is_empty() {
                agree("an identifier", &kind.comparable(&once, region).text, &once)?;
            }
        }
    }
    Ok(())
}
