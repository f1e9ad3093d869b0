//! `networking.istio.io` VirtualService and DestinationRule.
//!
//! Enters and leaves: the fields of their `spec`; what neither the backend nor a lint looks into stays untyped.
//! It deliberately knows no rule about their values; `istioctl validate` does.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::meta::{Kind, Labels, Resource, nullable};

/// A VirtualService.
pub type VirtualService = Resource<VirtualServiceSpec>;
/// A DestinationRule.
pub type DestinationRule = Resource<DestinationRuleSpec>;

impl Kind for VirtualServiceSpec {
    const API_VERSION: &'static str = "networking.istio.io/v1";
    const KIND: &'static str = "VirtualService";
}

impl Kind for DestinationRuleSpec {
    const API_VERSION: &'static str = "networking.istio.io/v1";
    const KIND: &'static str = "DestinationRule";
}

/// `spec` of a VirtualService. Source: Istio API 1.30, networking/v1alpha3/virtual_service.proto.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualServiceSpec {
    /// `hosts`; without any it is a delegate.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// `gateways`; `mesh` unless written.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// `exportTo`
    pub export_to: Option<Vec<String>>,
    /// `http`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpRoute>,
    /// `tls`
    pub tls: Option<Vec<Value>>,
    /// `tcp`
    pub tcp: Option<Vec<Value>>,
}

/// `spec.http[]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRoute {
    /// `name`, by which Argo Rollouts finds it.
    pub name: Option<String>,
    /// `match`: any of them.
    #[serde(rename = "match", default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HttpMatch>,
    /// `redirect`
    pub redirect: Option<Value>,
    /// `directResponse`
    pub direct_response: Option<Value>,
    /// `delegate`
    pub delegate: Option<Value>,
    /// `rewrite`
    pub rewrite: Option<Value>,
    /// `route`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<RouteDestination>,
    /// `timeout`, a Go duration.
    pub timeout: Option<String>,
    /// `retries`
    pub retries: Option<Retries>,
    /// `fault`
    pub fault: Option<Value>,
    /// `mirror`
    pub mirror: Option<Destination>,
    /// `mirrors`
    pub mirrors: Option<Vec<Value>>,
    /// `mirrorPercentage`
    pub mirror_percentage: Option<Value>,
    /// `mirrorPercent`, deprecated.
    pub mirror_percent: Option<u32>,
    /// `mirror_percent`, deprecated.
    #[serde(rename = "mirror_percent")]
    pub mirror_percent_in_snake_case: Option<u32>,
    /// `corsPolicy`
    pub cors_policy: Option<Value>,
    /// `headers`
    pub headers: Option<Value>,
}

/// `spec.http[].match[]`: all of its conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpMatch {
    /// `name`
    pub name: Option<String>,
    /// `uri`
    pub uri: Option<StringMatch>,
    /// `scheme`
    pub scheme: Option<StringMatch>,
    /// `method`
    pub method: Option<StringMatch>,
    /// `authority`
    pub authority: Option<StringMatch>,
    /// `headers`
    pub headers: Option<Value>,
    /// `withoutHeaders`
    pub without_headers: Option<Value>,
    /// `queryParams`
    pub query_params: Option<Value>,
    /// `ignoreUriCase`
    pub ignore_uri_case: Option<bool>,
    /// `port`
    pub port: Option<u16>,
    /// `gateways`
    pub gateways: Option<Vec<String>>,
    /// `sourceLabels`
    pub source_labels: Option<Labels>,
    /// `sourceNamespace`
    pub source_namespace: Option<String>,
    /// `statPrefix`
    pub stat_prefix: Option<String>,
}

/// Exactly one of them. Argo's header and mirror routes have the same three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StringMatch {
    /// `exact`
    pub exact: Option<String>,
    /// `prefix`
    pub prefix: Option<String>,
    /// `regex`
    pub regex: Option<String>,
}

/// `spec.http[].route[]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteDestination {
    /// `destination`
    pub destination: Destination,
    /// `weight`, relative to the others; Argo Rollouts writes percent.
    pub weight: Option<u32>,
    /// `headers`
    pub headers: Option<Value>,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// `host`
    pub host: String,
    /// `subset`, of a DestinationRule.
    pub subset: Option<String>,
    /// `port`
    pub port: Option<PortSelector>,
}

/// `destination.port`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortSelector {
    /// `number`
    pub number: u16,
}

/// `spec.http[].retries`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retries {
    /// `attempts`
    pub attempts: Option<u32>,
    /// `perTryTimeout`
    pub per_try_timeout: Option<String>,
    /// `retryOn`
    pub retry_on: Option<String>,
    /// `backoff`
    pub backoff: Option<String>,
    /// `retryRemoteLocalities`
    pub retry_remote_localities: Option<bool>,
    /// `retryIgnorePreviousHosts`
    pub retry_ignore_previous_hosts: Option<bool>,
}

/// `spec` of a DestinationRule. Source: Istio API 1.30, networking/v1alpha3/destination_rule.proto.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DestinationRuleSpec {
    /// `host`
    pub host: String,
    /// `trafficPolicy`
    pub traffic_policy: Option<Value>,
    /// `subsets`; Argo Rollouts removes those that it does not know.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<Subset>,
    /// `exportTo`
    pub export_to: Option<Vec<String>>,
    /// `workloadSelector`
    pub workload_selector: Option<Value>,
}

/// `spec.subsets[]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subset {
    /// `name`
    pub name: String,
    /// `labels` of its pods; Argo Rollouts adds the hash.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// `trafficPolicy`
    pub traffic_policy: Option<Value>,
}
