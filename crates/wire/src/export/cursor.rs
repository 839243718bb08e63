//! Cursors of rows: where a row is in its export, as a text that callers only keep and send back.

use accolade_application::ports::HeldKey;
use accolade_domain::ids::{CustomerId, ObjectId, OrgId};
use accolade_domain::rejection::Rejection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ExportKind;

/// The first byte of a cursor. What follows is the number of the kind, the org (8 bytes) and the key of
/// the row.
const VERSION: u8 = 1;

/// The number of bytes before the key.
const HEAD: usize = 10;

/// What is said of a text that is no cursor.
const MALFORMED: &str = "Must be the cursor of the last row that you have, as it was.";

/// What is said of a cursor of another org.
const FOREIGN: &str = "This is the cursor of another organisation's row. Leave it out to begin with the \
                       first row.";

/// What names a row within its export.
pub(super) trait Key: Sized {
    /// Adds its bytes.
    fn write(&self, bytes: &mut Vec<u8>);

    /// The key that these bytes are, if they are one.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Key for HeldKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.customer.write(bytes);
        self.badge.0.write(bytes);
        bytes.extend(self.ordinal.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (customer, rest) = bytes.split_at_checked(8)?;
        let (badge, ordinal) = rest.split_at_checked(12)?;
        Some(Self {
            customer: CustomerId::read(customer)?,
            badge: ObjectId::read(badge)?.into(),
            ordinal: u32::from_be_bytes(ordinal.try_into().ok()?),
        })
    }
}

impl Key for ObjectId {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::try_from(bytes).ok()
    }
}

impl Key for CustomerId {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.get().to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        i64::from_be_bytes(bytes.try_into().ok()?).try_into().ok()
    }
}

/// The cursor of the row `key` of such an export of `org`. It holds nothing that a restart, another
/// server or another database would change.
pub(super) fn cursor(kind: ExportKind, org: OrgId, key: &impl Key) -> String {
    let mut bytes = vec![VERSION, kind.number()];
    bytes.extend(org.get().to_be_bytes());
    key.write(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key of the row whose cursor `text` is in such an export of `org`.
///
/// # Errors
/// It is no cursor, or one of another org or another export.
pub(super) fn key<K: Key>(text: &str, kind: ExportKind, org: OrgId) -> Result<K, Rejection> {
    let malformed = || Rejection::unreadable(MALFORMED);
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    let (head, key) = bytes.split_at_checked(HEAD).ok_or_else(malformed)?;
    let number = head[1];
    let its_kind = ExportKind::ALL.iter().find(|it| it.number() == number);
    let (VERSION, Some(its_kind)) = (head[0], its_kind) else {
        return Err(malformed());
    };
    if head[2..] != org.get().to_be_bytes() {
        return Err(Rejection::unreadable(FOREIGN));
    }
    if *its_kind != kind {
        let message = format!(
            "This is the cursor of a row of exports/{}: send it there.",
            its_kind.name()
        );
        return Err(Rejection::unreadable(message));
    }
    K::read(key).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: i64) -> OrgId {
        number.try_into().unwrap()
    }

    fn held() -> HeldKey {
        HeldKey {
            customer: 62_090_013.try_into().unwrap(),
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            ordinal: 3,
        }
    }

    #[test]
    fn a_cursor_is_read_as_the_key_that_it_was_written_for() {
        let text = cursor(ExportKind::EarnedBadges, org(7), &held());
        assert_eq!(key(&text, ExportKind::EarnedBadges, org(7)), Ok(held()));
        let id = held().badge.0;
        let text = cursor(ExportKind::Groups, org(7), &id);
        assert_eq!(key(&text, ExportKind::Groups, org(7)), Ok(id));
        let text = cursor(ExportKind::Customers, org(7), &held().customer);
        assert_eq!(
            key(&text, ExportKind::Customers, org(7)),
            Ok(held().customer)
        );
    }

    #[test]
    fn the_form_of_cursors_never_changes() {
        // One that a consumer has kept since the first release of exports.
        let text = cursor(ExportKind::Enrolments, org(100_458), &held());
        assert_eq!(text, "AQEAAAAAAAGIagAAAAADs2sdZidtxo_iWFFqiP-OAAAAAw");
    }

    #[test]
    fn what_is_no_cursor_and_what_is_of_another_org_or_export_is_told_apart() {
        let kind = ExportKind::Enrolments;
        let refused = |text: &str| {
            let read = key::<HeldKey>(text, kind, org(7));
            read.unwrap_err().message
        };
        let good = cursor(kind, org(7), &held());
        let newer = format!("Ag{}", &good[2..]);
        let short = cursor(kind, org(7), &held().customer);
        for text in ["", "x", &good[4..], &format!("{good}AA"), &newer, &short] {
            assert_eq!(refused(text), MALFORMED, "{text}");
        }
        assert_eq!(refused(&cursor(kind, org(8), &held())), FOREIGN);
        assert_eq!(
            refused(&cursor(ExportKind::EarnedBadges, org(7), &held())),
            "This is the cursor of a row of exports/earnedBadges: send it there."
        );
    }
}
