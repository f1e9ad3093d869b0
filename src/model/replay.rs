//! What is asked of a recording that stands in for series of the world.
//!
//! Enters: the words of a `replay` clause or of the command line. Leaves: [`Replay`], and the [`Fault`] that a canary adds to
//! recorded traffic. It deliberately opens no recording: what it holds, and whether that will do, is for the simulator.

use super::scenario::{Episode, Lognormal};
use crate::source::Spanned;
pub use crate::syntax::tree::Stands;
use crate::unit::Ratio;

/// A recording and how it is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// Files or folders, as written: beside the program that names them, or as typed on the command line.
    pub paths: Vec<String>,
    /// `as canary`, `as traffic`; without it, what the recording holds decides.
    pub stands: Option<Stands>,
    /// Second 0 of the release, in milliseconds since the epoch; without it, a rule decides.
    pub from: Option<Spanned<i64>>,
    /// The pod template's hash of the release that was recorded.
    pub canary_hash: Option<Spanned<String>>,
    /// The hash of the version before it.
    pub stable_hash: Option<Spanned<String>>,
}

/// What a scenario says of its canary and not of stable: what it adds to recorded traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// Share of requests that fail although the recorded service answered them, when no episode is in force.
    pub errors: Option<Ratio>,
    /// Latency in the place of the recorded one, when no episode is in force.
    pub latency: Option<Lognormal>,
    /// Deviations for a while; the last one in force wins, for errors and latency apart.
    pub episodes: Vec<Episode>,
}
