//! One value of a body, and its readings. A value that is not as it must be is reported with
//! its path and read as `None`; an absent one is `None` without a word, unless it is
//! [`required`](Field::required).

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

use accolade_domain::ids::MalformedId;
use accolade_domain::rejection::{Code, Rejection};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::fields::refuse;
use super::{Fields, Problems};

/// A value at a path, or its absence.
#[derive(Debug)]
pub struct Field<'a, 'p> {
    value: Option<&'a RawValue>,
    /// Whether it is an element of an array, so that it cannot be absent.
    element: bool,
    path: String,
    problems: &'p Problems,
}

impl<'a, 'p> Field<'a, 'p> {
    /// The value at `path`; null is absence.
    pub(crate) fn new(value: Option<&'a RawValue>, path: String, problems: &'p Problems) -> Self {
        Self {
            value: value.filter(|value| value.get() != "null"),
            element: false,
            path,
            problems,
        }
    }

    /// The whole body.
    pub(crate) fn root(value: &'a RawValue, problems: &'p Problems) -> Self {
        Self::new(Some(value), String::new(), problems).required()
    }

    /// An element that is read as if it were the whole body.
    pub(crate) fn element(value: Option<&'a RawValue>, problems: &'p Problems) -> Self {
        Self {
            element: true,
            ..Self::new(value, String::new(), problems)
        }
    }

    /// Whether there is a value other than null.
    pub fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.value.is_some_and(|value| kind(value) == Kind::Number)
    }

    /// Where it stands, as in `customers[3]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same; its absence is a problem.
    pub fn required(self) -> Self {
        if !self.is_present() && !self.element {
            self.refuse(Rejection::unreadable("Is required."));
        }
        self
    }

    /// The same; its absence is a problem that has a code of its own.
    pub fn required_as(self, code: Code) -> Self {
        if !self.is_present() {
            self.refuse(Rejection::of(code));
        }
        self
    }

    /// Adds a problem with it; its path, if it has one, is below this one.
    pub fn refuse(&self, problem: Rejection) {
        refuse(self.problems, &self.path, problem);
    }

    /// The value as it was sent.
    pub fn raw(&self) -> Option<&'a RawValue> {
        self.value
    }

    /// The value as `read` reads it, whose error is a sentence for the caller.
    pub fn read<T>(self, read: impl FnOnce(&'a RawValue) -> Result<T, String>) -> Option<T> {
        match read(self.value()?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(Rejection::unreadable(message));
                None
            }
        }
    }

    /// A text.
    pub fn text<T>(self) -> Option<T>
    where
        T: TryFrom<String, Error: Display>,
    {
        self.read(|value| string(value)?.into_owned().try_into().map_err(sentence))
    }

    /// A text, or a number read as the text that it is written with.
    pub fn text_or_number<T>(self) -> Option<T>
    where
        T: TryFrom<String, Error: Display>,
    {
        self.read(|value| {
            let text = match kind(value) {
                Kind::Number => Cow::Borrowed(value.get()),
                _ => string(value)?,
            };
            text.into_owned().try_into().map_err(sentence)
        })
    }

    /// A whole number: `i64` itself, or a type that holds some of them.
    pub fn integer<T>(self) -> Option<T>
    where
        T: TryFrom<i64, Error: Display>,
    {
        self.read(|value| {
            let number: i64 = whole_number(value)?;
            number.try_into().map_err(sentence)
        })
    }

    /// A whole number from `min` to `max`.
    pub fn integer_within(self, min: i64, max: i64) -> Option<i64> {
        self.read(|value| {
            whole_number(value)
                .ok()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| format!("Must be a whole number from {min} to {max}."))
        })
    }

    /// A number that names something, as a number or as a string of digits.
    pub fn number_id<T>(self) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        self.read(|value| {
            let text = match kind(value) {
                Kind::Number => Cow::Borrowed(value.get()),
                Kind::String => string(value)?,
                kind => return Err(unexpected("a whole number", kind)),
            };
            text.parse().map_err(sentence)
        })
    }

    /// An id of 24 hex digits.
    pub fn object_id<T>(self) -> Option<T>
    where
        T: FromStr<Err = MalformedId>,
    {
        self.read(|value| {
            string(value)?
                .parse()
                .map_err(|MalformedId| "Must be an id of 24 hexadecimal digits.".to_owned())
        })
    }

    /// A UUID.
    pub fn uuid(self) -> Option<Uuid> {
        self.read(|value| {
            let text = string(value)?;
            Uuid::try_parse(&text).map_err(|_| "Must be a UUID.".to_owned())
        })
    }

    /// A text, or a number or `true` or `false` read as the text that it is written with.
    pub fn scalar<T>(self) -> Option<T>
    where
        T: TryFrom<String, Error: Display>,
    {
        self.read(|value| {
            let text = match kind(value) {
                Kind::Number | Kind::Boolean => Cow::Borrowed(value.get()),
                _ => string(value)?,
            };
            text.into_owned().try_into().map_err(sentence)
        })
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        self.read(|value| match value.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(unexpected("true or false", kind(value))),
        })
    }

    /// One of the words `all`, in any case, with `-` or a blank for `_`; anything else is
    /// code 400, and the message lists the words.
    pub fn word<T: Copy>(self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let text = string(self.value()?).unwrap_or_default();
        let found = word(&text, all, name);
        if found.is_none() {
            self.refuse(not_a_word(all, name));
        }
        found
    }

    /// The fields of an object. [`Fields::finish`] warns of those that nobody asks for.
    pub fn object(self) -> Option<Fields<'a, 'p>> {
        let value = self.value()?;
        match kind(value) {
            Kind::Object => Fields::of(value, self.path, self.problems),
            kind => {
                self.refuse(Rejection::unreadable(unexpected("an object", kind)));
                None
            }
        }
    }

    /// The elements of an array. Reading one that is null is a problem; so are, as
    /// `too_many`, more than `max` of them.
    pub fn list(self, max: usize, too_many: Code) -> Option<Vec<Field<'a, 'p>>> {
        let value = self.value()?;
        if kind(value) != Kind::Array {
            let message = unexpected("an array", kind(value));
            self.refuse(Rejection::unreadable(message));
            return None;
        }
        let Elements { elements, len } = Elements::of(value, max)?;
        if len > max {
            let message = format!("Has {len} elements; at most {max} are accepted.");
            self.refuse(Rejection::of(too_many).saying(message));
            return None;
        }
        let element = |(index, value)| Field {
            element: true,
            ..Field::new(
                Some(value),
                format!("{}[{index}]", self.path),
                self.problems,
            )
        };
        Some(elements.into_iter().enumerate().map(element).collect())
    }

    /// The value; the absence of an element is a problem.
    fn value(&self) -> Option<&'a RawValue> {
        if self.element && self.value.is_none() {
            self.refuse(Rejection::unreadable("Must not be null."));
        }
        self.value
    }
}

/// What a JSON value is, by how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

fn kind(value: &RawValue) -> Kind {
    match value.get().as_bytes().first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Null,
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

fn unexpected(expected: &str, found: Kind) -> String {
    format!("Must be {expected}, not {found}.")
}

fn string(value: &RawValue) -> Result<Cow<'_, str>, String> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    match kind(value) {
        Kind::String => serde_json::from_str(value.get())
            .map(|Text(text)| text)
            .map_err(|_| "Is not valid Unicode: half of a surrogate pair.".to_owned()),
        kind => Err(unexpected("a string", kind)),
    }
}

fn whole_number(value: &RawValue) -> Result<i64, String> {
    match kind(value) {
        Kind::Number => value
            .get()
            .parse()
            .map_err(|_| format!("Must be a whole number from {} to {}.", i64::MIN, i64::MAX)),
        kind => Err(unexpected("a whole number", kind)),
    }
}

/// The word of `all` that `text` says, in any case, with `-` or a blank for `_`.
pub fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let plain = |byte: u8| match byte {
        b'-' | b' ' => b'_',
        byte => byte.to_ascii_uppercase(),
    };
    let said = text.trim();
    let says = |item: &T| name(*item).bytes().map(plain).eq(said.bytes().map(plain));
    all.iter().copied().find(says)
}

/// The problem, without a path, of a text that is none of the words `all`.
pub fn not_a_word<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Rejection {
    let names: Vec<_> = all.iter().map(|item| name(*item)).collect();
    let message = format!("Must be one of {}.", names.join(", "));
    Rejection::of(Code::InvalidEnum).saying(message)
}

/// `error` as a sentence of its own.
pub fn sentence(error: impl Display) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let mut sentence: String = characters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(characters)
        .collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// The first elements of an array, untouched, and how many there are in all.
struct Elements<'a> {
    elements: Vec<&'a RawValue>,
    len: usize,
}

impl<'a> Elements<'a> {
    fn of(value: &'a RawValue, max: usize) -> Option<Self> {
        // The syntax has been checked with the whole body.
        serde_json::Deserializer::from_str(value.get())
            .deserialize_seq(Collect(max))
            .ok()
    }
}

struct Collect(usize);

impl<'de> Visitor<'de> for Collect {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let mut elements = Vec::new();
        while elements.len() < self.0 {
            let Some(element) = seq.next_element()? else {
                let len = elements.len();
                return Ok(Elements { elements, len });
            };
            elements.push(element);
        }
        let mut len = elements.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            len += 1;
        }
        Ok(Elements { elements, len })
    }
}

#[cfg(test)]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's lifetimes are fixed where the helpers need any"
)]
mod tests {
    use super::*;
    use crate::json::read;
    use accolade_domain::ids::{BadgeId, CustomerId};
    use accolade_domain::owner::OwnerType;
    use accolade_domain::text::{BadgeName, RequestId};

    fn reading<T>(
        json: &str,
        take: impl FnOnce(Field<'_, '_>) -> Option<T>,
    ) -> Result<T, Vec<(u32, String, Option<String>)>> {
        let body = format!("{{\"x\":{json}}}");
        let parsed = read(body.as_bytes(), |fields| take(fields.field("x")));
        parsed.map(|parsed| parsed.value).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| (problem.code.number(), problem.message, problem.field))
                .collect()
        })
    }

    fn message<T: fmt::Debug>(json: &str, take: impl FnOnce(Field<'_, '_>) -> Option<T>) -> String {
        let mut problems = reading(json, take).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].2.as_deref(), Some("x"));
        problems.remove(0).1
    }

    #[test]
    fn a_text_is_what_its_type_says_it_may_be() {
        let name = |json| reading(json, |x| x.text::<BadgeName>()).map(String::from);
        assert_eq!(name(r#""a\"\u00e4""#), Ok("a\"ä".to_owned()));
        let said = |json| message(json, |x| x.text::<BadgeName>());
        assert_eq!(said(r#""""#), "Must not be empty.");
        assert_eq!(said("5"), "Must be a string, not a number.");
        assert_eq!(
            said(r#""a\u0000""#),
            "Must not contain the NUL character (U+0000)."
        );
        assert_eq!(
            said(r#""\ud800""#),
            "Is not valid Unicode: half of a surrogate pair."
        );
        let long = format!("\"{}\"", "x".repeat(256));
        assert_eq!(said(&long), "Must not be longer than 255 characters.");
    }

    #[test]
    fn a_request_id_may_be_a_number_read_as_its_digits() {
        let id = |json| reading(json, |x| x.text_or_number::<RequestId>()).map(String::from);
        assert_eq!(id("2132"), Ok("2132".to_owned()));
        assert_eq!(
            id("123456789012345678901234567890"),
            Ok("123456789012345678901234567890".to_owned())
        );
        assert_eq!(id(r#""10few789""#), Ok("10few789".to_owned()));
        assert_eq!(
            message("true", |x| x.text_or_number::<RequestId>()),
            "Must be a string, not true or false."
        );
    }

    #[test]
    fn a_customer_is_a_positive_number_or_a_string_of_digits() {
        let id = |json| reading(json, |x| x.number_id::<CustomerId>()).map(CustomerId::get);
        assert_eq!(id("62090013"), Ok(62_090_013));
        assert_eq!(id(r#""62090013""#), Ok(62_090_013));
        assert_eq!(id("9223372036854775807"), Ok(i64::MAX));
        for json in [
            "0",
            "-1",
            "1.5",
            "1.0",
            "1e3",
            "9223372036854775808",
            "\"\"",
            "\"+1\"",
        ] {
            assert_eq!(
                message(json, |x| x.number_id::<CustomerId>()),
                "Must be a whole number from 1 to 9223372036854775807.",
                "{json}"
            );
        }
        assert_eq!(
            message("[]", |x| x.number_id::<CustomerId>()),
            "Must be a whole number, not an array."
        );
    }

    #[test]
    fn numbers_ids_and_booleans_say_what_they_must_be() {
        assert_eq!(
            reading("36500", |x| x.integer_within(1, 36_500)),
            Ok(36_500)
        );
        assert_eq!(
            message("36501", |x| x.integer_within(1, 36_500)),
            "Must be a whole number from 1 to 36500."
        );
        assert_eq!(
            message("1e2", |x| x.integer::<i64>()),
            "Must be a whole number from -9223372036854775808 to 9223372036854775807."
        );
        assert_eq!(
            reading(r#""66276DC68FE258516A88FF8E""#, |x| x
                .object_id::<BadgeId>())
            .map(|id| id.to_string()),
            Ok("66276dc68fe258516a88ff8e".to_owned())
        );
        assert_eq!(
            message(r#""8""#, |x| x.object_id::<BadgeId>()),
            "Must be an id of 24 hexadecimal digits."
        );
        assert_eq!(reading("true", |x| x.boolean()), Ok(true));
        assert_eq!(
            message(r#""true""#, |x| x.boolean()),
            "Must be true or false, not a string."
        );
    }

    #[test]
    fn a_word_is_read_in_any_case_and_another_one_is_told_the_words() {
        let owner = |x: Field<'_, '_>| x.word(OwnerType::ALL, OwnerType::name);
        for json in [
            r#""Referral_Campaigns""#,
            r#""referral-campaigns""#,
            r#""REFERRAL CAMPAIGNS""#,
        ] {
            assert_eq!(reading(json, owner), Ok(OwnerType::ReferralCampaigns));
        }
        for json in [r#""Loyalities""#, "7", "{}"] {
            let problems = reading(json, owner).unwrap_err();
            assert_eq!(problems[0].0, 400);
            assert!(
                problems[0]
                    .1
                    .starts_with("Must be one of Loyalty, Loyalty_Promotion, ")
            );
        }
    }

    #[test]
    fn every_element_that_is_wrong_is_named_by_its_place() {
        let ids = |x: Field<'_, '_>| {
            let ids = x.list(5, Code::TooManyCustomers)?.into_iter();
            Some(ids.filter_map(Field::number_id::<CustomerId>).count())
        };
        assert_eq!(reading("[1,2]", ids), Ok(2));
        assert_eq!(reading("[]", ids), Ok(0));
        let paths: Vec<_> = reading("[1,null,-1,\"x\",5]", ids)
            .unwrap_err()
            .into_iter()
            .map(|(code, _, path)| (code, path.unwrap()))
            .collect();
        let expected = ["x[1]", "x[2]", "x[3]"].map(|path| (999_999, path.to_owned()));
        assert_eq!(paths, expected);
        assert_eq!(
            reading("[1,2,3,4,5,6,7]", ids).unwrap_err(),
            [(
                1905,
                "Has 7 elements; at most 5 are accepted.".to_owned(),
                Some("x".to_owned())
            )]
        );
        assert_eq!(message("7", ids), "Must be an array, not a number.");
    }

    #[test]
    fn no_more_than_fifty_problems_are_told() {
        let body = format!("[{}]", vec!["0"; 200].join(","));
        let problems = reading(&body, |x| {
            let ids = x.list(1_000, Code::TooManyCustomers)?.into_iter();
            Some(ids.filter_map(Field::number_id::<CustomerId>).count())
        });
        assert_eq!(problems.unwrap_err().len(), 50);
    }

    #[test]
    fn absence_is_a_problem_only_where_the_field_is_required() {
        assert_eq!(reading("null", |x| Some(x.boolean())), Ok(None));
        assert_eq!(message("null", |x| x.required().boolean()), "Is required.");
        assert_eq!(
            reading("null", |x| x.required_as(Code::ReferenceMissing).boolean()).unwrap_err()[0].0,
            717
        );
    }
}
