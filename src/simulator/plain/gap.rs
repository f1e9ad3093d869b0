//! What a synthetic world cannot answer: metrics it has no series for, whose emptiness would be a guess.
//!
//! Enters: queries as they will be asked, and who serves. Leaves: [`Gap`]s, and what of the world the queries read.
//! It deliberately asks nothing: a query is answerable when each of its selectors can select something.

use crate::model::argo::{AnalysisSpec, MetricSpec, Provider};
use crate::promql::ast::{DurationExpr, Expr, ExprKind, Selector};
use crate::promql::labels::METRIC_NAME;
use crate::promql::matcher::CompiledMatcher;
use crate::promql::{Labels, Mode, parse};
use crate::simulator::analysis_run::resolve::resolve;
use crate::simulator::objects::Hash;
use crate::simulator::subject::Subject;
use crate::simulator::world::{Needs, every_series};
use crate::unit::Seconds;

/// A metric that no synthetic world answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The metric.
    pub metric: String,
    /// Its query, resolved.
    pub query: String,
    /// Why, a phrase without a full stop.
    pub why: String,
    /// Whether recorded series do not answer it either.
    pub foreign: bool,
}

impl Subject {
    /// The metrics that a synthetic world cannot answer. A query that Prometheus would not take is none of them: it is an
    /// error of its measurement there, too.
    pub fn gaps(&self) -> Vec<Gap> {
        let known: Vec<Labels> = every_series(&self.scene).into_iter().map(Labels::new).collect();
        let mut gaps = self.foreign();
        for (metric, query) in self.measured() {
            if gaps.iter().any(|gap| gap.metric == metric && gap.query == query) {
                continue;
            }
            let Ok(expr) = parse(&query, Mode::Server) else { continue };
            let mut named = Vec::new();
            expr.walk(&mut |expr| match &expr.kind {
                ExprKind::Aggregate(aggregate) if !aggregate.without => {
                    named.extend(aggregate.labels.iter().map(String::as_str));
                }
                _ => {}
            });
            let missing = expr.selectors().into_iter().find_map(|selector| unmatched(selector, &known));
            let unknown = || named.iter().find(|label| !has(&known, label)).map(|label| no_label(label));
            if let Some(why) = missing.or_else(unknown) {
                gaps.push(Gap { metric, query, why, foreign: false });
            }
        }
        gaps
    }

    /// The metrics that are not asked of Prometheus as it is at one moment, each once: only answers tell what they give.
    pub fn foreign(&self) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = Vec::new();
        for metric in self.analyses.iter().flat_map(resolved) {
            let Some(kind) = metric.provider.foreign() else { continue };
            let why = match &metric.provider {
                Provider::PrometheusRange => "this is a range query, and it answers at one moment".to_owned(),
                _ => format!("{kind} measures it, and it has only Prometheus' series"),
            };
            let gap = Gap { metric: metric.name, query: metric.query, why, foreign: true };
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
        gaps
    }

    /// Providers of metrics with this name, where they are not Prometheus.
    pub fn providers(&self, metric: &str) -> Vec<String> {
        let all = self.analyses.iter().flat_map(resolved).filter(|spec| spec.name == metric);
        all.filter_map(|spec| if let Provider::Other(name) = spec.provider { Some(name) } else { None })
            .collect()
    }
}

/// Metrics as a run would measure them.
fn resolved(analysis: &AnalysisSpec) -> Vec<MetricSpec> {
    let metrics = resolve(analysis, Hash(1), Some(Hash(0)), &[]).metrics;
    metrics.into_iter().map(|metric| metric.spec).collect()
}

/// Which families some query reads, and how far back.
pub(super) fn read<'a>(queries: impl Iterator<Item = &'a str>) -> (Needs, Seconds) {
    let mut needs = Needs::default();
    let mut window = 0;
    for query in queries {
        let Ok(expr) = parse(query, Mode::Server) else { continue };
        for selector in expr.selectors() {
            match &selector.name {
                Some(name) => {
                    needs.requests |= name == "istio_requests_total";
                    needs.latency |= name.starts_with("istio_request_duration_milliseconds");
                }
                None => needs = Needs { requests: true, latency: true },
            }
        }
        window = window.max(reach(&expr, 0));
    }
    (needs, Seconds(u64::try_from(window / 1000 + i64::from(window % 1000 > 0)).unwrap_or(0)))
}

/// Milliseconds that an expression looks back; durations that are computed count as none.
fn reach(expr: &Expr, depth: usize) -> i64 {
    let millis = |duration: Option<&DurationExpr>| match duration {
        Some(DurationExpr::Millis(millis)) => (*millis).max(0),
        _ => 0,
    };
    if depth > 100 {
        return 0;
    }
    let inner = |expr: &Expr| reach(expr, depth + 1);
    match &expr.kind {
        ExprKind::Vector(selector) => millis(selector.offset.as_ref()),
        ExprKind::Matrix { selector, range } => {
            millis(Some(range)).saturating_add(millis(selector.offset.as_ref()))
        }
        ExprKind::Subquery { expr, range, offset, .. } => {
            inner(expr).saturating_add(millis(Some(range))).saturating_add(millis(offset.as_ref()))
        }
        ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => inner(expr),
        ExprKind::Binary(binary) => inner(&binary.left).max(inner(&binary.right)),
        ExprKind::Aggregate(aggregate) => inner(&aggregate.expr),
        ExprKind::Call { args, .. } => args.iter().map(inner).max().unwrap_or(0),
        _ => 0,
    }
}

fn has(known: &[Labels], label: &str) -> bool {
    known.iter().any(|labels| !labels.get(label).is_empty())
}

fn no_label(label: &str) -> String {
    format!("its series have no label `{label}`")
}

/// Why a selector selects nothing, if it cannot.
fn unmatched(selector: &Selector, known: &[Labels]) -> Option<String> {
    if let Some(name) = &selector.name
        && known.iter().all(|labels| labels.get(METRIC_NAME) != name)
    {
        return Some(format!("it has no `{name}`"));
    }
    if let Some(matcher) = selector.matchers.iter().find(|matcher| !has(known, &matcher.label)) {
        return Some(no_label(&matcher.label));
    }
    let compiled: Vec<CompiledMatcher> = selector.matchers.iter().map(CompiledMatcher::new).collect();
    // The first matcher that leaves nothing is the one to blame.
    let mut left: Vec<&Labels> = known.iter().collect();
    for (matcher, test) in selector.matchers.iter().zip(&compiled) {
        let before = left.first().map(|labels| labels.get(&matcher.label).to_owned());
        left.retain(|labels| test.accepts(labels));
        if left.is_empty() {
            let such = before.map_or_else(String::new, |value| format!("; there it is such as `{value}`"));
            return Some(format!("no series of it has `{}` as the query wants{such}", matcher.label));
        }
    }
    None
}
