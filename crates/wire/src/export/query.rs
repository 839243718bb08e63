//! Reading which rows of an export a caller asks for.

use accolade_application::exports::Export;
use accolade_application::ports::{
    CustomerExport, HeldExport, IdentifierKind, ListExport, RecordedIn,
};
use accolade_domain::ids::{BadgeId, ObjectId, OrgId};
use accolade_domain::rejection::Rejection;

use super::cursor::{self, Key};
use super::{ExportKind, Format};
use crate::customer::named::NamedCustomer;
use crate::query::Query;
use crate::query::words::{self, Words, meaning};

const FORMATS: &Words<Format> = &[(Format::Ndjson, "NDJSON"), (Format::Csv, "CSV")];

/// What a caller asks for, its customer as it names it.
#[derive(Debug)]
pub struct Asked {
    /// Which rows.
    pub export: Export,
    /// About this customer.
    pub customer: Option<NamedCustomer>,
    /// How they are written.
    pub format: Format,
}

/// Which rows of such an export of `org` are asked for by `query`. What is wrong with it is remembered
/// there: also a filter that such rows have nothing for.
pub fn read(
    query: &mut Query,
    kind: ExportKind,
    org: OrgId,
    named_by: Option<IdentifierKind>,
) -> Asked {
    for (name, is_known) in [
        ("badgeMetaId", kind.has_badge()),
        ("customerId", kind.has_customer()),
        ("recordedFrom", kind.has_moment()),
        ("recordedTo", kind.has_moment()),
    ] {
        if !is_known && query.has(name) {
            let message = format!(
                "Rows of exports/{} cannot be chosen by this. Leave it out.",
                kind.name()
            );
            query.refuse(Rejection::unreadable(message).at_field(name));
            query.accept(name);
        }
    }
    let format = query.read("format", |text| meaning(text, FORMATS));
    let badge = query.read("badgeMetaId", badge);
    let recorded = RecordedIn {
        from: query.read("recordedFrom", words::moment),
        to: query.read("recordedTo", words::moment),
    };
    let customer = query.read("customerId", |text| words::customer(text, named_by));
    let mut cursor = Cursor { query, kind, org };
    let export = match kind {
        ExportKind::Enrolments | ExportKind::EarnedBadges => {
            let asked = HeldExport {
                after: cursor.read(),
                badge,
                customer: None,
                recorded,
            };
            if kind == ExportKind::Enrolments {
                Export::Enrolments(asked)
            } else {
                Export::EarnedBadges(asked)
            }
        }
        ExportKind::Badges => Export::Badges(ListExport {
            only: badge,
            ..cursor.list(recorded)
        }),
        ExportKind::Groups => Export::Groups(cursor.list(recorded)),
        ExportKind::CustomFields => Export::CustomFields(cursor.list(recorded)),
        ExportKind::Customers => Export::Customers(CustomerExport {
            after: cursor.read(),
            only: None,
        }),
    };
    Asked {
        export,
        customer,
        format: format.unwrap_or_default(),
    }
}

/// Where to go on.
struct Cursor<'q> {
    query: &'q mut Query,
    kind: ExportKind,
    org: OrgId,
}

impl Cursor<'_> {
    fn read<K: Key>(&mut self) -> Option<K> {
        let (kind, org) = (self.kind, self.org);
        self.query
            .read("after", |text| cursor::key(text, kind, org))
    }

    fn list<I: From<ObjectId>>(&mut self, recorded: RecordedIn) -> ListExport<I> {
        ListExport {
            after: self.read::<ObjectId>().map(I::from),
            only: None,
            recorded,
        }
    }
}

fn badge(text: &str) -> Result<BadgeId, Rejection> {
    text.parse()
        .map_err(|_| Rejection::unreadable("Must be an id of 24 hexadecimal digits."))
}
