//! Traffic routing as the controllers read it.
//!
//! Enters: facts from `model`, or manifests read by `import`. Leaves: [`Traffic`], the routers that are told each weight.
//! It deliberately knows no state.

use std::sync::Arc;

use super::Canary;

/// All traffic, unless `maxTrafficWeight` says otherwise.
const MAX_WEIGHT: i64 = 100;

/// `trafficRouting`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Who is told the weights, in the order in which the controller tells them; never empty.
    pub routers: Vec<Router>,
    /// `maxTrafficWeight`
    pub max_weight: i64,
}

/// One router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Router {
    /// `trafficRouting.istio`
    Istio(Istio),
    /// `trafficRouting.nginx`: the stable Ingresses, as indices into the cluster's.
    Nginx(Vec<usize>),
    /// `trafficRouting.plugins`: one that takes every weight and says at once that it is in force.
    Plugin(Arc<str>),
}

/// `trafficRouting.istio`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istio {
    /// `virtualService`: an index into the cluster's VirtualServices.
    pub virtual_service: usize,
    /// `virtualService.routes`; empty means none are named.
    pub routes: Vec<Arc<str>>,
    /// `destinationRule`
    pub destination_rule: Option<Subsets>,
    /// `trafficRouting.managedRoutes[].name`
    pub managed_routes: Vec<Arc<str>>,
}

/// `trafficRouting.istio.destinationRule`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsets {
    /// An index into the cluster's DestinationRules.
    pub destination_rule: usize,
    /// `canarySubsetName`
    pub canary: Arc<str>,
    /// `stableSubsetName`
    pub stable: Arc<str>,
}

/// The longest name of an object.
const LONGEST_NAME: usize = 253;
const SUFFIX: &str = "-canary";

/// What the canary's Ingress is called. Source: utils/ingress/ingress.go, `GetCanaryIngressName`.
pub fn canary_ingress(rollout: &str, ingress: &str) -> String {
    let mut name = format!("{rollout}-{ingress}");
    while name.len() > LONGEST_NAME - SUFFIX.len() {
        name.pop();
    }
    name + SUFFIX
}

impl Traffic {
    /// Istio alone.
    pub fn istio(istio: Istio) -> Self {
        Self { routers: vec![Router::Istio(istio)], max_weight: MAX_WEIGHT }
    }
}

impl Canary {
    /// Istio, where it is among the routers.
    pub fn istio(&self) -> Option<&Istio> {
        self.traffic.as_ref()?.routers.iter().find_map(|router| match router {
            Router::Istio(istio) => Some(istio),
            _ => None,
        })
    }

    /// The weight of all traffic. Source: Argo Rollouts v1.9.1, utils/weightutil/weight.go, `MaxTrafficWeight`.
    pub fn max_weight(&self) -> i64 {
        self.traffic.as_ref().map_or(MAX_WEIGHT, |traffic| traffic.max_weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_gives_way_to_its_end() {
        assert_eq!(canary_ingress("shop", "edge"), "shop-edge-canary");
        let name = canary_ingress("shop", &"e".repeat(300));
        assert_eq!(name.len(), LONGEST_NAME);
        assert!(name.ends_with("eee-canary"), "{name}");
    }
}
