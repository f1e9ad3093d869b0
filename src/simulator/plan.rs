//! A rollout of `model` as Argo's controllers will read it.
//!
//! Enters: a rollout with every fact resolved. Leaves: the spec, the cluster around it, and its analyses.
//! It deliberately knows no manifest; what is emitted and what is played come from the same facts.

use std::sync::Arc;

use super::objects::{Cluster, Destination, DestinationRule, Route, Service, VirtualService};
use super::pods::cut;
use crate::model::analysis::{Analysis, ArgValue};
use crate::model::argo::{
    self as spec, AnalysisSpec, Canary, MetricSpec, NANOS, Spec, Step, Subsets, Traffic,
};
use crate::model::rollout::{Rollout, Split, StepKind};

/// What the controllers find.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) spec: Spec,
    pub(super) cluster: Cluster,
    pub(super) analyses: Vec<AnalysisSpec>,
}

impl Plan {
    pub(super) fn of(rollout: &Rollout) -> Self {
        let mut analyses = Vec::new();
        let steps =
            rollout.canary.steps.iter().map(|step| plan_step(rollout, &step.kind, &mut analyses)).collect();
        let background = rollout.canary.background.as_ref().map(|background| spec::Background {
            starting_step: Some(i64::from(background.starting_step)),
            analysis: plan_analysis(rollout, &background.analysis, &mut analyses),
        });
        let (cluster, routing) = routes(rollout);
        let mut canary = Canary { steps, background, traffic: Some(routing), ..Canary::default() };
        if rollout.route.split == Split::Hosts {
            (canary.canary_service, canary.stable_service) = (Some(0), Some(1));
        }
        let mut spec = Spec::new(&rollout.name, canary);
        spec.replicas = i64::from(rollout.replicas.value);
        Self { spec, cluster, analyses }
    }
}

fn plan_step(rollout: &Rollout, kind: &StepKind, analyses: &mut Vec<AnalysisSpec>) -> Step {
    let mut step = Step::default();
    match kind {
        StepKind::SetWeight(weight) => step.set_weight = Some(i64::from(weight.percent())),
        StepKind::Pause(duration) => {
            step.pause = Some(spec::Pause {
                duration: duration.map(|duration| (cut(duration), duration.to_string().into())),
            });
        }
        StepKind::Analysis(analysis) => {
            step.analysis = Some(plan_analysis(rollout, analysis, analyses));
        }
    }
    step
}

fn plan_analysis(rollout: &Rollout, analysis: &Analysis, analyses: &mut Vec<AnalysisSpec>) -> spec::Analysis {
    let mut merged = AnalysisSpec::default();
    for at in &analysis.templates {
        let Some(template) = rollout.templates.get(*at) else {
            continue;
        };
        for (index, metric) in template.metrics.iter().enumerate() {
            merged.metrics.push(MetricSpec {
                template: *at,
                index,
                name: metric.name.clone(),
                query: metric.query.clone(),
                success_condition: metric.success_condition.clone(),
                failure_condition: metric.failure_condition.clone(),
                interval: Some(cut(metric.interval.value).saturating_mul(NANOS)),
                initial_delay: Some(cut(metric.initial_delay.value).saturating_mul(NANOS))
                    .filter(|delay| *delay > 0),
                count: metric.count.as_ref().map(|count| i64::from(count.value)),
                failure_limit: Some(i64::from(metric.failure_limit.value)),
                inconclusive_limit: Some(i64::from(metric.inconclusive_limit.value)),
                consecutive_error_limit: Some(i64::from(metric.consecutive_error_limit.value)),
                consecutive_success_limit: Some(i64::from(metric.consecutive_success_limit.value)),
                ..MetricSpec::default()
            });
        }
        for name in &template.args {
            if merged.args.iter().all(|arg| arg.name != *name) {
                let given = analysis.args.iter().find(|arg| arg.name == *name);
                merged.args.push(spec::Arg {
                    name: name.clone(),
                    value: match given.map(|arg| &arg.value) {
                        Some(ArgValue::Text(text)) => spec::ArgValue::Text(text.clone()),
                        Some(ArgValue::LatestHash) => spec::ArgValue::LatestHash,
                        Some(ArgValue::StableHash) => spec::ArgValue::StableHash,
                        None => spec::ArgValue::Text(String::new()),
                    },
                });
            }
        }
        merged.dry_run.extend(template.dry_run.iter().cloned());
    }
    let index = analyses.iter().position(|known| *known == merged).unwrap_or_else(|| {
        analyses.push(merged);
        analyses.len() - 1
    });
    spec::Analysis { index, empty: analysis.templates.is_empty() }
}

fn routes(rollout: &Rollout) -> (Cluster, Traffic) {
    let name = &rollout.name;
    let primary: Arc<str> = "primary".into();
    let destination = |host: &str, subset: Option<&str>, weight| Destination {
        host: host.into(),
        subset: subset.map(Into::into),
        weight,
    };
    let mut cluster = Cluster::default();
    let (to, destination_rule) = match rollout.route.split {
        Split::Hosts => {
            let (canary, stable) = (format!("{name}-canary"), format!("{name}-stable"));
            for service in [&canary, &stable] {
                cluster.services.push(Service {
                    name: service.as_str().into(),
                    selector: None,
                    managed: false,
                    adopted: false,
                });
            }
            let to = vec![destination(&stable, None, 100), destination(&canary, None, 0)];
            (to, None)
        }
        Split::Subsets => {
            let (canary, stable): (Arc<str>, Arc<str>) = ("canary".into(), "stable".into());
            cluster.destination_rules.push(DestinationRule {
                name: name.as_str().into(),
                host: rollout.route.host.value.as_str().into(),
                subsets: vec![(Arc::clone(&canary), None), (Arc::clone(&stable), None)],
                managed: false,
            });
            let host = &rollout.route.host.value;
            let to = vec![destination(host, Some("stable"), 100), destination(host, Some("canary"), 0)];
            let subsets = Subsets { destination_rule: 0, canary, stable };
            (to, Some(subsets))
        }
    };
    cluster.virtual_services.push(VirtualService {
        name: name.as_str().into(),
        http: vec![Route { name: Some(Arc::clone(&primary)), matches: None, mirror: None, to }],
    });
    let traffic =
        Traffic { virtual_service: 0, routes: vec![primary], destination_rule, managed_routes: Vec::new() };
    (cluster, traffic)
}
