//! What people do: the patches of the kubectl plugin.
//!
//! Enters: an action. Leaves: a changed spec or status, and what the plugin would say.
//! It deliberately waits for nothing; the controller finds out by itself. Source: Argo Rollouts v1.9.1,
//! pkg/kubectl-argo-rollouts/cmd.

use crate::model::argo::{Spec, Template};
use crate::simulator::core::Core;
use crate::simulator::objects::run::{Phase, RunId};
use crate::syntax::tree::Side;

/// An action.
pub enum Action {
    /// `promote`
    Promote,
    /// `promote --full`
    PromoteFull,
    /// `promote --skip-current-step`
    SkipCurrent,
    /// `promote --skip-all-steps`
    SkipAll,
    /// `abort`
    Abort,
    /// `retry rollout`
    Retry,
    /// `pause`
    Pause,
    /// `spec.paused` is set to false.
    Resume,
    /// `kubectl scale`
    Scale(i64),
    /// `undo`, to a revision or (0) the previous one.
    Undo(i64),
    /// `set image` and the like: another pod template.
    Template(Template),
    /// An edit of the spec.
    Edit(Box<dyn Fn(&mut Spec)>),
    /// `terminate analysisrun`: every unfinished run, or the one with this name.
    TerminateRuns(Option<String>),
    /// So many ready pods of a pod template become unready, for so many seconds or for good.
    CrashPods(Template, i64, Option<i64>),
    /// The same of the version in force, or of the newest, whichever they are by then.
    CrashSide(Side, i64, Option<i64>),
    /// Something that the Rollout refers to changes, so that validation refuses it or does not any more; nobody is woken.
    Refer(Option<String>),
    /// Nothing that the controllers see.
    Nothing,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Action {
    /// Its name in traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promoteFull",
            Self::SkipCurrent => "promoteSkipCurrent",
            Self::SkipAll => "promoteSkipAll",
            Self::Abort => "abort",
            Self::Retry => "retry",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Scale(_) => "scale",
            Self::Undo(_) => "undo",
            Self::Template(_) => "setImage",
            Self::Edit(_) => "applySpec",
            Self::TerminateRuns(_) => "terminateRuns",
            Self::CrashPods(..) | Self::CrashSide(..) => "crashPods",
            Self::Refer(_) => "delete",
            Self::Nothing => "nothing",
        }
    }
}

/// Does it, and says how many pods crashed. Errors are the plugin's.
pub(in crate::simulator) fn act(core: &mut Core, action: &Action) -> Result<i64, String> {
    match action {
        Action::Promote => promote(core),
        Action::PromoteFull => {
            if core.store.rollout.status.current != core.store.rollout.status.stable {
                patch(core, |status| status.promote_full = true);
            }
            resume(core);
        }
        Action::SkipCurrent => {
            let next = next_index(core).ok_or(NO_STEPS)?;
            patch(core, |status| status.step = Some(next));
        }
        Action::SkipAll => {
            let count = core.store.rollout.spec.canary.steps.len();
            if count == 0 {
                return Err(NO_STEPS.into());
            }
            patch(core, |status| status.step = i64::try_from(count).ok());
        }
        Action::Abort => patch(core, |status| status.abort = true),
        Action::Retry => {
            let before = core.store.rollout.version;
            patch(core, |status| status.abort = false);
            let rollout = &mut core.store.rollout;
            if rollout.version == before && !std::mem::replace(&mut rollout.abort_written, true) {
                core.store.touch_rollout();
            }
        }
        Action::Pause => core.store.edit(|spec| spec.paused = Some(true)),
        Action::Resume => core.store.edit(|spec| spec.paused = Some(false)),
        Action::Scale(replicas) => core.store.edit(|spec| spec.replicas = *replicas),
        Action::Undo(revision) => undo(core, *revision)?,
        Action::Template(template) => core.store.edit(|spec| spec.template = *template),
        Action::Edit(edit) => core.store.edit(edit),
        Action::TerminateRuns(name) => {
            for at in 0..core.store.runs.len() {
                let rollout = &core.store.rollout.spec.name;
                let meant = core
                    .store
                    .run(RunId(at))
                    .is_some_and(|run| name.as_ref().is_none_or(|name| run.name(rollout) == *name));
                if meant {
                    core.store.terminate_run(RunId(at));
                }
            }
        }
        Action::CrashPods(template, count, recover) => {
            return Ok(crash(core, *template, *count, *recover));
        }
        Action::CrashSide(side, count, recover) => {
            let crash = Action::CrashPods(template_of(*side, core), *count, *recover);
            return act(core, &crash);
        }
        Action::Refer(reason) => core.refused = reason.as_deref().map(Into::into),
        Action::Nothing => {}
    }
    Ok(0)
}

/// Which template a side has.
pub(super) fn template_of(side: Side, core: &Core) -> Template {
    let store = &core.store;
    let stable = store.rollout.status.stable.and_then(|hash| store.set(hash)).map(|set| set.template);
    match (side, stable) {
        (Side::Stable, Some(stable)) => stable,
        _ => store.rollout.spec.template,
    }
}

/// Crashes pods of a template, first those of the ReplicaSet whose name comes first; says how many.
fn crash(core: &mut Core, template: Template, count: i64, recover: Option<i64>) -> i64 {
    let store = &core.store;
    let mut sets: Vec<_> = store
        .sets
        .iter()
        .chain(&store.template_sets)
        .filter(|set| set.template == template)
        .map(|set| (store.set_place(set), set.key()))
        .collect();
    sets.sort();
    let now = core.second();
    let mut left = count;
    for (_, key) in sets {
        left -= core.pods.crash(key, left, recover, now);
    }
    count - left
}

const NO_STEPS: &str = "Cannot skip steps of a canary without steps";

fn patch(core: &mut Core, change: impl FnOnce(&mut crate::simulator::objects::status::Status)) {
    let before = core.store.rollout.status.clone();
    change(&mut core.store.rollout.status);
    if core.store.rollout.status != before {
        core.store.touch_rollout();
    }
}

fn resume(core: &mut Core) {
    if core.store.rollout.spec.is_paused() {
        core.store.edit(|spec| spec.paused = Some(false));
    }
}

fn next_index(core: &Core) -> Option<i64> {
    let rollout = &core.store.rollout;
    let count = i64::try_from(rollout.spec.canary.steps.len()).ok()?;
    let index = rollout.status.step.unwrap_or(0);
    (count > 0).then(|| if index < count { index + 1 } else { index })
}

/// Source: cmd/promote/promote.go, `getPatches`.
fn promote(core: &mut Core) {
    let next = next_index(core);
    let status = &core.store.rollout.status;
    let inconclusive = status.step_run.as_ref().is_some_and(|run| run.phase == Phase::Inconclusive);
    if inconclusive && !status.pauses.is_empty() && status.controller_pause {
        if let Some(next) = next {
            patch(core, |status| {
                status.pauses.clear();
                status.controller_pause = false;
                status.step = Some(next);
            });
        }
    } else if !status.pauses.is_empty() {
        patch(core, |status| status.pauses.clear());
    } else if let Some(next) = next {
        patch(core, |status| status.step = Some(next));
    }
    resume(core);
}

/// Source: cmd/undo/undo.go, `rolloutRevision`.
fn undo(core: &mut Core, revision: i64) -> Result<(), String> {
    let template = if revision > 0 {
        core.store
            .sets
            .iter()
            .find(|set| set.revision == revision)
            .map(|set| set.template)
            .ok_or_else(|| format!("unable to find specified revision {revision} in history"))?
    } else {
        let mut sets: Vec<_> = core.store.sets.iter().collect();
        sets.sort_by_key(|set| std::cmp::Reverse(set.revision));
        sets.get(1)
            .map(|set| set.template)
            .ok_or_else(|| format!("no revision found for rollout \"{}\"", core.store.rollout.spec.name))?
    };
    core.store.edit(|spec| spec.template = template);
    Ok(())
}
