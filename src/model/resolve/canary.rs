//! Canary statements to Argo's steps, and analyses to templates with every limit written out.
//!
//! Enters: steps, backgrounds and resolved slos. Leaves: [`Canary`] and the templates it refers to.
//! It deliberately knows no query's spelling beyond `query`, and no YAML.

use super::slo::{ResolvedSlo, Slos, cannot_fail, count_of, opposite, sign};
use super::{Context, scope};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::Fact;
use crate::model::analysis::{Analysis, AnalysisTemplate, Arg, ArgValue, Metric, Slo, Threshold};
use crate::model::query::{self, CANARY_HASH, Target};
use crate::model::rollout::{Background, Canary, Step, StepKind};
use crate::source::Span;
use crate::syntax::tree::{self, NoData};
use crate::unit::{Seconds, Weight};

/// How long a canary must have had traffic before its first measurement, unless the author says otherwise: a scrape
/// must find the new series, a second one must see them grow.
const FIRST_SAMPLES: Seconds = Seconds(60);

/// In which role an analysis measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// As a step: it must end. The count that the step itself gives, and how long the canary has had traffic.
    Step { count: Option<u32>, soaked: Seconds },
    /// Beside the steps, until terminated.
    Background,
}

/// Everything that the resolution of one canary carries along.
pub(crate) struct Builder<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) slos: &'a Slos,
    pub(crate) templates: Vec<AnalysisTemplate>,
    /// Slos that some analysis measures, by index.
    pub(crate) measured: Vec<usize>,
    /// Whether a step was lost, so that rules about the order of steps are silent.
    pub(crate) unsure: bool,
    /// Whether an analysis was lost to a mistake that is reported elsewhere.
    pub(crate) incomplete: bool,
}

impl Builder<'_> {
    /// Argo's steps of a `canary` block.
    pub(crate) fn steps(&mut self, block: &[tree::Step], span: Span, context: &mut Context<'_>) -> Vec<Step> {
        if block.is_empty() && !self.unsure {
            let headline = "a canary without steps goes to 100% at once";
            let report = Diagnostic::new(Code::NoSteps, headline, span, "no step stands in this block");
            context.report(report.help("`10% for 2m` is a step"));
        }
        let mut steps = Vec::new();
        let mut traffic = Traffic::default();
        for step in block {
            self.step(step, &mut steps, &mut traffic, context);
        }
        steps
    }

    fn step(
        &mut self,
        step: &tree::Step,
        steps: &mut Vec<Step>,
        traffic: &mut Traffic,
        context: &mut Context<'_>,
    ) {
        let mut push = |kind| {
            steps.push(Step { kind, span: step.span });
        };
        match &step.kind {
            tree::StepKind::Weight { weight, pause } => {
                if misspelt(weight, context) {
                    self.unsure = true;
                    return;
                }
                if let Some(to) = context.scope.weight(weight, "a weight", context.diagnostics) {
                    if !self.unsure {
                        traffic.raise(to, weight.span, context);
                    }
                    push(StepKind::SetWeight(to));
                } else {
                    self.unsure = true;
                }
                if let Some(pause) = pause.as_ref().and_then(|pause| pause_of(pause, context)) {
                    traffic.soak(pause);
                    push(StepKind::Pause(Some(pause)));
                }
            }
            tree::StepKind::Pause(pause) => {
                if let Some(pause) = pause_of(pause, context) {
                    traffic.soak(pause);
                    push(StepKind::Pause(Some(pause)));
                }
            }
            tree::StepKind::PauseUntilPromoted => {
                traffic.soak(FIRST_SAMPLES);
                push(StepKind::Pause(None));
            }
            tree::StepKind::Analyze { slos, count } => {
                let given = count.as_ref().map(|value| count_of(value, context));
                if given.as_ref().is_some_and(Option::is_none) {
                    return;
                }
                let given =
                    given.flatten().map(|fact| (u32::try_from(fact.value).unwrap_or(u32::MAX), fact.origin));
                if !self.unsure {
                    traffic.needed(step.span, context);
                }
                let role =
                    Role::Step { count: given.as_ref().map(|(count, _)| *count), soaked: traffic.soaked };
                if let Some(analysis) =
                    self.analysis(slos, role, count.as_ref().map(|value| value.span), context)
                {
                    push(StepKind::Analysis(analysis));
                }
            }
        }
    }

    /// The background of all `analyze … in background` statements, which must agree where they start.
    pub(crate) fn background(
        &mut self,
        statements: &[(&tree::Background, Span)],
        steps: &[Step],
        context: &mut Context<'_>,
    ) -> Option<Background> {
        let mut start: Option<(u32, Span)> = None;
        let mut names: Vec<tree::Name> = Vec::new();
        for (statement, span) in statements {
            names.extend(statement.slos.iter().cloned());
            let Some(from) = starting_step(statement, steps, self.unsure, context) else {
                continue;
            };
            match start {
                Some((first, other)) if first != from => {
                    let headline =
                        "one rollout has one background analysis, and these start at different steps";
                    let report =
                        Diagnostic::new(Code::TwoBackgrounds, headline, *span, "starts here at another step");
                    context.report(report.because(other, "starts here"));
                }
                _ => start = Some((from, *span)),
            }
        }
        if names.is_empty() {
            return None;
        }
        let analysis = self.analysis(&names, Role::Background, None, context)?;
        Some(Background { starting_step: start?.0, analysis })
    }

    fn analysis(
        &mut self,
        names: &[tree::Name],
        role: Role,
        count_span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Option<Analysis> {
        let mut templates = Vec::new();
        let mut seen: Vec<(usize, Span)> = Vec::new();
        let mut fine = true;
        for name in names {
            let Some(at) = self.slos.find(name, context) else {
                fine = false;
                continue;
            };
            self.measured.push(at);
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == at) {
                let headline = format!("`{}` is measured twice by one analysis", name.value);
                let report = Diagnostic::new(Code::SloTwice, headline, name.span, "named again");
                context.report(report.because(*first, "named here"));
                continue;
            }
            seen.push((at, name.span));
            match self.template(at, name, role, count_span, context) {
                Some(template) => templates.push(template),
                None => fine = false,
            }
        }
        let args = self.arguments(&templates);
        self.incomplete |= !fine;
        fine.then_some(Analysis { templates, args })
    }

    /// The arguments that the templates want, each once.
    fn arguments(&self, templates: &[usize]) -> Vec<Arg> {
        let wanted =
            templates.iter().filter_map(|at| self.templates.get(*at)).flat_map(|template| &template.args);
        let mut names: Vec<&String> = wanted.collect();
        names.sort();
        names.dedup();
        let value =
            |name: &str| if name == CANARY_HASH { ArgValue::LatestHash } else { ArgValue::StableHash };
        names.into_iter().map(|name| Arg { name: name.clone(), value: value(name) }).collect()
    }

    /// The template of an slo in a role; made once.
    fn template(
        &mut self,
        at: usize,
        name: &tree::Name,
        role: Role,
        count_span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Option<usize> {
        let resolved = self.slos.list.get(at)?;
        let metric = match role {
            Role::Background => {
                if let Some(count) = &resolved.count {
                    return forbidden_count(name, count, context);
                }
                metric(&self.target, at, resolved, role, None)
            }
            Role::Step { count, .. } => {
                let written = count.map(|count| match count_span {
                    Some(span) => Fact::written(count, span),
                    None => Fact::default(count, ""),
                });
                if let Some(count) = &written
                    && !cannot_fail(&resolved.slo.name, count, resolved, context)
                {
                    return None;
                }
                metric(&self.target, at, resolved, role, written)
            }
        };
        let plain = format!("{}-{}", self.target.rollout, resolved.slo.name);
        let dry_run =
            if resolved.slo.dry_run { vec![format!("^{}$", resolved.slo.name)] } else { Vec::new() };
        let wanted = |name: String| AnalysisTemplate {
            name,
            args: query::arguments(&metric.query).into_iter().map(str::to_owned).collect(),
            metrics: vec![metric.clone()],
            dry_run: dry_run.clone(),
        };
        let suffix = match role {
            Role::Background => "-background".to_owned(),
            Role::Step { count: Some(count), .. } => format!("-x{count}"),
            Role::Step { count: None, .. } => String::new(),
        };
        // Two steps of one slo may differ in their initial delay; each difference is a template of its own.
        for number in 1_u32.. {
            let name =
                if number == 1 { format!("{plain}{suffix}") } else { format!("{plain}{suffix}-{number}") };
            match self.templates.iter().position(|template| template.name == name) {
                None => {
                    self.templates.push(wanted(name));
                    return Some(self.templates.len() - 1);
                }
                Some(at) if self.templates.get(at).is_some_and(|template| same(template, &metric)) => {
                    return Some(at);
                }
                Some(_) => {}
            }
        }
        None
    }
}

/// Whether a template measures the same in the same way, wherever its facts were written.
fn same(template: &AnalysisTemplate, metric: &Metric) -> bool {
    template.metrics.iter().all(|other| {
        other.count.as_ref().map(|count| count.value) == metric.count.as_ref().map(|count| count.value)
            && other.initial_delay.value == metric.initial_delay.value
            && other.slo == metric.slo
    })
}

/// What traffic the canary has had before a step.
#[derive(Debug, Default)]
struct Traffic {
    weight: Weight,
    soaked: Seconds,
    highest: Option<(Weight, Span)>,
}

impl Traffic {
    fn raise(&mut self, to: Weight, span: Span, context: &mut Context<'_>) {
        if let Some((highest, before)) = self.highest.filter(|(highest, _)| *highest > to) {
            let headline = format!("traffic falls from {highest} to {to}");
            let label = format!("less than the {highest} before");
            let report = Diagnostic::new(Code::WeightFalls, headline, span, label);
            context.report(report.because(before, format!("{highest} is set here")));
        }
        self.weight = to;
        self.highest = Some((to, span));
    }

    fn soak(&mut self, pause: Seconds) {
        if self.weight > Weight::ZERO {
            self.soaked = self.soaked + pause;
        }
    }

    fn needed(&self, span: Span, context: &mut Context<'_>) {
        if self.weight == Weight::ZERO {
            let headline = "nothing can be measured before the canary has traffic";
            let report = Diagnostic::new(
                Code::AnalysisBeforeTraffic,
                headline,
                span,
                "no weight above 0% stands before this step",
            );
            context.report(report.help("put a weight such as `5% for 1m` before it"));
        }
    }
}

/// A step that the grammar reads as a param and that is rather a word gone wrong, as in `paus for 5m`.
fn misspelt(weight: &tree::Value, context: &mut Context<'_>) -> bool {
    let tree::ValueKind::Name(name) = &weight.kind else { return false };
    if context.scope.is_param(name) || context.scope.damage.explains(name) {
        return false;
    }
    let Some(near) = nearest(name, ["pause", "analyze"]) else { return false };
    let headline = format!("`{name}` is no step and no param");
    let report = Diagnostic::new(
        Code::UnknownStatement,
        headline,
        weight.span,
        "expected a weight such as `10%`, `analyze` or `pause`",
    );
    context.report(report.fix(format!("write `{near}`"), weight.span, near));
    true
}

fn pause_of(value: &tree::Value, context: &mut Context<'_>) -> Option<Seconds> {
    let pause = context.scope.seconds(value, "a pause", 1, context.diagnostics)?;
    Some(pause.value)
}

fn forbidden_count(name: &tree::Name, count: &Fact<u32>, context: &mut Context<'_>) -> Option<usize> {
    let headline = format!("`{}` has a count and cannot run in the background", name.value);
    let label = "a background analysis measures until the rollout ends";
    let mut report = Diagnostic::new(Code::CountInBackground, headline, name.span, label);
    if let crate::model::Origin::Written(span) = count.origin {
        report = report.because(span, "the count is given here");
    }
    let help = format!(
        "give the count to the step instead: `analyze {} for {} measurements`",
        name.value, count.value
    );
    context.report(report.help(help));
    None
}

fn starting_step(
    statement: &tree::Background,
    steps: &[Step],
    unsure: bool,
    context: &mut Context<'_>,
) -> Option<u32> {
    let weights = || {
        steps.iter().enumerate().filter_map(|(at, step)| match step.kind {
            StepKind::SetWeight(weight) => Some((at, weight)),
            _ => None,
        })
    };
    let index = |at: usize| u32::try_from(at + 1).ok();
    let Some(from) = &statement.from else {
        // Nothing is measured before the canary has traffic (edge cases 1 and 9 of the controller's own behaviour).
        return weights().find(|(_, weight)| *weight > Weight::ZERO).and_then(|(at, _)| index(at));
    };
    let wanted = context.scope.weight(
        from,
        "the weight from which a background analysis runs",
        context.diagnostics,
    )?;
    match weights().find(|(_, weight)| *weight == wanted && wanted > Weight::ZERO) {
        _ if unsure => None,
        Some((at, _)) if at + 1 < steps.len() => index(at),
        Some(_) => {
            let headline = format!("no step follows {wanted}, so the analysis would never run");
            context.report(Diagnostic::new(
                Code::BackgroundFrom,
                headline,
                from.span,
                "the last step of the canary",
            ));
            None
        }
        None => {
            let known: Vec<String> = weights().map(|(_, weight)| weight.to_string()).collect();
            let headline = format!("no step sets the weight to {wanted}");
            let mut report =
                Diagnostic::new(Code::BackgroundFrom, headline, from.span, "nothing starts the analysis");
            if !known.is_empty() {
                report = report.help(format!("the steps set {}", scope::list(&known)));
            }
            context.report(report);
            None
        }
    }
}

/// A metric with every limit written out; defaults are chosen here and nowhere else.
fn metric(
    target: &Target<'_>,
    at: usize,
    resolved: &ResolvedSlo,
    role: Role,
    step_count: Option<Fact<u32>>,
) -> Metric {
    let slo = &resolved.slo;
    let interval = resolved.every.clone().unwrap_or(Fact::default(Seconds(30), "twice a minute"));
    let failures = resolved.failures.clone().unwrap_or(Fact::default(0, "the first failure decides"));
    let succeed_after =
        resolved.succeed_after.clone().unwrap_or(Fact::default(0, "off: every measurement counts"));
    let least = failures.value.saturating_add(succeed_after.value).max(failures.value.saturating_add(1));
    let least = least.max(resolved.inconclusive.as_ref().map_or(1, |limit| limit.value.saturating_add(1)));
    let count = count_in(role, resolved, interval.value, least, step_count);
    let inconclusive = resolved.inconclusive.clone().unwrap_or_else(|| match (slo.no_data.value, &count) {
        (NoData::Pauses, Some(count)) => Fact::default(
            2.min(count.value.saturating_sub(1)),
            "two measurements without data, but never all of them",
        ),
        (NoData::Pauses, None) => {
            Fact::default(2, "two measurements without data are chance, three are a finding")
        }
        _ => Fact::default(0, "no data decides by itself"),
    });
    let wait = resolved.wait.clone().unwrap_or(match role {
        Role::Step { soaked, .. } if soaked >= FIRST_SAMPLES => {
            Fact::default(Seconds(0), "the steps before it have soaked a minute or more")
        }
        _ => Fact::default(FIRST_SAMPLES, "a minute for the first scrapes of the new pods"),
    });
    let (success_condition, failure_condition) = conditions(slo);
    Metric {
        name: slo.name.clone(),
        slo: at,
        query: query::of(target, slo),
        success_condition,
        failure_condition,
        interval,
        initial_delay: wait,
        count,
        failure_limit: failures,
        inconclusive_limit: inconclusive,
        consecutive_error_limit: resolved.errors.clone().unwrap_or(Fact::default(4, "Argo's own default")),
        consecutive_success_limit: succeed_after,
    }
}

/// How often a step measures: as it says itself, as its slo says, or as fits the window. A background has no count.
fn count_in(
    role: Role,
    resolved: &ResolvedSlo,
    interval: Seconds,
    least: u32,
    step_count: Option<Fact<u32>>,
) -> Option<Fact<u32>> {
    if role == Role::Background {
        return None;
    }
    Some(step_count.or_else(|| resolved.count.clone()).unwrap_or_else(|| {
        // A query in backticks has windows of its own; two minutes are as good for it as for any other.
        let window = if resolved.slo.own.is_some() { Seconds(120) } else { resolved.slo.window.value };
        let fitting = window.0.div_ceil(interval.0.max(1));
        let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
        if fitting >= least {
            Fact::default(fitting, "as many as fit the window")
        } else {
            Fact::default(least, "one more than is tolerated")
        }
    }))
}

/// Argo's conditions. With `pauses`, both are given and neither holds of nothing, which is Inconclusive.
fn conditions(slo: &Slo) -> (Option<String>, Option<String>) {
    let bound = match slo.threshold {
        Threshold::Ratio(ratio) => number(ratio),
        Threshold::Latency(millis) => millis.0.to_string(),
        Threshold::Rate(rate) | Threshold::Number(rate) => number(rate),
    };
    // A scalar is always there; a vector may be empty, and its one element is meant.
    let scalar = slo.own.as_ref().is_some_and(|own| own.scalar);
    let value = if scalar { "result" } else { "result[0]" };
    let (some, none) = if scalar { ("", "") } else { ("len(result) > 0 && ", "len(result) == 0 || ") };
    let good = format!("{value} {} {bound}", sign(slo.comparison));
    let bad = format!("{value} {} {bound}", opposite(slo.comparison));
    let measured = format!("{some}!isNaN({value})");
    match slo.no_data.value {
        NoData::Pauses => (Some(format!("{measured} && {good}")), Some(format!("{measured} && {bad}"))),
        NoData::Passes => (Some(format!("{none}isNaN({value}) || {good}")), None),
        NoData::Fails => (Some(format!("{measured} && {good}")), None),
    }
}

/// A number as Argo's expression engine reads it: no exponent.
fn number(value: f64) -> String {
    format!("{value}")
}

impl Canary {
    /// The steps as people read them, one text for each of Argo's.
    pub fn labels(&self, templates: &[AnalysisTemplate]) -> Vec<String> {
        let names = |analysis: &Analysis| {
            let metrics =
                analysis.templates.iter().filter_map(|at| templates.get(*at)).flat_map(|t| &t.metrics);
            metrics.map(|metric| metric.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let label = |step: &Step| match &step.kind {
            StepKind::SetWeight(weight) => weight.to_string(),
            StepKind::Pause(Some(pause)) => format!("for {pause}"),
            StepKind::Pause(None) => "until promoted".to_owned(),
            StepKind::Analysis(analysis) => format!("analyze {}", names(analysis)),
        };
        self.steps.iter().map(label).collect()
    }
}
