//! Scenario statements to worlds and expectations.
//!
//! Enters: scenario clauses and the resolved rollouts. Leaves: [`Scenario`] with every distribution filled in.
//! It deliberately draws nothing; a world is what a run draws from.

use super::rollout::ResolvedRollout;
use super::scope::declared;
use super::{Context, action, expectation, fate};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::scenario::{Behaviour, Change, Episode, Fate, Lognormal, Scenario, Scrape, World};
use crate::source::{Span, Spanned};
use crate::syntax::tree::{self, BehaviourKind, ClauseKind, Course, Side, Value};
use crate::unit::{Millis, Rate, Ratio, Seconds, lognormal};

impl World {
    /// A healthy release at 50 requests a second: what a file without scenarios meets.
    pub fn healthy() -> Self {
        let latency = Lognormal { mu: libm::log(80.0), sigma: lognormal::USUAL_SPREAD };
        let side = Behaviour { errors: Ratio(0.0001), latency, episodes: Vec::new() };
        let scrape = Scrape { every: Millis(15_000), jitter: Millis(0), miss: Ratio(0.0), gap: None };
        Self {
            traffic: Rate(50.0),
            stable: side.clone(),
            canary: side,
            pod_start: (Seconds(20), Seconds(20)),
            fate: Fate::default(),
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
            milestones: Vec::new(),
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
    nameless(item, context);
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
            fate::of(side.value, behaviours, &mut scenario.world.fate, context);
        } else {
            apply(&mut scenario, clause, rollout, context);
        }
    }
    inherit(&mut scenario.world, canary_said, item);
    action::all(&mut scenario, item, rollout, context);
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

/// A name is by what `--scenario` and reports call it.
fn nameless(item: &tree::Scenario, context: &mut Context<'_>) {
    if !item.name.value.trim().is_empty() {
        return;
    }
    let name = format!("\"a release of {}\"", item.rollout.value);
    let title = format!("write `{name}`");
    let report = Diagnostic::new(
        Code::NamelessScenario,
        "a scenario has no name",
        item.name.span,
        "by which reports and `--scenario` could call it",
    );
    context.report(report.help(title.clone()).fix(title, item.name.span, name));
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
    } else if !known.is_empty() {
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
            if let Some(range) = starts(from, to, context) {
                world.pod_start = range;
            }
        }
        ClauseKind::Scrape { every, jitter, miss, gap } => {
            world.scrape =
                scrape(every, jitter.as_ref(), miss.as_ref(), gap.as_ref(), context).or(world.scrape);
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
        ClauseKind::Expect(written) => {
            if let Some(expectation) = expectation::resolve(written, scenario, rollout, context) {
                scenario.expectations.push(expectation);
            }
        }
        ClauseKind::At { .. } | ClauseKind::CanaryLikeStable | ClauseKind::Side { .. } => {}
    }
}

/// The range of how long pods take to start.
pub(super) fn starts(from: &Value, to: &Value, context: &mut Context<'_>) -> Option<(Seconds, Seconds)> {
    let Context { scope, diagnostics, .. } = context;
    let least = scope.seconds(from, "the start of a pod", 0, diagnostics);
    let most = scope.seconds(to, "the start of a pod", 0, diagnostics);
    let (least, most) = (least?.value, most?.value);
    if most < least {
        let headline = "a range goes from the shorter to the longer time";
        let label = format!("shorter than {least}");
        diagnostics.push(Diagnostic::new(Code::NumberOutOfRange, headline, to.span, label));
    }
    Some((least, most))
}

fn scrape(
    every: &Value,
    jitter: Option<&Value>,
    miss: Option<&Value>,
    gap: Option<&(Value, Value)>,
    context: &mut Context<'_>,
) -> Option<Scrape> {
    let Context { scope, diagnostics, .. } = context;
    let every = scope.seconds(every, "the scrape interval", 1, diagnostics);
    let late = jitter.and_then(|value| Some((scope.duration(value, "the jitter", diagnostics)?, value.span)));
    let miss = miss.and_then(|value| scope.ratio(value, "the share of missed scrapes", diagnostics));
    let gap = gap.and_then(|(length, at)| {
        let length = scope.seconds(length, "the length of a gap", 1, diagnostics)?.value;
        let at = scope.seconds(at, "the time of a gap", 0, diagnostics)?.value;
        Some((at, at + length))
    });
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
        gap,
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
        // What becomes of pods is `fate`'s.
        _ => return,
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
