//! Steps by plugins: when each is asked, and what its answers come to.
//!
//! Enters: the stored states of plugins and their answers. Leaves: the next states, an abort, a time to look again.
//! It deliberately knows no plugin. Source: Argo Rollouts v1.9.1, rollout/stepplugin.go and
//! rollout/steps/plugin/plugin.go.

use std::sync::Arc;

use super::Reconcile;
use super::pause::Abort;
use crate::model::argo::PluginStep;
use crate::simulator::event::PluginCall;
use crate::simulator::objects::plugin::{Answer, Operation, PluginPhase, PluginStatus};
use crate::simulator::objects::status::Phase;
use crate::simulator::text::{Cause, Text};
use crate::unit::Seconds;

/// A shorter wish to be asked again is not heard.
const LEAST_BACKOFF: i64 = 10;

/// How long a plugin is not asked again, unless it says for how long.
const BACKOFF: i64 = 30;

/// How much later than that it is looked at.
const BUFFER: i64 = 5;

/// Why a backoff that was never written cannot be read.
const NO_BACKOFF: &str = "parse backoff duration: time: invalid duration \"\"";

impl Reconcile<'_> {
    /// Source: `reconcile`.
    pub(super) fn reconcile_plugins(&mut self) {
        let status = &self.rollout.status;
        if status.plugins.is_empty() && self.canary.steps.iter().all(|step| step.plugin.is_none()) {
            return;
        }
        let promoted = status.promote_full || status.fully_promoted();
        self.plugins = Some(status.plugins.clone());
        if self.aborted() {
            self.abort_plugins();
        } else if promoted {
            self.terminate_plugin();
        } else {
            self.clean_for_retry();
            self.run_plugin();
        }
    }

    fn abort_plugins(&mut self) {
        let ran: Vec<i64> = self
            .rollout
            .status
            .plugins
            .iter()
            .rev()
            .filter(|status| status.operation == Operation::Run)
            .map(|status| status.index)
            .collect();
        for index in ran {
            let undone = [PluginPhase::Running, PluginPhase::Successful];
            self.end_plugin(index, Operation::Abort, &undone);
        }
    }

    fn terminate_plugin(&mut self) {
        for status in self.rollout.status.plugins.iter().rev() {
            match (status.operation, status.phase) {
                (Operation::Terminate, Some(PluginPhase::Successful)) => return,
                (Operation::Run, Some(PluginPhase::Running)) => {
                    let index = status.index;
                    self.end_plugin(index, Operation::Terminate, &[PluginPhase::Running]);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Asks a plugin to end or undo what it runs. Source: plugin.go, `Terminate`, `Abort`.
    fn end_plugin(&mut self, index: i64, operation: Operation, of: &[PluginPhase]) {
        let Some(step) = self.step(index).and_then(|step| step.plugin.clone()) else {
            return;
        };
        if self.stored_plugin(index, &step.name, operation).is_some() {
            return;
        }
        let Some(run) = self.stored_plugin(index, &step.name, Operation::Run) else {
            return;
        };
        if !run.phase.is_some_and(|phase| of.contains(&phase)) {
            return;
        }
        let before = run.executions;
        let (phase, message) = match self.call(&step, index, operation, before) {
            Answer::Disabled => return,
            Answer::Error(error) => (PluginPhase::Error, error),
            // Neither can go on while the controller does something else.
            Answer::Result { phase: Some(PluginPhase::Running), message, .. } => {
                (PluginPhase::Failed, message)
            }
            Answer::Result { phase, message, .. } => (phase.unwrap_or(PluginPhase::Successful), message),
        };
        self.note_plugin(&PluginStatus {
            index,
            name: Arc::clone(&step.name),
            operation,
            phase: Some(phase),
            message,
            started: Some(self.now),
            updated: None,
            finished: Some(self.now),
            executions: 0,
            backoff: None,
        });
    }

    /// Forgets what plugins came to before an abort. Source: `cleanStatusForRetry`.
    fn clean_for_retry(&mut self) {
        let none = self.plugins.as_ref().is_none_or(Vec::is_empty);
        if none || self.rollout.status.abort || self.step_index() != Some(0) {
            return;
        }
        if self.current_step().is_some_and(|step| step.plugin.is_none()) || self.plugin_completed() {
            self.plugins = Some(Vec::new());
        }
    }

    fn run_plugin(&mut self) {
        let (Some(index), Some(step)) =
            (self.step_index(), self.current_step().and_then(|step| step.plugin.clone()))
        else {
            return;
        };
        if self.rollout.status.phase != Phase::Progressing {
            return;
        }
        let stored = self.stored_plugin(index, &step.name, Operation::Run).cloned();
        let status = match stored.filter(|status| !status.disabled()) {
            Some(status) if matches!(status.phase, Some(PluginPhase::Successful | PluginPhase::Failed)) => {
                return;
            }
            Some(status) if status.executions > 0 => {
                let Some(backoff) = status.backoff else {
                    return self.plugin_failed(&format!("failed to run plugin: could not {NO_BACKOFF}"));
                };
                let again = status.updated.unwrap_or(0) + backoff;
                if again > self.now {
                    self.note_plugin(&status);
                    return self.core.rollout_at(again + BUFFER);
                }
                self.run_once(&step, status)
            }
            Some(status) => self.run_once(&step, status),
            None => self.run_once(
                &step,
                PluginStatus {
                    index,
                    name: Arc::clone(&step.name),
                    operation: Operation::Run,
                    phase: Some(PluginPhase::Running),
                    message: "".into(),
                    started: Some(self.now),
                    updated: None,
                    finished: None,
                    executions: 0,
                    backoff: None,
                },
            ),
        };
        self.note_plugin(&status);
        match (status.phase, status.backoff) {
            (Some(PluginPhase::Running | PluginPhase::Error), Some(backoff)) => {
                self.core.rollout_after(backoff + BUFFER);
            }
            (Some(PluginPhase::Running | PluginPhase::Error), None) => {
                self.plugin_failed(&format!("failed to {NO_BACKOFF}"));
            }
            (Some(PluginPhase::Failed), _) => {
                let (number, name) = (status.index + 1, &status.name);
                let text = format!("Step Plugin {number} ({name}) failed: {}", status.message);
                let cause = Cause { what: "", message: Text::Owned(text.into()) };
                self.pause.abort = Some(Abort::Analysis(Arc::new(cause)));
            }
            _ => {}
        }
    }

    /// Asks a plugin to run. Source: plugin.go, `Run`.
    fn run_once(&mut self, step: &PluginStep, mut status: PluginStatus) -> PluginStatus {
        let answer = self.call(step, status.index, Operation::Run, status.executions);
        status.updated = Some(self.now);
        status.executions += 1;
        status.backoff = None;
        match answer {
            Answer::Disabled => PluginStatus {
                phase: None,
                message: "".into(),
                started: None,
                updated: None,
                finished: None,
                executions: 0,
                ..status
            },
            Answer::Error(error) => PluginStatus {
                phase: Some(PluginPhase::Error),
                message: error,
                backoff: Some(BACKOFF),
                ..status
            },
            Answer::Result { phase, message, requeue_after } => {
                let phase = phase.or(status.phase);
                let over = matches!(phase, Some(PluginPhase::Successful | PluginPhase::Failed));
                let wish = if requeue_after > LEAST_BACKOFF { requeue_after } else { BACKOFF };
                let finished = if over { Some(self.now) } else { status.finished };
                let backoff = (phase == Some(PluginPhase::Running)).then_some(wish);
                PluginStatus { phase, message, finished, backoff, ..status }
            }
        }
    }

    fn call(&mut self, step: &PluginStep, index: i64, operation: Operation, before: i64) -> Answer {
        let at = Seconds(u64::try_from(self.now - self.core.epoch).unwrap_or(0));
        self.around.plugin(&PluginCall { step, index, operation, before, at })
    }

    fn stored_plugin(&self, index: i64, name: &str, operation: Operation) -> Option<&PluginStatus> {
        let all = &self.rollout.status.plugins;
        all.iter()
            .find(|status| status.index == index && &*status.name == name && status.operation == operation)
    }

    /// Keeps a state, and tells of its phase if that is news. Source: `updateStepPluginStatus`, `recordPhase`.
    fn note_plugin(&mut self, status: &PluginStatus) {
        let all = self.plugins.get_or_insert_default();
        let known =
            all.iter_mut().find(|known| known.index == status.index && known.operation == status.operation);
        let news = known.as_ref().is_none_or(|known| known.phase != status.phase);
        match known {
            Some(known) => *known = status.clone(),
            None => all.push(status.clone()),
        }
        let Some(phase) = status.phase.filter(|_| news) else {
            return;
        };
        if status.operation == Operation::Run && phase == PluginPhase::Successful {
            return;
        }
        let warning = matches!(phase, PluginPhase::Error | PluginPhase::Failed);
        self.emit(warning, "StepPluginTransition", || {
            let what = format!("Step plugin {} (step {})", status.name, status.index + 1);
            match status.operation {
                Operation::Run => format!("{what} transitioned to {}", phase.name()),
                Operation::Abort => format!("{what} aborted ({})", phase.name()),
                Operation::Terminate => format!("{what} terminated ({})", phase.name()),
            }
        });
    }

    /// An error that does not fail the reconcile. Source: `handleError`.
    fn plugin_failed(&mut self, error: &str) {
        self.plugin_error = true;
        self.emit(true, "ReconciliationError", || format!("Reconciliation failed with error: {error}"));
        self.core.rollout_after(BACKOFF);
    }

    /// Whether the current step's plugin is done. Source: `isStepPluginCompleted`.
    pub(super) fn plugin_completed(&self) -> bool {
        let (Some(index), false, Some(all)) = (self.step_index(), self.plugin_error, &self.plugins) else {
            return false;
        };
        let of = |operation| all.iter().find(|status| status.index == index && status.operation == operation);
        let Some(run) = of(Operation::Run) else {
            return false;
        };
        match run.phase {
            None | Some(PluginPhase::Successful | PluginPhase::Failed) => true,
            Some(PluginPhase::Running) => {
                of(Operation::Terminate).is_some() || of(Operation::Abort).is_some()
            }
            Some(PluginPhase::Error) => false,
        }
    }
}
