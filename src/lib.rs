//! Rollcast: a compiler and simulator for progressive delivery.

pub mod condition;
pub mod promql;
pub mod series;
