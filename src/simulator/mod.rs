//! The simulator: a rollout and a world in, a trace out, as a pure function of program, scenario and seed.
//!
//! Enters: `model` and a run's number. Leaves: [`trace::Trace`].
//! It deliberately knows no file, no wall clock, and of the manifests only what `model` says of them.

mod chance;
mod latency;
mod scrape;
pub mod trace;
pub mod world;
