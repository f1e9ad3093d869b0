//! `v1` Service.
//!
//! Enters and leaves: the fields of its `spec`, in the order in which people write them.
//! It deliberately knows no rule about their values; the API server does.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::meta::{IntOrString, Kind, Labels, Resource, nullable};

/// A Service.
pub type Service = Resource<ServiceSpec>;

impl Kind for ServiceSpec {
    const API_VERSION: &'static str = "v1";
    const KIND: &'static str = "Service";
}

/// `spec` of a Service. Source: Kubernetes 1.34, api/core/v1/types.go, ServiceSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSpec {
    /// `type`; `ClusterIP` unless written.
    #[serde(rename = "type")]
    pub service_type: Option<String>,
    /// `clusterIP`, by the server; `None` in capitals makes it headless.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<String>,
    /// `clusterIPs`, by the server.
    #[serde(rename = "clusterIPs")]
    pub cluster_ips: Option<Vec<String>>,
    /// `ipFamilies`
    pub ip_families: Option<Vec<String>>,
    /// `ipFamilyPolicy`
    pub ip_family_policy: Option<String>,
    /// `selector`: the labels of its pods.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub selector: Labels,
    /// `ports`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<ServicePort>,
    /// `publishNotReadyAddresses`
    pub publish_not_ready_addresses: Option<bool>,
    /// `sessionAffinity`
    pub session_affinity: Option<String>,
    /// `sessionAffinityConfig`
    pub session_affinity_config: Option<Value>,
    /// `internalTrafficPolicy`
    pub internal_traffic_policy: Option<String>,
    /// `externalTrafficPolicy`
    pub external_traffic_policy: Option<String>,
    /// `trafficDistribution`
    pub traffic_distribution: Option<String>,
    /// `externalName`
    pub external_name: Option<String>,
    /// `externalIPs`
    #[serde(rename = "externalIPs")]
    pub external_ips: Option<Vec<String>>,
    /// `healthCheckNodePort`
    pub health_check_node_port: Option<u16>,
    /// `loadBalancerIP`
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<String>,
    /// `loadBalancerClass`
    pub load_balancer_class: Option<String>,
    /// `loadBalancerSourceRanges`
    pub load_balancer_source_ranges: Option<Vec<String>>,
    /// `allocateLoadBalancerNodePorts`
    pub allocate_load_balancer_node_ports: Option<bool>,
}

/// `spec.ports[]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicePort {
    /// `name`, by whose prefix Istio knows the protocol.
    pub name: Option<String>,
    /// `protocol`; `TCP` unless written.
    pub protocol: Option<String>,
    /// `port`
    pub port: u16,
    /// `targetPort`: the container port's name or number; `port` unless written.
    pub target_port: Option<IntOrString>,
    /// `nodePort`
    pub node_port: Option<u16>,
    /// `appProtocol`: by which Istio knows the protocol, before the name.
    pub app_protocol: Option<String>,
}
