//! The loop: second by second, wherever something is due, reconcile until nothing more is.
//!
//! Enters: a spec, a cluster, actions, a horizon. Leaves: what the recorder was told, and the state at the end.
//! It deliberately knows no rule of a controller, only their order: pods change, actions are taken, the periodic resync,
//! then Services and DestinationRules, the Rollout, AnalysisRuns, and Experiments, each by the time at which it became due.

use super::analysis_run;
use super::clock::{RECONCILE, SECOND};
use super::core::Core;
use super::deliver::Outside;
use super::event::{Recorder, State, Surroundings};
use super::experiment;
use super::objects::experiment::ExperimentId;
use super::objects::run::RunId;
use super::pods::NEVER;
use super::rollout::{self, RESYNC, actions};
use super::schedule::{Due, Idle};
use super::trace::EventKind;
use super::verdict::{Before, Course};
use crate::unit::Seconds;

/// Idle reconciles of one key in one second before it counts as a hot loop.
const HOT_LOOP: u32 = 8;

/// Turns of such a key at each following instant.
const HOT_TURNS: u32 = 2;

/// Failed reconciles beyond this wait long enough not to be a hot loop.
const QUICK_RETRIES: u32 = 3;

/// Reconciles in one second beyond which there is no settled state.
const UNSETTLED: u32 = 300;

/// An action and its second.
pub(super) type Timed = (i64, actions::Action);

/// One run.
pub(super) struct Machine<'a> {
    pub(super) core: &'a mut Core,
    pub(super) around: &'a mut dyn Surroundings,
    pub(super) recorder: &'a mut dyn Recorder,
    pub(super) actions: &'a [Timed],
    next_action: usize,
    resyncs: i64,
    hot: bool,
    hot_instants: u32,
    /// Whether a hot loop is looked at every second even while nothing can come of it, as the oracle does: it decides
    /// only in which of its states the loop is left.
    pub(super) restless: bool,
    idle: Idle,
    pub(super) outside: Outside,
    pub(super) course: Course<'a>,
    failing: Option<rollout::Failure>,
}

/// What a run came to at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Settled; more may come.
    Settled,
    /// The controllers never rest.
    Unsettled,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        core: &'a mut Core,
        around: &'a mut dyn Surroundings,
        recorder: &'a mut dyn Recorder,
        actions: &'a [Timed],
    ) -> Self {
        Self {
            core,
            around,
            recorder,
            actions,
            next_action: 0,
            resyncs: 0,
            hot: false,
            hot_instants: 0,
            restless: false,
            idle: Idle::default(),
            outside: Outside::default(),
            course: Course::default(),
            failing: None,
        }
    }

    /// Plays one instant.
    pub(super) fn instant(&mut self) -> Step {
        let t = self.core.second();
        self.sync_pods();
        self.act(t);
        while self.resyncs < t.div_euclid(RESYNC) {
            self.resyncs += 1;
            self.deliver();
            self.resync();
        }
        if !self.settle(t) {
            if let Some(at) = self.outer(t) {
                self.recorder.unsettled(at);
            }
            return Step::Unsettled;
        }
        if let Some(at) = self.outer(t)
            && !self.recorder.silent()
        {
            let state =
                State { store: &self.core.store, hot_loop: self.hot, flapping: &self.core.route_writes };
            self.recorder.settled(at, &state);
        }
        self.core.route_writes.clear();
        Step::Settled
    }

    fn outer(&self, second: i64) -> Option<Seconds> {
        u64::try_from(second - self.core.epoch).ok().map(Seconds)
    }

    fn acted_all(&self) -> bool {
        self.next_action >= self.actions.len()
    }

    /// Whether the release has ended and been cleaned up, and nobody will act any more.
    pub(super) fn over(&self) -> bool {
        self.acted_all() && self.course.over(self.core)
    }

    /// Whether nothing will ever happen again: nothing is due, and nothing waits for a resync to notice its time.
    pub(super) fn quiet(&self) -> bool {
        let store = &self.core.store;
        let rollout = &store.rollout;
        let timed = !rollout.status.pauses.is_empty()
            && rollout
                .status
                .step
                .and_then(|index| rollout.spec.canary.steps.get(usize::try_from(index).ok()?))
                .and_then(|step| step.pause.as_ref())
                .is_some_and(|pause| pause.duration.is_some());
        let mut due = false;
        super::schedule::each_due(self.core, |_| due = true);
        self.acted_all()
            && !due
            && !timed
            && self.core.pods.next(store, self.core.second()) == NEVER
            && store
                .sets
                .iter()
                .chain(&store.template_sets)
                .all(|set| set.deadline.is_none() || set.wanted == 0)
    }

    fn act(&mut self, t: i64) {
        while let Some((at, action)) = self.actions.get(self.next_action) {
            if *at > t {
                break;
            }
            self.next_action += 1;
            self.take(action);
        }
    }

    fn take(&mut self, action: &actions::Action) {
        let store = &self.core.store;
        let (before, step) = (Before::of(self.core), store.rollout.status.step);
        let (version, changes, template) =
            (store.rollout.version, store.changes.len(), store.rollout.spec.template);
        let said = if self.recorder.silent() { String::new() } else { action.said(self.core) };
        let result = actions::act(self.core, action);
        self.course.observe(self.core, before);
        if self.recorder.silent() {
            return;
        }
        let store = &self.core.store;
        let crashed = matches!(result, Ok(pods) if pods > 0);
        let changed = store.rollout.version != version || store.changes.len() != changes || crashed;
        let outcome = result.map_or_else(|error| error, |_| "ok".to_owned());
        self.recorder.acted(action.name(), &outcome);
        // The release at second 0 is told already.
        if matches!(action, actions::Action::Template(_)) && self.next_action == 1 {
            return;
        }
        let outcome = if outcome == "ok" { said } else { outcome };
        let (name, detail) = (action.name().to_owned(), action.detail());
        self.core.tell(self.recorder, || EventKind::Action { action: name, detail, outcome, changed });
        // A step that the plugin writes itself is none that a reconcile would tell of.
        if let Some(index) = self.core.store.rollout.status.step.filter(|index| step != Some(*index)) {
            let index = u32::try_from(index).unwrap_or(0);
            self.core.tell(self.recorder, || EventKind::Step { index });
        }
        let newest = self.core.store.rollout.spec.template;
        if newest != template {
            let store = &self.core.store;
            let next = || u64::try_from(store.sets.len()).unwrap_or(0) + 1;
            let revision = store.hash(newest).map_or_else(next, super::event::revision);
            self.core.tell(self.recorder, || EventKind::Applied { revision });
        }
    }

    /// Tells the world who serves, and what share of the traffic reaches the release.
    fn tell_split(&mut self) {
        let Some(at) = self.outer(self.core.second()) else { return };
        if let Some(versions) = self.outside.versions(self.core) {
            self.around.versions(at, versions);
        }
        if let Some(split) = self.outside.split(self.core) {
            self.tell_share(split);
            self.around.split(at, split);
        }
        self.course.expose(self.core, self.outside.share());
    }

    /// Reconciles until nothing is due before the end of second `t`; `false` when that never comes.
    fn settle(&mut self, t: i64) -> bool {
        let end = (t + 1) * SECOND;
        let mut limit = if self.hot { HOT_TURNS } else { HOT_LOOP };
        self.hot = false;
        self.idle.clear();
        let mut reconciles = 0;
        loop {
            if reconciles > UNSETTLED {
                return false;
            }
            if self.deliver() {
                limit = HOT_LOOP;
                self.hot = false;
                self.idle.clear();
            }
            let Some((due, at)) = self.pick(end) else {
                if self.core.store.changes.is_empty() {
                    return true;
                }
                continue;
            };
            self.core.now = self.core.now.max(at) + RECONCILE;
            reconciles += 1;
            let (succeeded, requeues) = self.grant(due);
            if (succeeded || requeues <= QUICK_RETRIES) && self.idle.count(due) > limit {
                self.idle.mute(due);
                self.hot = true;
            }
        }
    }

    fn pick(&self, end: i64) -> Option<(Due, i64)> {
        super::schedule::pick(self.core, &self.idle, end)
    }

    fn grant(&mut self, due: Due) -> (bool, u32) {
        match due {
            Due::Service(at) => {
                if let Some(key) = self.core.services.get_mut(at) {
                    key.take();
                }
                self.sync_service(at);
                (true, 0)
            }
            Due::Rule(at) => {
                if let Some(key) = self.core.rules.get_mut(at) {
                    key.take();
                    key.forget();
                }
                self.sync_rule(at);
                (true, 0)
            }
            Due::Rollout => self.reconcile_rollout(),
            Due::Run(at) => {
                if let Some(key) = self.core.runs.get_mut(at) {
                    key.take();
                }
                analysis_run::reconcile(self.core, self.around, self.recorder, RunId(at));
                (true, 0)
            }
            Due::Experiment(at) => {
                if let Some(key) = self.core.experiments.get_mut(at) {
                    key.take();
                }
                experiment::reconcile(self.core, self.recorder, ExperimentId(at));
                (true, 0)
            }
        }
    }

    fn reconcile_rollout(&mut self) -> (bool, u32) {
        self.core.rollout.take();
        let before = Before::of(self.core);
        let result = rollout::reconcile(self.core, self.around, self.recorder);
        self.course.observe(self.core, before);
        match result {
            Ok(()) => {
                self.failing = None;
                self.core.rollout.forget();
                self.recorder.succeeded();
                self.tell_split();
                (true, 0)
            }
            Err(failure) => {
                let now = self.core.now;
                self.core.rollout.retry(now);
                if !self.recorder.silent() {
                    let store = &self.core.store;
                    let message = failure.spell(&store.rollout.spec.name, |at| {
                        store
                            .virtual_services
                            .get(at)
                            .map(|service| service.name.to_string())
                            .unwrap_or_default()
                    });
                    self.recorder.failed(&message);
                    if self.failing.as_ref() != Some(&failure) {
                        self.core.tell(self.recorder, || EventKind::ReconcileError { message });
                    }
                }
                self.failing = Some(failure);
                (false, self.core.rollout.requeues())
            }
        }
    }

    /// When anything is due after second `t`, in microseconds.
    pub(super) fn next_instant(&mut self, t: i64) -> i64 {
        let floor = (t + 1) * SECOND;
        let pods = self.core.pods.next(&self.core.store, t);
        let mut next = pods * SECOND;
        let hot = self.hot;
        super::schedule::each_due(self.core, |at| {
            if !hot || at >= floor {
                next = next.min(at);
            }
        });
        if hot {
            let core = &mut *self.core;
            let keys = std::iter::once(&mut core.rollout).chain(&mut core.runs);
            for key in keys.chain(&mut core.experiments) {
                if let Some(wish) = key.next_wish(floor - 1) {
                    next = next.min(wish);
                }
            }
            self.hot_instants += 1;
            if self.hot_instants <= 2 || (self.restless && pods == NEVER) {
                next = next.min(floor);
            }
        } else {
            self.hot_instants = 0;
        }
        if let Some((at, _)) = self.actions.get(self.next_action) {
            next = next.min(at * SECOND);
        }
        next = next.min((self.resyncs + 1) * RESYNC * SECOND);
        next.max(floor)
    }
}
