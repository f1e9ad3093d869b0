//! One rollout in one scenario, run after run: the loop between controllers and world.
//!
//! Enters: a rollout, a scenario, a run's number. Leaves: how it ended, or the whole trace.
//! It deliberately keeps nothing from one run for the next but buffers and plans, so that a run depends on its number alone.

use super::event::{Recorder, Silent};
use super::expect::Ending;
use super::play::Stage;
use super::queries::Queries;
use super::surroundings::{EPOCH_MS, Site, Tracked};
use super::trace::{Event, Run, SignalTrack, SloBound, Trace, Unit, Verdict};
use super::world::{Frame, Needs, PodStarts, World, template_hash};
use crate::model::analysis::{Metric, Signal, Slo, Threshold};
use crate::model::query::{self, CANARY_HASH, STABLE_HASH, Target};
use crate::model::rollout::{Rollout, Split, StepKind};
use crate::model::scenario::{Change, Scenario};
use crate::promql::{Mode, Options, parse};
use crate::syntax::tree::{Comparison, Side};
use crate::unit::Seconds;

/// The version whose behaviour is reproduced.
pub const CONTROLLER: &str = "1.9.1";

/// What is played beyond everything that a scenario says and the steps take: long enough for three inconclusive
/// measurements and a scale-down, short enough that a run that waits for a person ends.
const AFTERMATH: Seconds = Seconds(2 * 3600);

/// A rollout in a scenario, to be played as often as wanted.
#[derive(Debug)]
pub struct Simulation<'a> {
    rollout: &'a Rollout,
    scenario: &'a Scenario,
    stage: Stage,
    queries: Queries,
    world: World,
}

impl<'a> Simulation<'a> {
    /// Prepares a rollout in a scenario.
    ///
    /// # Errors
    /// A query that Prometheus would not take; `model` lets none through.
    pub fn new(rollout: &'a Rollout, scenario: &'a Scenario) -> Result<Self, String> {
        for metric in rollout.templates.iter().flat_map(|template| &template.metrics) {
            parse(&resolved(&metric.query), Mode::Server).map_err(|error| error.to_string())?;
        }
        let mut queries = Queries::new();
        let mut world = World::new(rollout, &scenario.world, frame(rollout), scenario.seed, 0);
        world.reset(0, &mut queries.store);
        let stage = Stage::new(rollout, &scenario.actions, horizon(rollout, scenario));
        Ok(Self { rollout, scenario, stage, queries, world })
    }

    /// How a run ends.
    pub fn ending(&mut self, run: u64) -> Ending {
        self.play(run, &mut Silent, &mut [])
    }

    /// A run in detail.
    pub fn trace(&mut self, run: u64) -> Trace {
        // The picture goes on after the verdict, the cost ends with it: what looks further is played a second time.
        let ending = self.ending(run);
        let mut tracked = self.tracked();
        let mut kept = Kept::default();
        self.play(run, &mut kept, &mut tracked);
        Trace {
            run: self.header(run),
            verdict: ending.verdict,
            totals: ending.totals,
            events: kept.0,
            signals: tracked.into_iter().map(|tracked| tracked.track).collect(),
        }
    }

    fn play(&mut self, run: u64, recorder: &mut dyn Recorder, tracked: &mut [Tracked]) -> Ending {
        self.world.reset(run, &mut self.queries.store);
        let starts = PodStarts::new(self.scenario.world.pod_start, self.scenario.seed, run);
        let rollout = &self.rollout.name;
        let mut site = Site::new(rollout, &mut self.world, &mut self.queries, starts, tracked);
        let played = self.stage.play(&mut site, recorder);
        site.sample_until(played.until.0);
        let totals = self.world.totals(played.at);
        let verdict = Verdict {
            outcome: played.outcome,
            at: played.at.0,
            step: played.step,
            weight: played.weight,
            peak_weight: played.peak_weight,
            message: played.message,
            metric: played.metric,
            value: played.value,
        };
        Ending { verdict, totals }
    }

    fn header(&self, number: u64) -> Run {
        let rollout = self.rollout;
        let by = match rollout.route.split {
            Split::Hosts => "istio by host",
            Split::Subsets => "istio by subset",
        };
        Run {
            rollout: rollout.name.clone(),
            namespace: rollout.namespace.value.clone(),
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            number,
            controller: CONTROLLER,
            prometheus: 3,
            replicas: rollout.replicas.value,
            route: by.to_owned(),
            steps: rollout.canary.labels(&rollout.templates),
            slos: measured(rollout).map(|(slo, metric)| bound(slo, metric)).collect(),
        }
    }

    fn tracked(&self) -> Vec<Tracked> {
        let rollout = self.rollout;
        let query = |slo: &Slo, side| {
            let target = Target {
                rollout: &rollout.name,
                namespace: &rollout.namespace.value,
                split: rollout.route.split,
                side,
            };
            resolved(&query::of(&target, slo))
        };
        let track = |slo: &Slo| Tracked {
            canary: query(slo, Side::Canary),
            stable: query(slo, Side::Stable),
            track: SignalTrack {
                slo: slo.name.clone(),
                at: Vec::new(),
                canary: Vec::new(),
                stable: Vec::new(),
            },
        };
        measured(rollout).map(|(slo, _)| track(slo)).collect()
    }
}

/// Keeps all events.
#[derive(Debug, Default)]
struct Kept(Vec<Event>);

impl Recorder for Kept {
    fn event(&mut self, event: Event) {
        self.0.push(event);
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
    }
}

/// A query with the hashes of the two revisions in the place of its arguments.
fn resolved(query: &str) -> String {
    query
        .replace(&format!("{{{{args.{CANARY_HASH}}}}}"), &template_hash(2))
        .replace(&format!("{{{{args.{STABLE_HASH}}}}}"), &template_hash(1))
}

/// History for the longest window and the lookback; families that some slo reads.
fn frame(rollout: &Rollout) -> Frame {
    let window = measured(rollout).map(|(slo, _)| slo.window.value).max().unwrap_or_default();
    let lookback = Seconds(u64::try_from(Options::default().lookback_ms / 1000).unwrap_or(300));
    let latency = measured(rollout).any(|(slo, _)| matches!(slo.signal, Signal::Latency(_)));
    let counted = |slo: &Slo| !matches!(slo.signal, Signal::Latency(_)) || slo.at_least.is_some();
    let requests = measured(rollout).any(|(slo, _)| counted(slo));
    Frame { epoch_ms: EPOCH_MS, history: window + lookback, needs: Needs { requests, latency } }
}

/// All that the scenario says, all that the steps take, and a while for what follows.
fn horizon(rollout: &Rollout, scenario: &Scenario) -> Seconds {
    let episodes = scenario.world.stable.episodes.iter().chain(&scenario.world.canary.episodes);
    let ends = episodes.map(|episode| {
        let over = match episode.change {
            Change::Errors(.., over) | Change::Latency(.., over) => over,
        };
        episode.to.unwrap_or(episode.from + over)
    });
    let actions = scenario.actions.iter().map(|(at, _)| *at);
    let scripted = ends.chain(actions).max().unwrap_or_default();
    let pauses = rollout.canary.steps.iter().map(|step| match &step.kind {
        StepKind::Pause(Some(pause)) => *pause,
        _ => Seconds(0),
    });
    let analyses = rollout.templates.iter().flat_map(|template| &template.metrics).map(|metric| {
        let count = metric.count.as_ref().map_or(0, |count| u64::from(count.value));
        metric.initial_delay.value + Seconds(metric.interval.value.0.saturating_mul(count))
    });
    let starts = u64::try_from(rollout.canary.steps.len()).unwrap_or(0) + 1;
    let pods = Seconds(scenario.world.pod_start.1.0.saturating_mul(starts));
    pauses.chain(analyses).fold(scripted + pods + AFTERMATH, |sum, part| sum + part)
}
