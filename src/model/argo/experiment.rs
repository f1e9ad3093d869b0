//! An experiment step as the controllers read it.
//!
//! Enters: facts from `model`, or manifests read by `import`. Leaves: [`Experiment`], from which the simulator makes
//! Experiment objects. It deliberately knows no state. Spans are seconds.

use std::sync::Arc;

use super::Analysis;

/// `experiment`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// `templates`
    pub templates: Vec<ExperimentTemplate>,
    /// `duration`
    pub duration: Option<i64>,
    /// `analyses`
    pub analyses: Vec<ExperimentAnalysis>,
    /// `scaleDownDelaySeconds`
    pub scale_down_delay: Option<i64>,
}

/// `experiment.templates[]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentTemplate {
    /// `name`
    pub name: Arc<str>,
    /// `specRef`
    pub spec_ref: SpecRef,
    /// `replicas`
    pub replicas: Option<i64>,
    /// `weight`
    pub weight: Option<i64>,
    /// `service`: its name, empty where it is named after the ReplicaSet; a weight alone asks for such a Service too.
    pub service: Option<Arc<str>>,
}

/// Which ReplicaSet a template is copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecRef {
    /// The new one.
    Canary,
    /// The stable one.
    Stable,
}

/// `experiment.analyses[]`
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentAnalysis {
    /// `name`
    pub name: Arc<str>,
    /// `templateName` with its arguments.
    pub analysis: Analysis,
    /// `requiredForCompletion`
    pub required: bool,
    /// Why its template cannot be read, in the API server's words.
    pub missing: Option<Arc<str>>,
    /// Arguments' values that stand for the experiment's own facts; each must be one, whether its argument is used or not.
    pub templated: Vec<Arc<str>>,
}

impl Experiment {
    /// Whether any analysis is required for completion.
    pub fn requires_analysis(&self) -> bool {
        self.analyses.iter().any(|analysis| analysis.required)
    }
}

impl ExperimentTemplate {
    /// How many pods it wants.
    pub fn replicas(&self) -> i64 {
        self.replicas.unwrap_or(1)
    }

    /// The name of the Service it asks for, empty where it is named after the ReplicaSet.
    pub fn service(&self) -> Option<Arc<str>> {
        self.service.clone().or_else(|| self.weight.map(|_| "".into()))
    }
}
