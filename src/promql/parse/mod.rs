//! Query text to a checked tree, with Prometheus' words for what is wrong.
//!
//! Enters: query text and the feature flags in force. Leaves: a typed tree, or the first error and its place.
//! It deliberately knows no series and no time: what a query gives is the planner's and the engine's.

mod aggregate;
mod binary;
mod compile;
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

pub(super) use compile::Compiler;
pub use compile::Pattern;
pub use literal::{duration as duration_literal, number as number_literal, string as string_literal};

use super::ast::{Expr, QuerySpan};
use super::check;
use super::error::ParseError;
use expression::Parser;

/// Longest query, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// How deep parentheses, calls and signs nest.
pub const MAX_NESTING: usize = 100;

/// How high a tree grows, so that everything that walks it may do so by recursion: chains of operators grow trees
/// without nesting.
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
/// [`MAX_NESTING`] or [`MAX_DEPTH`] allow.
pub fn parse(text: &str, mode: Mode) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        let message = format!("query is {} bytes long, longer than {MAX_LENGTH}", text.len());
        return Err(ParseError { message, span: QuerySpan::default(), help: None });
    }
    let mut expr = Parser::new(text, mode).query()?;
    check::check(&mut expr, text)?;
    Ok(expr)
}
