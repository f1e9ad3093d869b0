//! `status.canary.stepPluginStatuses`, and what a plugin of a step answers.
//!
//! Enters and leaves: values. It deliberately knows no plugin. Times are seconds.

use std::sync::Arc;

/// What a plugin is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The step's work.
    Run,
    /// To end work that goes on.
    Terminate,
    /// To undo it.
    Abort,
}

impl Operation {
    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Terminate => "Terminate",
            Self::Abort => "Abort",
        }
    }
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginPhase {
    /// It goes on.
    Running,
    /// It was done.
    Successful,
    /// It was not done, and will not be.
    Failed,
    /// It could not be tried.
    Error,
}

impl PluginPhase {
    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }
}

/// What a plugin answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A result.
    Result {
        /// The phase; without one it stays as it was.
        phase: Option<PluginPhase>,
        /// A message.
        message: Arc<str>,
        /// In how many seconds it wants to be asked again.
        requeue_after: i64,
    },
    /// The call failed.
    Error(Arc<str>),
    /// The controller is told not to use it.
    Disabled,
}

impl Answer {
    /// A result without a message.
    pub fn of(phase: PluginPhase) -> Self {
        Self::Result { phase: Some(phase), message: "".into(), requeue_after: 0 }
    }
}

/// The state of one operation of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// The step's index.
    pub index: i64,
    /// The plugin's name.
    pub name: Arc<str>,
    /// Which operation.
    pub operation: Operation,
    /// How far; `None` for a disabled one.
    pub phase: Option<PluginPhase>,
    /// What the plugin said last.
    pub message: Arc<str>,
    /// When it was first asked.
    pub started: Option<i64>,
    /// When it was last asked.
    pub updated: Option<i64>,
    /// When it ended.
    pub finished: Option<i64>,
    /// How often it was asked.
    pub executions: i64,
    /// How long it is not asked again.
    pub backoff: Option<i64>,
}

impl PluginStatus {
    /// Whether the controller is told not to use it.
    pub fn disabled(&self) -> bool {
        self.phase.is_none()
    }
}
