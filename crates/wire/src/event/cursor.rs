//! Cursors: how far an org's feed was read, as a text that callers only keep and send back.

use accolade_domain::event::Position;
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::Rejection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The first byte of a cursor: what follows is the org and the position, 8 bytes each.
const VERSION: u8 = 1;

/// The number of bytes of a cursor.
const LENGTH: usize = 17;

/// What is said of a text that is no cursor.
const MALFORMED: &str = "Must be the next of an earlier answer, as it was, or latest.";

/// What is said of a cursor of another org.
const FOREIGN: &str = "This is the cursor of another organisation's feed. Leave it out to begin with \
                       the oldest event that is kept.";

/// The cursor that stands for all events of `org` up to `position`. It holds nothing that a restart,
/// another server or another database would change.
pub fn cursor(org: OrgId, position: Position) -> String {
    let mut bytes = [0; LENGTH];
    bytes[0] = VERSION;
    bytes[1..9].copy_from_slice(&org.get().to_be_bytes());
    bytes[9..].copy_from_slice(&position.get().to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of the cursor `text` in the feed of `org`.
///
/// # Errors
/// It is no cursor, or one of another org.
pub(super) fn position(text: &str, org: OrgId) -> Result<Position, Rejection> {
    let malformed = || Rejection::unreadable(MALFORMED);
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    let bytes = <[u8; LENGTH]>::try_from(bytes).map_err(|_| malformed())?;
    let number = |at: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        i64::from_be_bytes(number)
    };
    let position = Position::try_from(number(9)).map_err(|_| malformed())?;
    if bytes[0] != VERSION {
        return Err(malformed());
    }
    if number(1) != org.get() {
        return Err(Rejection::unreadable(FOREIGN));
    }
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: i64) -> OrgId {
        number.try_into().unwrap()
    }

    #[test]
    fn a_cursor_is_read_as_the_position_that_it_was_written_for() {
        for number in [0, 1, 42, i64::MAX] {
            let at = Position::try_from(number).unwrap();
            let text = cursor(org(100_458), at);
            assert_eq!(position(&text, org(100_458)), Ok(at), "{text}");
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            );
        }
    }

    #[test]
    fn the_form_of_cursors_never_changes() {
        // One that a consumer has kept since the first release of the feed.
        let at = Position::try_from(42).unwrap();
        assert_eq!(cursor(org(100_458), at), "AQAAAAAAAYhqAAAAAAAAACo");
    }

    #[test]
    fn what_is_no_cursor_and_what_is_another_orgs_is_refused_and_told_apart() {
        let good = cursor(org(100_458), Position::START);
        let refused = |text: &str| position(text, org(100_458)).unwrap_err().message;
        let negative = URL_SAFE_NO_PAD.encode([[1; 9], [0xff; 9]].concat().get(..17).unwrap());
        let newer = format!("Ag{}", &good[2..]);
        for text in [
            "",
            "x",
            "42",
            &good[1..],
            &format!("{good}A"),
            &negative,
            &newer,
            "ä",
        ] {
            assert_eq!(refused(text), MALFORMED, "{text}");
        }
        assert_eq!(refused(&cursor(org(7), Position::START)), FOREIGN);
    }
}
