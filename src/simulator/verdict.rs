//! How a release is going: the weights it reached, and how it ended so far.
//!
//! Enters: the Rollout's status before and after each reconcile. Leaves: the facts of a verdict.
//! It deliberately steers nothing.

use super::core::Core;
use super::objects::Hash;
use super::objects::run::Phase as RunPhase;
use super::objects::status::Phase;
use super::trace::Outcome;
use crate::model::scenario::Milestone;
use crate::syntax::tree::{self, Comparison};
use crate::unit::Seconds;

/// How a release ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The outcome.
    pub outcome: Outcome,
    /// When: the moment of promotion or abort, since when it waits, or the horizon.
    pub at: Seconds,
    /// Argo's index of the step in force just before, from 0; `None` past the last.
    pub step: Option<u32>,
    /// Canary weight in force just before, percent.
    pub weight: u32,
    /// Highest canary weight, percent.
    pub peak_weight: u32,
    /// The controller's message, letter for letter; empty where it has none.
    pub message: String,
    /// The metric that decided, where one did.
    pub metric: Option<String>,
    /// Its last value as Argo writes it.
    pub value: Option<String>,
    /// When nothing more was to come.
    pub until: Seconds,
    /// When each milestone that was looked out for came about first, in their order.
    pub reached: Vec<Option<Seconds>>,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Course<'a> {
    milestones: &'a [Milestone],
    /// When each came about.
    reached: Vec<Option<i64>>,
    /// Whether the release has begun: what holds before is the version in force.
    begun: bool,
    peak: i64,
    last: Option<(Outcome, i64, Option<i64>, i64)>,
    /// By kind of pause, where it began: since when, step and weight. A release that waits is told by where it began to,
    /// since timed pauses still expire, and move the index, while another pause holds it.
    pauses: [Option<(i64, Option<i64>, i64)>; 4],
}

/// What a reconcile began with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    step: Option<i64>,
    weight: i64,
    aborted: bool,
    promoted: bool,
    stable: Option<Hash>,
}

fn phase_of(phase: tree::Phase) -> Phase {
    match phase {
        tree::Phase::Progressing => Phase::Progressing,
        tree::Phase::Paused => Phase::Paused,
        tree::Phase::Healthy => Phase::Healthy,
        tree::Phase::Degraded => Phase::Degraded,
    }
}

/// The weight that the status has, in percent of all traffic; without a router, the share of the pods or the Service's choice.
fn weight(core: &Core) -> i64 {
    let rollout = &core.store.rollout;
    if rollout.spec.blue_green.is_some() || rollout.spec.canary.traffic.is_none() {
        return super::deliver::newest_share(core);
    }
    let weight = rollout.status.weights.map_or(0, |weights| weights.canary);
    (100 * weight).checked_div(rollout.spec.canary.max_weight()).unwrap_or(0)
}

impl Before {
    pub(super) fn of(core: &Core) -> Self {
        let status = &core.store.rollout.status;
        Self {
            step: status.step,
            weight: weight(core),
            aborted: status.aborted_at.is_some(),
            promoted: status.completed(),
            stable: status.stable,
        }
    }
}

impl<'a> Course<'a> {
    /// Looks out for these from now on.
    pub(super) fn look_out_for(&mut self, milestones: &'a [Milestone]) {
        self.milestones = milestones;
        self.reached = vec![None; milestones.len()];
    }

    /// So much of the traffic reaches the release.
    pub(super) fn expose(&mut self, core: &Core, share: i64) {
        if !self.is_rolled_back() {
            self.peak = self.peak.max(share);
        }
        self.reach(core, |milestone| match milestone {
            Milestone::Weight(comparison, bound) => {
                let bound = i64::from(bound.percent());
                if *comparison == Comparison::Greater { share > bound } else { share >= bound }
            }
            _ => false,
        });
    }

    /// What is seen after the end of a release that failed is not of that release.
    fn is_rolled_back(&self) -> bool {
        matches!(self.last, Some((Outcome::RolledBack, ..)))
    }

    /// Marks what has come about and had not before.
    fn reach(&mut self, core: &Core, came: impl Fn(&Milestone) -> bool) {
        let now = core.second();
        for (milestone, reached) in self.milestones.iter().zip(&mut self.reached) {
            if reached.is_none() && came(milestone) {
                *reached = Some(now);
            }
        }
    }

    /// What the status says.
    fn read(&mut self, core: &Core) {
        let status = &core.store.rollout.status;
        let name = &core.store.rollout.spec.name;
        self.begun |= status.current != status.stable;
        if !self.begun {
            return;
        }
        self.reach(core, |milestone| match milestone {
            Milestone::Step(index) => status.step.is_some_and(|step| step >= i64::from(*index)),
            Milestone::Phase(phase) => status.phase == phase_of(*phase),
            Milestone::Message(part) => {
                let texts = status.conditions.iter().map(|condition| &condition.message);
                std::iter::once(&status.message).chain(texts).any(|text| text.spell(name).contains(part))
            }
            Milestone::Weight(..) => false,
        });
    }

    /// Looks at what a reconcile did.
    pub(super) fn observe(&mut self, core: &Core, before: Before) {
        let status = &core.store.rollout.status;
        self.read(core);
        if !self.is_rolled_back() {
            self.peak = self.peak.max(weight(core));
        }
        for pause in status.pauses.iter() {
            if let Some(slot) = self.pauses.get_mut(pause.reason as usize)
                && slot.is_none_or(|(since, ..)| since != pause.since)
            {
                *slot = Some((pause.since, status.step, weight(core)));
            }
        }
        let now = core.second();
        let count = i64::try_from(core.store.rollout.spec.canary.steps.len()).unwrap_or(0);
        let step = before.step.filter(|step| *step < count);
        // The version in force is the one that is wanted again: the release was taken back.
        let taken_back = status.completed() && !before.promoted && status.stable == before.stable;
        if !status.abort && before.aborted && !taken_back {
            self.last = None;
        }
        if (status.aborted_at.is_some() || taken_back) && !before.aborted {
            self.last = Some((Outcome::RolledBack, now, step, before.weight));
        } else if taken_back {
            // It was aborted before, which was the end of it.
        } else if status.completed() && !before.promoted {
            self.last = Some((Outcome::Promoted, now, step, weight(core)));
        } else if !status.completed() && before.promoted {
            self.last = None;
        }
    }

    /// Whether it has ended and nothing of the side that lost is left.
    pub(super) fn over(&self, core: &Core) -> bool {
        let status = &core.store.rollout.status;
        let stays = |outcome| match outcome {
            Outcome::Promoted | Outcome::RolledBack => status.stable,
            _ => None,
        };
        let Some(Some(stays)) = self.last.map(|(outcome, ..)| stays(outcome)) else {
            return false;
        };
        core.store.sets.iter().all(|set| set.hash == stays || (set.wanted == 0 && set.pods == 0))
            && core.store.template_sets.iter().all(|set| set.wanted == 0 && set.pods == 0)
            && core.store.runs.iter().all(|run| run.deleted || run.phase.completed())
    }

    /// The facts, once nothing more is to come.
    pub(super) fn ending(&self, core: &Core, until: i64, horizon: i64) -> Ending {
        let name = &core.store.rollout.spec.name;
        let status = &core.store.rollout.status;
        let seconds = |at: i64| Seconds(u64::try_from(at - core.epoch).unwrap_or(0));
        let number = |count: i64| u32::try_from(count).unwrap_or(0);
        let count = i64::try_from(core.store.rollout.spec.canary.steps.len()).unwrap_or(0);
        let waiting = || {
            let since = status.pauses.first().map_or(until, |pause| pause.since);
            let outcome = if status.phase == Phase::Paused {
                (Outcome::Paused, since)
            } else {
                (Outcome::Unfinished, horizon)
            };
            let begun = status.pauses.first().and_then(|pause| *self.pauses.get(pause.reason as usize)?);
            let (step, weight) = begun
                .filter(|(since, ..)| outcome.0 == Outcome::Paused && *since == outcome.1)
                .map_or((status.step, weight(core)), |(_, step, weight)| (step, weight));
            (outcome.0, outcome.1, step.filter(|step| *step < count), weight)
        };
        let (outcome, at, step, weight) = self.last.unwrap_or_else(waiting);
        let message = match outcome {
            Outcome::RolledBack => super::objects::status::ConditionType::Progressing,
            _ => super::objects::status::ConditionType::InvalidSpec,
        };
        let message = match status.condition(message) {
            Some(condition) => condition.message.spell(name),
            None if outcome == Outcome::Promoted => String::new(),
            None => status.message.spell(name),
        };
        let bad = [RunPhase::Failed, RunPhase::Error, RunPhase::Inconclusive];
        // What completes while a release already waits decides nothing any more.
        let in_time = |completed: Option<i64>| {
            outcome != Outcome::Paused || completed.is_none_or(|completed| completed <= at)
        };
        let decided = matches!(outcome, Outcome::RolledBack | Outcome::Paused)
            .then(|| {
                core.store
                    .runs
                    .iter()
                    .rev()
                    .filter(|run| !run.deleted && bad.contains(&run.phase) && in_time(run.completed_at))
                    .find_map(super::analysis_run::decisive)
            })
            .flatten();
        let (metric, value) = decided.unzip();
        Ending {
            outcome,
            at: seconds(at),
            step: step.map(number),
            weight: number(weight),
            peak_weight: number(self.peak),
            message,
            metric,
            value: value.flatten(),
            until: seconds(until),
            reached: self.reached.iter().map(|at| at.map(seconds)).collect(),
        }
    }
}
