//! Slo statements to objectives and to the metric that measures them.
//!
//! Enters: slo statements and the scope. Leaves: [`ResolvedSlo`]s: the objective and the limits its author gave.
//! It deliberately knows no route and no step; the query and the defaults that depend on use come later.

use super::scope::{declared, list, unit_of};
use super::{Context, Unit, declared_before};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::model::Fact;
use crate::model::analysis::{Own, Signal, Slo, Threshold};
use crate::model::compile::LoadedFile;
use crate::source::Span;
use crate::syntax::tree::{self, Comparison, Item, Modifier, ModifierKind, NoData, ValueKind};
use crate::unit::{Millis, Seconds};

/// The signals that this version can spell for every route it compiles.
pub(crate) const SIGNALS: [&str; 7] = [
    "success-rate",
    "error-rate",
    "latency-p50",
    "latency-p90",
    "latency-p95",
    "latency-p99",
    "request-rate",
];

/// An slo with what its author said of its measurement; `None` means that nothing was said.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedSlo {
    pub(crate) slo: Slo,
    pub(crate) every: Option<Fact<Seconds>>,
    pub(crate) count: Option<Fact<u32>>,
    pub(crate) failures: Option<Fact<u32>>,
    pub(crate) inconclusive: Option<Fact<u32>>,
    pub(crate) errors: Option<Fact<u32>>,
    pub(crate) succeed_after: Option<Fact<u32>>,
    pub(crate) wait: Option<Fact<Seconds>>,
    /// Declared at the top level, so that a rollout that does not use it is no mistake.
    pub(crate) shared: bool,
}

/// Slos by name, with the names of those that were wrong, so that their users are silent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slos {
    pub(crate) list: Vec<ResolvedSlo>,
    pub(crate) broken: Vec<String>,
    names: Vec<(String, Span)>,
}

impl Slos {
    /// Adds an slo statement, reporting what is wrong with it.
    pub(crate) fn add(&mut self, statement: &tree::Slo, shared: bool, context: &mut Context<'_>) {
        let name = statement.alias.as_ref().unwrap_or(&statement.signal);
        if declared_before(&mut self.names, &name.value, name, "slo", context.diagnostics) {
            return;
        }
        match resolve(statement, shared, context) {
            Some(slo) => self.list.push(slo),
            None => self.broken.push(name.value.clone()),
        }
    }

    /// The index of an slo by name; reports an unknown one, with the near name.
    pub(crate) fn find(&self, name: &tree::Name, context: &mut Context<'_>) -> Option<usize> {
        if let Some(at) = self.list.iter().position(|slo| slo.slo.name == name.value) {
            return Some(at);
        }
        if self.broken.contains(&name.value) || context.scope.damage.explains(&name.value) {
            return None;
        }
        let known: Vec<&str> = self.list.iter().map(|slo| slo.slo.name.as_str()).collect();
        let headline = format!("there is no slo `{}`", name.value);
        let mut report =
            Diagnostic::new(Code::UnknownSlo, headline, name.span, "no slo of this name is in force here");
        if let Some(near) = nearest(&name.value, known.iter().copied()) {
            report = report.fix(format!("write `{near}`"), name.span, near);
        } else if known.is_empty() {
            report = report.help(format!("`slo {} …` in the rollout declares it", name.value));
        } else {
            report = report.help(declared(&known));
        }
        context.report(report);
        None
    }
}

/// The slos at the top level of all files.
pub(crate) fn shared(files: &[LoadedFile], context: &mut Context<'_>) -> Slos {
    let mut slos = Slos::default();
    for item in files.iter().flat_map(|file| &file.tree.items) {
        if let Item::Slo(statement) = item {
            slos.add(statement, true, context);
        }
    }
    slos
}

fn signal(name: &tree::Name, context: &mut Context<'_>) -> Option<Signal> {
    Some(match name.value.as_str() {
        "success-rate" => Signal::SuccessRate,
        "error-rate" => Signal::ErrorRate,
        "latency-p50" => Signal::Latency(50),
        "latency-p90" => Signal::Latency(90),
        "latency-p95" => Signal::Latency(95),
        "latency-p99" => Signal::Latency(99),
        "request-rate" => Signal::RequestRate,
        other if context.metrics.iter().any(|metric| metric.name == other) => {
            let declared = context.metrics.iter().find(|metric| metric.name == other)?;
            declared.own.as_ref().map(|_| Signal::Own)?
        }
        other if context.scope.damage.explains(other) => return None,
        other => {
            let headline = format!("there is no signal `{other}`");
            let mut report =
                Diagnostic::new(Code::UnknownSignal, headline, name.span, "not a built-in signal");
            let own: Vec<&str> = context.metrics.iter().map(|metric| metric.name.as_str()).collect();
            report = match near_quantile(other).or_else(|| nearest(other, SIGNALS.into_iter().chain(own))) {
                Some(near) => report.fix(format!("write `{near}`"), name.span, near),
                None => report.help(format!("signals are {}", list(&SIGNALS))),
            };
            context.report(report);
            return None;
        }
    })
}

/// The latency signal whose quantile is nearest to the one of `latency-p96`.
fn near_quantile(name: &str) -> Option<&'static str> {
    let wanted: i64 = name.strip_prefix("latency-p")?.parse().ok()?;
    let quantile = |signal: &str| signal.strip_prefix("latency-p")?.parse::<i64>().ok();
    let known = SIGNALS.iter().filter_map(|signal| Some((quantile(signal)?.abs_diff(wanted), *signal)));
    known.min().map(|(_, signal)| signal)
}

fn resolve(statement: &tree::Slo, shared: bool, context: &mut Context<'_>) -> Option<ResolvedSlo> {
    let signal = signal(&statement.signal, context);
    let threshold = signal.and_then(|signal| threshold(statement, signal, context));
    let own = (signal == Some(Signal::Own)).then(|| own_of(&statement.signal, context)).flatten();
    let window = match &statement.window {
        Some(value) if own.is_some() => window_of_own(statement, value, context),
        None if own.is_some() => Some(Fact::default(Seconds(0), "the query has windows of its own")),
        None => Some(Fact::default(Seconds(120), "the window of an slo that says none")),
        Some(value) => context.scope.seconds(value, "the window of an slo", 1, context.diagnostics),
    };
    let name = statement.alias.as_ref().unwrap_or(&statement.signal);
    let mut slo = ResolvedSlo {
        slo: Slo {
            name: name.value.clone(),
            span: statement.span,
            signal: signal.unwrap_or(Signal::ErrorRate),
            own,
            comparison: statement.comparison.value,
            threshold: threshold.unwrap_or(Threshold::Ratio(0.0)),
            window: window.clone().unwrap_or(Fact::default(Seconds(120), "")),
            no_data: Fact::default(NoData::Pauses, "no verdict is made of nothing"),
            at_least: None,
            dry_run: false,
        },
        every: None,
        count: None,
        failures: None,
        inconclusive: None,
        errors: None,
        succeed_after: None,
        wait: None,
        shared,
    };
    let mut said: Vec<(&'static str, Span)> = Vec::new();
    let fine = statement.modifiers.iter().fold(true, |fine, modifier| {
        if let Some((_, first)) = said.iter().find(|(word, _)| *word == word_of(&modifier.kind)) {
            let headline = format!("`{}` stands twice in one slo", word_of(&modifier.kind));
            let report = Diagnostic::new(Code::DuplicateStatement, headline, modifier.span, "the second one");
            context.report(report.because(*first, "the first one"));
            return false;
        }
        said.push((word_of(&modifier.kind), modifier.span));
        modify(&mut slo, modifier, context) && fine
    });
    let fine = fine && enough_measurements(&slo, context);
    (fine && threshold.is_some() && window.is_some()).then_some(slo)
}

fn own_of(name: &tree::Name, context: &Context<'_>) -> Option<Own> {
    context.metrics.iter().find(|metric| metric.name == name.value)?.own.clone()
}

fn window_of_own(
    statement: &tree::Slo,
    value: &tree::Value,
    context: &mut Context<'_>,
) -> Option<Fact<Seconds>> {
    let headline = format!("the window of `{}` stands in its own query", statement.signal.value);
    let label = "has no effect on a query in backticks";
    context.report(Diagnostic::new(Code::MalformedStatement, headline, value.span, label));
    None
}

fn word_of(kind: &ModifierKind) -> &'static str {
    match kind {
        ModifierKind::Every(_) => "every",
        ModifierKind::Count(_) => "for … measurements",
        ModifierKind::Failures(_) => "tolerate … failures",
        ModifierKind::Inconclusive(_) => "tolerate … inconclusive",
        ModifierKind::Errors(_) => "tolerate … errors",
        ModifierKind::SucceedAfter(_) => "succeed after",
        ModifierKind::Wait(_) => "wait",
        ModifierKind::NoData(_) => "no data",
        ModifierKind::AtLeast(_) => "at least",
        ModifierKind::DryRun => "dry run",
    }
}

/// Applies a modifier; false when it was wrong.
fn modify(slo: &mut ResolvedSlo, modifier: &Modifier, context: &mut Context<'_>) -> bool {
    let Context { scope, diagnostics, .. } = context;
    let narrow =
        |fact: Fact<u64>| Fact { value: u32::try_from(fact.value).unwrap_or(u32::MAX), origin: fact.origin };
    let most = 1_000_000;
    match &modifier.kind {
        ModifierKind::Every(value) => {
            slo.every = scope.seconds(value, "the interval of an analysis", 1, diagnostics);
            slo.every.is_some()
        }
        ModifierKind::Wait(value) => {
            slo.wait = scope.seconds(value, "the initial delay", 0, diagnostics);
            slo.wait.is_some()
        }
        ModifierKind::Count(value) => {
            slo.count = count_of(value, context).map(narrow);
            slo.count.is_some()
        }
        ModifierKind::Failures(value) => {
            slo.failures =
                scope.count(value, "the number of tolerated failures", 0..=most, diagnostics).map(narrow);
            slo.failures.is_some()
        }
        ModifierKind::Inconclusive(value) => {
            let what = "the number of tolerated inconclusive measurements";
            slo.inconclusive = scope.count(value, what, 0..=most, diagnostics).map(narrow);
            slo.inconclusive.is_some()
        }
        ModifierKind::Errors(value) => {
            slo.errors = scope
                .count(value, "the number of tolerated errors in a row", 0..=most, diagnostics)
                .map(narrow);
            slo.errors.is_some()
        }
        ModifierKind::SucceedAfter(value) => {
            slo.succeed_after =
                scope.count(value, "the number of successes in a row", 1..=most, diagnostics).map(narrow);
            slo.succeed_after.is_some()
        }
        ModifierKind::AtLeast(value) if slo.slo.own.is_some() => {
            let headline =
                format!("`{}` is no share of requests, so no number of them is enough", slo.slo.name);
            let label = "a floor under requests belongs to the built-in signals";
            context.report(Diagnostic::new(Code::MalformedStatement, headline, value.span, label));
            false
        }
        ModifierKind::AtLeast(value) => {
            let requests = scope.count(value, "the number of requests", 1..=u64::from(u32::MAX), diagnostics);
            slo.slo.at_least = requests.map(|fact| fact.value);
            slo.slo.at_least.is_some()
        }
        ModifierKind::NoData(policy) => {
            slo.slo.no_data = Fact::written(policy.value, policy.span);
            true
        }
        ModifierKind::DryRun => {
            slo.slo.dry_run = true;
            true
        }
    }
}

/// A count of measurements: zero would never end, which is a mistake of its own.
pub(crate) fn count_of(value: &tree::Value, context: &mut Context<'_>) -> Option<Fact<u64>> {
    let Context { scope, diagnostics, .. } = context;
    let count = scope.count(value, "the number of measurements", 0..=1_000_000, diagnostics)?;
    if count.value > 0 {
        return Some(count);
    }
    let headline = "an analysis of 0 measurements never ends";
    let label = "Argo Rollouts reads 0 as without end";
    diagnostics.push(Diagnostic::new(Code::EndlessAnalysis, headline, value.span, label).fix(
        "measure at least once",
        value.span,
        "1",
    ));
    None
}

/// A stated count must leave room to fail.
fn enough_measurements(slo: &ResolvedSlo, context: &mut Context<'_>) -> bool {
    let Some(count) = &slo.count else { return true };
    cannot_fail(&slo.slo.name, count, slo, context)
}

/// Reports limits that a count can never exceed; true when there is none.
pub(crate) fn cannot_fail(
    name: &str,
    count: &Fact<u32>,
    slo: &ResolvedSlo,
    context: &mut Context<'_>,
) -> bool {
    let span_of = |fact: &Fact<u32>| match fact.origin {
        crate::model::Origin::Written(span) => span,
        crate::model::Origin::Default(_) => slo.slo.span,
    };
    for (limit, what) in [(&slo.failures, "failures"), (&slo.inconclusive, "inconclusive measurements")] {
        let Some(limit) = limit else { continue };
        if limit.value >= count.value {
            let headline = format!("`{name}` tolerates {what} as often as it measures, so it cannot fail");
            let label = format!("{} tolerated", limit.value);
            let report = Diagnostic::new(Code::AnalysisCannotFail, headline, span_of(limit), label);
            context.report(report.because(span_of(count), format!("{} measured in all", count.value)));
            return false;
        }
    }
    let needed =
        slo.failures.as_ref().map_or(0, |f| f.value) + slo.succeed_after.as_ref().map_or(0, |s| s.value);
    if let Some(row) = slo.succeed_after.as_ref().filter(|_| needed > count.value) {
        let headline = format!("`{name}` measures too seldom to succeed {} times in a row", row.value);
        let label = if needed == row.value {
            format!("at least {needed} measurements are needed")
        } else {
            format!("with the failures tolerated, at least {needed} measurements are needed")
        };
        let report = Diagnostic::new(Code::AnalysisCannotFail, headline, span_of(row), label);
        context.report(report.because(span_of(count), format!("{} measured in all", count.value)));
        return false;
    }
    true
}

fn threshold(statement: &tree::Slo, signal: Signal, context: &mut Context<'_>) -> Option<Threshold> {
    let Context { scope, diagnostics, .. } = context;
    let kind = scope.kind(&statement.threshold, diagnostics)?;
    if signal == Signal::Own {
        return own_threshold(statement, &kind, diagnostics);
    }
    let wanted = match signal {
        Signal::SuccessRate | Signal::ErrorRate => Unit::Ratio,
        Signal::Latency(_) => Unit::Duration,
        Signal::RequestRate | Signal::Own => Unit::Rate,
    };
    if unit_of(&kind) != Some(wanted) {
        diagnostics.push(unit_report(statement, &kind, wanted));
        return None;
    }
    match kind {
        ValueKind::Ratio(_) => {
            let ratio = scope.ratio(&statement.threshold, "the threshold of a share", diagnostics)?;
            Some(Threshold::Ratio(ratio.value))
        }
        ValueKind::Duration(Millis(0)) => {
            let headline = "a latency is longer than nothing";
            let span = statement.threshold.span;
            diagnostics.push(Diagnostic::new(Code::NumberOutOfRange, headline, span, "no request takes 0ms"));
            None
        }
        ValueKind::Duration(millis) => Some(Threshold::Latency(millis)),
        ValueKind::Rate(rate) => Some(Threshold::Rate(rate)),
        _ => None,
    }
}

/// An author's query has the unit that it has: a plain number, or a share.
fn own_threshold(
    statement: &tree::Slo,
    kind: &ValueKind,
    diagnostics: &mut Diagnostics,
) -> Option<Threshold> {
    match kind {
        ValueKind::Number(number) => Some(Threshold::Number(*number)),
        ValueKind::Ratio(ratio) => Some(Threshold::Number(*ratio)),
        other => {
            let found = unit_of(other).map_or("a name", Unit::noun);
            let headline = format!("`{}` is a query, whose unit is its own", statement.signal.value);
            let label = format!("{found}; expected a plain number in the query's unit");
            let report = Diagnostic::new(Code::SloUnit, headline, statement.threshold.span, label);
            diagnostics.push(report.because(statement.signal.span, "a metric by PromQL"));
            None
        }
    }
}

fn unit_report(statement: &tree::Slo, kind: &ValueKind, wanted: Unit) -> Diagnostic {
    let found = unit_of(kind).map_or("a name", Unit::noun);
    let name = &statement.signal.value;
    let headline = format!("`{name}` is {} and cannot be compared with {found}", wanted.noun());
    let span = statement.threshold.span;
    let label = format!("{found}; expected {}", wanted.with_example());
    let rule = match wanted {
        Unit::Duration => "signals named latency-… are durations",
        Unit::Rate => "request-rate counts requests per second",
        _ => "signals named …-rate are shares of all requests",
    };
    let report = Diagnostic::new(Code::SloUnit, headline, span, label).because(statement.signal.span, rule);
    match (wanted, kind, &statement.threshold.kind) {
        (Unit::Duration, ValueKind::Ratio(_), _) => {
            report.help("`slo success-rate >= 95%` is the objective about a share of requests")
        }
        (Unit::Ratio, ValueKind::Duration(_), _) => {
            report.help("`slo latency-p95 < 500ms` is the objective about a latency")
        }
        (Unit::Duration, ValueKind::Number(number), ValueKind::Number(_)) => {
            report.fix(format!("write `{number}ms`"), span, format!("{number}ms"))
        }
        (Unit::Rate, ValueKind::Number(number), ValueKind::Number(_)) => {
            report.fix(format!("write `{number}/s`"), span, format!("{number}/s"))
        }
        (Unit::Ratio, ValueKind::Number(number), ValueKind::Number(_)) => {
            report.fix(format!("write `{number}%`"), span, format!("{number}%"))
        }
        _ => report,
    }
}

/// `<` and its like as Argo's conditions and people write them.
pub(crate) fn sign(comparison: Comparison) -> &'static str {
    comparison.sign()
}

/// The comparison that holds exactly where the other does not, for numbers.
pub(crate) fn opposite(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => ">=",
        Comparison::LessEqual => ">",
        Comparison::Greater => "<=",
        Comparison::GreaterEqual => "<",
    }
}
