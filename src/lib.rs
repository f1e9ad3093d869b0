//! Rollcast: a compiler and simulator for progressive delivery.

pub mod condition;
pub mod diagnostic;
<<<<<<< HEAD
pub mod model;
=======
pub mod formatter;
>>>>>>> syntax
pub mod promql;
pub mod series;
pub mod simulator;
pub mod source;
pub mod syntax;
pub mod unit;
