//! What people do, as scenarios say it and as the command line answers.
//!
//! Enters: an action of a scenario, or one that was taken. Leaves: the action that is played; its details in a trace, and
//! what `kubectl` prints, letter for letter. It deliberately takes no action; `actions` does.

use super::actions::{Action, template_of};
use crate::model::argo::Template;
use crate::model::scenario;
use crate::simulator::core::Core;
use crate::simulator::objects::run::RunId;
use crate::simulator::pods::cut;
use crate::syntax::tree::Side;
use crate::unit::Seconds;

impl Action {
    /// The action that a scenario says.
    pub(in crate::simulator) fn of(action: scenario::Action) -> Self {
        use scenario::Action as Said;
        match action {
            Said::Promote => Self::Promote,
            Said::PromoteFull => Self::PromoteFull,
            Said::SkipStep => Self::SkipCurrent,
            Said::SkipAllSteps => Self::SkipAll,
            Said::Abort => Self::Abort,
            Said::Retry => Self::Retry,
            Said::Pause => Self::Pause,
            Said::Resume => Self::Resume,
            Said::Scale(pods) => Self::Scale(i64::from(pods)),
            Said::Undo(revision) => Self::Undo(revision.map_or(0, i64::from)),
            Said::Apply(version) => Self::Template(Template(version.0)),
            Said::TerminateAnalysis => Self::TerminateRuns(None),
            Said::Crash { pods, side, recovery } => Self::CrashSide(side, i64::from(pods), recovery.map(cut)),
        }
    }

    /// What its name leaves open: `20`, `to revision 1`, `2 canary pods for 1m`.
    pub(in crate::simulator) fn detail(&self) -> String {
        match self {
            Self::Scale(pods) => format!("to {pods}"),
            Self::Undo(revision) if *revision > 0 => format!("to revision {revision}"),
            Self::Template(version) => match version.0 {
                0 => "stable".to_owned(),
                1 => "canary".to_owned(),
                _ => "another".to_owned(),
            },
            Self::CrashSide(side, pods, recovery) => {
                let side = if *side == Side::Stable { "stable" } else { "canary" };
                let noun = if *pods == 1 { "pod" } else { "pods" };
                let recovery = recovery.and_then(|seconds| u64::try_from(seconds).ok());
                let span = recovery.map_or_else(String::new, |seconds| format!(" for {}", Seconds(seconds)));
                format!("{pods} {side} {noun}{span}")
            }
            _ => String::new(),
        }
    }

    /// What the command prints that does this, asked before it is done. The plugin says the same whether or not anything
    /// changes. Source: Argo Rollouts v1.9.1, pkg/kubectl-argo-rollouts/cmd; kubectl's printers for `scale` and `patch`.
    pub(in crate::simulator) fn said(&self, core: &Core) -> String {
        let store = &core.store;
        let name = &store.rollout.spec.name;
        match self {
            Self::Promote | Self::SkipCurrent | Self::SkipAll => format!("rollout '{name}' promoted"),
            Self::PromoteFull => format!("rollout '{name}' fully promoted"),
            Self::Abort => format!("rollout '{name}' aborted"),
            Self::Retry => format!("rollout '{name}' retried"),
            Self::Pause => format!("rollout '{name}' paused"),
            Self::Resume if store.rollout.spec.paused == Some(false) => {
                format!("rollout.argoproj.io/{name} patched (no change)")
            }
            Self::Resume | Self::Edit(_) => format!("rollout.argoproj.io/{name} patched"),
            Self::Scale(_) => format!("rollout.argoproj.io/{name} scaled"),
            Self::Undo(revision) if self.is_current(core) => {
                format!("skipped rollback (current template already matches revision {revision})")
            }
            Self::Undo(_) => format!("rollout '{name}' undo"),
            Self::Template(_) => format!("rollout \"{name}\" image updated"),
            Self::TerminateRuns(_) => {
                let names = (0..store.runs.len()).filter_map(|at| {
                    let run = store.run(RunId(at)).filter(|run| !run.phase.completed())?;
                    Some(format!("analysisRun '{}' terminated", run.name(name)))
                });
                let said: Vec<String> = names.collect();
                if said.is_empty() { "no analysis runs".to_owned() } else { said.join(", ") }
            }
            Self::CrashSide(side, count, _) => {
                let ready = store
                    .hash(template_of(*side, core))
                    .and_then(|hash| store.set(hash))
                    .map_or(0, |set| set.ready);
                match (*count).min(ready) {
                    0 => "no such pod is ready".to_owned(),
                    1 => "1 pod is not ready any more".to_owned(),
                    pods => format!("{pods} pods are not ready any more"),
                }
            }
            Self::CrashPods(..) | Self::Refer(_) | Self::Nothing => String::new(),
        }
    }

    fn is_current(&self, core: &Core) -> bool {
        let Self::Undo(revision) = self else { return false };
        let store = &core.store;
        store.sets.iter().any(|set| set.revision == *revision && set.template == store.rollout.spec.template)
    }
}
