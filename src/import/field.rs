//! Fields of an object as Go's decoder finds them: what is absent and what is null are one.
//!
//! Enters: JSON values. Leaves: their fields, with the zero value of the kind that is asked for where there is none.
//! It deliberately refuses nothing; whether a field has the right kind, the schema says.

use serde_json::Value;

use super::number::int_value;

/// A value, or the lack of one.
pub(super) trait Fields<'a>: Copy {
    /// The value itself.
    fn value(self) -> Option<&'a Value>;

    /// The field, unless it is null.
    fn field(self, name: &str) -> Option<&'a Value> {
        self.value()?.get(name).filter(|value| !value.is_null())
    }

    /// What stands at the end of a path of names.
    fn path(self, names: &[&str]) -> Option<&'a Value> {
        names.iter().try_fold(self.value()?, |value, name| value.field(name))
    }

    /// A text; empty where there is none.
    fn text(self, name: &str) -> &'a str {
        self.field(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A list; empty where there is none.
    fn list(self, name: &str) -> &'a [Value] {
        self.field(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// An integer, or a text read as one.
    fn int(self, name: &str) -> Option<i64> {
        self.field(name).map(int_value)
    }

    /// A boolean, `false` where there is none.
    fn flag(self, name: &str) -> bool {
        self.field(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// `metadata.name`
    fn name(self) -> &'a str {
        self.field("metadata").and_then(|metadata| metadata.get("name")?.as_str()).unwrap_or_default()
    }
}

impl<'a> Fields<'a> for &'a Value {
    fn value(self) -> Option<&'a Value> {
        Some(self)
    }
}

impl<'a> Fields<'a> for Option<&'a Value> {
    fn value(self) -> Option<&'a Value> {
        self
    }
}
