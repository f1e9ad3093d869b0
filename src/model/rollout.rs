//! A rollout as the controller will see it, with what only people see beside it.
//!
//! Enters: facts from resolution. Leaves: shapes for `backend`, `simulator` and `report`.
//! It deliberately uses Argo's shapes (steps, templates, limits), so that a default filled in is filled in for all.

use super::Fact;
use super::analysis::{Analysis, AnalysisTemplate, Slo};
use crate::source::Span;
use crate::unit::{Millis, Seconds, Weight};

/// One rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Its name, a DNS label of at most 47 characters so that pod names keep its hash readable.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its namespace.
    pub namespace: Fact<String>,
    /// Labels that every object gets.
    pub labels: Vec<(String, String)>,
    /// Desired pods.
    pub replicas: Fact<u32>,
    /// What runs.
    pub pods: Pods,
    /// How traffic is split.
    pub route: Istio,
    /// The steps.
    pub canary: Canary,
    /// What `canary` and the background refer to, each once, in order of first use.
    pub templates: Vec<AnalysisTemplate>,
    /// The slos in force for this rollout, own and shared, in source order.
    pub slos: Vec<Slo>,
    /// Prometheus' address as written into every metric.
    pub prometheus: Fact<String>,
}

/// What runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Pods {
    /// `spec.template` and the selector that finds its pods.
    Template {
        /// The pod template, in the order in which it was written.
        template: serde_json::Value,
        /// `spec.selector.matchLabels`
        selector: Vec<(String, String)>,
        /// The port that the Services lead to.
        port: Port,
    },
    /// `spec.workloadRef`
    Workload {
        /// `apps/v1`
        api_version: &'static str,
        /// `Deployment`
        kind: String,
        /// Its name.
        name: String,
        /// `spec.workloadRef.scaleDown`
        scale_down: Option<&'static str>,
        /// The labels by which Services find its pods.
        selector: Vec<(String, String)>,
        /// The port that the Services lead to.
        port: Port,
    },
}

impl Pods {
    /// The labels by which Services find the pods.
    pub fn selector(&self) -> &[(String, String)] {
        match self {
            Self::Template { selector, .. } | Self::Workload { selector, .. } => selector,
        }
    }

    /// The port that the Services lead to.
    pub fn port(&self) -> &Port {
        match self {
            Self::Template { port, .. } | Self::Workload { port, .. } => port,
        }
    }
}

/// A Service's port and the container's behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name, by which Istio knows the protocol.
    pub name: String,
    /// The Service's own number.
    pub number: u16,
    /// The container port's name or number.
    pub target: PortTarget,
}

/// A container port by name or number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortTarget {
    /// By name.
    Name(String),
    /// By number.
    Number(u16),
}

/// Istio's VirtualService with host-level or subset-level splitting.
#[derive(Clone, Debug, PartialEq)]
pub struct Istio {
    /// The host that clients call: the first label of the Service's name, or a full name.
    pub host: Fact<String>,
    /// `spec.gateways`; empty means the mesh.
    pub gateways: Vec<String>,
    /// `uri.prefix`
    pub path_prefix: Option<String>,
    /// `timeout`
    pub timeout: Option<Millis>,
    /// `retries.attempts`
    pub retries: Option<u32>,
    /// Host-level or subset-level.
    pub split: Split,
}

/// By what Istio tells the versions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Two Services, `NAME-canary` and `NAME-stable`.
    Hosts,
    /// One Service and a DestinationRule with the subsets `canary` and `stable`.
    Subsets,
}

/// `spec.strategy.canary`
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// Argo's steps: one statement of the language may make two.
    pub steps: Vec<Step>,
    /// `analysis`: what runs beside the steps.
    pub background: Option<Background>,
}

/// One of Argo's steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// The statement that made it.
    pub span: Span,
}

/// The kinds of a step. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/types.go, CanaryStep.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `setWeight`
    SetWeight(Weight),
    /// `pause`; without a duration it waits for a person.
    Pause(Option<Seconds>),
    /// `analysis`
    Analysis(Analysis),
}

/// `canary.analysis`
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// `startingStep`: the run is created in the first reconcile whose stored index is at least this.
    pub starting_step: u32,
    /// What runs.
    pub analysis: Analysis,
}
