//! Plays a release: the stable revision is up, a new one is applied at second 0, and the controllers do the rest.
//!
//! Enters: a spec and its cluster, or a rollout of `model`; actions; surroundings. Leaves: how it ended.
//! It deliberately knows no world: traffic, metrics and pods are the surroundings' business.

use std::sync::Arc;

use super::clock::{Key, SECOND};
use super::core::Core;
use super::event::{Recorder, Surroundings};
use super::machine::{Machine, Step, Timed};
use super::objects::Cluster;
use super::objects::store::Store;
use super::pods::Pods;
use super::spec::{AnalysisSpec, Spec};

/// A cluster with a Rollout, ready to be played from second 0, in which version 1 is not yet deployed.
#[derive(Debug)]
pub struct Player {
    core: Core,
}

impl Player {
    /// Applies a Rollout to a cluster.
    pub fn new(spec: Spec, cluster: &Cluster, analyses: Vec<AnalysisSpec>) -> Self {
        let mut pods = Pods::default();
        pods.clear();
        Self {
            core: Core {
                store: Store::new(spec, cluster),
                pods,
                rollout: Key::default(),
                runs: Vec::new(),
                services: Vec::new(),
                rules: Vec::new(),
                analyses: Arc::new(analyses),
                specs: Vec::new(),
                now: 0,
                epoch: 0,
                route_writes: Vec::new(),
            },
        }
    }

    /// Plays until the end of second `until`; `false` when the controllers never came to rest in some second.
    pub fn play(
        &mut self,
        around: &mut dyn Surroundings,
        recorder: &mut dyn Recorder,
        actions: &[Timed],
        until: i64,
    ) -> bool {
        let mut machine = Machine::new(&mut self.core, around, recorder, actions);
        loop {
            let t = machine.core.second();
            if t > until {
                return true;
            }
            if machine.instant() == Step::Unsettled {
                return false;
            }
            let next = machine.next_instant(t);
            if next > (until + 1) * SECOND {
                return true;
            }
            machine.core.now = next;
        }
    }
}
