//! Scenario statements to worlds and expectations.
//!
//! Enters: scenario clauses and the resolved rollouts. Leaves: [`Scenario`] with every distribution filled in.
//! It deliberately draws nothing; a world is what a run draws from.

use super::Context;
use super::rollout::ResolvedRollout;
use super::scope::declared;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::scenario::{
    Behaviour, Change, Condition, Episode, Expectation, Lognormal, Scenario, Scrape, World,
};
use crate::source::{Span, Spanned};
use crate::syntax::tree::{self, BehaviourKind, ClauseKind, Course, ExpectationKind, Quantity, Side, Value};
use crate::unit::{Millis, Rate, Ratio, Seconds, Weight, lognormal};

impl World {
    /// A healthy release at 50 requests a second: what a file without scenarios meets.
    pub fn healthy() -> Self {
        let latency = Lognormal { mu: libm::log(80.0), sigma: lognormal::USUAL_SPREAD };
        let side = Behaviour { errors: Ratio(0.0001), latency, episodes: Vec::new() };
        let scrape = Scrape { every: Millis(15_000), jitter: Millis(0), miss: Ratio(0.0) };
        Self {
            traffic: Rate(50.0),
            stable: side.clone(),
            canary: side,
            pod_start: (Seconds(20), Seconds(20)),
            scrape: Some(scrape),
        }
    }
}

impl Scenario {
    /// The scenario that Rollcast supplies for a rollout without one.
    pub fn healthy(rollout: usize) -> Self {
        Self {
            name: "a healthy release".into(),
            span: None,
            rollout,
            world: World::healthy(),
            actions: Vec::new(),
            runs: 1,
            seed: 1,
            expectations: Vec::new(),
        }
    }
}

/// Resolves a scenario; `None` when it belongs to no rollout of the file.
pub(crate) fn resolve(
    item: &tree::Scenario,
    rollouts: &[ResolvedRollout],
    context: &mut Context<'_>,
) -> Option<Scenario> {
    let Some(at) = rollouts.iter().position(|rollout| rollout.rollout.name == item.rollout.value) else {
        unknown_rollout(item, rollouts, context);
        return None;
    };
    let rollout = rollouts.get(at)?;
    let mut scenario =
        Scenario { name: item.name.value.clone(), span: Some(item.span), ..Scenario::healthy(at) };
    let mut seen: Vec<(&'static str, Span)> = Vec::new();
    let mut canary_said = false;
    for clause in &item.clauses {
        let word = word_of(&clause.kind);
        let repeats = matches!(word, "expect" | "at" | "stable" | "canary");
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == word && !repeats) {
            let headline = format!("`{word}` stands twice in one scenario");
            let report = Diagnostic::new(Code::DuplicateStatement, headline, clause.span, "the second one");
            context.report(report.because(*first, "the first one"));
            continue;
        }
        seen.push((word, clause.span));
        if let ClauseKind::Side { side, behaviours } = &clause.kind {
            let target = match side.value {
                Side::Stable => &mut scenario.world.stable,
                Side::Canary => &mut scenario.world.canary,
            };
            // The canary differs from stable only in what is said of it, whatever the order of the lines.
            canary_said |= side.value == Side::Canary;
            for behaviour in behaviours {
                behave(target, behaviour, context);
            }
        } else {
            apply(&mut scenario, clause, rollout, context);
        }
    }
    inherit(&mut scenario.world, canary_said, item);
    scenario.actions.sort_by_key(|(time, _)| *time);
    let expects = item.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Expect(_)));
    if !expects && !context.scope.damage.within(item.span) {
        let headline = format!("`{}` expects nothing", item.name.value);
        let report = Diagnostic::new(
            Code::ScenarioWithoutExpectation,
            headline,
            item.name.span,
            "`rollcast test` has nothing to hold it against",
        );
        context.report(report.help("`expect promote` or `expect rollback` makes it a test"));
    }
    Some(scenario)
}

/// What stable says of itself holds for the canary too, unless the canary says otherwise.
fn inherit(world: &mut World, canary_said: bool, item: &tree::Scenario) {
    let said = |side: Side, errors: bool| {
        item.clauses.iter().any(|clause| match &clause.kind {
            ClauseKind::Side { side: other, behaviours } if other.value == side => {
                behaviours.iter().any(|behaviour| {
                    let whole = behaviour.from.is_none();
                    whole && matches!(behaviour.kind, BehaviourKind::Errors(_)) == errors
                })
            }
            _ => false,
        })
    };
    if !canary_said {
        world.canary = world.stable.clone();
        return;
    }
    if !said(Side::Canary, true) {
        world.canary.errors = world.stable.errors;
    }
    if !said(Side::Canary, false) {
        world.canary.latency = world.stable.latency;
    }
    let inherited: Vec<Episode> = world.stable.episodes.clone();
    let own = std::mem::take(&mut world.canary.episodes);
    world.canary.episodes = inherited.into_iter().chain(own).collect();
}

fn unknown_rollout(item: &tree::Scenario, rollouts: &[ResolvedRollout], context: &mut Context<'_>) {
    if context.scope.damage.explains(&item.rollout.value) {
        return;
    }
    let known: Vec<&str> = rollouts.iter().map(|rollout| rollout.rollout.name.as_str()).collect();
    let headline = format!("there is no rollout `{}` in this file", item.rollout.value);
    let span = item.rollout.span;
    let mut report = Diagnostic::new(Code::UnknownRollout, headline, span, "not declared here");
    if let Some(near) = nearest(&item.rollout.value, known.iter().copied()) {
        report = report.fix(format!("write `{near}`"), span, near);
    } else if known.is_empty() {
        report = report.help("a Rollout of manifests is known where they are given: `--manifests PATH`");
    } else {
        report = report.help(declared(&known));
    }
    context.report(report);
}

fn word_of(kind: &ClauseKind) -> &'static str {
    match kind {
        ClauseKind::Traffic(_) => "traffic",
        ClauseKind::CanaryLikeStable => "canary like stable",
        ClauseKind::Side { side, .. } if side.value == Side::Stable => "stable",
        ClauseKind::Side { .. } => "canary",
        ClauseKind::PodStart(..) => "pods",
        ClauseKind::Scrape { .. } | ClauseKind::ScrapeNothing => "scrape",
        ClauseKind::Runs { .. } => "runs",
        ClauseKind::At { .. } => "at",
        ClauseKind::Expect(_) => "expect",
    }
}

fn apply(
    scenario: &mut Scenario,
    clause: &tree::Clause,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) {
    let Context { scope, diagnostics, .. } = context;
    let world = &mut scenario.world;
    match &clause.kind {
        ClauseKind::Traffic(value) => {
            if let Some(rate) = scope.rate(value, "traffic", diagnostics) {
                world.traffic = Rate(rate);
                if rate > 10_000_000.0 {
                    let headline = "traffic is at most 10,000,000/s";
                    diagnostics.push(Diagnostic::new(
                        Code::NumberOutOfRange,
                        headline,
                        value.span,
                        "more than that",
                    ));
                }
            }
        }
        ClauseKind::PodStart(from, to) => {
            let from = scope.seconds(from, "the start of a pod", 0, diagnostics);
            let until = scope.seconds(to, "the start of a pod", 0, diagnostics);
            if let (Some(from), Some(until)) = (from, until) {
                if until.value < from.value {
                    let headline = "a range goes from the shorter to the longer time";
                    let label = format!("shorter than {}", from.value);
                    diagnostics.push(Diagnostic::new(Code::NumberOutOfRange, headline, to.span, label));
                }
                world.pod_start = (from.value, until.value);
            }
        }
        ClauseKind::Scrape { every, jitter, miss } => {
            world.scrape = scrape(every, jitter.as_ref(), miss.as_ref(), context).or(world.scrape);
        }
        ClauseKind::ScrapeNothing => world.scrape = None,
        ClauseKind::Runs { runs, seed } => {
            if let Some(runs) =
                runs.as_ref().and_then(|v| scope.count(v, "the number of runs", 1..=10_000_000, diagnostics))
            {
                scenario.runs = runs.value;
            }
            if let Some(seed) = seed.as_ref().and_then(|v| scope.count(v, "a seed", 0..=1 << 53, diagnostics))
            {
                scenario.seed = seed.value;
            }
        }
        ClauseKind::At { time, action } => {
            if let Some(time) = scope.seconds(time, "the time of an action", 0, diagnostics) {
                scenario.actions.push((time.value, action.value));
            }
        }
        ClauseKind::Expect(expectation) => {
            if let Some(expectation) = expect(expectation, rollout, context) {
                scenario.expectations.push(expectation);
            }
        }
        ClauseKind::CanaryLikeStable | ClauseKind::Side { .. } => {}
    }
}

fn scrape(
    every: &Value,
    jitter: Option<&Value>,
    miss: Option<&Value>,
    context: &mut Context<'_>,
) -> Option<Scrape> {
    let Context { scope, diagnostics, .. } = context;
    let every = scope.seconds(every, "the scrape interval", 1, diagnostics);
    let late = jitter.and_then(|value| Some((scope.duration(value, "the jitter", diagnostics)?, value.span)));
    let miss = miss.and_then(|value| scope.ratio(value, "the share of missed scrapes", diagnostics));
    let every = every?.value.millis();
    if let Some((jitter, span)) = late.filter(|(jitter, _)| *jitter >= every) {
        let headline = format!("a scrape every {every} cannot be {jitter} late");
        diagnostics.push(Diagnostic::new(
            Code::NumberOutOfRange,
            headline,
            span,
            "not shorter than the interval",
        ));
    }
    Some(Scrape {
        every,
        jitter: late.map_or(Millis(0), |(jitter, _)| jitter),
        miss: Ratio(miss.map_or(0.0, |miss| miss.value)),
    })
}

fn behave(side: &mut Behaviour, behaviour: &tree::Behaviour, context: &mut Context<'_>) {
    let Context { scope, diagnostics, .. } = context;
    let mut time = |value: &Option<Value>| match value {
        None => Some(None),
        Some(value) => scope
            .seconds(value, "a time after the release was applied", 0, diagnostics)
            .map(|f| Some(f.value)),
    };
    let (Some(from), Some(to)) = (time(&behaviour.from), time(&behaviour.to)) else {
        return;
    };
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        let headline = format!("nothing happens from {from} to {to}");
        let span = behaviour.to.as_ref().map_or(behaviour.span, |value| value.span);
        context.report(Diagnostic::new(Code::NumberOutOfRange, headline, span, "ends before it begins"));
        return;
    }
    let change = match &behaviour.kind {
        BehaviourKind::Errors(course) => errors(course, context),
        BehaviourKind::Latency(quantiles) => latency(quantiles, behaviour.span, context),
    };
    let Some(change) = change else { return };
    match (change, from.is_none() && to.is_none()) {
        (Change::Errors(_, errors, Seconds(0)), true) => side.errors = errors,
        (Change::Latency(_, latency, Seconds(0)), true) => side.latency = latency,
        _ => side.episodes.push(Episode { from: from.unwrap_or_default(), to, change }),
    }
}

fn errors(course: &Course, context: &mut Context<'_>) -> Option<Change> {
    let Context { scope, diagnostics, .. } = context;
    let what = "the share of errors";
    match course {
        Course::Constant(value) => {
            let ratio = Ratio(scope.ratio(value, what, diagnostics)?.value);
            Some(Change::Errors(ratio, ratio, Seconds(0)))
        }
        Course::Ramp { start, end, over } => {
            let start = Ratio(scope.ratio(start, what, diagnostics)?.value);
            let end = Ratio(scope.ratio(end, what, diagnostics)?.value);
            let over = scope.seconds(over, "the length of a ramp", 1, diagnostics)?;
            Some(Change::Errors(start, end, over.value))
        }
    }
}

/// A lognormal through one quantile (with the usual spread) or through two.
fn latency(quantiles: &[(Spanned<f64>, Course)], span: Span, context: &mut Context<'_>) -> Option<Change> {
    if let [(quantile, Course::Ramp { start, end, over })] = quantiles {
        let start = fitted(&[(quantile.value, positive(start, context)?)], span, context)?;
        let end = fitted(&[(quantile.value, positive(end, context)?)], span, context)?;
        let over = context.scope.seconds(over, "the length of a ramp", 1, context.diagnostics)?;
        return Some(Change::Latency(start, end, over.value));
    }
    let mut points = Vec::new();
    for (quantile, course) in quantiles {
        let Course::Constant(value) = course else {
            let headline = "only a latency given by one quantile can ramp";
            context.report(Diagnostic::new(
                Code::MalformedStatement,
                headline,
                span,
                "two quantiles, and a ramp",
            ));
            return None;
        };
        points.push((quantile.value, positive(value, context)?));
    }
    let constant = fitted(&points, span, context)?;
    Some(Change::Latency(constant, constant, Seconds(0)))
}

fn fitted(points: &[(f64, f64)], span: Span, context: &mut Context<'_>) -> Option<Lognormal> {
    match lognormal::fit(points) {
        Ok(fit) => Some(Lognormal { mu: fit.mu, sigma: fit.sigma }),
        Err(error) => {
            context.report(Diagnostic::new(
                Code::NumberOutOfRange,
                error.to_string(),
                span,
                "no such latency exists",
            ));
            None
        }
    }
}

fn positive(value: &Value, context: &mut Context<'_>) -> Option<f64> {
    let millis = context.scope.duration(value, "a latency", context.diagnostics)?;
    if millis.0 < 1 {
        let headline = "a latency is at least 1ms";
        context.report(Diagnostic::new(Code::NumberOutOfRange, headline, value.span, "shorter than that"));
        return None;
    }
    Some(millis.0 as f64)
}

fn expect(
    expectation: &tree::Expectation,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<Expectation> {
    let text = context.sources.slice(expectation.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("expect ").unwrap_or(&text).to_owned();
    let (condition, share) = match &expectation.kind {
        ExpectationKind::Outcome { share, .. } => (outcome(&expectation.kind, rollout, context)?, share),
        ExpectationKind::Quantity { quantity, comparison, bound, share } => {
            (measure(quantity.value, comparison.value, bound, context)?, share)
        }
    };
    let share = match share {
        None => None,
        Some((comparison, value)) => {
            let ratio = context.scope.ratio(value, "the share of runs", context.diagnostics)?;
            Some((comparison.value, Ratio(ratio.value)))
        }
    };
    Some(Expectation { text, span: expectation.span, condition, share })
}

/// `rollback before 30% within 5m at step 2`
fn outcome(
    kind: &ExpectationKind,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<Condition> {
    let ExpectationKind::Outcome { outcome, before, within, at_step, .. } = kind else { return None };
    let before = match before {
        None => None,
        Some(value) => Some(before_of(value, rollout, context)?),
    };
    let within = match within {
        None => None,
        Some(value) => {
            Some(context.scope.seconds(value, "the time within which", 1, context.diagnostics)?.value)
        }
    };
    let at_step = match at_step {
        None => None,
        Some(value) => Some(step_of(value, rollout, context)?),
    };
    Some(Condition::Outcome { outcome: outcome.value, before, within, at_step })
}

/// `failed requests < 500`
fn measure(
    quantity: Quantity,
    comparison: tree::Comparison,
    bound: &Value,
    context: &mut Context<'_>,
) -> Option<Condition> {
    let Context { scope, diagnostics, .. } = context;
    let requests = 0..=1_u64 << 53;
    Some(match quantity {
        Quantity::FailedRequests => {
            let bound = scope.count(bound, "the number of requests", requests, diagnostics)?;
            Condition::FailedRequests(comparison, bound.value)
        }
        Quantity::ExposedRequests => {
            let bound = scope.count(bound, "the number of requests", requests, diagnostics)?;
            Condition::ExposedRequests(comparison, bound.value)
        }
        Quantity::Duration => {
            Condition::Duration(comparison, scope.seconds(bound, "a duration", 0, diagnostics)?.value)
        }
        Quantity::PeakWeight => {
            Condition::PeakWeight(comparison, scope.weight(bound, "a weight", diagnostics)?)
        }
    })
}

/// `before 0%` could never hold once the canary has traffic, and never fail before.
fn before_of(value: &Value, rollout: &ResolvedRollout, context: &mut Context<'_>) -> Option<Weight> {
    let weight = context.scope.weight(value, "a weight", context.diagnostics)?;
    if weight == Weight::ZERO && !rollout.broken {
        let headline = "no weight is below 0%";
        context.report(Diagnostic::new(Code::UnmetScenario, headline, value.span, "can never hold"));
        return None;
    }
    Some(weight)
}

fn step_of(value: &Value, rollout: &ResolvedRollout, context: &mut Context<'_>) -> Option<u32> {
    let steps = &rollout.rollout.canary.steps;
    let most = u64::try_from(steps.len()).unwrap_or(u64::MAX).max(1);
    let step = context.scope.count(value, "a step", 1..=u64::from(u32::MAX), context.diagnostics)?;
    if step.value > most && !rollout.broken {
        let headline = format!("there is no step {}", step.value);
        let label = format!("the rollout has {most} step{}", if most == 1 { "" } else { "s" });
        let report = Diagnostic::new(Code::UnmetScenario, headline, value.span, label);
        context.report(report.help("a weight with a duration is two steps: the weight and the pause"));
        return None;
    }
    u32::try_from(step.value).ok()
}
