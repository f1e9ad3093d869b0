//! What objects of all kinds have in common: metadata, labels, and values that are a number or a text.
//!
//! Enters and leaves: fields of manifests, in the order of the text.
//! It deliberately knows no particular kind.

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// What a kind is called.
pub trait Kind {
    /// `apiVersion` as we write it.
    const API_VERSION: &'static str;
    /// `kind`
    const KIND: &'static str;
}

/// An object of a kind that keeps its fields in `spec`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(bound(deserialize = "S: DeserializeOwned"))]
pub struct Resource<S> {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata`
    pub metadata: Metadata,
    /// `spec`
    pub spec: S,
    /// `status`: never written by us, present in what was read back from a cluster.
    pub status: Option<Value>,
}

impl<S: Kind> Resource<S> {
    /// An object to be written.
    pub fn new(metadata: Metadata, spec: S) -> Self {
        Self {
            api_version: S::API_VERSION.to_owned(),
            kind: S::KIND.to_owned(),
            metadata,
            spec,
            status: None,
        }
    }
}

/// `metadata`. Source: Kubernetes 1.34, apimachinery/pkg/apis/meta/v1/types.go, ObjectMeta.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// `name`
    pub name: Option<String>,
    /// `generateName`
    pub generate_name: Option<String>,
    /// `namespace`
    pub namespace: Option<String>,
    /// `labels`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// `annotations`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// `finalizers`
    pub finalizers: Option<Value>,
    /// `ownerReferences`
    pub owner_references: Option<Value>,
    /// `creationTimestamp`, by the server.
    pub creation_timestamp: Option<Value>,
    /// `deletionTimestamp`, by the server.
    pub deletion_timestamp: Option<Value>,
    /// `deletionGracePeriodSeconds`, by the server.
    pub deletion_grace_period_seconds: Option<Value>,
    /// `generation`, by the server.
    pub generation: Option<Value>,
    /// `managedFields`, by the server.
    pub managed_fields: Option<Value>,
    /// `resourceVersion`, by the server.
    pub resource_version: Option<Value>,
    /// `selfLink`, by old servers.
    pub self_link: Option<Value>,
    /// `uid`, by the server.
    pub uid: Option<Value>,
}

/// Labels, annotations, selectors: texts by name, in the order of the text. Equal when the order is, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub Vec<(String, String)>);

impl Labels {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Adds or replaces in place.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }
}

impl From<&[(String, String)]> for Labels {
    fn from(pairs: &[(String, String)]) -> Self {
        Self(pairs.to_vec())
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels = Labels::default();
                while let Some(pair) = map.next_entry()? {
                    labels.0.push(pair);
                }
                Ok(labels)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A list or mapping of which nothing is written after the colon, as the API server takes it.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number or a text: ports by number or name, limits, durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<u32> for IntOrString {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = IntOrString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a text")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                Ok(IntOrString::Int(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                i64::try_from(number).map(IntOrString::Int).map_err(|_| E::custom("the number is too large"))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
