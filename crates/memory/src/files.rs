//! A reader of the simplest files.

use std::collections::HashMap;

use accolade_application::customers::NamedCustomer;
use accolade_application::earning::ImportRow;
use accolade_application::ports::{
    DirectoryEntry, FilePlace, IdentifierKind, Identifiers, JobFile, JobFiles, JobRow, RowAction,
};
use accolade_domain::instant::Instant;
use accolade_domain::job::{JobOperation, JobSettings};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use anyhow::anyhow;

/// Reads lines of values with commas between them, and nothing else around them, below a line with the
/// names of the columns. What cannot be read of a row makes it invalid; there is no more to be said.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainFiles;

struct PlainFile {
    settings: JobSettings,
    columns: Option<Vec<String>>,
    /// What was fed and not given yet.
    left: Vec<u8>,
    /// How many bytes of the first part are before the place where it was opened.
    skip: usize,
    part: u32,
    /// How many bytes of the part were given.
    offset: u32,
    /// The part and the offset behind which each part that was fed ends, in what is left.
    ends: Vec<(usize, u32)>,
    line: u64,
    is_finished: bool,
}

impl JobFiles for PlainFiles {
    fn open(
        &self,
        settings: &JobSettings,
        place: &FilePlace,
    ) -> Result<Box<dyn JobFile>, anyhow::Error> {
        let (line, columns) = match place.reading.split_once(':') {
            None if place.part == 0 => (1, None),
            None => return Err(anyhow!("no place of this reader")),
            Some((line, columns)) => (
                line.parse()?,
                Some(columns.split(',').map(str::to_owned).collect()),
            ),
        };
        Ok(Box::new(PlainFile {
            settings: settings.clone(),
            columns,
            left: Vec::new(),
            skip: place.offset as usize,
            part: place.part.max(1),
            offset: place.offset,
            ends: Vec::new(),
            line,
            is_finished: false,
        }))
    }
}

impl PlainFile {
    /// The next line, if it is there.
    fn next_line(&mut self) -> Option<String> {
        let end = self.left.iter().position(|byte| *byte == b'\n');
        let len = match end {
            Some(end) => end + 1,
            None if self.is_finished && !self.left.is_empty() => self.left.len(),
            None => return None,
        };
        let line: Vec<u8> = self.left.drain(..len).collect();
        self.moved(len);
        self.line += 1;
        let text = String::from_utf8_lossy(&line);
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn moved(&mut self, len: usize) {
        self.offset += u32::try_from(len).unwrap_or(u32::MAX);
        for (end, _) in &mut self.ends {
            *end = end.saturating_sub(len);
        }
        while self.ends.len() > 1 && self.ends[0].0 == 0 {
            let (_, bytes) = self.ends.remove(0);
            self.part += 1;
            self.offset -= bytes;
        }
    }

    fn read(&self, line: &str, columns: &[String]) -> Result<RowAction, Rejection> {
        let values: Vec<_> = line.split(',').collect();
        if values.len() != columns.len() {
            return Err(Rejection::unreadable("Has another number of values."));
        }
        let values: HashMap<&str, &str> = (columns.iter().map(String::as_str).zip(values))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let row = Values {
            settings: &self.settings,
            values,
        };
        let action = row.action();
        action.ok_or_else(|| Rejection::unreadable("Cannot be read."))
    }
}

struct Values<'a> {
    settings: &'a JobSettings,
    values: HashMap<&'a str, &'a str>,
}

impl Values<'_> {
    fn get<T: std::str::FromStr>(&self, column: &str) -> Option<T> {
        self.values.get(column)?.parse().ok()
    }

    fn moment(&self, column: &str) -> Option<Instant> {
        Instant::parse_iso(self.values.get(column)?).ok()
    }

    fn action(&self) -> Option<RowAction> {
        let badge = || self.get("badgeMetaId").or(self.settings.badge);
        let event_on = self.moment("eventDate").or(self.settings.event_on);
        let triggered_by = self.settings.triggered_by.clone();
        let customer = match self.get("customerId") {
            Some(number) => Some(NamedCustomer::Number(number)),
            None => (self.values.get("email"))
                .map(|it| NamedCustomer::Identifier(IdentifierKind::Email, (*it).to_owned())),
        };
        Some(match self.settings.operation {
            JobOperation::Enrol => RowAction::Enrol {
                badge: badge()?,
                customer: customer?,
                event_on,
                triggered_by,
            },
            JobOperation::Earn => RowAction::Earn {
                badge: badge()?,
                customer: customer?,
                event_on,
                triggered_by,
            },
            JobOperation::RevokeEnrolments => RowAction::RevokeEnrolments {
                badge: badge()?,
                customer: customer?,
                enrolment: self.get("issuedId"),
                reason: None,
            },
            JobOperation::RevokeEarns => RowAction::RevokeEarn {
                badge: badge()?,
                customer: customer?,
                earned: self.get("earnedBadgeId")?,
                reason: None,
            },
            JobOperation::Import => RowAction::Import(ImportRow {
                badge: badge()?,
                customer: customer?,
                event_on: event_on?,
                expires_on: self.moment("earnExpiresOn")?,
            }),
            JobOperation::Customers => {
                let text = |column| {
                    let text = self.values.get(column)?;
                    Some(Name::from_stored((*text).to_owned()))
                };
                RowAction::Customer(DirectoryEntry {
                    customer: self.get("customerId")?,
                    identifiers: Identifiers {
                        email: text("email"),
                        mobile: text("mobile"),
                        external_id: text("externalId"),
                        card_number: text("cardNumber"),
                    },
                })
            }
        })
    }
}

impl JobFile for PlainFile {
    fn feed(&mut self, part: &[u8]) {
        let new = part.get(std::mem::take(&mut self.skip)..).unwrap_or(&[]);
        self.left.extend_from_slice(new);
        let bytes = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.ends.push((self.left.len(), bytes));
        self.moved(0);
    }

    fn finish(&mut self) {
        self.is_finished = true;
    }

    fn check(&mut self) -> Option<Result<(), Vec<Rejection>>> {
        if self.columns.is_none() {
            let line = self.next_line()?;
            self.columns = Some(line.split(',').map(str::to_owned).collect());
        }
        let columns = self.columns.as_ref()?;
        let names = |column: &str| columns.iter().any(|it| it == column);
        if names("customerId") || names("email") {
            return Some(Ok(()));
        }
        let missing = Rejection::new(Code::ColumnMissing).at_field("customerId");
        Some(Err(vec![missing]))
    }

    fn next_row(&mut self) -> Option<JobRow> {
        if !matches!(self.check(), Some(Ok(()))) {
            return None;
        }
        let line = self.line;
        let text = self.next_line()?;
        let columns = self.columns.as_ref()?;
        Some(JobRow {
            line,
            action: self.read(&text, columns),
        })
    }

    fn place(&self) -> FilePlace {
        let columns = self.columns.as_ref().map(|it| it.join(","));
        FilePlace {
            part: self.part,
            offset: self.offset,
            reading: columns.map_or_else(String::new, |it| format!("{}:{it}", self.line)),
        }
    }
}
