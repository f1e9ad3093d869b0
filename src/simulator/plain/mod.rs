//! A Rollout that others wrote, with what people call its parts.
//!
//! Enters: what the controllers read, and names from its manifests. Leaves: a [`Subject`], and for which of its metrics no
//! synthetic world has an answer.
//! It deliberately reads no manifest: whoever does hands over what is in it.

mod bound;
mod gap;
mod step;

pub use gap::Gap;

use super::analysis_run::resolve::resolve;
use super::objects::Hash;
use super::subject::{SignalQueries, Subject};
use super::trace::SloBound;
use super::world::{Needs, Scene};
use crate::model::argo::cluster::Cluster;
use crate::model::argo::{Analysis, AnalysisSpec, Canary, NANOS, Router, Spec};
use crate::model::rollout::Split;
use crate::promql::Options;
use crate::unit::Seconds;

/// A Rollout that others wrote.
#[derive(Clone, Debug)]
pub struct Plain {
    /// `metadata.namespace`; empty where none is written.
    pub namespace: String,
    /// What the controllers read.
    pub spec: Spec,
    /// What they write to.
    pub cluster: Cluster,
    /// Analyses by the numbers that the spec gives them.
    pub analyses: Vec<AnalysisSpec>,
    /// A Service that selects the pods, where the strategy names none.
    pub service: Option<String>,
}

impl Plain {
    /// What a simulation needs.
    pub fn subject(self) -> Subject {
        let scene = self.scene();
        let Self { spec, cluster, analyses, .. } = self;
        let mut subject = Subject {
            route: route(&spec),
            steps: step::labels(&spec, &analyses),
            slos: bounds(&analyses),
            signals: Vec::new(),
            queries: Vec::new(),
            needs: Needs::default(),
            lookback: Seconds(0),
            length: length(&spec, &analyses),
            scene,
            spec,
            cluster,
            analyses,
        };
        let measured = subject.measured();
        let swapped = side(&subject.analyses, Hash(0), Hash(1));
        let (needs, window) = gap::read(measured.iter().chain(&swapped).map(|(_, query)| query.as_str()));
        subject.needs = needs;
        subject.lookback =
            window + Seconds(u64::try_from(Options::default().lookback_ms / 1000).unwrap_or(300));
        subject.signals = signals(&subject.scene, &measured, &swapped);
        subject.queries = measured.into_iter().map(|(_, query)| query).collect();
        subject
    }

    fn scene(&self) -> Scene {
        let Self { spec, cluster, .. } = self;
        let service = |at: Option<usize>| {
            at.and_then(|at| cluster.services.get(at)).map(|found| found.name.to_string())
        };
        let common = || self.service.clone().unwrap_or_else(|| spec.name.to_string());
        let canary = &spec.canary;
        let rule = canary.istio().and_then(|istio| istio.destination_rule.as_ref());
        let (split, stable_service, canary_service) = match (&spec.blue_green, &canary.traffic) {
            // All traffic goes through the active Service, whoever is behind it; proxies tell pods apart.
            (Some(strategy), _) => {
                let active = service(Some(strategy.active_service)).unwrap_or_else(common);
                (Split::Subsets, active.clone(), active)
            }
            (None, Some(_)) if rule.is_none() => (
                Split::Hosts,
                service(canary.stable_service).unwrap_or_else(common),
                service(canary.canary_service).unwrap_or_else(common),
            ),
            (None, Some(_)) => {
                let host = rule.and_then(|rule| cluster.destination_rules.get(rule.destination_rule));
                let host = host.and_then(|rule| rule.host.split('.').next()).map(str::to_owned);
                let host = host.unwrap_or_else(common);
                (Split::Subsets, host.clone(), host)
            }
            (None, None) => (Split::Subsets, common(), common()),
        };
        Scene {
            rollout: spec.name.to_string(),
            namespace: if self.namespace.is_empty() { "default".to_owned() } else { self.namespace.clone() },
            replicas: u32::try_from(spec.replicas).unwrap_or(0),
            split,
            stable_service,
            canary_service,
            gateway: false,
        }
    }
}

impl Subject {
    /// Every metric's name and its query as it will be asked of the release, revision 2 after revision 1; each once.
    pub fn measured(&self) -> Vec<(String, String)> {
        side(&self.analyses, Hash(1), Hash(0))
    }
}

fn side(analyses: &[AnalysisSpec], latest: Hash, stable: Hash) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for analysis in analyses {
        // Nothing is ever measured by a run that is refused.
        for metric in resolve(analysis, latest, Some(stable), &[]).metrics {
            let pair = (metric.spec.name, metric.spec.query);
            if !all.contains(&pair) {
                all.push(pair);
            }
        }
    }
    all
}

/// How traffic is split: `istio by host`, `nginx`, `gatewayAPI by plugin`.
fn route(spec: &Spec) -> String {
    let Some(traffic) = spec.canary.traffic.as_ref().filter(|_| spec.blue_green.is_none()) else {
        return if spec.blue_green.is_some() { "blue-green" } else { "replicas" }.to_owned();
    };
    let routers: Vec<String> = traffic
        .routers
        .iter()
        .map(|router| match router {
            Router::Istio(istio) if istio.destination_rule.is_some() => "istio by subset".to_owned(),
            Router::Istio(_) => "istio by host".to_owned(),
            Router::Nginx(_) => "nginx".to_owned(),
            Router::Plugin(name) => {
                let short = name.rsplit('/').next().unwrap_or_default();
                format!("{short} by plugin")
            }
        })
        .collect();
    routers.join(" and ")
}

fn bounds(analyses: &[AnalysisSpec]) -> Vec<SloBound> {
    let mut bounds: Vec<SloBound> = Vec::new();
    for metric in analyses.iter().flat_map(|analysis| &analysis.metrics) {
        if bounds.iter().all(|known| known.name != metric.name) {
            bounds.extend(bound::of(metric));
        }
    }
    bounds
}

/// Queries of which exchanging the sides makes the other side's.
fn signals(scene: &Scene, canary: &[(String, String)], swapped: &[(String, String)]) -> Vec<SignalQueries> {
    let mut signals: Vec<SignalQueries> = Vec::new();
    for ((name, query), (_, other)) in canary.iter().zip(swapped) {
        let stable = if query == other && scene.canary_service != scene.stable_service {
            query.replace(&scene.canary_service, &scene.stable_service)
        } else {
            other.clone()
        };
        if stable != *query && signals.iter().all(|known| known.slo != *name) {
            signals.push(SignalQueries { slo: name.clone(), canary: query.clone(), stable });
        }
    }
    signals
}

/// What steps, analyses and delays take when nothing holds them up.
fn length(spec: &Spec, analyses: &[AnalysisSpec]) -> Seconds {
    let seconds = |time: i64| Seconds(u64::try_from(time).unwrap_or(0));
    let metrics = |analysis: &Analysis| {
        let metrics = analyses.get(analysis.index).map_or(&[][..], |analysis| analysis.metrics.as_slice());
        let times = metrics.iter().map(|metric| {
            let count = metric.count.unwrap_or(0).max(0);
            let measured = metric.interval.unwrap_or(0).saturating_mul(count);
            let nanos = metric.initial_delay.unwrap_or(0).saturating_add(measured);
            seconds(nanos.div_euclid(NANOS) + i64::from(nanos.rem_euclid(NANOS) > 0))
        });
        times.max().unwrap_or_default()
    };
    let Canary { steps, background, .. } = &*spec.canary;
    let pauses = steps.iter().filter_map(|step| step.pause.as_ref()?.duration.as_ref());
    let mut all: Vec<Seconds> = pauses.map(|(time, _)| seconds(*time)).collect();
    all.extend(steps.iter().filter_map(|step| step.analysis.as_ref()).map(metrics));
    all.extend(background.iter().map(|background| metrics(&background.analysis)));
    if let Some(strategy) = &spec.blue_green {
        all.push(seconds(strategy.auto_promotion_seconds));
        all.extend(strategy.pre_promotion.iter().chain(&strategy.post_promotion).map(metrics));
        all.push(seconds(strategy.scale_down_delay.unwrap_or(30)));
    }
    // A year is longer than anybody simulates, and keeps the sums small.
    let year = Seconds(365 * 24 * 3600);
    all.into_iter().fold(Seconds(0), |sum, part| (sum + part).min(year))
}
