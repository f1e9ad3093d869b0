//! Pods: the ReplicaSet controller, the scheduler and the kubelets together.
//!
//! Enters: how many pods each ReplicaSet wants, and what becomes of a new pod. Leaves: how many are there, ready and available.
//! It deliberately knows no Rollout.

use super::objects::experiment::{Owner, SetKey};
use super::objects::store::Store;
use super::objects::{Hash, ReplicaSet};
use crate::model::argo::Template;
use crate::unit::Seconds;

/// Does not happen.
pub const NEVER: i64 = 1 << 40;

/// The longest span that is played, in seconds: 17,000 years, so that sums of a few of them stay numbers.
pub const LONGEST: i64 = 1 << 39;

/// Seconds from outside, cut to what can be played.
pub(super) fn cut(Seconds(seconds): Seconds) -> i64 {
    i64::try_from(seconds).map_or(LONGEST, |seconds| seconds.min(LONGEST))
}

/// A pod that is about to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPod {
    /// The hash among its labels.
    pub hash: Hash,
    /// Whose ReplicaSet it belongs to; pods of experiments have the same labels as those of the revision they are copied from.
    pub owner: Owner,
    /// Its pod template.
    pub template: Template,
    /// Its number among all pods of the run, from 0.
    pub number: u32,
    /// When it starts, in seconds since the cluster began.
    pub at: i64,
    /// How many pods of its ReplicaSet will become ready or are.
    pub viable: u32,
}

/// What becomes of a pod. Spans are seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// From creation until it is ready; `None` never.
    pub ready_after: Option<i64>,
    /// From ready until it is not any more.
    pub crash_after: Option<i64>,
    /// From then until it is ready again.
    pub recover_after: Option<i64>,
}

impl Life {
    /// A pod that becomes ready and stays so.
    pub fn ready_after(seconds: i64) -> Self {
        Self { ready_after: Some(seconds), crash_after: None, recover_after: None }
    }
}

/// What happened to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodChange {
    /// It was created.
    Started,
    /// It takes traffic from here on.
    Ready,
    /// It takes none from here on.
    Unready,
    /// It was deleted.
    Stopped,
}

/// Who tells what becomes of pods, and is told what became of them.
pub(super) trait Nursery {
    /// A pod starts.
    fn life(&mut self, pod: &NewPod) -> Life;
    /// Seconds that a deleted pod of a template stays in the status.
    fn termination(&mut self, template: Template, at: i64) -> i64;
    /// Something happened to a pod.
    fn changed(&mut self, at: i64, hash: Hash, number: u32, change: PodChange);
}

#[derive(Clone, Copy, Debug)]
struct Pod {
    set: SetKey,
    number: u32,
    created: i64,
    ready: i64,
    crash: i64,
    recover: i64,
    gone: i64,
    shown_ready: bool,
}

impl Pod {
    fn is_ready(&self, now: i64) -> bool {
        self.ready <= now && (now < self.crash || now >= self.recover)
    }

    fn is_available(&self, now: i64, min_ready: i64) -> bool {
        let since = if now >= self.recover { self.recover } else { self.ready };
        self.is_ready(now) && since + min_ready <= now
    }
}

/// All pods.
#[derive(Clone, Debug, Default)]
pub(super) struct Pods {
    all: Vec<Pod>,
    synced_at: i64,
    dirty: bool,
    started: u32,
}

impl Pods {
    /// Starts over, keeping memory.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        (self.synced_at, self.dirty, self.started) = (-1, true, 0);
    }

    /// Tells of every pod that is there.
    pub(super) fn announce(&self, mut tell: impl FnMut(Hash, u32, PodChange)) {
        for pod in &self.all {
            tell(pod.set.1, pod.number, PodChange::Started);
            if pod.shown_ready {
                tell(pod.set.1, pod.number, PodChange::Ready);
            }
        }
    }

    /// Something about a ReplicaSet or a pod changed.
    pub(super) fn disturb(&mut self) {
        self.dirty = true;
    }

    /// Lets pods follow what their ReplicaSets want, and statuses follow pods.
    pub(super) fn sync(&mut self, store: &mut Store, nursery: &mut dyn Nursery, now: i64) {
        if now == self.synced_at && !self.dirty {
            return;
        }
        (self.synced_at, self.dirty) = (now, false);
        self.all.retain(|pod| pod.gone > now);
        self.drop_orphans(store, nursery, now);
        let mut at = 0;
        loop {
            let own = store.sets.len();
            let next = store.sets.get(at).or_else(|| store.template_sets.get(at.checked_sub(own)?)).copied();
            let Some(set) = next else {
                break;
            };
            at += 1;
            self.follow(&set, nursery, now);
            let (mut pods, mut ready, mut available) = (0, 0, 0);
            for pod in self.all.iter().filter(|pod| pod.set == set.key()) {
                pods += 1;
                ready += i64::from(pod.is_ready(now));
                available += i64::from(pod.is_available(now, set.min_ready));
            }
            store.write_pods(set.key(), pods, ready, available);
        }
        for pod in &mut self.all {
            let ready = pod.is_ready(now);
            if ready != pod.shown_ready {
                pod.shown_ready = ready;
                let change = if ready { PodChange::Ready } else { PodChange::Unready };
                nursery.changed(now, pod.set.1, pod.number, change);
            }
        }
    }

    /// Pods go with their ReplicaSet.
    fn drop_orphans(&mut self, store: &Store, nursery: &mut dyn Nursery, now: i64) {
        self.all.retain(|pod| {
            let kept = pod.set.0 == Owner::Rollout || store.find(pod.set).is_some();
            if !kept && pod.gone == NEVER {
                nursery.changed(now, pod.set.1, pod.number, PodChange::Stopped);
            }
            kept
        });
    }

    fn follow(&mut self, set: &ReplicaSet, nursery: &mut dyn Nursery, now: i64) {
        let live = self.all.iter().filter(|pod| pod.set == set.key() && pod.gone == NEVER).count();
        let mut live = i64::try_from(live).unwrap_or(i64::MAX);
        while live < set.wanted {
            let pod = self.start(set, nursery, now);
            self.all.push(pod);
            live += 1;
        }
        if live > set.wanted {
            let terminate = nursery.termination(set.template, now);
            while live > set.wanted {
                self.stop(set.key(), terminate, nursery, now);
                live -= 1;
            }
            self.all.retain(|pod| pod.gone > now);
        }
    }

    fn start(&mut self, set: &ReplicaSet, nursery: &mut dyn Nursery, now: i64) -> Pod {
        let viable = self
            .all
            .iter()
            .filter(|pod| pod.set == set.key() && pod.gone == NEVER && pod.ready != NEVER)
            .count();
        let number = self.started;
        self.started = self.started.wrapping_add(1);
        let life = nursery.life(&NewPod {
            hash: set.hash,
            owner: set.owner,
            template: set.template,
            number,
            at: now,
            viable: u32::try_from(viable).unwrap_or(u32::MAX),
        });
        nursery.changed(now, set.hash, number, PodChange::Started);
        let ready = life.ready_after.map_or(NEVER, |wait| now + wait);
        let crash = match life.crash_after {
            Some(after) if ready != NEVER => ready + after,
            _ => NEVER,
        };
        let recover = match life.recover_after {
            Some(after) if crash != NEVER => crash + after,
            _ => NEVER,
        };
        Pod { set: set.key(), number, created: now, ready, crash, recover, gone: NEVER, shown_ready: false }
    }

    /// Pods that are not ready go first, then the youngest, then the last in the list.
    fn stop(&mut self, set: SetKey, terminate: i64, nursery: &mut dyn Nursery, now: i64) {
        let victim = self
            .all
            .iter_mut()
            .filter(|pod| pod.set == set && pod.gone == NEVER)
            .max_by_key(|pod| (!pod.is_ready(now), pod.created));
        if let Some(pod) = victim {
            pod.gone = now + terminate;
            nursery.changed(now, set.1, pod.number, PodChange::Stopped);
        }
    }

    /// The next second in which a status changes by itself.
    pub(super) fn next(&self, store: &Store, now: i64) -> i64 {
        let mut soonest = NEVER;
        for pod in &self.all {
            let min_ready = store.find(pod.set).map_or(0, |set| set.min_ready);
            for at in
                [pod.ready, pod.ready + min_ready, pod.crash, pod.recover, pod.recover + min_ready, pod.gone]
            {
                if at > now && at < soonest {
                    soonest = at;
                }
            }
        }
        soonest
    }

    /// Makes up to `count` ready pods of a ReplicaSet unready, for so many seconds or for good; says how many it were.
    pub(super) fn crash(&mut self, set: SetKey, count: i64, recover: Option<i64>, now: i64) -> i64 {
        self.dirty = true;
        let mut left = count;
        for pod in &mut self.all {
            if left > 0 && pod.set == set && pod.gone == NEVER && pod.is_ready(now) {
                left -= 1;
                pod.crash = now;
                pod.recover = recover.map_or(NEVER, |after| now + after);
            }
        }
        count - left
    }
}
