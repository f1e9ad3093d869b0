//! What the controllers touch outside themselves, made of the world: traffic that follows weights, pods that start, and
//! queries answered from what was scraped.
//!
//! Enters: weights, pods and questions, in time order. Leaves: answers, and the series behind them.
//! It deliberately judges nothing.

use super::crew::Crew;
use super::event::{Ask, Provider, Surroundings, Versions};
use super::pods::{Life, NewPod, PodChange, cut};
use super::queries::Queries;
use super::trace::SignalTrack;
use super::world::{PodStarts, World};
use crate::condition::Value;
use crate::model::scenario::{Fate, WorldSide as Side};
use crate::unit::{Seconds, Weight};

/// Second 0 of every run in Prometheus' time: a whole minute, far from any edge.
pub const EPOCH_MS: i64 = 1_700_000_040_000;

/// How often the signals are sampled for pictures.
pub(super) const SAMPLE: u64 = 15;

/// A signal to be sampled on both sides while a run is traced.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) canary: String,
    pub(super) stable: String,
    pub(super) track: SignalTrack,
}

/// The world of one run.
#[derive(Debug)]
pub(super) struct Site<'a> {
    rollout: &'a str,
    world: &'a mut World,
    queries: &'a mut Queries,
    /// Who answers in the place of what was scraped.
    provider: Option<&'a mut dyn Provider>,
    starts: PodStarts,
    fate: Fate,
    versions: Versions,
    crew: &'a mut Crew,
    /// A moment whose pod changes the world has not been told yet: pods of one second come and go together.
    untold: Option<Seconds>,
    /// Signals to sample; none in silent runs.
    tracked: &'a mut [Tracked],
    next_sample: u64,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        rollout: &'a str,
        world: &'a mut World,
        queries: &'a mut Queries,
        crew: &'a mut Crew,
        starts: PodStarts,
        tracked: &'a mut [Tracked],
    ) -> Self {
        Self {
            rollout,
            world,
            queries,
            provider: None,
            starts,
            fate: Fate::default(),
            versions: Versions { stable: 1, canary: 2 },
            crew,
            untold: None,
            tracked,
            next_sample: 0,
        }
    }

    /// What becomes of the pods of the release.
    pub(super) fn fated(self, fate: Fate) -> Self {
        Self { fate, ..self }
    }

    /// Lets another answer in the place of what was scraped.
    pub(super) fn answered_by(self, provider: Option<&'a mut dyn Provider>) -> Self {
        Self { provider, ..self }
    }

    /// Samples the tracked signals at every grid point before `now`.
    pub(super) fn sample_until(&mut self, now: u64) {
        while !self.tracked.is_empty() && self.next_sample < now {
            let at = self.next_sample;
            self.next_sample += SAMPLE;
            self.world.advance(Seconds(at).millis().0, &mut self.queries.store);
            for tracked in self.tracked.iter_mut() {
                let t_ms = EPOCH_MS + Seconds(at).millis().0;
                tracked.track.at.push(at);
                tracked.track.canary.push(self.queries.value(&tracked.canary, t_ms));
                tracked.track.stable.push(self.queries.value(&tracked.stable, t_ms));
            }
        }
    }

    /// Tells the world which pods each side has, if that changed.
    fn tell(&mut self) {
        let Some(at) = self.untold.take() else { return };
        self.sample_until(at.0);
        for (side, revision) in [(Side::Stable, self.versions.stable), (Side::Canary, self.versions.canary)] {
            self.world.pods(at, side, self.crew.available(revision));
        }
    }
}

impl Surroundings for Site<'_> {
    fn split(&mut self, at: Seconds, canary: Weight) {
        self.tell();
        self.sample_until(at.0);
        self.world.split(at, canary);
    }

    fn versions(&mut self, at: Seconds, versions: Versions) {
        self.tell();
        self.sample_until(at.0);
        self.versions = versions;
        self.world.versions(at, [version(versions.stable), version(versions.canary)]);
        self.untold = Some(at);
        self.tell();
    }

    fn pod(&mut self, at: Seconds, revision: u64, number: u32, change: PodChange) {
        if self.untold.is_some_and(|untold| untold != at) {
            self.tell();
        }
        self.crew.note(self.rollout, revision, number, matches!(change, PodChange::Ready));
        self.untold = Some(at);
    }

    fn pod_start(&mut self, pod: &NewPod) -> Seconds {
        let revision = u64::from(pod.hash.0) + 1;
        let name = self.crew.next(self.rollout, revision);
        match version(revision) {
            Side::Stable => self.starts.start(name),
            Side::Canary => self.starts.start_of_release(name),
        }
    }

    fn pod_life(&mut self, pod: &NewPod) -> Life {
        let mut life = Life::ready_after(cut(self.pod_start(pod)));
        if version(u64::from(pod.hash.0) + 1) == Side::Canary {
            let fate = self.fate;
            if fate.most_ready.is_some_and(|most| pod.viable >= most) {
                life.ready_after = None;
            }
            (life.crash_after, life.recover_after) = (fate.crash_after.map(cut), fate.recover_after.map(cut));
        }
        life
    }

    fn measure(&mut self, ask: &Ask<'_>) -> Result<Value, String> {
        self.tell();
        self.sample_until(ask.at.0);
        if let Some(provider) = &mut self.provider {
            return provider.answer(ask);
        }
        if let Some(kind) = ask.provider.foreign() {
            return Err(format!("no series answer {kind}"));
        }
        let at = ask.at.millis().0 + i64::from(ask.millis);
        self.world.advance(at, &mut self.queries.store);
        self.queries.ask(ask.query, EPOCH_MS + at)
    }

    fn forget(&mut self, answer: Value) {
        self.queries.forget(answer);
    }
}

/// As which side a revision answers: the one that was in force when the release was applied, or all that came after it.
fn version(revision: u64) -> Side {
    if revision == 1 { Side::Stable } else { Side::Canary }
}
