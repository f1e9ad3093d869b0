//! Why a text is not a PromQL expression.
//!
//! Enters: nothing. Leaves: a message in Prometheus' words and the span of the query it is about.
//! It deliberately does not know how errors are shown.

use super::ast::QuerySpan;

/// The first error in a query, of syntax or of types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What Prometheus says, without its position and the words "parse error".
    pub message: String,
    /// Where in the query.
    pub span: QuerySpan,
    /// What can be done about it, if more is known than the message says.
    pub help: Option<String>,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}
