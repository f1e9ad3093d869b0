//! The sections of a trace line from the simulator's objects.

use rollcast::model::argo::canary_ingress;
use rollcast::simulator::event::{RouteObject, State};
use rollcast::simulator::objects::experiment::{Experiment, Owner};
use rollcast::simulator::objects::plugin::PluginStatus;
use rollcast::simulator::objects::run::{Kind, MetricResult, Run};
use rollcast::simulator::objects::status::{AdditionalWeight, RunStatus, Status};
use rollcast::simulator::objects::store::Store;
use rollcast::simulator::objects::{Hash, Ingress, ReplicaSet, Route};
use rollcast::simulator::text::Text;
use serde_json::{Map, Value, json};

fn text(text: &Text, rollout: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text.spell(rollout)) }
}

fn name_or_null(name: &str) -> Value {
    if name.is_empty() { Value::Null } else { json!(name) }
}

fn hash(hash: Option<Hash>) -> Value {
    hash.map_or(Value::Null, |hash| json!(hash.to_string()))
}

/// Section `rollout`.
pub(crate) fn rollout(store: &Store) -> Value {
    let rollout = &store.rollout;
    let (spec, status) = (&rollout.spec, &rollout.status);
    let mut view = json!({
        "step": status.step,
        "steps": spec.canary.steps.len(),
        "phase": name_or_null(status.phase.name()),
        "message": text(&status.message, &spec.name),
        "abort": status.abort,
        "abortedAt": status.aborted_at,
        "current": hash(status.current),
        "stable": hash(status.stable),
        "replicas": [spec.replicas, status.replicas, status.updated, status.ready, status.available],
    });
    let object = view.as_object_mut().unwrap();
    for (key, on) in [
        ("promoteFull", status.promote_full),
        ("controllerPause", status.controller_pause),
        ("specPaused", spec.is_paused()),
    ] {
        if on {
            object.insert(key.into(), json!(true));
        }
    }
    let pauses: Vec<Value> = status
        .pauses
        .iter()
        .map(|pause| json!({"reason": pause.reason.name(), "since": pause.since}))
        .collect();
    object.insert("pauses".into(), json!(pauses));
    if let Some(recorded) = &status.weights {
        let mut weights = json!({"canary": recorded.canary, "stable": recorded.stable});
        if let Some(verified) = recorded.verified {
            weights["verified"] = json!(verified);
        }
        if !status.additional.is_empty() {
            weights["additional"] = status.additional.iter().map(additional).collect();
        }
        object.insert("weights".into(), weights);
    }
    if !status.plugins.is_empty() {
        object.insert("stepPlugins".into(), status.plugins.iter().map(plugin).collect());
    }
    for (key, run) in [
        ("stepRun", &status.step_run),
        ("backgroundRun", &status.background_run),
        ("preRun", &status.pre_run),
        ("postRun", &status.post_run),
    ] {
        if let Some(run) = run {
            object.insert(key.into(), run_status(run, store));
        }
    }
    if let Some(experiment) = status.experiment.and_then(|id| store.experiments.get(id.0)) {
        object.insert("experiment".into(), json!(experiment.name(&spec.name)));
    }
    if spec.blue_green.is_some() {
        object.insert("active".into(), hash(status.active));
        object.insert("preview".into(), hash(status.preview));
        if status.checkpoint {
            object.insert("scaleUpPreviewCheckPoint".into(), json!(true));
        }
    }
    object.insert("conditions".into(), Value::Object(conditions(status, &spec.name)));
    view
}

fn conditions(status: &Status, name: &str) -> Map<String, Value> {
    status
        .conditions
        .iter()
        .map(|condition| {
            let message = text(&condition.message, name);
            let view = json!([condition.status, condition.reason, message]);
            (condition.kind.name().to_owned(), view)
        })
        .collect()
}

fn plugin(status: &PluginStatus) -> Value {
    let mut view = json!({
        "index": status.index,
        "name": *status.name,
        "operation": status.operation.name(),
        "started": status.started,
        "updated": status.updated,
        "finished": status.finished,
    });
    if let Some(phase) = status.phase {
        view["phase"] = json!(phase.name());
    }
    if !status.message.is_empty() {
        view["message"] = json!(*status.message);
    }
    if status.executions != 0 {
        view["executions"] = json!(status.executions);
    }
    if let Some(backoff) = status.backoff {
        let (minutes, seconds) = (backoff / 60, backoff % 60);
        let text = if minutes > 0 { format!("{minutes}m{seconds}s") } else { format!("{seconds}s") };
        view["backoff"] = json!(text);
    }
    if status.disabled() {
        view["disabled"] = json!(true);
    }
    view
}

fn additional(weight: &AdditionalWeight) -> Value {
    let mut view = json!({"weight": weight.weight});
    if !weight.service.is_empty() {
        view["serviceName"] = json!(*weight.service);
    }
    if let Some(hash) = weight.hash {
        view["podTemplateHash"] = json!(hash.to_string());
    }
    view
}

fn run_status(run: &RunStatus, store: &Store) -> Value {
    let rollout = &store.rollout.spec.name;
    let name = store.runs[run.run.0].name(rollout);
    json!({"name": name, "status": run.phase.name(), "message": text(&run.message, rollout)})
}

/// Section `rs`.
pub(crate) fn sets(store: &Store) -> Value {
    let name = |set: &ReplicaSet| match set.owner {
        Owner::Rollout => set.hash.to_string(),
        Owner::Experiment(id, at) => store.experiments[id.0].set_name(&store.rollout.spec.name, at),
    };
    let all = store.sets.iter().chain(&store.template_sets);
    Value::Object(all.map(|set| (name(set), one_set(set))).collect())
}

fn one_set(set: &ReplicaSet) -> Value {
    let mut view = json!({
        "pods": [set.wanted, set.pods, set.ready, set.available],
        "revision": if set.revision == 0 { String::new() } else { set.revision.to_string() },
    });
    if let Some(deadline) = set.deadline {
        view["deadline"] = json!(deadline);
    }
    view
}

fn flaps(state: &State<'_>, object: RouteObject) -> bool {
    state.hot_loop && state.flapping.iter().any(|(known, writes)| *known == object && *writes >= 2)
}

/// Section `services`.
pub(crate) fn services(state: &State<'_>) -> Value {
    let services: Map<String, Value> = state
        .store
        .services
        .iter()
        .enumerate()
        .filter(|(_, service)| !service.name.is_empty())
        .map(|(at, service)| {
            let view = if flaps(state, RouteObject::Service(at)) {
                json!("flapping")
            } else {
                hash(service.selector)
            };
            (service.name.to_string(), view)
        })
        .collect();
    Value::Object(services)
}

/// Section `virtualServices`.
pub(crate) fn virtual_services(state: &State<'_>) -> Value {
    let services: Map<String, Value> = state
        .store
        .virtual_services
        .iter()
        .enumerate()
        .map(|(at, service)| {
            let view = if flaps(state, RouteObject::VirtualService(at)) {
                json!("flapping")
            } else {
                json!({"http": service.http.iter().map(route).collect::<Vec<_>>()})
            };
            (service.name.to_string(), view)
        })
        .collect();
    Value::Object(services)
}

fn route(route: &Route) -> Value {
    let to: Vec<Value> = route
        .to
        .iter()
        .map(|to| {
            let target = match &to.subset {
                Some(subset) => format!("{}/{subset}", to.host),
                None => to.host.to_string(),
            };
            json!([target, to.weight])
        })
        .collect();
    let mut view = json!({"to": to});
    if let Some(matches) = &route.matches {
        view["match"] = (**matches).clone();
    }
    if let Some(mirror) = &route.mirror {
        view["mirror"] = json!({"host": *mirror.host});
        if let Some(subset) = &mirror.subset {
            view["mirror"]["subset"] = json!(**subset);
        }
        view["mirrorPercentage"] = json!({"value": mirror.percentage});
    }
    if let Some(name) = &route.name {
        view["name"] = json!(**name);
    }
    view
}

/// Section `ingresses`; none where there is nothing to show.
pub(crate) fn ingresses(store: &Store) -> Option<Value> {
    let weight = |ingress: &Ingress| {
        let name = canary_ingress(&store.rollout.spec.name, &ingress.name);
        Some((name, json!(ingress.weight?.to_string())))
    };
    let weights: Map<String, Value> = store.ingresses.iter().filter_map(weight).collect();
    (!weights.is_empty()).then_some(Value::Object(weights))
}

/// Section `destinationRules`.
pub(crate) fn destination_rules(store: &Store) -> Value {
    let rules: Map<String, Value> = store
        .destination_rules
        .iter()
        .map(|rule| {
            let subsets: Map<String, Value> =
                rule.subsets.iter().map(|(name, label)| (name.to_string(), hash(*label))).collect();
            (rule.name.to_string(), Value::Object(subsets))
        })
        .collect();
    Value::Object(rules)
}

/// Section `runs`, all of them.
pub(crate) fn runs(store: &Store) -> Map<String, Value> {
    let rollout = &store.rollout.spec.name;
    store
        .runs
        .iter()
        .filter(|run| !run.deleted)
        .map(|run| (run.name(rollout), one_run(run, rollout)))
        .collect()
}

/// Section `experiments`, all of them.
pub(crate) fn experiments(store: &Store) -> Map<String, Value> {
    let rollout = &store.rollout.spec.name;
    let open = store.experiments.iter().filter(|experiment| !experiment.deleted);
    open.map(|experiment| (experiment.name(rollout), one_experiment(experiment, rollout))).collect()
}

fn one_experiment(experiment: &Experiment, rollout: &str) -> Value {
    let status = &experiment.status;
    let templates = experiment.spec.templates.iter().zip(&status.templates).map(|(template, status)| {
        let message = text(&status.message, rollout);
        json!({"name": *template.name, "status": status.phase.name(), "message": message})
    });
    let analyses = experiment.spec.analyses.iter().zip(&status.analyses).map(|(analysis, status)| {
        let message = text(&status.message, rollout);
        json!({"name": *analysis.name, "status": status.phase.name(), "message": message})
    });
    json!({
        "phase": name_or_null(status.phase.name()),
        "message": text(&status.message, rollout),
        "availableAt": status.available_at,
        "templates": templates.collect::<Vec<_>>(),
        "runs": analyses.collect::<Vec<_>>(),
    })
}

fn one_run(run: &Run, rollout: &str) -> Value {
    let mut view = json!({
        "phase": name_or_null(run.phase.name()),
        "message": text(&run.message, rollout),
        "startedAt": run.started_at,
        "completedAt": run.completed_at,
    });
    if run.kind.experiment().is_none() {
        view["kind"] = json!(run.kind.name());
    }
    if let Kind::Step(index) = run.kind {
        view["stepIndex"] = json!(index.to_string());
    }
    if run.terminate {
        view["terminate"] = json!(true);
    }
    let mut metrics: Vec<Value> = run
        .spec
        .metrics
        .iter()
        .zip(&run.results)
        .filter_map(|(metric, result)| Some(one_metric(&metric.name, result.as_ref()?, rollout)))
        .collect();
    metrics.sort_by_key(|metric| metric["name"].as_str().unwrap().to_owned());
    view["metrics"] = json!(metrics);
    view
}

fn one_metric(name: &str, result: &MetricResult, rollout: &str) -> Value {
    let mut view = json!({"name": name, "phase": result.phase.name()});
    for (key, count) in [
        ("count", result.count),
        ("successful", result.successful),
        ("failed", result.failed),
        ("inconclusive", result.inconclusive),
        ("error", result.error),
        ("consecutiveError", result.consecutive_error),
        ("consecutiveSuccess", result.consecutive_success),
    ] {
        if count != 0 {
            view[key] = json!(count);
        }
    }
    if result.dry_run {
        view["dryRun"] = json!(true);
    }
    if !result.message.is_empty() {
        view["message"] = text(&result.message, rollout);
    }
    let measurements: Vec<Value> = result
        .measurements
        .iter()
        .map(|measured| {
            let mut view = json!({"phase": measured.phase.name(), "from": measured.at, "to": measured.at});
            for (key, value) in [("value", &measured.value), ("message", &measured.message)] {
                if !value.is_empty() {
                    view[key] = text(value, rollout);
                }
            }
            view
        })
        .collect();
    view["measurements"] = json!(measurements);
    view
}
