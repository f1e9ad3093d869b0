//! The lexical grammar, compiled by pest.
//!
//! Enters: `grammar/promql.pest` at compile time. Leaves: its rules and their parser.
//! It deliberately knows no expressions: the grammar is one of tokens.

/// Parser of the rules in `grammar/promql.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/promql.pest"]
pub(super) struct Grammar;
