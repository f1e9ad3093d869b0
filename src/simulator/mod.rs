//! The simulator: a rollout and a world in, a trace out, as a pure function of program, scenario and seed.
//!
//! Enters: `model` and a run's number. Leaves: [`trace::Trace`].
//! It deliberately knows no file, no wall clock, and of the manifests only what `model` says of them.

pub(crate) mod analysis_run;
pub mod answers;
mod chance;
mod clock;
mod core;
mod crew;
mod deliver;
pub mod event;
pub mod expect;
mod experiment;
mod latency;
mod machine;
pub mod objects;
pub mod plain;
mod plan;
pub mod play;
pub mod pods;
mod queries;
pub mod replay;
mod rollout;
mod run;
mod schedule;
mod scrape;
pub mod subject;
mod surroundings;
pub mod text;
pub mod trace;
pub mod verdict;
pub mod world;

pub use expect::Ending;
pub use rollout::actions::Action;
pub use run::{CONTROLLER, EPOCH_MS, Simulation};
