//! Reading a query string: each parameter once, every problem at once, and a
//! warning for each name that nothing reads.

pub mod words;

use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::normalized;
use percent_encoding::percent_decode_str;

use crate::json::{MOST_REPORTED, Parsed};

/// The most parameters that a query may have. No operation takes half as many, and each is compared
/// with all before it.
const MOST_PARAMETERS: usize = 64;

/// The parameters of a request that were not read yet, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct Query {
    parameters: Vec<(String, String)>,
    problems: Vec<Rejection>,
}

/// What is wrong with a query, and what is odd about it.
#[derive(Debug, Default)]
pub struct QueryReport {
    /// Reasons to refuse it.
    pub problems: Vec<Rejection>,
    /// Parameters that nothing read.
    pub warnings: Vec<Rejection>,
}

impl Query {
    /// The parameters in `text`, which is what follows the `?` of a request.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut pairs = text.split('&').filter(|pair| !pair.is_empty());
        for pair in pairs.by_ref().take(MOST_PARAMETERS) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), _) if query.parameters.iter().any(|(known, _)| *known == name) => {
                    let problem =
                        Rejection::unreadable("The parameter is given twice. Send it once.");
                    query.problems.push(problem.at_field(name));
                }
                (Some(name), Some(value)) => query.parameters.push((name, value)),
                (Some(name), None) => query.problems.push(undecodable().at_field(name)),
                (None, _) => query.problems.push(undecodable()),
            }
        }
        if pairs.next().is_some() {
            let message = format!("More than {MOST_PARAMETERS} parameters. Send fewer.");
            query.problems.push(Rejection::unreadable(message));
        }
        query
    }

    /// The value of `name` as texts of callers are kept, to be compared with them; `None` if it is
    /// absent or blank.
    pub fn kept_text(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        Some(normalized(&text).into_owned()).filter(|text| !text.is_empty())
    }

    /// The value of `name`; `None` if it is absent or empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let position = self
            .parameters
            .iter()
            .position(|(known, _)| known == name)?;
        Some(self.parameters.remove(position).1)
    }

    /// The value of `name` as `read` reads it; what it says is wrong is a problem at `name`.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, Rejection>,
    ) -> Option<T> {
        let value = self.text(name)?;
        self.noting(name, read(&value))
    }

    fn noting<T>(&mut self, name: &str, read: Result<T, Rejection>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem.at_field(name));
                None
            }
        }
    }

    /// As [`read`](Self::read); its absence is a problem.
    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, Rejection>,
    ) -> Option<T> {
        if !self.has(name) {
            self.refuse(Rejection::required().at_field(name));
        }
        self.read(name, read)
    }

    /// Whether `name` is there and not empty.
    pub fn has(&self, name: &str) -> bool {
        let is_it = |(known, value): &(String, String)| known == name && !value.is_empty();
        self.parameters.iter().any(is_it)
    }

    /// Adds a problem.
    pub fn refuse(&mut self, problem: Rejection) {
        self.problems.push(problem);
    }

    /// The value of a parameter that has one or several names, of which one may be given, or more that
    /// say the same.
    pub fn read_either<T: PartialEq, const N: usize>(
        &mut self,
        names: [&str; N],
        read: impl Fn(&str) -> Result<T, Rejection>,
    ) -> Option<T> {
        let mut found = None;
        for name in names {
            match (self.read(name, &read), &found) {
                (Some(value), None) => found = Some((name, value)),
                (Some(value), Some((first, said))) if value != *said => {
                    let message = format!("Means the same as {first}. Send one of them.");
                    self.problems
                        .push(Rejection::unreadable(message).at_field(name));
                }
                _ => {}
            }
        }
        found.map(|(_, value)| value)
    }

    /// Whether `name` says `true` or `false`. A bare `?dryRun` says neither: who means yes
    /// must not be taken to mean no.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let said = match self.take(name)?.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Rejection::unreadable("Must be true or false.")),
        };
        self.noting(name, said)
    }

    /// Accepts `name` and reads nothing from it.
    pub fn accept(&mut self, name: &str) {
        self.parameters.retain(|(known, _)| known != name);
    }

    /// What was read of the body, with what is odd about the query too.
    ///
    /// # Errors
    /// What is wrong with the query, and then with the body.
    pub fn finish_with<T>(
        self,
        parsed: Result<Parsed<T>, Vec<Rejection>>,
    ) -> Result<Parsed<T>, Vec<Rejection>> {
        let QueryReport {
            mut problems,
            mut warnings,
        } = self.finish();
        match parsed {
            Ok(parsed) if problems.is_empty() => {
                warnings.extend(parsed.warnings);
                warnings.truncate(MOST_REPORTED);
                Ok(Parsed { warnings, ..parsed })
            }
            Ok(_) => Err(problems),
            Err(more) => {
                problems.extend(more);
                problems.truncate(MOST_REPORTED);
                Err(problems)
            }
        }
    }

    /// What is wrong, and what nothing has read.
    pub fn finish(self) -> QueryReport {
        let unknown = |(name, _): (String, String)| {
            Rejection::new(Code::UnknownField)
                .with_message("Unknown parameter, ignored. Check its spelling.")
                .at_field(name)
        };
        QueryReport {
            problems: self.problems.into_iter().take(MOST_REPORTED).collect(),
            warnings: self
                .parameters
                .into_iter()
                .take(MOST_REPORTED)
                .map(unknown)
                .collect(),
        }
    }
}

/// Reads a whole number from `min` to `max`.
pub fn number(min: u32, max: u32) -> impl Fn(&str) -> Result<u32, Rejection> {
    move |text| {
        let number = text.parse().ok();
        number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| {
                Rejection::unreadable(format!("Must be a whole number from {min} to {max}."))
            })
    }
}

fn undecodable() -> Rejection {
    Rejection::unreadable("The parameter is not percent-encoded UTF-8 without NUL.")
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(rejections: &[Rejection]) -> Vec<(u32, Option<&str>)> {
        rejections
            .iter()
            .map(|rejection| (rejection.code.number(), rejection.field.as_deref()))
            .collect()
    }

    #[test]
    fn values_are_percent_decoded_and_an_empty_one_is_absent() {
        let mut query = Query::parse("name=50%25+off%21&owner=");
        assert_eq!(query.text("name").as_deref(), Some("50% off!"));
        assert_eq!(query.text("owner"), None);
        assert_eq!(query.finish().warnings, []);
    }

    #[test]
    fn what_is_compared_with_kept_texts_is_read_as_they_are() {
        let mut query = Query::parse("name=+Cafe%CC%81+&other=%20");
        assert_eq!(query.kept_text("name").as_deref(), Some("Café"));
        assert_eq!(query.kept_text("other"), None);
    }

    #[test]
    fn what_nothing_reads_is_warned_of_by_name() {
        let report = Query::parse("dryrun=true").finish();
        assert_eq!(paths(&report.warnings), [(1990, Some("dryrun"))]);
        assert_eq!(report.problems, []);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let mut query = Query::parse("page=-1&unclaimed=maybe&name=%FF&order=ASC&order=ASC&q=%00");
        query.read("page", number(0, 10));
        query.flag("unclaimed");
        query.text("order");
        let problems = query.finish().problems;
        assert_eq!(
            paths(&problems),
            [
                (400, Some("name")),
                (400, Some("order")),
                (400, Some("q")),
                (400, Some("page")),
                (400, Some("unclaimed")),
            ]
        );
    }

    #[test]
    fn only_so_many_parameters_are_read() {
        let names = |count: usize| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>();
        let report = Query::parse(&names(MOST_PARAMETERS).join("&")).finish();
        assert_eq!(report.problems, []);
        let report = Query::parse(&names(10_000).join("&")).finish();
        assert_eq!(paths(&report.problems), [(400, None)]);
    }

    #[test]
    fn a_flag_without_a_value_is_not_taken_for_no() {
        for text in ["dryRun", "dryRun="] {
            let mut query = Query::parse(text);
            assert_eq!(query.flag("dryRun"), None);
            let problems = query.finish().problems;
            assert_eq!(paths(&problems), [(400, Some("dryRun"))], "{text}");
        }
        assert_eq!(Query::parse("dryRun=TRUE").flag("dryRun"), Some(true));
    }

    #[test]
    fn two_names_of_one_parameter_say_the_same_or_one_is_refused() {
        let mut query = Query::parse("size=5&limit=05");
        let size = query.read_either(["size", "limit"], number(1, 100));
        assert_eq!((size, query.finish().problems), (Some(5), vec![]));
        let mut query = Query::parse("size=5&limit=6");
        assert_eq!(
            query.read_either(["size", "limit"], number(1, 100)),
            Some(5)
        );
        assert_eq!(paths(&query.finish().problems), [(400, Some("limit"))]);
    }
}
