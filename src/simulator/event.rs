//! What the controllers touch outside themselves, and whom they tell what happens.
//!
//! Enters: nothing. Leaves: the traits that a world, a scripted test and a reader of traces implement.
//! It deliberately knows no controller. All times are whole seconds after the release was applied.

use super::objects::plugin::{Answer, Operation, PluginPhase};
use super::objects::store::Store;
use super::objects::{Hash, ReplicaSet};
use super::pods::{Life, NewPod, PodChange, cut};
use super::trace;
use crate::condition;
use crate::model::argo::{self, PluginStep, Template};
use crate::unit::{Seconds, Weight};

/// Which side of the split a pod is on.
pub use crate::syntax::tree::Side;

/// A question to the provider of metrics.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The template, as numbered where the metric was made.
    pub template: usize,
    /// The metric's index in it.
    pub metric: usize,
    /// The metric's name.
    pub name: &'a str,
    /// Who is asked.
    pub provider: &'a argo::Provider,
    /// The query with arguments resolved; empty where the provider is not Prometheus.
    pub query: &'a str,
    /// How many measurements of this metric the run has taken before.
    pub before: u32,
    /// When the run began.
    pub since: Seconds,
    /// When.
    pub at: Seconds,
    /// Milliseconds after that second.
    pub millis: u16,
    /// Revision whose pods `Latest` names.
    pub latest: u64,
    /// Revision whose pods `Stable` names; 0 where there is none.
    pub stable: u64,
}

/// A call of a step's plugin.
#[derive(Debug)]
pub struct PluginCall<'a> {
    /// The step.
    pub step: &'a PluginStep,
    /// Its index.
    pub index: i64,
    /// What is to be done.
    pub operation: Operation,
    /// How often it was asked to run before.
    pub before: i64,
    /// When.
    pub at: Seconds,
}

/// Who serves, by revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The version in force.
    pub stable: u64,
    /// The version on trial, or the last one that was.
    pub canary: u64,
}

/// What the controllers touch outside themselves.
pub trait Surroundings {
    /// The share of traffic that reaches the newest revision, from `at` on.
    fn split(&mut self, at: Seconds, canary: Weight);

    /// From `at` on, a version other than revision 2 is on trial, or one other than revision 1 is in force.
    fn versions(&mut self, at: Seconds, versions: Versions) {
        let _ = (at, versions);
    }

    /// A pod was started, became ready or unready, or was stopped; `revision` counts ReplicaSets from 1.
    fn pod(&mut self, at: Seconds, revision: u64, number: u32, change: PodChange);

    /// Seconds from a pod's creation until it is ready.
    fn pod_start(&mut self, pod: &NewPod) -> Seconds;

    /// All that becomes of a pod; unless written, it becomes ready after [`Surroundings::pod_start`] and stays so.
    fn pod_life(&mut self, pod: &NewPod) -> Life {
        Life::ready_after(cut(self.pod_start(pod)))
    }

    /// Seconds that a pod deleted at a second of the cluster stays in its ReplicaSet's status.
    fn pod_termination(&mut self, template: Template, at: i64) -> Seconds {
        let _ = (template, at);
        Seconds(0)
    }

    /// The answer to a query, or the provider's error.
    fn measure(&mut self, ask: &Ask<'_>) -> Result<condition::Value, String>;

    /// Takes back an answer that nobody needs any more; its memory may serve the next.
    fn forget(&mut self, answer: condition::Value) {
        drop(answer);
    }

    /// What a step's plugin answers; unless written, all is done at once.
    fn plugin(&mut self, call: &PluginCall<'_>) -> Answer {
        let _ = call;
        Answer::of(PluginPhase::Successful)
    }
}

/// Who answers in the place of the world: recorded series, or measured values.
pub trait Provider: std::fmt::Debug + Send {
    /// Begins another run.
    fn reset(&mut self) {}

    /// The answer to a query, or the provider's error.
    fn answer(&mut self, ask: &Ask<'_>) -> Result<condition::Value, String>;

    /// Where the answers come from, for people: `answers.json`.
    fn title(&self) -> String;

    /// What people must know of the answers that this run got: sentences without a full stop.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A Kubernetes event, as the controllers emit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// `Rollout/demo`, `AnalysisRun/demo-rev2-2-1`
    pub object: String,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
}

/// What holds when nothing more is due in a second.
#[derive(Debug)]
pub struct State<'a> {
    /// All objects.
    pub store: &'a Store,
    /// Whether a key requeues itself without end.
    pub hot_loop: bool,
    /// Services and VirtualServices that are being switched to and fro, by name, with the number of writes.
    pub flapping: &'a [(RouteObject, u32)],
}

/// A traffic object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteObject {
    /// A Service by index.
    Service(usize),
    /// A VirtualService by index.
    VirtualService(usize),
    /// A DestinationRule by index.
    DestinationRule(usize),
    /// The canary's Ingress beside the one of that index.
    Ingress(usize),
}

/// Whom the controllers tell what happens.
pub trait Recorder {
    /// Whether nobody listens, so that nothing need be spelled.
    fn silent(&self) -> bool {
        false
    }

    /// Something happened.
    fn event(&mut self, event: trace::Event);

    /// A controller emitted a Kubernetes event.
    fn emitted(&mut self, event: Emitted) {
        let _ = event;
    }

    /// A reconcile failed.
    fn failed(&mut self, message: &str) {
        let _ = message;
    }

    /// A reconcile of the Rollout succeeded.
    fn succeeded(&mut self) {}

    /// An action was taken, with what came of it.
    fn acted(&mut self, action: &str, outcome: &str) {
        let _ = (action, outcome);
    }

    /// Nothing more is due in this second.
    fn settled(&mut self, at: Seconds, state: &State<'_>) {
        let _ = (at, state);
    }

    /// The controllers never come to rest in this second.
    fn unsettled(&mut self, at: Seconds) {
        let _ = at;
    }
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Recorder for Silent {
    fn silent(&self) -> bool {
        true
    }

    fn event(&mut self, _: trace::Event) {}
}

/// A ReplicaSet's number: the revision it first had.
pub(super) fn revision(hash: Hash) -> u64 {
    u64::from(hash.0) + 1
}

/// A ReplicaSet's name.
pub(super) fn set_name(rollout: &str, set: &ReplicaSet) -> String {
    format!("{rollout}-{}", set.hash)
}
