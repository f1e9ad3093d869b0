//! Weighted destinations of a route: the canary's, the stable side's, experiments', and strangers.
//!
//! Enters: a route's destinations and the weights to be in force. Leaves: changed destinations.
//! It deliberately knows no object. Source: Argo Rollouts v1.9.1, rollout/trafficrouting/istio/istio.go, `processRoutes`,
//! `patchVirtualService`.

use std::sync::Arc;

use crate::simulator::objects::Destination;
use crate::simulator::objects::status::AdditionalWeight;

/// What each side is called in routes.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) canary_service: Option<Arc<str>>,
    pub(super) stable_service: Option<Arc<str>>,
    pub(super) canary_subset: Option<Arc<str>>,
    pub(super) stable_subset: Option<Arc<str>>,
}

/// One change of a route's destinations.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    at: usize,
    weight: i64,
    host: Arc<str>,
    delete: bool,
}

/// A host without its domain; one that begins with a dot is none.
fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

impl Sides {
    /// What is to be changed so that the weights are in force. Upstream takes experiments' Services that are not there yet in
    /// no order; here they come in the order of the templates.
    pub(super) fn patches(
        &self,
        destinations: &[Destination],
        desired: i64,
        additional: &[AdditionalWeight],
    ) -> Vec<Patch> {
        let mut missing: Vec<&AdditionalWeight> = Vec::new();
        for weight in additional {
            missing.retain(|known| known.service != weight.service);
            missing.push(weight);
        }
        let stable = (100 - desired - additional.iter().map(|weight| weight.weight).sum::<i64>()).max(0);
        let mut patches = Vec::new();
        let mut patch = |at: usize, from: i64, weight: i64, host: &str, delete: bool| {
            if from != weight {
                patches.push(Patch { at, weight, host: host.into(), delete });
            }
        };
        for (at, to) in destinations.iter().enumerate() {
            let host = first_label(&to.host);
            if host.is_empty() {
                continue;
            }
            let subset = to.subset.as_deref().filter(|name| !name.is_empty());
            let is = |service: &Option<Arc<str>>, name: &Option<Arc<str>>| {
                service.as_deref() == Some(host) || (subset.is_some() && subset == name.as_deref())
            };
            if is(&self.canary_service, &self.canary_subset) {
                patch(at, to.weight, desired, host, false);
            } else if is(&self.stable_service, &self.stable_subset) {
                patch(at, to.weight, stable, host, false);
            } else if let Some(known) = missing.iter().position(|weight| &*weight.service == host) {
                let weight = missing.remove(known);
                patch(at, to.weight, weight.weight, host, false);
            } else {
                patch(at, to.weight, 0, host, true);
            }
        }
        for (at, weight) in (destinations.len()..).zip(missing) {
            patch(at, 0, weight.weight, &weight.service, false);
        }
        patches
    }
}

/// Makes the changes, by the places of before: what stands behind a deleted destination has moved by then.
pub(super) fn apply(destinations: &mut Vec<Destination>, patches: Vec<Patch>) {
    for patch in patches {
        match destinations.get_mut(patch.at) {
            Some(_) if patch.delete => {
                destinations.remove(patch.at);
            }
            Some(to) => to.weight = patch.weight,
            None => destinations.push(Destination { host: patch.host, subset: None, weight: patch.weight }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, weight: i64) -> Destination {
        Destination { host: host.into(), subset: None, weight }
    }

    fn sides() -> Sides {
        let name = |name: &str| Some(Arc::from(name));
        Sides {
            canary_service: name("canary"),
            stable_service: name("stable"),
            canary_subset: None,
            stable_subset: None,
        }
    }

    #[test]
    fn an_experiment_takes_its_share_from_the_stable_side() {
        let mut list = vec![to("stable.shop.svc", 100), to("canary", 0)];
        let extra = [AdditionalWeight { service: "e".into(), hash: None, weight: 15 }];
        let patches = sides().patches(&list, 20, &extra);
        apply(&mut list, patches);
        assert_eq!(list, [to("stable.shop.svc", 65), to("canary", 20), to("e", 15)]);
        let patches = sides().patches(&list, 20, &[]);
        apply(&mut list, patches);
        assert_eq!(list, [to("stable.shop.svc", 80), to("canary", 20)]);
    }

    #[test]
    fn a_second_deleted_destination_is_missed_as_upstream_misses_it() {
        let mut list = vec![to("stable", 70), to("canary", 10), to("a", 10), to("b", 10)];
        let patches = sides().patches(&list, 10, &[]);
        apply(&mut list, patches);
        assert_eq!(list, [to("stable", 90), to("canary", 10), to("b", 10), to("b", 0)]);
    }
}
