//! Values for serde types of the fast path that are read in more than one form.
//! They take what [`Field`](super::Field) takes; what they cannot say exactly they
//! refuse, and the body is read again field by field.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A text, or a whole number read as its digits.
#[derive(Debug)]
pub struct TextOrNumber(pub String);

impl<'de> Deserialize<'de> for TextOrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = TextOrNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// A positive number that names something, as a number or as a string of digits.
#[derive(Debug, Clone, Copy)]
pub struct PositiveId<T>(pub T);

impl<'de, T: TryFrom<i64> + FromStr> Deserialize<'de> for PositiveId<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);

        impl<T: TryFrom<i64> + FromStr> Visitor<'_> for Read<T> {
            type Value = PositiveId<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a positive whole number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<PositiveId<T>, E> {
                i64::try_from(number)
                    .ok()
                    .and_then(|number| T::try_from(number).ok())
                    .map(PositiveId)
                    .ok_or_else(|| E::custom("out of range"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<PositiveId<T>, E> {
                text.parse()
                    .map(PositiveId)
                    .map_err(|_| E::custom("no digits"))
            }
        }

        deserializer.deserialize_any(Read(PhantomData))
    }
}
