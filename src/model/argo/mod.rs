//! What Argo's controllers read of a Rollout and its templates, with their defaults filled in.
//!
//! Enters: facts from `model`, or manifests read by others. Leaves: [`Spec`], which the controllers play.
//! It deliberately knows no state: nothing here changes but by an edit of the whole, as with `kubectl apply`.

pub mod cluster;
pub mod duration;
mod experiment;
mod metric;
mod traffic;

pub use experiment::{Experiment, ExperimentAnalysis, ExperimentTemplate, SpecRef};
pub(crate) use metric::NANOS;
pub use metric::{Field, MetricSpec, Provider};
pub use traffic::{Istio, Router, Subsets, Traffic, canary_ingress};

use std::sync::Arc;

use serde_json::Value;

/// A pod template by number: equal numbers are equal templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template(pub u16);

/// `spec` of a Rollout. Times are seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `metadata.name`
    pub name: Arc<str>,
    /// `replicas`
    pub replicas: i64,
    /// `paused`; writing `false` where nothing stood is a change.
    pub paused: Option<bool>,
    /// `template`
    pub template: Template,
    /// Whether a container of `template` names ports; Services of experiments need them.
    pub ports: bool,
    /// `minReadySeconds`
    pub min_ready: i64,
    /// `progressDeadlineSeconds`
    pub progress_deadline: i64,
    /// `progressDeadlineAbort`
    pub progress_deadline_abort: bool,
    /// `revisionHistoryLimit`
    pub revision_history_limit: i64,
    /// `rollbackWindow.revisions`
    pub rollback_window: i64,
    /// `analysis.successfulRunHistoryLimit`
    pub successful_history: i64,
    /// `analysis.unsuccessfulRunHistoryLimit`
    pub unsuccessful_history: i64,
    /// `strategy.canary`; without a meaning where `strategy.blueGreen` is given.
    pub canary: Arc<Canary>,
    /// `strategy.blueGreen`
    pub blue_green: Option<Arc<BlueGreen>>,
    /// Why the controller's validation refuses it, or what it refers to; upstream's words after `is invalid: `.
    pub refused: Option<Arc<str>>,
}

/// `strategy.blueGreen`
#[derive(Clone, Debug, PartialEq)]
pub struct BlueGreen {
    /// `activeService`: an index into the cluster's Services.
    pub active_service: usize,
    /// `previewService`
    pub preview_service: Option<usize>,
    /// `autoPromotionEnabled`
    pub auto_promotion: bool,
    /// `autoPromotionSeconds`
    pub auto_promotion_seconds: i64,
    /// `previewReplicaCount`
    pub preview_replicas: Option<i64>,
    /// `prePromotionAnalysis`
    pub pre_promotion: Option<Analysis>,
    /// `postPromotionAnalysis`
    pub post_promotion: Option<Analysis>,
    /// `scaleDownDelaySeconds`
    pub scale_down_delay: Option<i64>,
    /// `scaleDownDelayRevisionLimit`
    pub scale_down_delay_revision_limit: Option<i64>,
    /// `abortScaleDownDelaySeconds`
    pub abort_scale_down_delay: Option<i64>,
}

impl Spec {
    /// A spec with every default. Source: Argo Rollouts v1.9.1, utils/defaults/defaults.go.
    pub fn new(name: &str, canary: Canary) -> Self {
        Self {
            name: name.into(),
            replicas: 1,
            paused: None,
            template: Template(0),
            ports: false,
            min_ready: 0,
            progress_deadline: 600,
            progress_deadline_abort: false,
            revision_history_limit: 10,
            rollback_window: 0,
            successful_history: 5,
            unsuccessful_history: 5,
            canary: Arc::new(canary),
            blue_green: None,
            refused: None,
        }
    }

    /// Whether a person holds it.
    pub fn is_paused(&self) -> bool {
        self.paused == Some(true)
    }
}

/// `strategy.canary`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canary {
    /// `steps`
    pub steps: Vec<Step>,
    /// `canaryService`: an index into the cluster's Services.
    pub canary_service: Option<usize>,
    /// `stableService`
    pub stable_service: Option<usize>,
    /// `trafficRouting`
    pub traffic: Option<Traffic>,
    /// `analysis`
    pub background: Option<Background>,
    /// `maxSurge`; `None` is the default of 25%.
    pub max_surge: Option<Amount>,
    /// `maxUnavailable`; `None` is the default of 25%.
    pub max_unavailable: Option<Amount>,
    /// `dynamicStableScale`
    pub dynamic_stable_scale: bool,
    /// `scaleDownDelaySeconds`
    pub scale_down_delay: Option<i64>,
    /// `abortScaleDownDelaySeconds`
    pub abort_scale_down_delay: Option<i64>,
    /// `scaleDownDelayRevisionLimit`
    pub scale_down_delay_revision_limit: Option<i64>,
    /// `minPodsPerReplicaSet`
    pub min_pods: Option<i64>,
    /// `replicaProgressThreshold`
    pub threshold: Option<Threshold>,
}

/// A number of pods or a percentage of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// An integer.
    Pods(i64),
    /// A string.
    Percent(i64),
}

/// `replicaProgressThreshold`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Percent of the wanted pods.
    Percent(i64),
    /// So many pods, whatever is wanted.
    Pods(i64),
}

/// One step; validation lets some kinds stand together, so each is a field, as upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// `setWeight`
    pub set_weight: Option<i64>,
    /// `pause`
    pub pause: Option<Pause>,
    /// `experiment`
    pub experiment: Option<Arc<Experiment>>,
    /// `analysis`
    pub analysis: Option<Analysis>,
    /// `setCanaryScale`
    pub set_canary_scale: Option<CanaryScale>,
    /// `setHeaderRoute`
    pub set_header_route: Option<HeaderRoute>,
    /// `setMirrorRoute`
    pub set_mirror_route: Option<MirrorRoute>,
    /// `plugin`
    pub plugin: Option<Arc<PluginStep>>,
}

/// `plugin` of a step: a program of others, of which only what it answers is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStep {
    /// `name`
    pub name: Arc<str>,
    /// `config`
    pub config: Option<Value>,
}

/// `setHeaderRoute`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRoute {
    /// `name`
    pub name: Arc<str>,
    /// `match` as Istio will have it; `None` takes the route away.
    pub matches: Option<Arc<Value>>,
}

/// `setMirrorRoute`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorRoute {
    /// `name`
    pub name: Arc<str>,
    /// `match` as Istio will have it; `None` takes the route away.
    pub matches: Option<Arc<Value>>,
    /// `percentage`
    pub percentage: i64,
}

/// `pause`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// `duration` in seconds, and as it was written.
    pub duration: Option<(i64, Arc<str>)>,
}

/// `setCanaryScale`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryScale {
    /// `weight`
    pub weight: Option<i64>,
    /// `replicas`
    pub replicas: Option<i64>,
    /// `matchTrafficWeight`
    pub match_traffic_weight: bool,
}

/// `analysis` of the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// `startingStep`
    pub starting_step: Option<i64>,
    /// What runs.
    pub analysis: Analysis,
}

/// What a run is made of: templates merged, arguments not yet resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// An index into the cluster's analyses.
    pub index: usize,
    /// Without templates no run is ever made, and such a step never completes.
    pub empty: bool,
}

/// One analysis: what its templates and the Rollout's reference say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisSpec {
    /// Metrics in their templates' order.
    pub metrics: Vec<MetricSpec>,
    /// Arguments after merging.
    pub args: Vec<Arg>,
    /// `dryRun[].metricName`, the Rollout's own first.
    pub dry_run: Vec<String>,
    /// `measurementRetention`: rule and limit.
    pub retention: Vec<(String, i64)>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Name.
    pub name: String,
    /// Value, resolved when a run is made.
    pub value: ArgValue,
}

/// Where an argument's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgValue {
    /// A text.
    Text(String),
    /// A text given by an experiment, in which `{{templates.NAME.podTemplateHash}}` and the like stand for its own facts.
    Templated(String),
    /// `podTemplateHashValue: Latest`
    LatestHash,
    /// `podTemplateHashValue: Stable`
    StableHash,
    /// `fieldRef` of a Rollout's reference.
    Field(RolloutField),
    /// `secretKeyRef` of a template: what the Secret holds, or why there is nothing.
    Secret(Result<String, String>),
    /// `fieldRef` of a template, which upstream never resolves.
    Missing,
}

/// A field of the Rollout that is known only when a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutField {
    /// `metadata.annotations['rollout.argoproj.io/revision']`
    Revision,
    /// `status.canary.weights.canary.weight`
    CanaryWeight,
    /// `status.canary.weights.stable.weight`
    StableWeight,
    /// `status.currentPodHash`
    CurrentHash,
    /// `status.stableRS`
    StableHash,
    /// `status.currentStepIndex`
    StepIndex,
    /// `spec.replicas`
    Replicas,
}
