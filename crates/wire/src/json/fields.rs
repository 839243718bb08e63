//! The fields of a JSON object, each to be taken once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Field, Problems};
use crate::instant;

/// More fields than any object of the API has: a bound on what is kept of one.
const MOST_FIELDS: usize = 1_000;

/// The most characters of a caller's own field name that a path shows.
const MOST_SHOWN: usize = 100;

/// Whether a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may be absent or null.
    Optional,
}

/// The fields of an object that were not asked for yet.
#[derive(Debug)]
pub struct Fields<'a, 'p> {
    /// `None` is the body itself.
    path: Option<Rc<str>>,
    left: Vec<(Cow<'a, str>, &'a RawValue)>,
    problems: &'p Problems,
}

impl<'a, 'p> Fields<'a, 'p> {
    /// The fields of `value`, which stands at `path` and begins with a brace. A name that is
    /// given twice is a problem.
    pub(crate) fn of(value: &'a RawValue, path: String, problems: &'p Problems) -> Option<Self> {
        let Ok(entries) = serde_json::from_str(value.get()) else {
            let message = "Has a field whose name is not valid Unicode.";
            refuse(problems, &path, Rejection::unreadable(message));
            return None;
        };
        Self::from_entries(entries, path, problems)
    }

    /// The same of the object whose entries these are.
    pub(crate) fn from_entries(
        Entries { mut entries, more }: Entries<'a>,
        path: String,
        problems: &'p Problems,
    ) -> Option<Self> {
        if more {
            let message = format!("Has more than {MOST_FIELDS} fields.");
            refuse(problems, &path, Rejection::unreadable(message));
            return None;
        }
        if has_repeated(&entries) {
            let mut seen = HashSet::with_capacity(entries.len());
            let mut repeated = HashSet::new();
            entries.retain(|(name, _)| {
                let first = seen.insert(name.clone());
                if !first && repeated.insert(name.clone()) {
                    let message = "The field is given more than once. Send it once.";
                    problems.refuse(Rejection::unreadable(message).at_field(join(&path, name)));
                }
                first
            });
        }
        Some(Self {
            path: (!path.is_empty()).then(|| path.into()),
            left: entries,
            problems,
        })
    }

    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }

    /// Takes the field `name`; it is absent if it is null.
    pub fn field(&mut self, name: &'static str) -> Field<'a, 'p> {
        let value = self
            .left
            .iter()
            .position(|(known, _)| *known == name)
            .map(|position| self.left.remove(position).1);
        Field::below(value, self.path.clone(), Cow::Borrowed(name), self.problems)
    }

    /// Whether the field `name` is there with a value other than null.
    pub fn has(&self, name: &str) -> bool {
        self.left
            .iter()
            .any(|(known, value)| known == name && value.get() != "null")
    }

    /// Takes the one of two fields that mean the same which is there. Both are a problem, unless they
    /// say the same.
    pub fn either(&mut self, [name, alias]: [&'static str; 2]) -> Field<'a, 'p> {
        let (first, second) = (self.field(name), self.field(alias));
        let text = |field: &Field<'a, 'p>| field.raw().map(RawValue::get);
        match (first.is_present(), second.is_present()) {
            (true, true) if text(&first) != text(&second) => {
                let message = format!("Means the same as {name}. Send one of them.");
                second.refuse(Rejection::unreadable(message));
                first
            }
            (false, true) => second,
            (true, true) | (_, false) => first,
        }
    }

    /// Takes the instant `name` or its twin, `name` followed by `ISO`, which wins; where
    /// they differ by more than a second, warns (1991).
    pub fn instant_pair(&mut self, name: &'static str, presence: Presence) -> Option<Instant> {
        let mut number = self.field(name);
        let iso = self.twin(name);
        if presence == Presence::Required && !iso.is_present() {
            number = number.required();
        }
        let place = number.place();
        let number = number.read(instant::read);
        let iso = iso.read(instant::read_iso);
        match (number, iso) {
            (Some(number), Some(iso)) => {
                if let Some(warning) = disagreement(number, iso) {
                    self.problems.warn(warning.at_field(place.path()));
                }
                Some(iso)
            }
            (number, iso) => iso.or(number),
        }
    }

    /// Takes the field whose name is `name` followed by `ISO`. Most bodies have none.
    fn twin(&mut self, name: &'static str) -> Field<'a, 'p> {
        let is_twin = |known: &str| known.strip_suffix("ISO") == Some(name);
        let Some(position) = self.left.iter().position(|(known, _)| is_twin(known)) else {
            return Field::below(None, None, Cow::Borrowed(name), self.problems);
        };
        let (known, value) = self.left.remove(position);
        let known = Cow::Owned(known.into_owned());
        Field::below(Some(value), self.path.clone(), known, self.problems)
    }

    /// Takes the field `name` without reading it; warns (1993) if it is there. `why` tells what
    /// to do instead.
    pub fn ignore(&mut self, name: &'static str, why: &str) {
        let field = self.field(name);
        if field.is_present() {
            let warning = Rejection::new(Code::FieldIgnored).with_message(why);
            self.problems.warn(warning.at_field(field.path()));
        }
    }

    /// The same of each of `names`, all for one reason.
    pub fn ignore_all(&mut self, names: &[&'static str], why: &str) {
        for name in names {
            self.ignore(name, why);
        }
    }

    /// Takes fields without reading them, without a word.
    pub fn accept(&mut self, names: &[&str]) {
        self.left
            .retain(|(name, _)| !names.contains(&name.as_ref()));
    }

    /// The fields that were not asked for, with their names.
    pub fn rest(self) -> impl Iterator<Item = (Cow<'a, str>, Field<'a, 'p>)> {
        let Self {
            path,
            left,
            problems,
        } = self;
        left.into_iter().map(move |(name, value)| {
            let path = join(path.as_deref().unwrap_or_default(), &name);
            let field = Field::new(Some(value), path, problems);
            (name, field)
        })
    }

    /// Adds a problem with the object; its path, if it has one, is below the object.
    pub fn refuse(&self, problem: Rejection) {
        refuse(self.problems, self.path(), problem);
    }

    /// Adds a warning. Its path is from the root of the body.
    pub fn warn(&self, warning: Rejection) {
        self.problems.warn(warning);
    }

    /// Warns (1990) of the fields that were not asked for.
    pub fn finish(self) {
        for (name, value) in &self.left {
            if value.get() != "null" {
                self.problems.unknown(join(self.path(), name));
            }
        }
    }
}

/// The warning, without a path, if two forms of a moment differ by more than a second.
pub fn disagreement(number: Instant, iso: Instant) -> Option<Rejection> {
    let micros = number.unix_micros().abs_diff(iso.unix_micros());
    (micros > 1_000_000).then(|| Rejection::new(Code::DatesDisagree))
}

pub(crate) fn refuse(problems: &Problems, path: &str, problem: Rejection) {
    problems.refuse(if path.is_empty() {
        problem
    } else {
        problem.below(path)
    });
}

/// Whether a name is given twice. Few bodies have such, and a sorted list of names is cheaper than a
/// set of them.
fn has_repeated(entries: &[(Cow<'_, str>, &RawValue)]) -> bool {
    let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

pub(super) fn join(path: &str, name: &str) -> String {
    let shown = match name.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
        None => Cow::Borrowed(name),
    };
    if path.is_empty() {
        shown.into_owned()
    } else {
        format!("{path}.{shown}")
    }
}

/// The entries of an object in their order, values untouched.
pub(crate) struct Entries<'a> {
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// Whether there were more than [`MOST_FIELDS`], the rest of which is not kept.
    more: bool,
}

impl Entries<'_> {
    /// The same, under the names that `known` gives; where it gives none, the name stays.
    pub(crate) fn renamed(mut self, known: impl Fn(&str) -> Option<&'static str>) -> Self {
        for (name, _) in &mut self.entries {
            if let Some(known) = known(name) {
                *name = Cow::Borrowed(known);
            }
        }
        self
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while entries.len() < MOST_FIELDS {
                    match map.next_entry::<Name<'de>, &RawValue>()? {
                        Some((Name(name), value)) => entries.push((name, value)),
                        None => {
                            return Ok(Entries {
                                entries,
                                more: false,
                            });
                        }
                    }
                }
                let mut more = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    more = true;
                }
                Ok(Entries { entries, more })
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    type Report = Vec<(u32, Option<String>)>;

    fn report(rejections: Vec<Rejection>) -> Report {
        rejections
            .into_iter()
            .map(|rejection| (rejection.code.number(), rejection.field))
            .collect()
    }

    fn problem(code: u32, path: &str) -> (u32, Option<String>) {
        (code, Some(path.to_owned()))
    }

    fn pair(body: &str) -> Result<(Option<Instant>, Report), Report> {
        read(body.as_bytes(), |fields| {
            Some(fields.instant_pair("on", Presence::Required))
        })
        .map(|parsed| (parsed.value, report(parsed.warnings)))
        .map_err(report)
    }

    #[test]
    fn unknown_fields_are_warned_of_with_their_paths_unless_null() {
        let parsed = read(
            br#"{"a":{"b":1,"c":[],"e":null},"isueEventDate":2,"z":null}"#,
            |fields| {
                let mut a = fields.field("a").object()?;
                let b = a.field("b").integer::<i64>();
                a.finish();
                b
            },
        )
        .unwrap();
        assert_eq!(parsed.value, 1);
        assert_eq!(
            report(parsed.warnings),
            [problem(1990, "a.c"), problem(1990, "isueEventDate")]
        );
    }

    #[test]
    fn a_name_given_twice_is_one_problem_even_if_nothing_reads_it() {
        let body = r#"{"a":1,"\u0061":2,"a":3,"x":{"y":1,"y":1},"z":0,"z":0}"#;
        let problems = read(body.as_bytes(), |fields| fields.field("a").integer::<i64>());
        assert_eq!(
            report(problems.unwrap_err()),
            [problem(400, "a"), problem(400, "z")]
        );
    }

    #[test]
    fn of_two_twins_the_iso_one_wins_and_a_difference_is_warned_of() {
        let at = |seconds| Instant::from_unix_seconds(seconds).ok();
        assert_eq!(pair(r#"{"on":5}"#), Ok((at(5), vec![])));
        assert_eq!(
            pair(r#"{"on":null,"onISO":"1970-01-01T00:00:07Z"}"#),
            Ok((at(7), vec![]))
        );
        assert_eq!(
            pair(r#"{"on":6,"onISO":"1970-01-01T00:00:07Z"}"#),
            Ok((at(7), vec![]))
        );
        assert_eq!(
            pair(r#"{"on":5.9,"onISO":"1970-01-01T00:00:07Z"}"#),
            Ok((at(7), vec![problem(1991, "on")]))
        );
        assert_eq!(pair("{}"), Err(vec![problem(400, "on")]));
        assert_eq!(
            pair(r#"{"on":"x","onISO":5}"#),
            Err(vec![problem(400, "on"), problem(400, "onISO")])
        );
    }

    #[test]
    fn of_two_names_for_one_thing_one_may_be_given_or_both_if_they_agree() {
        let either = |body: &str| {
            read(body.as_bytes(), |fields| {
                fields.either(["active", "isActive"]).boolean()
            })
            .map(|parsed| parsed.value)
            .map_err(report)
        };
        assert_eq!(either(r#"{"isActive":true}"#), Ok(true));
        assert_eq!(either(r#"{"active":false,"isActive":null}"#), Ok(false));
        assert_eq!(either(r#"{"active":false,"isActive":false}"#), Ok(false));
        assert_eq!(
            either(r#"{"active":true,"isActive":false}"#),
            Err(vec![problem(400, "isActive")])
        );
    }

    #[test]
    fn an_object_of_very_many_fields_is_refused_and_not_kept() {
        let fields: Vec<_> = (0..=MOST_FIELDS).map(|n| format!("\"{n}\":0")).collect();
        let body = format!("{{{}}}", fields.join(","));
        let problems = read(body.as_bytes(), |_| Some(())).unwrap_err();
        assert_eq!(problems[0].message, "Has more than 1000 fields.");
        let body = format!("{{{}}}", fields[1..].join(","));
        let parsed = read(body.as_bytes(), |_| Some(())).unwrap();
        assert_eq!(parsed.warnings.len(), crate::json::MOST_REPORTED);
    }

    #[test]
    fn a_very_long_name_is_cut_in_the_path() {
        let body = format!("{{\"{}\":1}}", "ä".repeat(5_000));
        let parsed = read(body.as_bytes(), |_| Some(())).unwrap();
        let path = parsed.warnings[0].field.clone().unwrap();
        assert_eq!(path, format!("{}…", "ä".repeat(100)));
    }
}
