//! Kubernetes objects as typed values and as YAML: every kind that we write, strict on what it does not know.
//!
//! Enters: YAML texts, or values that the backend filled. Leaves: values with errors by line and column, or YAML in one style.
//! It deliberately knows no rollout of the language; what an object must say to work, `model`, `backend` and the lints know.

pub mod analysis;
pub mod canary;
pub mod conventions;
pub mod document;
pub mod istio;
pub mod kustomization;
pub mod meta;
pub mod pods;
pub mod rollout;
pub mod service;
pub mod yaml;

pub use pods::{PodsFile, read_pods};
pub use yaml::{ReadError, WriteError, write};

use serde::Serialize;
use serde_json::Value;

/// One object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Object {
    /// `v1`
    Service(Box<service::Service>),
    /// `networking.istio.io`
    VirtualService(Box<istio::VirtualService>),
    /// `networking.istio.io`
    DestinationRule(Box<istio::DestinationRule>),
    /// `argoproj.io`
    AnalysisTemplate(Box<analysis::AnalysisTemplate>),
    /// `argoproj.io`
    Rollout(Box<rollout::Rollout>),
    /// `apps`
    Deployment(Box<pods::Deployment>),
    /// A kind of which we know nothing, as it stands in the text.
    Other(Value),
}

impl Object {
    /// `kind`
    pub fn kind(&self) -> &str {
        match self {
            Self::Service(object) => &object.kind,
            Self::VirtualService(object) => &object.kind,
            Self::DestinationRule(object) => &object.kind,
            Self::AnalysisTemplate(object) => &object.kind,
            Self::Rollout(object) => &object.kind,
            Self::Deployment(object) => &object.kind,
            Self::Other(value) => value.get("kind").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// `metadata.name`
    pub fn name(&self) -> &str {
        match self {
            Self::Other(value) => value.pointer("/metadata/name").and_then(Value::as_str),
            typed => typed.metadata().and_then(|metadata| metadata.name.as_deref()),
        }
        .unwrap_or_default()
    }

    /// `metadata` of the kinds that we know.
    pub fn metadata(&self) -> Option<&meta::Metadata> {
        match self {
            Self::Service(object) => Some(&object.metadata),
            Self::VirtualService(object) => Some(&object.metadata),
            Self::DestinationRule(object) => Some(&object.metadata),
            Self::AnalysisTemplate(object) => Some(&object.metadata),
            Self::Rollout(object) => Some(&object.metadata),
            Self::Deployment(object) => Some(&object.metadata),
            Self::Other(_) => None,
        }
    }
}

/// Reads all objects of a file; each of a kind that we know is held against all of that kind's fields.
pub fn read(text: &str) -> Result<Vec<Object>, ReadError> {
    document::documents(text)?.iter().map(object).collect()
}

fn object(document: &document::Document<'_>) -> Result<Object, ReadError> {
    let header = document.header()?;
    let Some(kind) = header.kind else {
        return Err(document.blame(&[], "an object needs `kind`"));
    };
    let Some(api_version) = header.api_version else {
        return Err(document.blame(&[], "an object needs `apiVersion`"));
    };
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    Ok(match (group, kind.as_str()) {
        ("", "Service") => Object::Service(document.read()?),
        ("networking.istio.io", "VirtualService") => Object::VirtualService(document.read()?),
        ("networking.istio.io", "DestinationRule") => Object::DestinationRule(document.read()?),
        ("argoproj.io", "AnalysisTemplate" | "ClusterAnalysisTemplate") => {
            Object::AnalysisTemplate(document.read()?)
        }
        ("argoproj.io", "Rollout") => Object::Rollout(document.read()?),
        ("apps", "Deployment") => Object::Deployment(document.read()?),
        _ => Object::Other(document.read()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_is_an_absent_field() {
        let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n  annotations: null\nspec:\n  ports: ~\n  selector:\n  type:\nstatus:\n";
        let objects = read(text).unwrap();
        assert_eq!(
            write(&objects[0]).unwrap(),
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: {}\n"
        );
    }
}
