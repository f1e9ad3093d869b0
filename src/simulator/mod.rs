//! The simulator: a rollout and a world in, a trace out, as a pure function of program, scenario and seed.
//!
//! Enters: `model` and a run's number. Leaves: [`trace::Trace`].
//! It deliberately knows no file, no wall clock, and of the manifests only what `model` says of them.

pub(crate) mod analysis_run;
mod clock;
mod core;
mod deliver;
pub mod event;
mod machine;
pub mod objects;
mod plan;
pub mod play;
pub mod pods;
mod rollout;
mod schedule;
pub mod spec;
pub mod text;
pub mod trace;
pub mod verdict;

pub use rollout::actions::Action;
