//! How the types of [`Settings`](crate::settings::Settings) are read from values.
//!
//! The types alone say which keys there are, and of which kind. serde asks for what a type
//! needs; what does not fit is refused here, with the path of the key and without the value, which
//! may be a secret in the wrong place. Nothing is converted but the text of a variable, to the number,
//! truth value or list that its key asks for.

use std::collections::btree_map;
use std::fmt;

use config::{Value, ValueKind};
use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use crate::settings::value::{entries, is_variable};

/// Why values are no configuration.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The keys that lead to the problem, innermost first.
    path: Vec<String>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    /// There is no such key; there are these.
    NoKey(&'static [&'static str]),
    /// A value stands where a section belongs.
    NoSection,
    /// A section stands where a value belongs.
    NoValue,
    /// The value is not one that the key takes.
    WrongValue(String),
}

impl Misfit {
    fn new(problem: Problem) -> Self {
        Self {
            path: Vec::new(),
            problem,
        }
    }

    fn below(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }

    /// Whether it is about a key that does not exist.
    pub(super) fn is_no_key(&self) -> bool {
        matches!(self.problem, Problem::NoKey(_))
    }

    /// The problem of a variable, whose name says the key.
    pub(super) fn of_variable(&self) -> String {
        match &self.problem {
            Problem::WrongValue(problem) => problem.clone(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        let path = keys.join(".");
        match &self.problem {
            Problem::NoKey(known) => {
                let mut known = known.to_vec();
                known.sort_unstable();
                let place = match keys.split_last() {
                    Some((_, section)) if !section.is_empty() => {
                        format!("the keys of {} are", section.join("."))
                    }
                    _ => "the sections are".to_owned(),
                };
                write!(f, "there is no key {path}; {place} {}", known.join(", "))
            }
            Problem::NoSection => write!(f, "{path} is a section, not a key"),
            Problem::NoValue => write!(f, "{path} is a key, not a section"),
            Problem::WrongValue(problem) => write!(f, "{path} {problem}"),
        }
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self::new(Problem::WrongValue(problem.to_string()))
    }

    // What serde says of these by itself repeats the value, which may be a secret.

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format!("must be {}", known.join(" or ")))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::NoKey(known)).below(key)
    }
}

/// A value, as serde reads the types from it.
#[derive(Clone, Copy)]
pub(super) struct Typed<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for Typed<'de> {
    type Error = Misfit;

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.leaf()? {
            ValueKind::I64(number) => visitor.visit_i64(*number),
            ValueKind::String(text) if is_variable(self.0) => match text.trim().parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => Err(Misfit::custom("must be a whole number")),
            },
            other => Err(wrong_kind("an integer", other)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.leaf()? {
            ValueKind::Boolean(value) => visitor.visit_bool(*value),
            ValueKind::String(text) if is_variable(self.0) => match text.trim().parse() {
                Ok(value) => visitor.visit_bool(value),
                Err(_) => Err(Misfit::custom("must be true or false")),
            },
            other => Err(wrong_kind("a boolean", other)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.leaf()? {
            ValueKind::Float(number) => visitor.visit_f64(*number),
            ValueKind::I64(number) => visitor.visit_i64(*number),
            ValueKind::String(text) if is_variable(self.0) => match text.trim().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Misfit::custom("must be a number")),
            },
            other => Err(wrong_kind("a number", other)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.leaf()? {
            ValueKind::String(text) => visitor.visit_str(text),
            other => Err(wrong_kind("a string", other)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.leaf()? {
            ValueKind::Array(values) => {
                visitor.visit_seq(SeqDeserializer::new(values.iter().map(Typed)))
            }
            ValueKind::String(text) if is_variable(self.0) => {
                let texts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
                visitor.visit_seq(SeqDeserializer::new(texts))
            }
            other => Err(wrong_kind("an array", other)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match entries(self.0) {
            Some(values) => visitor.visit_map(Keys {
                rest: values.into_iter(),
                next: None,
            }),
            None => Err(Misfit::new(Problem::NoSection)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.kind {
            ValueKind::Table(_) => self.deserialize_map(visitor),
            ValueKind::I64(_) => self.deserialize_i64(visitor),
            ValueKind::Boolean(_) => self.deserialize_bool(visitor),
            ValueKind::Array(_) => self.deserialize_seq(visitor),
            _ => self.deserialize_string(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 char str bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Typed<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The keys of a section, one after another.
struct Keys<'de> {
    rest: btree_map::IntoIter<&'de str, &'de Value>,
    next: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Keys<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some((key, value));
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, value) = self
            .next
            .take()
            .ok_or_else(|| Misfit::custom("asked for without a key"))?;
        seed.deserialize(Typed(value))
            .map_err(|misfit| misfit.below(key))
    }
}

impl<'de> Typed<'de> {
    /// What a key holds.
    fn leaf(self) -> Result<&'de ValueKind, Misfit> {
        match &self.0.kind {
            ValueKind::Table(_) => Err(Misfit::new(Problem::NoValue)),
            kind => Ok(kind),
        }
    }
}

fn wrong_kind(wanted: &str, found: &ValueKind) -> Misfit {
    // By its name in TOML, with its article.
    let found = match found {
        ValueKind::String(_) => "a string",
        ValueKind::I64(_) | ValueKind::U64(_) | ValueKind::I128(_) | ValueKind::U128(_) => {
            "an integer"
        }
        ValueKind::Float(_) => "a float",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::Nil => "a date",
        ValueKind::Array(_) => "an array",
        ValueKind::Table(_) => "a table",
    };
    Misfit::custom(format!("must be {wanted}, not {found}"))
}
