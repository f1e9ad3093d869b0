//! Rollcast: a compiler and simulator for progressive delivery.

pub mod condition;
pub mod diagnostic;
pub mod model;
pub mod promql;
pub mod report;
pub mod series;
pub mod simulator;
pub mod source;
pub mod syntax;
pub mod unit;
