//! What both controllers share while they reconcile: the cluster, the queues, the clock, and who is told.
//!
//! Enters: the state of one run. Leaves: the means to read, write and tell.
//! It deliberately knows no rule of either controller.

use super::clock::{Key, SECOND};
use super::event::{Emitted, Recorder, RouteObject, Surroundings, revision};
use super::objects::run::{RunId, RunSpec};
use super::objects::store::Store;
use super::objects::{Cluster, ReplicaSet};
use super::pods::Pods;
use super::trace::{Event, EventKind};
use crate::model::argo::{AnalysisSpec, Spec};
use crate::unit::Seconds;
use std::sync::Arc;

/// The state of one run of the simulator.
#[derive(Clone, Debug)]
pub(super) struct Core {
    /// The cluster.
    pub(super) store: Store,
    /// Its pods.
    pub(super) pods: Pods,
    /// The Rollout's key.
    pub(super) rollout: Key,
    /// The runs' keys.
    pub(super) runs: Vec<Key>,
    /// The experiments' keys.
    pub(super) experiments: Vec<Key>,
    /// The Services' keys.
    pub(super) services: Vec<Key>,
    /// The DestinationRules' keys.
    pub(super) rules: Vec<Key>,
    /// Analyses that runs are made from.
    pub(super) analyses: Arc<Vec<AnalysisSpec>>,
    /// Runs' specs that were made already, by analysis and the hashes in their arguments.
    pub(super) specs: Vec<(SpecKey, Arc<RunSpec>)>,
    /// Why validation refuses the Rollout for what it refers to, whatever its spec says.
    pub(super) refused: Option<Arc<str>>,
    /// Memory of reconciles that are over.
    pub(super) spare: Spare,
    /// Microseconds after the start.
    pub(super) now: i64,
    /// The second that counts as 0 outside.
    pub(super) epoch: i64,
    /// Writes of traffic objects since anything else changed.
    pub(super) route_writes: Vec<(RouteObject, u32)>,
}

/// Memory that the next reconcile fills anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare {
    pub(super) sets: Vec<ReplicaSet>,
    pub(super) runs: Vec<RunId>,
}

/// What decides a run's spec: the analysis, both hashes, and the Rollout's fields in its arguments.
pub(super) type SpecKey = (usize, u16, Option<u16>, Vec<String>);

impl Core {
    /// A cluster into which a Rollout has just been applied.
    pub(super) fn new(spec: Spec, cluster: &Cluster, analyses: Vec<AnalysisSpec>) -> Self {
        let mut pods = Pods::default();
        pods.clear();
        Self {
            store: Store::new(spec, cluster),
            pods,
            rollout: Key::default(),
            runs: Vec::new(),
            experiments: Vec::new(),
            services: Vec::new(),
            rules: Vec::new(),
            analyses: Arc::new(analyses),
            specs: Vec::new(),
            spare: Spare::default(),
            refused: None,
            now: 0,
            epoch: 0,
            route_writes: Vec::new(),
        }
    }

    /// Tells the surroundings of the pods that are there already.
    pub(super) fn announce(&self, around: &mut dyn Surroundings) {
        self.pods.announce(|hash, number, change| {
            around.pod(Seconds(0), revision(hash), number, change);
        });
    }

    /// The current second.
    pub(super) fn second(&self) -> i64 {
        self.now.div_euclid(SECOND)
    }

    /// Asks for the Rollout in so many seconds from now, exactly.
    pub(super) fn rollout_after(&mut self, seconds: i64) {
        self.rollout.add_after(self.now, seconds * SECOND);
    }

    /// Asks for the Rollout at a second.
    pub(super) fn rollout_at(&mut self, second: i64) {
        self.rollout.add_after(self.now, second * SECOND - self.now);
    }

    /// Asks for a run at a moment, in microseconds.
    pub(super) fn run_at(&mut self, run: RunId, moment: i64) {
        let wait = moment - self.now;
        let now = self.now;
        if let Some(key) = self.runs.get_mut(run.0) {
            key.add_after(now, wait);
        }
    }

    /// Tells of something, if anybody listens.
    pub(super) fn tell(&self, recorder: &mut dyn Recorder, kind: impl FnOnce() -> EventKind) {
        if !recorder.silent() {
            let at = u64::try_from(self.second() - self.epoch);
            if let Ok(at) = at {
                recorder.event(Event { at, kind: kind() });
            }
        }
    }

    /// Emits a Kubernetes event about the Rollout, if anybody listens.
    pub(super) fn emit(
        &self,
        recorder: &mut dyn Recorder,
        warning: bool,
        reason: &str,
        message: impl FnOnce() -> String,
    ) {
        if !recorder.silent() {
            recorder.emitted(Emitted {
                object: format!("Rollout/{}", self.store.rollout.spec.name),
                warning,
                reason: reason.to_owned(),
                message: message(),
            });
        }
    }
}
