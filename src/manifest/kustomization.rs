//! `kustomize.config.k8s.io` Kustomization, as far as we write it.
//!
//! Enters and leaves: the list of files that belong together.
//! It deliberately knows none of Kustomize's transformations.

use serde::{Deserialize, Serialize};

/// A Kustomization that only lists files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kustomization {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `resources`: file names.
    pub resources: Vec<String>,
}

impl Kustomization {
    /// Lists files, sorted.
    pub fn new(mut resources: Vec<String>) -> Self {
        resources.sort_unstable();
        Self {
            api_version: "kustomize.config.k8s.io/v1beta1".to_owned(),
            kind: "Kustomization".to_owned(),
            resources,
        }
    }
}
