//! `argoproj.io` AnalysisTemplate, and how a Rollout refers to templates.
//!
//! Enters and leaves: their fields; providers other than Prometheus stay untyped.
//! It deliberately knows no rule about their values; `model` and the lints do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::meta::{IntOrString, Kind, Labels, Resource, nullable};

/// An AnalysisTemplate.
pub type AnalysisTemplate = Resource<AnalysisTemplateSpec>;

impl Kind for AnalysisTemplateSpec {
    const API_VERSION: &'static str = "argoproj.io/v1alpha1";
    const KIND: &'static str = "AnalysisTemplate";
}

/// `spec`, also of a ClusterAnalysisTemplate. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/analysis_types.go,
/// AnalysisTemplateSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalysisTemplateSpec {
    /// `args`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Argument>,
    /// `metrics`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// `dryRun`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub dry_run: Vec<DryRun>,
    /// `measurementRetention`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub measurement_retention: Vec<MeasurementRetention>,
    /// `templates`: others whose metrics are taken over.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<TemplateRef>,
}

/// An argument: declared by a template, given by a Rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Argument {
    /// `name`
    pub name: String,
    /// `value`; in a template its default.
    pub value: Option<String>,
    /// `valueFrom`
    pub value_from: Option<ValueFrom>,
}

/// `valueFrom`: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueFrom {
    /// `podTemplateHashValue`: `Latest` or `Stable`; only in a Rollout.
    pub pod_template_hash_value: Option<String>,
    /// `fieldRef`
    pub field_ref: Option<FieldRef>,
    /// `secretKeyRef`; only in a template.
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// `valueFrom.fieldRef`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldRef {
    /// `fieldPath`
    pub field_path: String,
}

/// `valueFrom.secretKeyRef`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// `name`
    pub name: String,
    /// `key`
    pub key: String,
}

/// `metrics[]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metric {
    /// `name`
    pub name: String,
    /// `initialDelay`, a Go duration.
    pub initial_delay: Option<String>,
    /// `interval`, a Go duration.
    pub interval: Option<String>,
    /// `count`
    pub count: Option<IntOrString>,
    /// `successCondition`
    pub success_condition: Option<String>,
    /// `failureCondition`
    pub failure_condition: Option<String>,
    /// `failureLimit`
    pub failure_limit: Option<IntOrString>,
    /// `inconclusiveLimit`
    pub inconclusive_limit: Option<IntOrString>,
    /// `consecutiveErrorLimit`
    pub consecutive_error_limit: Option<IntOrString>,
    /// `consecutiveSuccessLimit`
    pub consecutive_success_limit: Option<IntOrString>,
    /// `provider`
    pub provider: Provider,
}

/// `metrics[].provider`: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// `prometheus`
    pub prometheus: Option<Prometheus>,
    /// `web`
    pub web: Option<Value>,
    /// `job`
    pub job: Option<Value>,
    /// `plugin`
    pub plugin: Option<Value>,
    /// `cloudWatch`
    pub cloud_watch: Option<Value>,
    /// `datadog`
    pub datadog: Option<Value>,
    /// `graphite`
    pub graphite: Option<Value>,
    /// `influxdb`
    pub influxdb: Option<Value>,
    /// `kayenta`
    pub kayenta: Option<Value>,
    /// `newRelic`
    pub new_relic: Option<Value>,
    /// `skywalking`
    pub skywalking: Option<Value>,
    /// `wavefront`
    pub wavefront: Option<Value>,
}

/// `provider.prometheus`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prometheus {
    /// `address`; the controller's own setting unless written.
    pub address: Option<String>,
    /// `query`
    pub query: Option<String>,
    /// `rangeQuery`
    pub range_query: Option<Value>,
    /// `timeout` in seconds; 30 unless written.
    pub timeout: Option<u32>,
    /// `insecure`
    pub insecure: Option<bool>,
    /// `headers`
    pub headers: Option<Vec<Value>>,
    /// `authentication`
    pub authentication: Option<Value>,
}

/// `dryRun[]`: metrics that are measured and do not decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DryRun {
    /// `metricName`, a regular expression.
    pub metric_name: String,
}

/// `measurementRetention[]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MeasurementRetention {
    /// `metricName`, a regular expression.
    pub metric_name: String,
    /// `limit`
    pub limit: u32,
}

/// A reference to a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateRef {
    /// `templateName`
    pub template_name: Option<String>,
    /// `clusterScope`: whether it is a ClusterAnalysisTemplate.
    pub cluster_scope: Option<bool>,
}

/// What a step runs, and what runs in the background.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutAnalysis {
    /// `startingStep`; only in the background.
    pub starting_step: Option<u32>,
    /// `templates`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<TemplateRef>,
    /// `args`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Argument>,
    /// `dryRun`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub dry_run: Vec<DryRun>,
    /// `measurementRetention`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub measurement_retention: Vec<MeasurementRetention>,
    /// `analysisRunMetadata`
    pub analysis_run_metadata: Option<TemplateMetadata>,
}

/// Labels and annotations put on what is created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateMetadata {
    /// `labels`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// `annotations`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
}
