//! Kubernetes objects as values, each with where it stands.
//!
//! Enters: documents. Leaves: objects by kind, and by the namespace of whoever refers to them.
//! It deliberately knows no kind's fields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field::Fields;
use super::problem::{Place, Problem};
use super::text::READ;

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The whole of it.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

impl Object {
    /// `kind`
    pub fn kind(&self) -> &str {
        self.value.text("kind")
    }

    /// `metadata.name`
    pub fn name(&self) -> &str {
        self.value.name()
    }

    /// `metadata.namespace`; empty where none is written.
    pub fn namespace(&self) -> &str {
        self.value.path(&["metadata", "namespace"]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The API group; empty for the core's.
    pub fn group(&self) -> &str {
        self.value.text("apiVersion").split_once('/').map_or("", |(group, _)| group)
    }

    /// `Rollout/shop`
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }
}

/// Objects in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// All of the kinds that are read.
    pub list: Vec<Object>,
    /// How many there were of each other kind.
    pub ignored: BTreeMap<String, usize>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Objects {
    /// Objects that stand in no file.
    pub fn of_values(values: impl IntoIterator<Item = Value>) -> Self {
        let list = values.into_iter().map(|value| Object { value, place: Place::default() }).collect();
        Self { list, ..Self::default() }
    }

    /// All of a kind that is read.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        let read = |object: &&Object| READ.contains(&(object.group(), object.kind()));
        self.list.iter().filter(move |object| object.kind() == kind).filter(read)
    }

    /// Those of a kind that a Rollout of this namespace finds.
    pub(super) fn beside<'a>(&'a self, kind: &'a str, namespace: &'a str) -> Vec<&'a Object> {
        let namespace = or_default(namespace);
        self.of_kind(kind).filter(|object| or_default(object.namespace()) == namespace).collect()
    }
}

/// The namespace in which an object without one is applied.
pub(super) fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}
