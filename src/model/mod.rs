//! The program resolved: names bound, units checked, defaults written out, every fact with where it came from.
//!
//! Enters: trees of the files that belong together. Leaves: [`Program`], which `backend` and `simulator` read, and diagnostics.
//! It deliberately knows no YAML and no time: what is emitted and what is simulated are both made from the same facts here.

pub mod analysis;
pub mod argo;
mod check;
pub mod compile;
pub mod facts;
pub mod query;
pub mod replay;
mod resolve;
pub mod rollout;
pub mod scenario;

use crate::source::Span;

/// All that a set of files says.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Rollouts in source order.
    pub rollouts: Vec<rollout::Rollout>,
    /// Scenarios in source order; each names a rollout of `rollouts` by index, or goes on behind them
    /// where it is for one known from outside.
    pub scenarios: Vec<scenario::Scenario>,
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<T> {
    /// The value in force.
    pub value: T,
    /// Who says so.
    pub origin: Origin,
}

/// Where a fact came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the source.
    Written(Span),
    /// Nobody wrote it; the reason for this value, in a phrase.
    Default(&'static str),
}

impl<T> Fact<T> {
    /// A fact that stands in the source.
    pub fn written(value: T, span: Span) -> Self {
        Self { value, origin: Origin::Written(span) }
    }

    /// A fact that nobody wrote.
    pub fn default(value: T, reason: &'static str) -> Self {
        Self { value, origin: Origin::Default(reason) }
    }
}
