//! Rollcast: a compiler and simulator for progressive delivery.

pub mod condition;
pub mod diagnostic;
pub mod formatter;
pub mod promql;
pub mod series;
pub mod source;
pub mod syntax;
pub mod unit;
