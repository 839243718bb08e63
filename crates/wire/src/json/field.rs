//! One value of a body, and its readings. A value that is not as it must be is reported with
//! its path and read as `None`; an absent one is `None` without a word, unless it is
//! [`required`](Field::required).

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::rc::Rc;
use std::str::FromStr;
use std::vec;

use accolade_domain::ids::MalformedId;
use accolade_domain::rejection::{Code, Rejection};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::fields::{join, refuse};
use super::{Fields, Problems};

/// A value at a path, or its absence.
#[derive(Debug)]
pub struct Field<'a, 'p> {
    value: Option<&'a RawValue>,
    place: Place,
    problems: &'p Problems,
}

/// Where a value stands: a path that becomes text only where there is a problem to report, because
/// a list may have ten thousand elements.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// At this path from the root of the body.
    At(String),
    /// The field of this name in the object at this path; without one the object is the body.
    Below(Option<Rc<str>>, Cow<'static, str>),
    /// In the array at this path. It cannot be absent.
    Element(Rc<str>, usize),
    /// In the array that is the body, where each element is read as if it were a body.
    LoneElement,
}

impl Place {
    pub(super) fn path(&self) -> String {
        match self {
            Self::At(path) => path.clone(),
            Self::Below(path, name) => join(path.as_deref().unwrap_or_default(), name),
            Self::Element(list, index) => format!("{list}[{index}]"),
            Self::LoneElement => String::new(),
        }
    }
}

impl<'a, 'p> Field<'a, 'p> {
    /// The value at `path`; null is absence.
    pub(crate) fn new(value: Option<&'a RawValue>, path: String, problems: &'p Problems) -> Self {
        Self::placed(value, Place::At(path), problems)
    }

    /// The value of the field `name` of the object at `path`.
    pub(super) fn below(
        value: Option<&'a RawValue>,
        path: Option<Rc<str>>,
        name: Cow<'static, str>,
        problems: &'p Problems,
    ) -> Self {
        Self::placed(value, Place::Below(path, name), problems)
    }

    fn placed(value: Option<&'a RawValue>, place: Place, problems: &'p Problems) -> Self {
        Self {
            value: value.filter(|value| value.get() != "null"),
            place,
            problems,
        }
    }

    /// The whole body.
    pub(crate) fn root(value: &'a RawValue, problems: &'p Problems) -> Self {
        Self::new(Some(value), String::new(), problems).required()
    }

    /// An element that is read as if it were the whole body.
    pub(crate) fn lone_element(value: Option<&'a RawValue>, problems: &'p Problems) -> Self {
        Self::placed(value, Place::LoneElement, problems)
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
    pub fn path(&self) -> String {
        self.place.path()
    }

    /// The same, not yet as a text.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    fn is_element(&self) -> bool {
        matches!(self.place, Place::Element(..) | Place::LoneElement)
    }

    /// The same; its absence is a problem.
    pub fn required(self) -> Self {
        if !self.is_present() && !self.is_element() {
            self.refuse(Rejection::required());
        }
        self
    }

    /// The same; its absence is a problem that has a code of its own.
    pub fn required_as(self, code: Code) -> Self {
        if !self.is_present() {
            self.refuse(Rejection::new(code));
        }
        self
    }

    /// Adds a problem with it; its path, if it has one, is below this one.
    pub fn refuse(&self, problem: Rejection) {
        refuse(self.problems, &self.path(), problem);
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
    /// a problem whose message lists the words.
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
            Kind::Object => Fields::of(value, self.path(), self.problems),
            kind => {
                self.refuse(Rejection::unreadable(unexpected("an object", kind)));
                None
            }
        }
    }

    /// What `read` makes of the fields of an object; warns of those that it does not ask for.
    pub fn object_as<T>(self, read: impl FnOnce(&mut Fields<'a, 'p>) -> Option<T>) -> Option<T> {
        let mut fields = self.object()?;
        let value = read(&mut fields);
        fields.finish();
        value
    }

    /// The elements of an array, or a number or a text by itself as a list of one. Else as
    /// [`list`](Self::list).
    pub fn one_or_list(self, max: usize, too_many: Code) -> Option<List<'a, 'p>> {
        match self.value.map(kind) {
            Some(Kind::Number | Kind::String) => Some(List {
                path: self.path().into(),
                elements: self.value.into_iter().collect::<Vec<_>>().into_iter(),
                next: 0,
                is_array: false,
                problems: self.problems,
            }),
            _ => self.list(max, too_many),
        }
    }

    /// The elements of an array. Reading one that is null is a problem; so are, as
    /// `too_many`, more than `max` of them.
    pub fn list(self, max: usize, too_many: Code) -> Option<List<'a, 'p>> {
        let value = self.value()?;
        if kind(value) != Kind::Array {
            let message = unexpected("an array", kind(value));
            self.refuse(Rejection::unreadable(message));
            return None;
        }
        let Elements { elements, len } = Elements::of(value, max)?;
        if len > max {
            let message = format!("Has {len} elements; at most {max} are accepted.");
            self.refuse(Rejection::new(too_many).with_message(message));
            return None;
        }
        Some(List {
            path: self.path().into(),
            elements: elements.into_iter(),
            next: 0,
            is_array: true,
            problems: self.problems,
        })
    }

    /// Refuses what is wrong anywhere within the value, which is kept as it is: names that are given twice, and
    /// texts that are not Unicode.
    pub(crate) fn look_through(self) {
        match self.value.map(kind) {
            Some(Kind::Object) => {
                let fields = self.object().into_iter().flat_map(Fields::rest);
                fields.for_each(|(_, value)| value.look_through());
            }
            Some(Kind::Array) => {
                let elements = self.list(usize::MAX, Code::Unreadable);
                elements.into_iter().flatten().for_each(Field::look_through);
            }
            Some(Kind::String) => drop(self.text::<String>()),
            Some(Kind::Null | Kind::Boolean | Kind::Number) | None => {}
        }
    }

    /// The value; the absence of an element is a problem.
    fn value(&self) -> Option<&'a RawValue> {
        if self.is_element() && self.value.is_none() {
            self.refuse(Rejection::unreadable("Must not be null."));
        }
        self.value
    }
}

/// The elements of an array, or the one that stands where an array might.
#[derive(Debug)]
pub struct List<'a, 'p> {
    path: Rc<str>,
    elements: vec::IntoIter<&'a RawValue>,
    next: usize,
    /// Whether its elements have a place of their own behind the path.
    is_array: bool,
    problems: &'p Problems,
}

impl<'a, 'p> Iterator for List<'a, 'p> {
    type Item = Field<'a, 'p>;

    fn next(&mut self) -> Option<Field<'a, 'p>> {
        let value = self.elements.next()?;
        let place = if self.is_array {
            Place::Element(Rc::clone(&self.path), self.next)
        } else {
            Place::At(self.path.to_string())
        };
        self.next += 1;
        Some(Field::placed(Some(value), place, self.problems))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.size_hint()
    }
}

impl ExactSizeIterator for List<'_, '_> {}

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
    Rejection::unreadable(message)
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
mod tests;
