//! The Rollout.
//!
//! Enters: a rollout of the model. Leaves: the object, with Argo's own defaults written out where people ask what they are.
//! It deliberately sets neither `maxSurge` nor `maxUnavailable`: under a traffic router Argo sizes the canary by its weight.

use serde_json::{Map, Value, json};

use super::{analysis, metadata};
use crate::manifest::canary::{
    Canary, CanaryStep, DestinationRuleRef, IstioRouting, Pause, TrafficRouting, VirtualServiceRef,
};
use crate::manifest::conventions::{
    CANARY_SUBSET, ROUTE, STABLE_SUBSET, canary_service, root_service, stable_service,
};
use crate::manifest::meta::{IntOrString, Labels};
use crate::manifest::rollout::{self as kind, LabelSelector, RolloutSpec, Strategy, WorkloadRef};
use crate::model::rollout::{Pods, Rollout, Split, Step, StepKind};

// Source of all: Argo Rollouts v1.9.1, utils/defaults/defaults.go.
const REVISION_HISTORY_LIMIT: u32 = 10;
const PROGRESS_DEADLINE_SECONDS: u32 = 600;
const SCALE_DOWN_DELAY_SECONDS: u32 = 30;
const ABORT_SCALE_DOWN_DELAY_SECONDS: u32 = 30;
const WORKLOAD_SCALE_DOWN: &str = "never";

/// The object.
pub(super) fn rollout(rollout: &Rollout) -> kind::Rollout {
    let mut spec = RolloutSpec {
        replicas: Some(rollout.replicas.value),
        revision_history_limit: Some(REVISION_HISTORY_LIMIT),
        progress_deadline_seconds: Some(PROGRESS_DEADLINE_SECONDS),
        progress_deadline_abort: Some(false),
        strategy: Some(Strategy { canary: Some(canary(rollout)), blue_green: None }),
        ..RolloutSpec::default()
    };
    match &rollout.pods {
        Pods::Template { template, selector, .. } => {
            spec.selector = Some(LabelSelector {
                match_labels: Labels::from(selector.as_slice()),
                match_expressions: None,
            });
            spec.template = Some(with_labels(template.clone(), selector));
        }
        Pods::Workload { api_version, kind, name, scale_down, .. } => {
            spec.workload_ref = Some(WorkloadRef {
                api_version: Some((*api_version).to_owned()),
                kind: Some(kind.clone()),
                name: Some(name.clone()),
                scale_down: Some(scale_down.unwrap_or(WORKLOAD_SCALE_DOWN).to_owned()),
            });
        }
    }
    kind::Rollout::new(metadata(rollout, &rollout.name), spec)
}

/// The template with those labels of the selector that it lacks; what it says itself stays.
fn with_labels(mut template: Value, selector: &[(String, String)]) -> Value {
    let Some(labels) = field(&mut template, "metadata").and_then(|metadata| field(metadata, "labels")) else {
        return template;
    };
    for (name, value) in selector {
        if let Some(labels) = labels.as_object_mut() {
            labels.entry(name.clone()).or_insert_with(|| json!(value));
        }
    }
    template
}

fn field<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let fields = value.as_object_mut()?;
    if fields.get(name).is_none_or(Value::is_null) {
        // First, where readers look for it.
        fields.shift_insert(0, name.to_owned(), Value::Object(Map::new()));
    }
    fields.get_mut(name)
}

fn canary(rollout: &Rollout) -> Canary {
    let by_host = rollout.route.split == Split::Hosts;
    let background = rollout.canary.background.as_ref();
    Canary {
        canary_service: by_host.then(|| canary_service(&rollout.name)),
        stable_service: by_host.then(|| stable_service(&rollout.name)),
        scale_down_delay_seconds: Some(SCALE_DOWN_DELAY_SECONDS),
        abort_scale_down_delay_seconds: Some(ABORT_SCALE_DOWN_DELAY_SECONDS),
        traffic_routing: Some(TrafficRouting { istio: Some(istio(rollout)), ..TrafficRouting::default() }),
        analysis: background.map(|background| analysis::background(rollout, background)),
        steps: rollout.canary.steps.iter().map(|s| step(rollout, s)).collect(),
        ..Canary::default()
    }
}

fn istio(rollout: &Rollout) -> IstioRouting {
    let name = root_service(&rollout.name, &rollout.route.host.value, &rollout.namespace.value);
    IstioRouting {
        virtual_service: Some(VirtualServiceRef {
            name: name.to_owned(),
            routes: vec![ROUTE.to_owned()],
            tls_routes: None,
            tcp_routes: None,
        }),
        destination_rule: (rollout.route.split == Split::Subsets).then(|| DestinationRuleRef {
            name: name.to_owned(),
            canary_subset_name: CANARY_SUBSET.to_owned(),
            stable_subset_name: STABLE_SUBSET.to_owned(),
            additional_subset_names: None,
        }),
        ..IstioRouting::default()
    }
}

fn step(rollout: &Rollout, step: &Step) -> CanaryStep {
    let mut argo = CanaryStep::default();
    match &step.kind {
        StepKind::SetWeight(weight) => argo.set_weight = Some(weight.percent()),
        StepKind::Pause(duration) => {
            argo.pause =
                Some(Pause { duration: duration.map(|seconds| IntOrString::Text(seconds.to_string())) });
        }
        StepKind::Analysis(analysis) => argo.analysis = Some(analysis::step(rollout, analysis)),
    }
    argo
}
