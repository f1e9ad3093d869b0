//! `spec.strategy.canary` of a Rollout: Services, traffic, steps.
//!
//! Enters and leaves: its fields; routers other than Istio, plugins and experiments stay untyped.
//! It deliberately knows no rule about their values; `model` and the lints do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::analysis::{RolloutAnalysis, TemplateMetadata};
use super::istio::StringMatch;
use super::meta::{IntOrString, nullable};

/// `spec.strategy.canary`. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/types.go, CanaryStrategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Canary {
    /// `canaryService`
    pub canary_service: Option<String>,
    /// `stableService`
    pub stable_service: Option<String>,
    /// `pingPong`
    pub ping_pong: Option<Value>,
    /// `canaryMetadata`
    pub canary_metadata: Option<TemplateMetadata>,
    /// `stableMetadata`
    pub stable_metadata: Option<TemplateMetadata>,
    /// `maxSurge`
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`
    pub max_unavailable: Option<IntOrString>,
    /// `minPodsPerReplicaSet`
    pub min_pods_per_replica_set: Option<u32>,
    /// `replicaProgressThreshold`
    pub replica_progress_threshold: Option<Value>,
    /// `dynamicStableScale`
    pub dynamic_stable_scale: Option<bool>,
    /// `scaleDownDelaySeconds`
    pub scale_down_delay_seconds: Option<u32>,
    /// `scaleDownDelayRevisionLimit`
    pub scale_down_delay_revision_limit: Option<u32>,
    /// `abortScaleDownDelaySeconds`; 0 keeps the canary.
    pub abort_scale_down_delay_seconds: Option<u32>,
    /// `antiAffinity`
    pub anti_affinity: Option<Value>,
    /// `trafficRouting`
    pub traffic_routing: Option<TrafficRouting>,
    /// `analysis`: what runs in the background.
    pub analysis: Option<RolloutAnalysis>,
    /// `steps`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CanaryStep>,
}

/// `trafficRouting`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrafficRouting {
    /// `istio`
    pub istio: Option<IstioRouting>,
    /// `managedRoutes`: those that steps create.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub managed_routes: Vec<ManagedRoute>,
    /// `maxTrafficWeight`
    pub max_traffic_weight: Option<u32>,
    /// `plugins`
    pub plugins: Option<Value>,
    /// `alb`
    pub alb: Option<Value>,
    /// `ambassador`
    pub ambassador: Option<Value>,
    /// `apisix`
    pub apisix: Option<Value>,
    /// `appMesh`
    pub app_mesh: Option<Value>,
    /// `nginx`
    pub nginx: Option<Value>,
    /// `smi`
    pub smi: Option<Value>,
    /// `traefik`
    pub traefik: Option<Value>,
}

/// `trafficRouting.managedRoutes[]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagedRoute {
    /// `name`
    pub name: String,
}

/// `trafficRouting.istio`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IstioRouting {
    /// `virtualService`
    pub virtual_service: Option<VirtualServiceRef>,
    /// `virtualServices`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub virtual_services: Vec<VirtualServiceRef>,
    /// `destinationRule`: subset-level splitting.
    pub destination_rule: Option<DestinationRuleRef>,
}

/// A VirtualService and those of its routes whose weights are Argo's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualServiceRef {
    /// `name`, or `name.namespace`.
    pub name: String,
    /// `routes`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// `tlsRoutes`
    pub tls_routes: Option<Vec<Value>>,
    /// `tcpRoutes`
    pub tcp_routes: Option<Vec<Value>>,
}

/// A DestinationRule and its two subsets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DestinationRuleRef {
    /// `name`
    pub name: String,
    /// `canarySubsetName`
    pub canary_subset_name: String,
    /// `stableSubsetName`
    pub stable_subset_name: String,
    /// `additionalSubsetNames`: others that stay.
    pub additional_subset_names: Option<Vec<String>>,
}

/// `steps[]`: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CanaryStep {
    /// `setWeight` in percent, or of `maxTrafficWeight`.
    pub set_weight: Option<u32>,
    /// `pause`
    pub pause: Option<Pause>,
    /// `analysis`
    pub analysis: Option<RolloutAnalysis>,
    /// `setCanaryScale`
    pub set_canary_scale: Option<SetCanaryScale>,
    /// `setHeaderRoute`
    pub set_header_route: Option<SetHeaderRoute>,
    /// `setMirrorRoute`
    pub set_mirror_route: Option<SetMirrorRoute>,
    /// `experiment`
    pub experiment: Option<Value>,
    /// `plugin`
    pub plugin: Option<Value>,
}

/// `steps[].pause`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pause {
    /// `duration`: a Go duration, or seconds; without it a person has to promote.
    pub duration: Option<IntOrString>,
}

/// `steps[].setCanaryScale`: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCanaryScale {
    /// `replicas`
    pub replicas: Option<u32>,
    /// `weight` in percent of the stable pods.
    pub weight: Option<u32>,
    /// `matchTrafficWeight`
    pub match_traffic_weight: Option<bool>,
}

/// `steps[].setHeaderRoute`; without `match` the route is removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetHeaderRoute {
    /// `name`
    pub name: Option<String>,
    /// `match`
    #[serde(rename = "match", default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HeaderMatch>,
}

/// `steps[].setHeaderRoute.match[]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderMatch {
    /// `headerName`
    pub header_name: String,
    /// `headerValue`
    pub header_value: StringMatch,
}

/// `steps[].setMirrorRoute`; without `match` the route is removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetMirrorRoute {
    /// `name`
    pub name: String,
    /// `percentage`
    pub percentage: Option<u32>,
    /// `match`
    #[serde(rename = "match")]
    pub matches: Option<Vec<Value>>,
}
