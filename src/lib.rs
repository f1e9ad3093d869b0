//! Rollcast: a compiler and simulator for progressive delivery.

pub mod backend;
pub mod condition;
pub mod diagnostic;
pub mod manifest;
pub mod model;
pub mod promql;
pub mod series;
pub mod simulator;
pub mod source;
pub mod syntax;
pub mod unit;
