//! What is released, whoever wrote it: a rollout of a `.roll` file, or of manifests.
//!
//! Enters: a rollout of `model`, or what Argo reads with what people call its parts. Leaves: [`Subject`], all that a
//! simulation needs. It deliberately knows no scenario.

use super::plan::Plan;
use super::trace::{SloBound, Unit};
use super::world::{Needs, Scene, template_hash};
use crate::model::analysis::{Metric, Signal, Slo, Threshold};
use crate::model::argo::cluster::Cluster;
use crate::model::argo::{AnalysisSpec, Spec};
use crate::model::query::{self, CANARY_HASH, STABLE_HASH, Target};
use crate::model::rollout::{Rollout, Split, StepKind};
use crate::promql::Options;
use crate::syntax::tree::{Comparison, Side};
use crate::unit::Seconds;

/// What is released.
#[derive(Clone, Debug)]
pub struct Subject {
    /// `spec` of the Rollout, as the controllers read it.
    pub spec: Spec,
    /// The objects around it.
    pub cluster: Cluster,
    /// Its analyses, which `spec` refers to by index.
    pub analyses: Vec<AnalysisSpec>,
    /// Who serves.
    pub scene: Scene,
    /// How traffic is split, in words: `istio by host`.
    pub route: String,
    /// One entry for each of Argo's steps: `10%`, `for 2m`.
    pub steps: Vec<String>,
    /// The bounds that reports compare with.
    pub slos: Vec<SloBound>,
    /// What pictures show, a query for each side.
    pub signals: Vec<SignalQueries>,
    /// Queries as they will be asked of revisions 1 and 2.
    pub queries: Vec<String>,
    /// The families that the queries read.
    pub needs: Needs,
    /// How far the queries look back.
    pub lookback: Seconds,
    /// What steps and analyses take when nothing holds them up.
    pub length: Seconds,
}

/// A signal of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalQueries {
    /// The slo.
    pub slo: String,
    /// The canary's query, with the hashes in it.
    pub canary: String,
    /// Stable's.
    pub stable: String,
}

impl Subject {
    /// Which steps were taken as done although nobody ran their plugins, a sentence for each.
    pub(super) fn plugins(&self) -> impl Iterator<Item = String> {
        let steps = self.spec.canary.steps.iter().enumerate().filter(|_| self.spec.refused.is_none());
        steps.filter_map(|(at, step)| {
            let name = &step.plugin.as_ref()?.name;
            Some(format!("step {} was taken as successful at once: the plugin {name} is not run", at + 1))
        })
    }

    /// A rollout of a `.roll` file.
    pub fn of(rollout: &Rollout) -> Self {
        let plan = Plan::of(rollout);
        let by = match rollout.route.split {
            Split::Hosts => "istio by host",
            Split::Subsets => "istio by subset",
        };
        let metrics = rollout.templates.iter().flat_map(|template| &template.metrics);
        Self {
            spec: plan.spec,
            cluster: plan.cluster,
            analyses: plan.analyses,
            scene: Scene::of(rollout),
            route: by.to_owned(),
            steps: rollout.canary.labels(&rollout.templates),
            slos: measured(rollout).map(|(slo, metric)| bound(slo, metric)).collect(),
            signals: measured(rollout).map(|(slo, _)| signal(rollout, slo)).collect(),
            queries: metrics.map(|metric| resolved(&metric.query)).collect(),
            needs: needs(rollout),
            lookback: lookback(rollout),
            length: length(rollout),
        }
    }
}

/// The slos that are measured, each once, in the order of their declaration, with a metric that measures them.
fn measured(rollout: &Rollout) -> impl Iterator<Item = (&Slo, &Metric)> {
    rollout.slos.iter().enumerate().filter_map(|(at, slo)| {
        let mut metrics = rollout.templates.iter().flat_map(|template| &template.metrics);
        Some((slo, metrics.find(|metric| metric.slo == at)?))
    })
}

fn bound(slo: &Slo, metric: &Metric) -> SloBound {
    let (unit, threshold) = match slo.threshold {
        Threshold::Ratio(ratio) => (Unit::Ratio, ratio),
        Threshold::Latency(millis) => (Unit::Latency, millis.0 as f64),
        Threshold::Rate(rate) => (Unit::Rate, rate),
        Threshold::Number(number) => (Unit::Number, number),
    };
    let comparison = match slo.comparison {
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    };
    SloBound {
        name: slo.name.clone(),
        unit,
        comparison,
        threshold,
        window: slo.window.value.0,
        failure_limit: metric.failure_limit.value,
        condition: None,
    }
}

fn signal(rollout: &Rollout, slo: &Slo) -> SignalQueries {
    let query = |side| {
        let target = Target {
            rollout: &rollout.name,
            namespace: &rollout.namespace.value,
            split: rollout.route.split,
            side,
        };
        resolved(&query::of(&target, slo))
    };
    SignalQueries { slo: slo.name.clone(), canary: query(Side::Canary), stable: query(Side::Stable) }
}

/// A query with the hashes of the two revisions in the place of its arguments.
fn resolved(query: &str) -> String {
    query
        .replace(&format!("{{{{args.{CANARY_HASH}}}}}"), &template_hash(2))
        .replace(&format!("{{{{args.{STABLE_HASH}}}}}"), &template_hash(1))
}

/// Families that some slo reads.
fn needs(rollout: &Rollout) -> Needs {
    let latency = measured(rollout).any(|(slo, _)| matches!(slo.signal, Signal::Latency(_)));
    let counted = |slo: &Slo| !matches!(slo.signal, Signal::Latency(_)) || slo.at_least.is_some();
    let requests = measured(rollout).any(|(slo, _)| counted(slo));
    Needs { requests, latency }
}

/// The longest window and Prometheus' own lookback.
fn lookback(rollout: &Rollout) -> Seconds {
    let window = measured(rollout).map(|(slo, _)| slo.window.value).max().unwrap_or_default();
    window + Seconds(u64::try_from(Options::default().lookback_ms / 1000).unwrap_or(300))
}

fn length(rollout: &Rollout) -> Seconds {
    let pauses = rollout.canary.steps.iter().map(|step| match &step.kind {
        StepKind::Pause(Some(pause)) => *pause,
        _ => Seconds(0),
    });
    let analyses = rollout.templates.iter().flat_map(|template| &template.metrics).map(|metric| {
        let count = metric.count.as_ref().map_or(0, |count| u64::from(count.value));
        metric.initial_delay.value + Seconds(metric.interval.value.0.saturating_mul(count))
    });
    pauses.chain(analyses).fold(Seconds(0), |sum, part| sum + part)
}
