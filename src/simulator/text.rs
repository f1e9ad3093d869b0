//! The controllers' messages as values: compared often, spelled rarely.
//!
//! Enters: what a message is about. Leaves: its text, letter for letter as Argo Rollouts v1.9.1 writes it.
//! It deliberately allocates only where a text comes from outside, so that runs that nobody reads stay cheap.

use std::fmt;
use std::sync::Arc;

use super::objects::Hash;
use super::objects::run::Phase;

/// A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Text {
    /// None.
    #[default]
    Empty,
    /// Always the same.
    Fixed(&'static str),
    /// From outside.
    Owned(Arc<str>),
    /// About a ReplicaSet: what stands before and after its quoted name.
    Set(&'static str, Hash, &'static str),
    /// `Rollout aborted update to revision N`, and why.
    Aborted(i64, Option<Arc<Cause>>),
    /// A reason and a message: `RolloutAborted: …`
    Prefixed(&'static str, Arc<Text>),
    /// Why an AnalysisRun ended as it did.
    Assessed(Arc<Assessed>),
}

/// Why a rollout was aborted.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Which analysis; empty where the message says it all.
    pub what: &'static str,
    /// The run's own message.
    pub message: Text,
}

/// The metric that decided a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// Its name.
    pub metric: Option<Arc<str>>,
    /// Its phase.
    pub phase: Phase,
    /// What exceeded what.
    pub excess: Excess,
    /// The last measurement's error.
    pub error: Text,
}

/// `failed (2) > failureLimit (1)`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The counter's name.
    pub counter: &'static str,
    /// Its value.
    pub count: i64,
    /// The limit's name.
    pub limit: &'static str,
    /// Its value.
    pub bound: i64,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) > {} ({})", self.counter, self.count, self.limit, self.bound)
    }
}

impl Text {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Fixed(text) => text.is_empty(),
            Self::Owned(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The text; ReplicaSets are named after the rollout.
    pub fn spell(&self, rollout: &str) -> String {
        Spelled(self, rollout).to_string()
    }
}

struct Spelled<'a>(&'a Text, &'a str);

impl fmt::Display for Spelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, rollout) = self;
        match text {
            Text::Empty => Ok(()),
            Text::Fixed(text) => f.write_str(text),
            Text::Owned(text) => f.write_str(text),
            Text::Set(before, hash, after) => write!(f, "{before}\"{rollout}-{hash}\"{after}"),
            Text::Aborted(revision, cause) => {
                write!(f, "Rollout aborted update to revision {revision}")?;
                match cause {
                    Some(cause) => write!(f, ": {}", cause.spell(rollout)),
                    None => Ok(()),
                }
            }
            Text::Prefixed(prefix, text) => write!(f, "{prefix}: {}", Spelled(text, rollout)),
            Text::Assessed(assessed) => {
                match &assessed.metric {
                    Some(metric) => write!(
                        f,
                        "Metric \"{metric}\" assessed {} due to {}",
                        assessed.phase, assessed.excess
                    )?,
                    None => write!(f, "Metric assessed {} due to {}", assessed.phase, assessed.excess)?,
                }
                if assessed.error.is_empty() {
                    Ok(())
                } else {
                    write!(f, ": \"Error Message: {}\"", Spelled(&assessed.error, rollout))
                }
            }
        }
    }
}

impl Cause {
    /// `Background analysis phase error/failed: …`
    pub fn spell(&self, rollout: &str) -> String {
        if self.message.is_empty() {
            self.what.to_owned()
        } else if self.what.is_empty() {
            self.message.spell(rollout)
        } else {
            format!("{}: {}", self.what, self.message.spell(rollout))
        }
    }
}
