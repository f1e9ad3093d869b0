//! What becomes of the pods of a release.
//!
//! Enters: the behaviours of a side. Leaves: the world's [`Fate`].
//! It deliberately knows no answers of pods; errors and latencies are `scenario`'s.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::scenario::Fate;
use crate::source::Span;
use crate::syntax::tree::{Behaviour, BehaviourKind, Side};

/// Adds what the behaviours of one block say of pods.
pub(super) fn of(side: Side, behaviours: &[Behaviour], fate: &mut Fate, context: &mut Context<'_>) {
    for behaviour in behaviours {
        if matches!(behaviour.kind, BehaviourKind::Errors(_) | BehaviourKind::Latency(_)) {
            continue;
        }
        if side == Side::Stable {
            stable(behaviour.span, context);
        } else {
            one(behaviour, fate, context);
        }
    }
}

/// The pods of the version in force stand and are ready when the release is applied.
fn stable(span: Span, context: &mut Context<'_>) {
    let report = Diagnostic::new(
        Code::FateOfStable,
        "the pods of the version in force are ready when the release is applied",
        span,
        "can be said of the canary alone",
    );
    context.report(report.help("`at 5m crash 2 stable pods for 1m` makes some of them unready"));
}

fn one(behaviour: &Behaviour, fate: &mut Fate, context: &mut Context<'_>) {
    let Context { scope, diagnostics, .. } = context;
    match &behaviour.kind {
        BehaviourKind::Errors(_) | BehaviourKind::Latency(_) => {}
        BehaviourKind::Start(from, to) => fate.start = super::scenario::starts(from, to, context),
        BehaviourKind::NeverReady => fate.most_ready = Some(0),
        BehaviourKind::OnlyReady(value) => {
            let what = "the number of pods that become ready";
            let Some(pods) = scope.count(value, what, 0..=10_000, diagnostics) else { return };
            fate.most_ready = u32::try_from(pods.value).ok();
        }
        BehaviourKind::Crashes { after, recovery } => {
            let what = "the time from ready to crashed";
            fate.crash_after = scope.seconds(after, what, 1, diagnostics).map(|after| after.value);
            let what = "the time until a crashed pod is ready again";
            fate.recover_after = recovery
                .as_ref()
                .and_then(|recovery| scope.seconds(recovery, what, 1, diagnostics))
                .map(|recovery| recovery.value);
        }
    }
}
