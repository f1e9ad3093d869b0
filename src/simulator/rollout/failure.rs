//! Why a reconcile failed.
//!
//! Enters: what was refused. Leaves: upstream's message, spelled only when somebody reads it.
//! It deliberately knows no way to recover; a failed reconcile is tried again.

use std::sync::Arc;

use crate::simulator::objects::Hash;

/// A failed reconcile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Failure {
    reason: Reason,
    context: Vec<&'static str>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Delayed(Hash),
    StaleSet(Hash),
    StaleRollout,
    StaleVirtualService(usize),
    Panic,
    Invalid(Arc<str>),
}

impl Failure {
    /// A ReplicaSet is not fully available, so the DestinationRule must wait.
    pub(super) fn delayed(hash: Hash) -> Self {
        Self::new(Reason::Delayed(hash))
    }

    /// A ReplicaSet was written with an old version.
    pub(super) fn stale_set(hash: Hash) -> Self {
        Self::new(Reason::StaleSet(hash))
    }

    /// The Rollout was written with an old version.
    pub(super) fn stale_rollout() -> Self {
        Self::new(Reason::StaleRollout)
    }

    /// A VirtualService was written with an old version.
    pub(super) fn stale_virtual_service(at: usize) -> Self {
        Self::new(Reason::StaleVirtualService(at))
    }

    /// The spec, or what it refers to, is refused.
    pub(super) fn invalid(reason: Arc<str>) -> Self {
        Self::new(Reason::Invalid(reason))
    }

    /// Upstream's code panics here, which its worker takes for an error.
    pub(super) fn panic() -> Self {
        Self::new(Reason::Panic)
    }

    fn new(reason: Reason) -> Self {
        Self { reason, context: Vec::new() }
    }

    /// Says where it happened.
    pub(super) fn within(mut self, context: &'static str) -> Self {
        self.context.push(context);
        self
    }

    /// The controller's message.
    pub(in crate::simulator) fn spell(
        &self,
        rollout: &str,
        virtual_service: impl Fn(usize) -> String,
    ) -> String {
        let mut text = String::new();
        for context in self.context.iter().rev() {
            text.push_str(context);
            if !context.ends_with(' ') {
                text.push_str(": ");
            }
        }
        let reason = match &self.reason {
            Reason::Delayed(hash) => {
                format!("delaying destination rule switch: ReplicaSet {rollout}-{hash} not fully available")
            }
            Reason::StaleSet(hash) => {
                let name = format!("{rollout}-{hash}");
                let conflict = conflict("replicasets.apps", &name);
                format!("error updating replicaset in updateReplicaSet {name}: {conflict}")
            }
            Reason::Invalid(reason) => reason.to_string(),
            Reason::Panic => "Recovered from Panic".to_owned(),
            Reason::StaleRollout => conflict("rollouts.argoproj.io", rollout),
            Reason::StaleVirtualService(at) => {
                conflict("virtualservices.networking.istio.io", &virtual_service(*at))
            }
        };
        text.push_str(&reason);
        text
    }
}

fn conflict(resource: &str, name: &str) -> String {
    format!(
        "Operation cannot be fulfilled on {resource} \"{name}\": the object has been modified; please apply your changes to the latest version and try again"
    )
}
