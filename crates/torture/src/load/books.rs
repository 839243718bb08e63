//! What must be there: everything that was answered, and nothing else.

use std::collections::{HashMap, HashSet};

use crate::load::call::Call;

/// An enrolment or an earned badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) customer: i64,
    pub(crate) badge: String,
    /// The request that recorded it, if the writer knows it.
    pub(crate) request: Option<String>,
}

/// Which of the two kinds of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Enrolment,
    Earn,
}

/// A call and its answer, to be repeated in the end.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) call: Call,
    pub(crate) answer: String,
    /// Whether it was answered around a fault.
    pub(crate) is_near_fault: bool,
}

/// What one writer, or all of them, know.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) enrolments: HashMap<String, Row>,
    pub(crate) earns: HashMap<String, Row>,
    pub(crate) revoked: HashSet<String>,
    /// Earns that came by an import, of which webhooks are not told as earns.
    pub(crate) imported: HashSet<String>,
    pub(crate) erased: HashSet<i64>,
    pub(crate) merged: HashSet<i64>,
    /// The addresses of customers.
    pub(crate) emails: HashMap<i64, String>,
    /// Of each badge, how many enrolments and earns of erased customers still count.
    pub(crate) forgotten: HashMap<String, [i64; 2]>,
    /// How many events of erased customers have no data any more.
    pub(crate) events_without_data: usize,
    /// Badges with what must be true of them: their description, whether they are on, and their
    /// active claims.
    pub(crate) badges: HashMap<String, BadgeState>,
    /// Groups with their ranks.
    pub(crate) groups: HashMap<String, i64>,
    pub(crate) fields: HashSet<String>,
    /// Webhooks with their descriptions.
    pub(crate) webhooks: HashMap<String, String>,
    /// Jobs, the badges that they enrol for, and how many rows their files have.
    pub(crate) jobs: Vec<(String, String, usize)>,
    /// How often the feed tells of each type and subject.
    pub(crate) told: HashMap<(&'static str, String), usize>,
    /// How often the audit trail tells of each type of thing, each one and what was done.
    pub(crate) audited: HashMap<(&'static str, String, &'static str), usize>,
    pub(crate) settled: Vec<Settled>,
}

/// What a badge of a writer must be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BadgeState {
    pub(crate) description: Option<String>,
    pub(crate) is_off: bool,
    pub(crate) claims: HashSet<i64>,
}

impl Books {
    pub(crate) fn rows(&mut self, kind: Kind) -> &mut HashMap<String, Row> {
        match kind {
            Kind::Enrolment => &mut self.enrolments,
            Kind::Earn => &mut self.earns,
        }
    }

    /// Enters a new row: no other may have its id.
    pub(crate) fn enter(&mut self, kind: Kind, id: &str, row: Row) {
        let known = self.enrolments.get(id).or(self.earns.get(id));
        assert!(known.is_none(), "{id} is {known:?} and {row:?}");
        self.rows(kind).insert(id.to_owned(), row);
    }

    /// Notes that a row was revoked.
    pub(crate) fn revoke(&mut self, kind: Kind, id: &str) {
        assert!(self.rows(kind).contains_key(id), "{id} was revoked");
        assert!(self.revoked.insert(id.to_owned()), "{id}, revoked twice");
        let what = match kind {
            Kind::Enrolment => "ENROLMENT",
            Kind::Earn => "EARN",
        };
        self.audit(what, id, "REVOKE");
    }

    /// Notes that everything of one customer is another's.
    pub(crate) fn merge(&mut self, from: i64, to: i64) {
        for row in self.enrolments.values_mut().chain(self.earns.values_mut()) {
            if row.customer == from {
                row.customer = to;
            }
        }
        if let Some(email) = self.emails.remove(&from) {
            self.emails.insert(to, email);
        }
        self.merged.insert(from);
        self.merged.insert(to);
        self.tell("customer.merged", format!("customers/{to}"));
        self.audit("CUSTOMER", &to.to_string(), "MERGE");
    }

    /// Notes that nothing of a customer is there any more, and what still counts.
    pub(crate) fn erase(&mut self, customer: i64) {
        for (place, kind) in [Kind::Enrolment, Kind::Earn].into_iter().enumerate() {
            let of_customer = |(id, row): (&String, &Row)| {
                (row.customer == customer).then(|| (id.clone(), row.badge.clone()))
            };
            let gone: Vec<_> = self.rows(kind).iter().filter_map(of_customer).collect();
            for (id, badge) in gone {
                self.rows(kind).remove(&id);
                let is_revoked = self.revoked.remove(&id);
                self.events_without_data += 1 + usize::from(is_revoked);
                if !is_revoked {
                    self.forgotten.entry(badge).or_default()[place] += 1;
                }
            }
        }
        // What told that somebody was merged into her names her no more.
        let merges = ("customer.merged", format!("customers/{customer}"));
        if let Some(count) = self.told.remove(&merges) {
            let nobody = ("customer.merged", "customers".to_owned());
            *self.told.entry(nobody).or_default() += count;
        }
        self.emails.remove(&customer);
        self.erased.insert(customer);
        self.tell("customer.erased", format!("customers/{customer}"));
        self.audit("CUSTOMER", &customer.to_string(), "ERASE");
    }

    /// Expects another event.
    pub(crate) fn tell(&mut self, event: &'static str, subject: String) {
        *self.told.entry((event, subject)).or_default() += 1;
    }

    /// Expects another entry of the audit trail.
    pub(crate) fn audit(&mut self, what: &'static str, id: &str, action: &'static str) {
        let entry = (what, id.to_owned(), action);
        *self.audited.entry(entry).or_default() += 1;
    }

    /// How many enrolments, or earns, of a badge count.
    pub(crate) fn counted(&self, kind: Kind, badge: &str) -> i64 {
        let (rows, place) = match kind {
            Kind::Enrolment => (&self.enrolments, 0),
            Kind::Earn => (&self.earns, 1),
        };
        let counts =
            |(id, row): &(&String, &Row)| row.badge == badge && !self.revoked.contains(*id);
        let rows = i64::try_from(rows.iter().filter(counts).count()).unwrap();
        rows + self.forgotten.get(badge).map_or(0, |counts| counts[place])
    }

    /// Takes over what another writer knows.
    pub(crate) fn join(&mut self, other: Self) {
        for (id, row) in other.enrolments {
            self.enter(Kind::Enrolment, &id, row);
        }
        for (id, row) in other.earns {
            self.enter(Kind::Earn, &id, row);
        }
        self.revoked.extend(other.revoked);
        self.imported.extend(other.imported);
        self.erased.extend(other.erased);
        self.merged.extend(other.merged);
        self.emails.extend(other.emails);
        for (badge, counts) in other.forgotten {
            let own = self.forgotten.entry(badge).or_default();
            *own = [own[0] + counts[0], own[1] + counts[1]];
        }
        self.events_without_data += other.events_without_data;
        self.badges.extend(other.badges);
        self.groups.extend(other.groups);
        self.fields.extend(other.fields);
        self.webhooks.extend(other.webhooks);
        self.jobs.extend(other.jobs);
        for (what, count) in other.told {
            *self.told.entry(what).or_default() += count;
        }
        for (what, count) in other.audited {
            *self.audited.entry(what).or_default() += count;
        }
        self.settled.extend(other.settled);
    }
}
