//! What the controllers touch outside themselves, made of the world: traffic that follows weights, pods that start, and
//! queries answered from what was scraped.
//!
//! Enters: weights, pods and questions, in time order. Leaves: answers, and the series behind them.
//! It deliberately judges nothing.

use super::event::{Ask, Provider, Surroundings};
use super::pods::{NewPod, PodChange};
use super::queries::Queries;
use super::trace::SignalTrack;
use super::world::{PodStarts, World, pod_name};
use crate::condition::Value;
use crate::model::scenario::WorldSide as Side;
use crate::unit::{Seconds, Weight};

/// Second 0 of every run in Prometheus' time: a whole minute, far from any edge.
pub(super) const EPOCH_MS: i64 = 1_700_000_040_000;

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
    /// Revision, ordinal within it, and whether it is available, by the run's number of the pod.
    pods: Vec<(u64, u64, bool)>,
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
        starts: PodStarts,
        tracked: &'a mut [Tracked],
    ) -> Self {
        Self {
            rollout,
            world,
            queries,
            provider: None,
            starts,
            pods: Vec::new(),
            untold: None,
            tracked,
            next_sample: 0,
        }
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
        for (side, revision) in [(Side::Stable, 1), (Side::Canary, 2)] {
            let available = self.pods.iter().filter(|(of, _, available)| *of == revision && *available);
            let names = available.map(|(of, ordinal, _)| pod_name(self.rollout, *of, *ordinal));
            let names: Vec<String> = names.collect();
            self.world.pods(at, side, names.iter().map(String::as_str));
        }
    }

    fn ordinal(&self, revision: u64) -> u64 {
        self.pods.iter().filter(|(of, ..)| *of == revision).count() as u64
    }
}

impl Surroundings for Site<'_> {
    fn split(&mut self, at: Seconds, canary: Weight) {
        self.tell();
        self.sample_until(at.0);
        self.world.split(at, canary);
    }

    fn pod(&mut self, at: Seconds, revision: u64, number: u32, change: PodChange) {
        if self.untold.is_some_and(|untold| untold != at) {
            self.tell();
        }
        let number = number as usize;
        if number >= self.pods.len() {
            let ordinal = self.ordinal(revision);
            self.pods.resize(number + 1, (revision, ordinal, false));
        }
        if let Some(pod) = self.pods.get_mut(number) {
            pod.2 = matches!(change, PodChange::Ready);
        }
        self.untold = Some(at);
    }

    fn pod_start(&mut self, pod: &NewPod) -> Seconds {
        let revision = u64::from(pod.hash.0) + 1;
        self.starts.start(&pod_name(self.rollout, revision, self.ordinal(revision)))
    }

    fn measure(&mut self, ask: &Ask<'_>) -> Result<Value, String> {
        self.tell();
        self.sample_until(ask.at.0);
        if let Some(provider) = &mut self.provider {
            return provider.answer(ask);
        }
        self.world.advance(ask.at.millis().0, &mut self.queries.store);
        self.queries.ask(ask.query, EPOCH_MS + ask.at.millis().0)
    }
}
