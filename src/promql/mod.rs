//! PromQL: text to tree, tree to plan, plan over series to values, as Prometheus 3 does it.
//!
//! Enters: query text and a column store of samples. Leaves: values or errors with spans into the query.
//! It deliberately knows nothing of rollouts, files or clocks, and could leave the house as a crate.

pub mod ast;
pub mod check;
pub mod error;
pub mod function;
pub mod parse;
pub mod print;

pub use check::value_type;
pub use error::ParseError;
pub use parse::{Mode, parse};
pub use print::print;
