//! A spec that validation refuses: said in the status, and nothing else is done.
//!
//! Enters: the reason. Leaves: condition `InvalidSpec` and the phase that follows from it.
//! It deliberately validates nothing itself. Source: Argo Rollouts v1.9.1, rollout/controller.go, `createInvalidRolloutCondition`.

use super::phase::degraded;
use crate::simulator::core::Core;
use crate::simulator::objects::status::{Condition, ConditionType, Rollout};
use crate::simulator::text::Text;

/// Says that the spec is refused, unless that is known.
pub(super) fn refuse(core: &mut Core, rollout: &Rollout, reason: &str) {
    let name = &rollout.spec.name;
    let message = Text::Owned(format!("The Rollout \"{name}\" is invalid: {reason}").into());
    let old = rollout.status.condition(ConditionType::InvalidSpec);
    let known = old.is_some_and(|condition| condition.message == message);
    if known && rollout.status.observed_generation == rollout.generation {
        return;
    }
    let mut status = rollout.status.clone();
    if !known {
        status.remove_condition(ConditionType::InvalidSpec);
        let now = core.second();
        status.set_condition(Condition {
            kind: ConditionType::InvalidSpec,
            status: "True",
            reason: "InvalidSpec",
            message,
            updated: now,
            changed: now,
        });
    }
    status.observed_generation = rollout.generation;
    if let Some((phase, message)) = degraded(&status) {
        (status.phase, status.message) = (phase, message);
    }
    if status != rollout.status {
        core.store.patch_status(&rollout.status, &status);
    }
}
