//! One rollout in one scenario, run after run: the loop between controllers and world.
//!
//! Enters: a rollout, a scenario, a run's number. Leaves: how it ended, or the whole trace.
//! It deliberately keeps nothing from one run for the next but buffers and plans, so that a run depends on its number alone.

use super::crew::Crew;
use super::event::{Provider, Recorder, Silent};
use super::expect::Ending;
use super::play::Stage;
use super::queries::Queries;
use super::replay::{Kind, Recorded};
use super::subject::Subject;
pub use super::surroundings::EPOCH_MS;
use super::surroundings::{Site, Tracked};
use super::trace::{Event, EventKind, Outcome, Run, SeriesOrigin, SignalTrack, Totals, Trace, Verdict};
use super::world::{Frame, PodStarts, World};
use crate::model::rollout::Rollout;
use crate::model::scenario::{Change, Milestone, Scenario};
use crate::promql::{Mode, SeriesId, parse};
use crate::series::Series;
use crate::syntax::tree;
use crate::unit::{Rate, Seconds};

/// The version whose behaviour is reproduced.
pub const CONTROLLER: &str = "1.9.1";

/// What is played beyond everything that a scenario says and the steps take: long enough for three inconclusive
/// measurements and a scale-down, short enough that a run that waits for a person ends.
const AFTERMATH: Seconds = Seconds(2 * 3600);

/// A rollout in a scenario, to be played as often as wanted.
#[derive(Debug)]
pub struct Simulation {
    subject: Subject,
    scenario: Scenario,
    stage: Stage,
    queries: Queries,
    world: World,
    crew: Crew,
    provider: Option<Box<dyn Provider>>,
    recorded: Option<Recorded>,
}

impl Simulation {
    /// Prepares a rollout of a `.roll` file in a scenario.
    ///
    /// # Errors
    /// A query that Prometheus would not take; `model` lets none through.
    pub fn new(rollout: &Rollout, scenario: &Scenario) -> Result<Self, String> {
        let subject = Subject::of(rollout);
        for query in &subject.queries {
            parse(query, Mode::Server).map_err(|error| error.to_string())?;
        }
        Ok(Self::of(subject, scenario))
    }

    /// Prepares whatever is released in a scenario. A query that Prometheus would not take is an error of its
    /// measurement, as it is in production.
    pub fn of(subject: Subject, scenario: &Scenario) -> Self {
        let mut queries = Queries::new();
        // History for the longest window and the lookback; families that some query reads.
        let frame = Frame { epoch_ms: EPOCH_MS, history: subject.lookback, needs: subject.needs };
        let mut world = World::new(subject.scene.clone(), &scenario.world, frame, scenario.seed, 0);
        world.reset(0, &mut queries.store);
        let stage = Stage::of(&subject, &scenario.actions, horizon(&subject, scenario))
            .looking_out_for(&scenario.milestones);
        Self {
            subject,
            scenario: scenario.clone(),
            stage,
            queries,
            world,
            crew: Crew::default(),
            provider: None,
            recorded: None,
        }
    }

    /// Plays in a recorded world instead of the scenario's.
    #[must_use]
    pub fn replaying(mut self, recorded: &Recorded) -> Self {
        let mut world = self.scenario.world.clone();
        let frame = Frame { epoch_ms: EPOCH_MS, history: self.subject.lookback, needs: self.subject.needs };
        match &recorded.kind {
            Kind::Open(past) => {
                // Nothing is drawn, as nothing of it would be seen.
                (world.traffic, world.scrape) = (Rate(0.0), None);
                self.world = World::new(self.subject.scene.clone(), &world, frame, self.scenario.seed, 0);
                self.queries = Queries::of(past, EPOCH_MS);
            }
            Kind::Closed(load) => {
                let fresh = World::new(self.subject.scene.clone(), &world, frame, self.scenario.seed, 0);
                self.world = fresh.loaded(load, &self.scenario.fault);
                self.queries = Queries::new();
            }
        }
        self.world.reset(0, &mut self.queries.store);
        Self { recorded: Some(recorded.clone()), ..self }
    }

    /// The series that the last run left, in Prometheus' time, in which second 0 is [`EPOCH_MS`]; none where a recording
    /// of a past canary answers.
    pub fn series(&self) -> Vec<Series> {
        let store = &self.queries.store;
        let ids = (0..u32::try_from(store.len()).unwrap_or(u32::MAX)).map(SeriesId);
        let all = ids.filter_map(|id| {
            let labels = store.labels(id)?.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Some(Series { labels: labels.collect(), samples: store.samples(id) })
        });
        all.filter(|series| !series.samples.is_empty()).collect()
    }

    /// Lets another answer queries in the place of what the world's proxies tell.
    #[must_use]
    pub fn answered_by(self, provider: Box<dyn Provider>) -> Self {
        Self { provider: Some(provider), ..self }
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
            notes: self.notes(),
            totals: ending.totals,
            events: kept.0,
            signals: tracked.into_iter().map(|tracked| tracked.track).collect(),
        }
    }

    /// What people must know of whoever answered in the place of the real one.
    fn notes(&self) -> Vec<String> {
        let provider = self.provider.as_ref().map(|provider| provider.notes()).unwrap_or_default();
        provider.into_iter().chain(self.subject.plugins()).collect()
    }

    fn play(&mut self, run: u64, recorder: &mut dyn Recorder, tracked: &mut [Tracked]) -> Ending {
        if let Some(reason) = &self.subject.spec.refused {
            return refused(&self.subject.scene.rollout, reason, &self.scenario.milestones, recorder);
        }
        self.world.reset(run, &mut self.queries.store);
        let world = &self.scenario.world;
        let of_release = world.fate.start.unwrap_or(world.pod_start);
        let starts = PodStarts::new(world.pod_start, self.scenario.seed, run).of_release(of_release);
        let rollout = &self.subject.scene.rollout;
        let mut provider = self.provider.as_deref_mut().map(|provider| provider as &mut dyn Provider);
        if let Some(provider) = &mut provider {
            provider.reset();
        }
        self.crew.clear();
        let mut site =
            Site::new(rollout, &mut self.world, &mut self.queries, &mut self.crew, starts, tracked)
                .fated(self.scenario.world.fate)
                .answered_by(provider);
        let played = self.stage.play(&mut site, recorder);
        site.sample_until(played.until.0);
        let totals = match self.recorded.as_ref().map(|recorded| &recorded.kind) {
            Some(Kind::Open(past)) => past.totals(played.at),
            _ => self.world.totals(played.at),
        };
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
        Ending { verdict, totals, reached: played.reached }
    }

    fn header(&self, number: u64) -> Run {
        let subject = &self.subject;
        Run {
            rollout: subject.scene.rollout.clone(),
            namespace: subject.scene.namespace.clone(),
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            number,
            controller: CONTROLLER,
            prometheus: 3,
            answers: self.provider.as_ref().map(|provider| provider.title()),
            replicas: subject.scene.replicas,
            route: subject.route.clone(),
            steps: subject.steps.clone(),
            slos: subject.slos.clone(),
            series: match (&self.recorded, &self.provider) {
                (_, Some(_)) => SeriesOrigin::Answers,
                (Some(recorded), None) => recorded.origin(),
                (None, None) => SeriesOrigin::Synthetic,
            },
            recording: self.recorded.as_ref().map(|recorded| recorded.about.clone()),
        }
    }

    fn tracked(&self) -> Vec<Tracked> {
        let track = |slo: &str| SignalTrack {
            slo: slo.to_owned(),
            at: Vec::new(),
            canary: Vec::new(),
            stable: Vec::new(),
        };
        // What the world would have had is not what was answered.
        let signals = self
            .subject
            .signals
            .iter()
            .filter(|_| self.provider.is_none() && self.subject.spec.refused.is_none())
            .map(|signal| Tracked {
                canary: signal.canary.clone(),
                stable: signal.stable.clone(),
                track: track(&signal.slo),
            });
        signals.collect()
    }
}

/// A spec that validation refuses: the status says so, and that is all that ever happens.
fn refused(rollout: &str, reason: &str, milestones: &[Milestone], recorder: &mut dyn Recorder) -> Ending {
    let message = format!("The Rollout \"{rollout}\" is invalid: {reason}");
    let (phase, said) = ("Degraded".to_owned(), format!("InvalidSpec: {message}"));
    recorder.event(Event { at: 0, kind: EventKind::Phase { phase, message: said } });
    let holds = |milestone: &Milestone| match milestone {
        Milestone::Phase(phase) => *phase == tree::Phase::Degraded,
        Milestone::Message(part) => message.contains(part),
        Milestone::Step(_) | Milestone::Weight(..) => false,
    };
    let reached = milestones.iter().map(|milestone| holds(milestone).then_some(Seconds(0))).collect();
    let verdict = Verdict {
        outcome: Outcome::Refused,
        at: 0,
        step: None,
        weight: 0,
        peak_weight: 0,
        message,
        metric: None,
        value: None,
    };
    Ending { verdict, totals: Totals::default(), reached }
}

/// Keeps all events.
#[derive(Debug, Default)]
struct Kept(Vec<Event>);

impl Recorder for Kept {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

/// All that the scenario says, all that the steps take, and a while for what follows.
fn horizon(subject: &Subject, scenario: &Scenario) -> Seconds {
    let episodes = scenario.world.stable.episodes.iter().chain(&scenario.world.canary.episodes);
    let ends = episodes.map(|episode| {
        let over = match episode.change {
            Change::Errors(.., over) | Change::Latency(.., over) => over,
        };
        episode.to.unwrap_or(episode.from + over)
    });
    let actions = scenario.actions.iter().map(|(at, _)| *at);
    let scripted = ends.chain(actions).max().unwrap_or_default();
    let starts = u64::try_from(subject.steps.len()).unwrap_or(0) + 1;
    let world = &scenario.world;
    let start = world.pod_start.1.max(world.fate.start.map_or(Seconds(0), |(_, most)| most));
    let pods = Seconds(start.0.saturating_mul(starts));
    let crash = world.fate.crash_after.unwrap_or_default() + world.fate.recover_after.unwrap_or_default();
    let gap = world.scrape.and_then(|scrape| scrape.gap).map_or(Seconds(0), |(_, end)| end);
    scripted.max(gap) + pods + crash + AFTERMATH + subject.length
}
