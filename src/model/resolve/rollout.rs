//! A rollout statement to a rollout: each statement once, defaults where there is none, then the checks across them.
//!
//! Enters: a rollout's statements, shared slos and defaults. Leaves: [`ResolvedRollout`].
//! It deliberately knows no rule about one statement alone; those stand in the files of their names.

use super::canary::Builder;
use super::pods::{self, ResolvedPods, name_fault};
use super::slo::{ResolvedSlo, Slos};
use super::{Context, route};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::compile::LoadedFile;
use crate::model::query::Target;
use crate::model::rollout::{Canary, Istio, Pods, Port, PortTarget, Rollout, Split};
use crate::model::{Fact, check};
use crate::source::Span;
use crate::syntax::tree::{self, Side, Statement, StatementKind, Value};

/// The namespace of a rollout that names none.
const NAMESPACE: &str = "default";
/// Where kube-prometheus-stack puts its Prometheus.
const PROMETHEUS: &str = "http://prometheus-operated.monitoring.svc:9090";

/// A rollout, and whether it may be relied on by what refers to it.
pub(crate) struct ResolvedRollout {
    pub(crate) rollout: Rollout,
    /// Whether something of it was wrong, so that what depends on its steps is silent.
    pub(crate) broken: bool,
}

/// What `defaults` blocks say; the root's own win over its imports'.
#[derive(Default)]
pub(crate) struct Defaults {
    namespace: Option<tree::Name>,
    route: Option<(tree::Route, Span)>,
    prometheus: Option<Value>,
    replicas: Option<Value>,
    labels: Vec<(tree::Name, tree::Name)>,
}

impl Defaults {
    pub(crate) fn gather(files: &[LoadedFile], context: &mut Context<'_>) -> Self {
        let mut defaults = Self::default();
        for item in files.iter().flat_map(|file| &file.tree.items) {
            let tree::Item::Defaults(block) = item else {
                continue;
            };
            let mut seen: Vec<(&'static str, Span)> = Vec::new();
            for statement in &block.value {
                if twice(&mut seen, statement, context) {
                    continue;
                }
                match &statement.kind {
                    StatementKind::Namespace(name) => defaults.namespace = Some(name.clone()),
                    StatementKind::Route(route) => defaults.route = Some((route.clone(), statement.span)),
                    StatementKind::Prometheus(value) => defaults.prometheus = Some(value.clone()),
                    StatementKind::Replicas(value) => defaults.replicas = Some(value.clone()),
                    StatementKind::Labels(labels) => defaults.labels.extend(labels.iter().cloned()),
                    _ => {
                        let word = word_of(&statement.kind);
                        let headline = format!("`{word}` is a rollout's own and no default");
                        let label = "expected namespace, route, prometheus, replicas or labels";
                        context.report(Diagnostic::new(
                            Code::UnknownStatement,
                            headline,
                            statement.span,
                            label,
                        ));
                    }
                }
            }
        }
        defaults
    }
}

fn word_of(kind: &StatementKind) -> &'static str {
    match kind {
        StatementKind::PodsFrom(_) | StatementKind::Pods(_) | StatementKind::Workload(_) => "pods",
        StatementKind::Replicas(_) => "replicas",
        StatementKind::Route(_) => "route",
        StatementKind::Prometheus(_) => "prometheus",
        StatementKind::Namespace(_) => "namespace",
        StatementKind::Labels(_) => "labels",
        StatementKind::Slo(_) => "slo",
        StatementKind::Metric(_) => "metric",
        StatementKind::Canary(_) => "canary",
        StatementKind::Background(_) => "analyze … in background",
    }
}

/// Reports a statement that may stand once and stands again.
fn twice(seen: &mut Vec<(&'static str, Span)>, statement: &Statement, context: &mut Context<'_>) -> bool {
    let word = word_of(&statement.kind);
    if matches!(
        statement.kind,
        StatementKind::Slo(_)
            | StatementKind::Metric(_)
            | StatementKind::Background(_)
            | StatementKind::Labels(_)
    ) {
        return false;
    }
    if let Some((_, first)) = seen.iter().find(|(other, _)| *other == word) {
        let headline = match word {
            "pods" => "a rollout says once what it runs".to_owned(),
            _ => format!("`{word}` stands twice in one block"),
        };
        let report = Diagnostic::new(Code::DuplicateStatement, headline, statement.span, "the second one");
        context.report(report.because(*first, "the first one"));
        return true;
    }
    seen.push((word, statement.span));
    false
}

/// The statements of one rollout, sorted out.
#[derive(Default)]
struct Parts<'a> {
    pods: Option<ResolvedPods>,
    pods_said: bool,
    replicas: Option<&'a Value>,
    route: Option<(&'a tree::Route, Span)>,
    prometheus: Option<&'a Value>,
    labels: Vec<(tree::Name, tree::Name)>,
    canary: Option<(&'a [tree::Step], Span)>,
    backgrounds: Vec<(&'a tree::Background, Span)>,
}

/// Resolves one rollout.
pub(crate) fn resolve(
    item: &tree::Rollout,
    path: &str,
    shared: &Slos,
    defaults: &Defaults,
    context: &mut Context<'_>,
) -> ResolvedRollout {
    let errors_before = context.diagnostics.error_count();
    if let Some(fault) = name_fault(&item.name.value) {
        let headline = format!("`{}` is no name for a rollout", item.name.value);
        context.report(Diagnostic::new(Code::BadName, headline, item.name.span, fault));
    }
    let damaged = context.scope.damage.within(item.span);
    let mut slos = Slos::default();
    let shared_metrics = context.metrics.len();
    for statement in &item.body {
        if let StatementKind::Metric(metric) = &statement.kind {
            super::metric::declare(metric, context);
        }
    }
    let parts = gather(item, path, &mut slos, context);
    context.metrics.truncate(shared_metrics);
    let slos = with_shared(slos, shared);
    let route = resolve_route(item, &parts, defaults, context);
    let namespace = namespace(item, defaults, context);
    let target = Target {
        rollout: &item.name.value,
        namespace: &namespace.value,
        split: route.as_ref().map_or(Split::Hosts, |route| route.split),
        side: Side::Canary,
    };
    let mut builder = Builder {
        target,
        slos: &slos,
        templates: Vec::new(),
        measured: Vec::new(),
        unsure: parts.canary.is_some_and(|(_, span)| context.scope.damage.within(span)),
        incomplete: false,
    };
    let steps = if let Some((steps, span)) = parts.canary {
        builder.steps(steps, span, context)
    } else {
        if !damaged {
            no_strategy(&item.name, context);
        }
        Vec::new()
    };
    let background = builder.background(&parts.backgrounds, &steps, context);
    let Builder { templates, measured, incomplete, .. } = builder;
    let canary = Canary { steps, background };
    let replicas = replicas(&parts, defaults, context);
    let prometheus = prometheus(&parts, defaults, context);
    if !parts.pods_said && !damaged {
        no_pods(&item.name, context);
    }
    let labels = defaults.labels.iter().chain(&parts.labels);
    let broken = damaged || incomplete || context.diagnostics.error_count() > errors_before;
    let rollout = Rollout {
        name: item.name.value.clone(),
        span: item.name.span,
        namespace,
        labels: labels.map(|(key, value)| (key.value.clone(), value.value.clone())).collect(),
        replicas,
        pods: parts.pods.map_or_else(placeholder, |pods| pods.pods),
        route: route.unwrap_or_else(|| unknown_route(&item.name.value)),
        canary,
        templates,
        slos: slos.list.iter().map(|slo| slo.slo.clone()).collect(),
        prometheus,
    };
    let own = |at: &usize| slos.list.get(*at).is_some_and(|slo| !slo.shared);
    check::rollout(&rollout, &measured, &own, broken, context.diagnostics);
    ResolvedRollout { rollout, broken }
}

fn no_strategy(name: &tree::Name, context: &mut Context<'_>) {
    let headline = format!("`{}` does not say how it goes out", name.value);
    let report = Diagnostic::new(Code::NoStrategy, headline, name.span, "no `canary` in its block");
    context.report(report.help("`canary { 10% for 5m  50% for 5m }` is a strategy"));
}

fn no_pods(name: &tree::Name, context: &mut Context<'_>) {
    let headline = format!("`{}` does not say what it runs", name.value);
    let report =
        Diagnostic::new(Code::NoPods, headline, name.span, "no `pods` and no `workload` in its block");
    context.report(report.help("`pods from \"deployment.yaml\"` takes them from a Deployment"));
}

fn gather<'a>(item: &'a tree::Rollout, path: &str, slos: &mut Slos, context: &mut Context<'_>) -> Parts<'a> {
    let mut parts = Parts::default();
    let mut seen = Vec::new();
    for statement in &item.body {
        if twice(&mut seen, statement, context) {
            continue;
        }
        let (span, name) = (statement.span, &item.name.value);
        match &statement.kind {
            StatementKind::PodsFrom(file) => {
                parts.pods_said = true;
                parts.pods = pods::from_file(file, path, context);
            }
            StatementKind::Pods(fields) => {
                parts.pods_said = true;
                parts.pods = pods::written(fields, span, name, context);
            }
            StatementKind::Workload(workload) => {
                parts.pods_said = true;
                parts.pods = pods::workload(workload, span, path, context);
            }
            StatementKind::Replicas(value) => parts.replicas = Some(value),
            StatementKind::Route(route) => parts.route = Some((route, span)),
            StatementKind::Prometheus(value) => parts.prometheus = Some(value),
            StatementKind::Labels(labels) => parts.labels.extend(labels.iter().cloned()),
            StatementKind::Slo(slo) => slos.add(slo, false, context),
            StatementKind::Metric(_) => {}
            StatementKind::Canary(steps) => parts.canary = Some((steps, span)),
            StatementKind::Background(background) => parts.backgrounds.push((background, span)),
            StatementKind::Namespace(_) => {
                let headline = "a rollout's namespace stands in its first line";
                let report =
                    Diagnostic::new(Code::UnknownStatement, headline, span, "not a statement of a rollout");
                context.report(report.help(format!("`rollout {name} in …`")));
            }
        }
    }
    parts
}

/// The rollout's own slos, then those of the file that it does not declare itself.
fn with_shared(mut own: Slos, shared: &Slos) -> Slos {
    let declared = |own: &Slos, name: &str| own.list.iter().any(|slo| slo.slo.name == name);
    let others: Vec<ResolvedSlo> =
        shared.list.iter().filter(|slo| !declared(&own, &slo.slo.name)).cloned().collect();
    own.list.extend(others);
    own.broken.extend(shared.broken.iter().cloned());
    own
}

fn resolve_route(
    item: &tree::Rollout,
    parts: &Parts<'_>,
    defaults: &Defaults,
    context: &mut Context<'_>,
) -> Option<Istio> {
    if let Some((statement, span)) = parts.route {
        return route::resolve(statement, span, &item.name.value, context);
    }
    if let Some((statement, span)) = &defaults.route {
        return route::resolve(statement, *span, &item.name.value, context);
    }
    let damage = &context.scope.damage;
    if damage.within(item.span) || damage.lacks_a_file() {
        return None;
    }
    let headline = format!("`{}` does not say how its traffic is split", item.name.value);
    let report = Diagnostic::new(
        Code::NoRoute,
        headline,
        item.name.span,
        "no `route` in its block, none in `defaults`",
    );
    context
        .report(report.help(format!("`route istio {{ host {} }}` splits by two Services", item.name.value)));
    None
}

fn namespace(item: &tree::Rollout, defaults: &Defaults, context: &mut Context<'_>) -> Fact<String> {
    let Some(name) = item.namespace.as_ref().or(defaults.namespace.as_ref()) else {
        return Fact::default(NAMESPACE.to_owned(), "no namespace is named");
    };
    if !route::is_dns_label(&name.value) {
        let headline = format!("`{}` is no name for a namespace", name.value);
        let label = "expected lower-case letters, digits and hyphens, at most 63";
        context.report(Diagnostic::new(Code::BadName, headline, name.span, label));
    }
    Fact::written(name.value.clone(), name.span)
}

fn replicas(parts: &Parts<'_>, defaults: &Defaults, context: &mut Context<'_>) -> Fact<u32> {
    let fallback = Fact::default(1, "Argo's own default; no file and no statement says more");
    if let Some(value) = parts.replicas.or(defaults.replicas.as_ref()) {
        let count = context.scope.count(value, "the number of replicas", 1..=10_000, context.diagnostics);
        return count.map_or(fallback, |fact| Fact {
            value: u32::try_from(fact.value).unwrap_or(1),
            origin: fact.origin,
        });
    }
    match parts.pods.as_ref().and_then(|pods| pods.replicas) {
        Some((replicas, span)) => Fact::written(replicas, span),
        None => fallback,
    }
}

fn prometheus(parts: &Parts<'_>, defaults: &Defaults, context: &mut Context<'_>) -> Fact<String> {
    let fallback = Fact::default(PROMETHEUS.to_owned(), "where kube-prometheus-stack puts it");
    let Some(value) = parts.prometheus.or(defaults.prometheus.as_ref()) else {
        return fallback;
    };
    let Some(address) = context.scope.text(value, "Prometheus' address", context.diagnostics) else {
        return fallback;
    };
    let host = address.value.strip_prefix("http://").or_else(|| address.value.strip_prefix("https://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(char::is_whitespace)) {
        let headline = format!("`{}` is no address of a Prometheus", address.value);
        let label = "expected a URL such as `http://prometheus.monitoring:9090`";
        let mut report = Diagnostic::new(Code::BadRoute, headline, value.span, label);
        let bare = !address.value.contains("://") && !address.value.contains(char::is_whitespace);
        if bare && !address.value.is_empty() && matches!(value.kind, tree::ValueKind::Text(_)) {
            let mended = format!("\"http://{}\"", address.value);
            report = report.fix(format!("write `{mended}`"), value.span, mended);
        }
        context.report(report);
    }
    address
}

/// Stands for a route that could not be read.
fn unknown_route(rollout: &str) -> Istio {
    Istio {
        host: Fact::default(rollout.to_owned(), ""),
        gateways: Vec::new(),
        path_prefix: None,
        timeout: None,
        retries: None,
        split: Split::Hosts,
    }
}

/// Stands for pods that could not be read, so that the rest is still checked; nothing is built from it.
fn placeholder() -> Pods {
    let port = Port { name: "http".into(), number: 80, target: PortTarget::Number(80) };
    Pods::Template { template: serde_json::Value::Null, selector: Vec::new(), port }
}
