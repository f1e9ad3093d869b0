//! Plays a release: the stable revision is up, a new one is applied at second 0, and the controllers do the rest.
//!
//! Enters: a rollout of `model`, or a spec and its cluster; actions; surroundings. Leaves: how it ended.
//! It deliberately knows no world: traffic, metrics and pods are the surroundings' business.

use super::clock::SECOND;
use super::core::Core;
use super::event::{Ask, Recorder, Silent, Surroundings};
use super::machine::{Machine, Step, Timed};
use super::objects::Cluster;
use super::pods::{NewPod, PodChange, cut};
use super::rollout::RESYNC;
use super::rollout::actions::Action;
use super::subject::Subject;
use super::trace::EventKind;
use super::verdict::Ending;
use crate::condition;
use crate::model::argo::{AnalysisSpec, Spec, Template};
use crate::model::rollout::Rollout;
use crate::model::scenario::{self, Milestone};
use crate::unit::{Seconds, Weight};

/// A release to be played.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// The rollout; its revision 1 is up when revision 2 is applied at second 0.
    pub rollout: &'a Rollout,
    /// What operators do, by time.
    pub actions: &'a [(Seconds, scenario::Action)],
    /// How long it is played at most.
    pub horizon: Seconds,
}

/// Plays a release once. Many runs of one rollout are cheaper with [`Stage`].
pub fn play(release: &Release<'_>, around: &mut dyn Surroundings, recorder: &mut dyn Recorder) -> Ending {
    Stage::new(release.rollout, release.actions, release.horizon).play(around, recorder)
}

/// A rollout whose revision 1 is up, to be released as often as wanted.
#[derive(Debug)]
pub struct Stage {
    deployed: Core,
    actions: Vec<Timed>,
    horizon: i64,
    milestones: Vec<Milestone>,
}

impl Stage {
    /// Deploys revision 1 of a rollout of a `.roll` file.
    pub fn new(rollout: &Rollout, actions: &[(Seconds, scenario::Action)], horizon: Seconds) -> Self {
        Self::of(&Subject::of(rollout), actions, horizon)
    }

    /// Deploys revision 1 of whatever is released.
    pub fn of(subject: &Subject, actions: &[(Seconds, scenario::Action)], horizon: Seconds) -> Self {
        let mut deployed = Core::new(subject.spec.clone(), &subject.cluster, subject.analyses.clone());
        deploy(&mut deployed);
        let epoch = deployed.epoch;
        let second = |at: Seconds| epoch + cut(at);
        let mut list = vec![(epoch, Action::Template(Template(1)))];
        list.extend(actions.iter().map(|(at, action)| (second(*at), Action::of(*action))));
        list.sort_by_key(|(at, _)| *at);
        Self { deployed, actions: list, horizon: second(horizon), milestones: Vec::new() }
    }

    /// Looks out for these on the way.
    #[must_use]
    pub fn looking_out_for(self, milestones: &[Milestone]) -> Self {
        Self { milestones: milestones.to_vec(), ..self }
    }

    /// Releases revision 2 once.
    pub fn play(&mut self, around: &mut dyn Surroundings, recorder: &mut dyn Recorder) -> Ending {
        let mut core = self.deployed.clone();
        core.announce(around);
        core.tell(recorder, || EventKind::Applied { revision: 2 });
        let mut machine = Machine::new(&mut core, around, recorder, &self.actions);
        machine.course.look_out_for(&self.milestones);
        let until = loop {
            let t = machine.core.second();
            if t > self.horizon {
                break self.horizon;
            }
            if machine.instant() == Step::Unsettled || machine.over() {
                break t;
            }
            let next = machine.next_instant(t);
            if machine.quiet() || next >= (self.horizon + 1) * SECOND {
                break t;
            }
            machine.core.now = next;
        };
        let ending = machine.course.ending(machine.core, until, self.horizon);
        // What runs are made of depends on analyses and hashes alone, which are the same in the next run.
        self.deployed.specs = core.specs;
        ending
    }
}

/// Brings revision 1 up, with pods that start at once; second 0 of the release is the informers' first resync.
fn deploy(core: &mut Core) {
    let (mut prompt, mut silent) = (Prompt, Silent);
    let mut machine = Machine::new(core, &mut prompt, &mut silent, &[]);
    machine.instant();
    core.now = RESYNC * SECOND;
    core.epoch = RESYNC;
}

/// Pods start at once, and nobody looks.
pub(super) struct Prompt;

impl Surroundings for Prompt {
    fn split(&mut self, _: Seconds, _: Weight) {}
    fn pod(&mut self, _: Seconds, _: u64, _: u32, _: PodChange) {}
    fn pod_start(&mut self, _: &NewPod) -> Seconds {
        Seconds(0)
    }
    fn measure(&mut self, _: &Ask<'_>) -> Result<condition::Value, String> {
        Ok(condition::Value::Nil)
    }
}

/// A cluster with a Rollout, ready to be played from second 0, in which version 1 is not yet deployed.
#[derive(Debug)]
pub struct Player {
    core: Core,
}

impl Player {
    /// Applies a Rollout to a cluster, in which, as in the oracle's, nobody collects garbage.
    pub fn new(spec: Spec, cluster: &Cluster, analyses: Vec<AnalysisSpec>) -> Self {
        let mut core = Core::new(spec, cluster, analyses);
        core.store.collects = false;
        Self { core }
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
        machine.restless = true;
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
