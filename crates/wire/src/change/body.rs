//! A body that is put together field by field.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The fields of an object, in their order.
#[derive(Debug, Default)]
pub(super) struct Body(Vec<(&'static str, Box<RawValue>)>);

impl Body {
    /// The same with this field.
    pub(super) fn with(
        mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> serde_json::Result<Self> {
        self.0.push((name, to_raw_value(value)?));
        Ok(self)
    }

    /// The same with this field, if it has a value.
    pub(super) fn maybe(
        self,
        name: &'static str,
        value: Option<impl Serialize>,
    ) -> serde_json::Result<Self> {
        match value {
            Some(value) => self.with(name, &value),
            None => Ok(self),
        }
    }

    /// The object.
    pub(super) fn raw(&self) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(self)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
