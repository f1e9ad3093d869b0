//! The arithmetic of replicas and weights, held to what Argo's own functions answer.
//!
//! Enters: `tests/arithmetic/cases.jsonl.gz`, which `tests/oracles/arithmetic` records. Leaves: a count of cases that
//! agree. It deliberately plays nothing: each case is one look at one cluster.

use std::io::{BufRead, BufReader};

use serde::Deserialize;

use super::Reconcile;
use crate::model::argo::cluster::Cluster;
use crate::model::argo::{Amount, Canary, CanaryScale, Istio, Spec, Step, Template, Threshold, Traffic};
use crate::simulator::core::Core;
use crate::simulator::event::Silent;
use crate::simulator::objects::status::Weights;
use crate::simulator::play::Prompt;

/// `spec.replicas`, `status.replicas`, `status.availableReplicas`.
type Counts = [i64; 3];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    w: Option<i64>,
    r: Option<i64>,
    s: Option<i64>,
    m: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Case {
    r: i64,
    s: Option<String>,
    u: Option<String>,
    n: Counts,
    t: Option<Counts>,
    o: Option<Counts>,
    p: Vec<Written>,
    i: i64,
    routed: bool,
    dynamic: bool,
    aborted: bool,
    full: bool,
    promoted: bool,
    initial: bool,
    delay: Option<i64>,
    min: Option<i64>,
    max: Option<i64>,
    threshold: Option<String>,
    weights: Option<[i64; 2]>,
    #[serde(rename = "=")]
    answers: [i64; 14],
}

fn percent(text: &str) -> Option<i64> {
    text.strip_suffix('%').map(|number| number.parse().unwrap())
}

impl Case {
    fn amount(text: Option<&String>) -> Option<Amount> {
        text.map(|text| percent(text).map_or_else(|| Amount::Pods(text.parse().unwrap()), Amount::Percent))
    }

    fn canary(&self) -> Canary {
        let step = |written: &Written| {
            let scale =
                CanaryScale { weight: written.s, replicas: written.r, match_traffic_weight: written.m };
            Step {
                set_weight: written.w,
                set_canary_scale: (scale != CanaryScale::default()).then_some(scale),
                ..Step::default()
            }
        };
        let threshold = |text: &String| {
            percent(text).map_or_else(|| Threshold::Pods(text.parse().unwrap()), Threshold::Percent)
        };
        let istio = Istio {
            virtual_service: 0,
            routes: Vec::new(),
            destination_rule: None,
            managed_routes: Vec::new(),
        };
        let mut traffic = Traffic::istio(istio);
        traffic.max_weight = self.max.unwrap_or(traffic.max_weight);
        Canary {
            steps: self.p.iter().map(step).collect(),
            traffic: self.routed.then_some(traffic),
            max_surge: Self::amount(self.s.as_ref()),
            max_unavailable: Self::amount(self.u.as_ref()),
            dynamic_stable_scale: self.dynamic,
            abort_scale_down_delay: self.delay,
            min_pods: self.min,
            threshold: self.threshold.as_ref().map(threshold),
            ..Canary::default()
        }
    }

    /// The cluster: the stable template is the first, the new one the second, an older one the third.
    fn core(&self) -> Core {
        let mut spec = Spec::new("r", self.canary());
        spec.replicas = self.r;
        spec.template = Template(1);
        let mut core = Core::new(spec, &Cluster::default(), Vec::new());
        let stable = self.t.filter(|_| !self.initial && !self.promoted);
        let hashes = [stable, Some(self.n), self.o].into_iter().zip(0..).map(|(counts, template)| {
            let set = core.store.create_set(Template(template), i64::from(template) + 1, 0);
            if let Some([wanted, pods, available]) = counts {
                for own in core.store.sets.iter_mut().filter(|own| own.hash == set.hash) {
                    (own.wanted, own.pods, own.ready, own.available) = (wanted, pods, available, available);
                }
            } else {
                core.store.delete_set(set.hash);
            }
            set.hash
        });
        let hashes: Vec<_> = hashes.collect();
        let (old, new) = (hashes[0], hashes[1]);
        let status = &mut core.store.rollout.status;
        status.current = Some(new);
        status.stable = if self.initial { None } else { Some(if self.promoted { new } else { old }) };
        status.abort = self.aborted;
        status.promote_full = self.full;
        status.step = (!self.p.is_empty()).then_some(self.i);
        status.weights = self.weights.map(|[canary, stable]| Weights {
            canary,
            canary_hash: Some(new),
            stable,
            stable_hash: Some(old),
            verified: None,
        });
        core
    }

    /// What our functions answer, in the order of the oracle's.
    fn ours(&self) -> [i64; 14] {
        let (mut core, mut around, mut silent) = (self.core(), Prompt, Silent);
        let this = Reconcile::begin(&mut core, &mut around, &mut silent).ok().unwrap();
        let weights = this.rollout.status.weights;
        let (basic, routed, bound) =
            (this.wanted_basic(), this.wanted_routed(None), this.wanted_routed(weights));
        let (surge, unavailable) = this.surge_and_unavailable();
        let set_weight = this.current_set_weight();
        [
            basic.0,
            basic.1,
            routed.0,
            routed.1,
            bound.0,
            bound.1,
            i64::from(this.at_desired(None)),
            i64::from(this.at_desired(weights)),
            set_weight,
            this.desired_canary_weight(),
            surge,
            unavailable,
            this.weight_on_abort(),
            i64::from(this.stable_can_carry(this.canary.max_weight() - set_weight)),
        ]
    }
}

#[test]
fn replicas_and_weights_are_upstreams() {
    let recorded = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/arithmetic/cases.jsonl.gz"));
    let (mut passed, mut failed) = (0, 0);
    for line in BufReader::new(flate2::read::GzDecoder::new(recorded.as_slice())).lines() {
        let line = line.unwrap();
        let case: Case = serde_json::from_str(&line).unwrap();
        let ours = case.ours();
        if ours == case.answers {
            passed += 1;
        } else {
            failed += 1;
            if failed <= 10 {
                println!("{line}\n    ours {ours:?}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    assert!(failed == 0 && passed >= 10_000);
}
