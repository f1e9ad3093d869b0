//! PromQL: text to tree, tree to plan, plan over series to values, as Prometheus 3 does it.
//!
//! Enters: query text and a column store of samples. Leaves: values or errors with spans into the query.
//! It deliberately knows nothing of rollouts, files or clocks, and could leave the house as a crate.

pub mod ast;
pub mod check;
pub mod error;
mod eval;
pub mod function;
pub mod labels;
pub(crate) mod matcher;
pub mod options;
pub mod parse;
pub mod plan;
pub mod print;
pub mod store;
pub mod value;
mod walk;

pub use check::value_type;
pub use error::ParseError;
pub use labels::Labels;
pub use options::{Budget, Options};
pub use parse::{Mode, parse};
pub use plan::{EvalError, Note, Plan, PlanError};
pub use print::print;
pub use store::{SeriesId, Store, StoreError};
pub use value::{Answer, RangeSeries, STALE, Sample, Samples};
