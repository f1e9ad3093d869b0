//! Every fact of a rollout that matters, with who says so: what `rollcast explain FILE` shows.
//!
//! Enters: a resolved rollout. Leaves: lines of subject, value and origin, in the order in which a reader asks.
//! It deliberately knows no layout and no file names.

use super::analysis::{AnalysisTemplate, Metric, Slo, Threshold};
use super::resolve::sign;
use super::rollout::{Rollout, Split};
use super::{Fact, Origin};
use crate::syntax::tree::NoData;
use crate::unit::{Rate, Ratio};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// What it is about: `checkout`, `error-rate`.
    pub subject: String,
    /// The fact's name in Argo's words: `initialDelay`.
    pub name: &'static str,
    /// The value as people write it.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

/// All facts of a rollout.
pub fn facts(rollout: &Rollout) -> Vec<FactLine> {
    let mut lines = Lines { subject: rollout.name.clone(), list: Vec::new() };
    lines.add("namespace", &rollout.namespace, std::clone::Clone::clone);
    lines.add("replicas", &rollout.replicas, ToString::to_string);
    lines.add("host", &rollout.route.host, Clone::clone);
    match rollout.route.split {
        Split::Hosts => lines.plain("split", "two Services".into(), "what `route istio` splits by"),
        Split::Subsets => lines.plain("split", "two subsets".into(), "what `route istio subsets` splits by"),
    }
    lines.add("prometheus", &rollout.prometheus, Clone::clone);
    if let Some(background) = &rollout.canary.background {
        let step = background.starting_step.to_string();
        lines.plain("startingStep", step, "the step after the weight from which it runs");
    }
    for template in &rollout.templates {
        for metric in &template.metrics {
            metric_facts(rollout, template, metric, &mut lines);
        }
    }
    lines.list
}

struct Lines {
    subject: String,
    list: Vec<FactLine>,
}

impl Lines {
    fn add<T>(&mut self, name: &'static str, fact: &Fact<T>, show: impl Fn(&T) -> String) {
        let (value, origin) = (show(&fact.value), fact.origin.clone());
        self.list.push(FactLine { subject: self.subject.clone(), name, value, origin });
    }

    fn plain(&mut self, name: &'static str, value: String, reason: &'static str) {
        let origin = Origin::Default(reason);
        self.list.push(FactLine { subject: self.subject.clone(), name, value, origin });
    }
}

fn metric_facts(rollout: &Rollout, template: &AnalysisTemplate, metric: &Metric, lines: &mut Lines) {
    let Some(slo) = rollout.slos.get(metric.slo) else {
        return;
    };
    lines.subject.clone_from(&template.name);
    lines.add("objective", &Fact::written((), slo.span), |()| objective(slo));
    if slo.own.is_none() {
        lines.add("window", &slo.window, ToString::to_string);
    }
    lines.add("interval", &metric.interval, ToString::to_string);
    lines.add("initialDelay", &metric.initial_delay, ToString::to_string);
    match &metric.count {
        Some(count) => lines.add("count", count, ToString::to_string),
        None => lines.plain("count", "none".into(), "a background analysis measures until the rollout ends"),
    }
    lines.add("failureLimit", &metric.failure_limit, ToString::to_string);
    lines.add("inconclusiveLimit", &metric.inconclusive_limit, ToString::to_string);
    lines.add("consecutiveErrorLimit", &metric.consecutive_error_limit, ToString::to_string);
    lines.add("consecutiveSuccessLimit", &metric.consecutive_success_limit, ToString::to_string);
    lines.add("no data", &slo.no_data, |policy| {
        let word = match policy {
            NoData::Pauses => "pauses",
            NoData::Passes => "passes",
            NoData::Fails => "fails",
        };
        word.to_owned()
    });
}

/// `error-rate < 1%`
pub fn objective(slo: &Slo) -> String {
    let bound = match slo.threshold {
        Threshold::Ratio(ratio) => Ratio(ratio).to_string(),
        Threshold::Latency(millis) => millis.to_string(),
        Threshold::Rate(rate) => Rate(rate).to_string(),
        Threshold::Number(number) => number.to_string(),
    };
    format!("{} {} {bound}", slo.name, sign(slo.comparison))
}
