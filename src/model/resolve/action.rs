//! What operators do in a scenario, in the order of time.
//!
//! Enters: the `at` clauses of a scenario. Leaves: its actions, sorted by time, with versions numbered.
//! It deliberately plays nothing: whether an action changes anything is found out when it is taken.

use super::Context;
use super::rollout::ResolvedRollout;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::scenario::{Action, Scenario, Version};
use crate::syntax::tree::{self, ClauseKind, Value};
use crate::unit::{Seconds, grouped};

/// The most pods that a rollout can be scaled to.
const PODS_MAX: u64 = 10_000;

/// Resolves all actions of a scenario.
pub(super) fn all(
    scenario: &mut Scenario,
    item: &tree::Scenario,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) {
    let mut timed: Vec<(Seconds, &tree::Action)> = Vec::new();
    for clause in &item.clauses {
        if let ClauseKind::At { time, action } = &clause.kind
            && let Some(time) = context.scope.seconds(time, "the time of an action", 0, context.diagnostics)
        {
            timed.push((time.value, &action.value));
        }
    }
    timed.sort_by_key(|(time, _)| *time);
    let mut past = Past { pods: u64::from(rollout.rollout.replicas.value), versions: 2, revisions: 2 };
    for (time, action) in timed {
        if let Some(action) = past.action(action, rollout, context) {
            scenario.actions.push((time, action));
        }
    }
}

/// What was done before.
struct Past {
    /// The most pods that there were.
    pods: u64,
    /// Versions that were applied.
    versions: u16,
    /// Revisions that there can be: each new template, and each old one that comes back, gets the next number.
    revisions: u64,
}

impl Past {
    fn action(
        &mut self,
        action: &tree::Action,
        rollout: &ResolvedRollout,
        context: &mut Context<'_>,
    ) -> Option<Action> {
        Some(match action {
            tree::Action::Promote => Action::Promote,
            tree::Action::PromoteFull => Action::PromoteFull,
            tree::Action::SkipStep => Action::SkipStep,
            tree::Action::SkipAllSteps => Action::SkipAllSteps,
            tree::Action::Abort => Action::Abort,
            tree::Action::Retry => Action::Retry,
            tree::Action::Pause => Action::Pause,
            tree::Action::Resume => Action::Resume,
            tree::Action::TerminateAnalysis => Action::TerminateAnalysis,
            tree::Action::Scale(pods) => {
                let pods =
                    context.scope.count(pods, "the number of pods", 0..=PODS_MAX, context.diagnostics)?;
                self.pods = self.pods.max(pods.value);
                Action::Scale(u32::try_from(pods.value).ok()?)
            }
            tree::Action::Undo(revision) => {
                let revision = match revision {
                    Some(value) => Some(self.revision(value, context)?),
                    None => None,
                };
                self.revisions += 1;
                Action::Undo(revision)
            }
            tree::Action::Apply(version) => {
                self.revisions += 1;
                Action::Apply(match version {
                    tree::Version::Stable => Version(0),
                    tree::Version::Canary => Version(1),
                    tree::Version::Another => {
                        let version = Version(self.versions);
                        self.versions = self.versions.saturating_add(1);
                        version
                    }
                })
            }
            tree::Action::Crash { pods, side, recovery } => {
                let what = "the time until a crashed pod is ready again";
                let recovery = match recovery {
                    Some(value) => Some(context.scope.seconds(value, what, 1, context.diagnostics)?.value),
                    None => None,
                };
                Action::Crash { pods: self.crashed(pods, rollout, context)?, side: *side, recovery }
            }
        })
    }

    /// A revision that there can be. The plugin would say `unable to find specified revision 7 in history`.
    fn revision(&self, value: &Value, context: &mut Context<'_>) -> Option<u32> {
        let revision = context.scope.count(value, "a revision", 0..=1 << 31, context.diagnostics)?.value;
        if (1..=self.revisions).contains(&revision) {
            return u32::try_from(revision).ok();
        }
        let headline = format!("there never was a revision {revision}");
        let label = match self.revisions {
            2 => "1 is the version in force, 2 the release".to_owned(),
            most => format!("until then there are at most {most}"),
        };
        let report = Diagnostic::new(Code::VainAction, headline, value.span, label);
        context.report(report.fix("write `1`, the version in force before the release", value.span, "1"));
        None
    }

    fn crashed(&self, value: &Value, rollout: &ResolvedRollout, context: &mut Context<'_>) -> Option<u32> {
        let what = "the number of pods that crash";
        let pods = context.scope.count(value, what, 1..=PODS_MAX, context.diagnostics)?.value;
        if pods > self.pods && !rollout.broken {
            let headline =
                format!("{} pods cannot crash where there are {}", grouped(pods), grouped(self.pods));
            let label = format!("the rollout never has more than {}", grouped(self.pods));
            let report = Diagnostic::new(Code::VainAction, headline, value.span, label);
            context.report(report.fix(format!("write `{}`", self.pods), value.span, self.pods.to_string()));
            return None;
        }
        u32::try_from(pods).ok()
    }
}
