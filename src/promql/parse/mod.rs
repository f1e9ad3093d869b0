//! Query text to a checked tree, with Prometheus' words for what is wrong.
//!
//! Enters: query text and the feature flags in force. Leaves: a typed tree, or the first error and its place.
//! It deliberately knows no series and no time: what a query gives is the planner's and the engine's.

mod aggregate;
mod binary;
mod duration;
mod expression;
mod grammar;
mod lex;
mod literal;
mod modifier;
mod pattern;
mod primary;
pub mod quote;
mod selector;
mod token;

pub use pattern::anchored;

use super::ast::{Expr, QuerySpan};
use super::check;
use super::error::ParseError;
use expression::Parser;

/// Longest query, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// How deep expressions nest, so that everything that walks a tree may do so by recursion.
pub const MAX_DEPTH: usize = 200;

/// Which feature flags of Prometheus are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// None: what a server does that was started without any.
    #[default]
    Server,
    /// Experimental functions, `anchored` and `smoothed`, `fill`: what Prometheus' own test scripts run with.
    Test,
}

/// Parses and type-checks a query.
///
/// # Errors
/// The first error Prometheus would report, or that the query is longer than [`MAX_LENGTH`] or nests deeper than
/// [`MAX_DEPTH`].
pub fn parse(text: &str, mode: Mode) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        let message = format!("query is {} bytes long, longer than {MAX_LENGTH}", text.len());
        return Err(ParseError {
            message,
            span: QuerySpan::default(),
            help: None,
        });
    }
    let mut expr = Parser::new(text, mode).query()?;
    check::check(&mut expr, text)?;
    Ok(expr)
}
