//! Tokens and keywords.
//!
//! Enters: words and symbols of a query. Leaves: what kind of token they are and how an error names them.
//! It deliberately does not know where tokens begin and end: that is the grammar's.

use super::super::ast::{AggregateOp, BinaryOp, QuerySpan};
use super::quote;

/// One token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: QuerySpan,
}

/// Kinds of tokens.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    /// `=`, which only matches labels.
    Equal,
    RegexEqual,
    RegexNotEqual,
    At,
    Operator(BinaryOp),
    Aggregate(AggregateOp),
    Keyword(Keyword),
    Named(Named),
    Number,
    Duration,
    String,
    Identifier,
    /// An identifier with a colon in it.
    MetricIdentifier,
    End,
    /// What the rest of the query cannot be read for.
    Error(std::string::String),
}

/// Words that modify an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Anchored,
    Bool,
    By,
    Fill,
    FillLeft,
    FillRight,
    GroupLeft,
    GroupRight,
    Ignoring,
    Offset,
    On,
    Smoothed,
    Without,
}

/// Functions that are also words of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Start,
    End,
    Step,
    Range,
    MaxOf,
    MinOf,
}

/// The kind of a word outside of braces; keywords are known in any case.
///
/// Source: Prometheus v3.15.1, promql/parser/lex.go, key.
pub(super) fn word(text: &str) -> Kind {
    let lower = text.to_ascii_lowercase();
    if let Some(op) = AggregateOp::from_name(&lower) {
        return Kind::Aggregate(op);
    }
    if let Some(named) = named(&lower) {
        return Kind::Named(named);
    }
    match lower.as_str() {
        "and" => Kind::Operator(BinaryOp::And),
        "or" => Kind::Operator(BinaryOp::Or),
        "unless" => Kind::Operator(BinaryOp::Unless),
        "atan2" => Kind::Operator(BinaryOp::Atan2),
        "anchored" => Kind::Keyword(Keyword::Anchored),
        "bool" => Kind::Keyword(Keyword::Bool),
        "by" => Kind::Keyword(Keyword::By),
        "fill" => Kind::Keyword(Keyword::Fill),
        "fill_left" => Kind::Keyword(Keyword::FillLeft),
        "fill_right" => Kind::Keyword(Keyword::FillRight),
        "group_left" => Kind::Keyword(Keyword::GroupLeft),
        "group_right" => Kind::Keyword(Keyword::GroupRight),
        "ignoring" => Kind::Keyword(Keyword::Ignoring),
        "offset" => Kind::Keyword(Keyword::Offset),
        "on" => Kind::Keyword(Keyword::On),
        "smoothed" => Kind::Keyword(Keyword::Smoothed),
        "without" => Kind::Keyword(Keyword::Without),
        "inf" | "nan" => Kind::Number,
        _ if text.contains(':') => Kind::MetricIdentifier,
        _ => Kind::Identifier,
    }
}

/// The function that `lower` is as a word of the grammar.
pub(super) fn named(lower: &str) -> Option<Named> {
    Some(match lower {
        "start" => Named::Start,
        "end" => Named::End,
        "step" => Named::Step,
        "range" => Named::Range,
        "max_of" => Named::MaxOf,
        "min_of" => Named::MinOf,
        _ => return None,
    })
}

/// The kind of a symbol outside of braces.
pub(super) fn symbol(text: &str) -> Option<Kind> {
    Some(match text {
        "," => Kind::Comma,
        "=" => Kind::Equal,
        "=~" => Kind::RegexEqual,
        "!~" => Kind::RegexNotEqual,
        "@" => Kind::At,
        _ => Kind::Operator(BinaryOp::from_symbol(text)?),
    })
}

impl Kind {
    /// Whether a metric can be called so without quotes.
    pub(super) fn names_metric(&self) -> bool {
        match self {
            Kind::Identifier | Kind::MetricIdentifier | Kind::Aggregate(_) | Kind::Named(_) => true,
            Kind::Operator(op) => matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless),
            Kind::Keyword(keyword) => !matches!(
                keyword,
                Keyword::Bool | Keyword::On | Keyword::Ignoring | Keyword::GroupLeft | Keyword::GroupRight
            ),
            _ => false,
        }
    }

    /// Whether a label can be called so in `by (…)` and its like without quotes.
    pub(super) fn names_label(&self) -> bool {
        match self {
            Kind::Operator(op) => {
                matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::Atan2)
            }
            Kind::Keyword(keyword) => *keyword != Keyword::Without,
            Kind::Identifier | Kind::MetricIdentifier | Kind::Aggregate(_) | Kind::Named(_) => true,
            _ => false,
        }
    }

    /// Whether an expression can begin with it.
    pub(super) fn begins_expression(&self) -> bool {
        match self {
            Kind::Number
            | Kind::Duration
            | Kind::String
            | Kind::LeftParen
            | Kind::LeftBrace
            | Kind::Operator(BinaryOp::Add | BinaryOp::Sub) => true,
            other => other.names_metric(),
        }
    }

    /// How an error names a token of this kind that is written as `text`.
    ///
    /// Source: Prometheus v3.15.1, promql/parser/lex.go, Item.desc.
    pub(super) fn describe(&self, text: &str) -> std::string::String {
        match self {
            Kind::End => "end of input".to_owned(),
            Kind::Identifier => format!("identifier {}", quote::string(text)),
            Kind::MetricIdentifier => format!("metric identifier {}", quote::string(text)),
            Kind::Number => format!("number {}", shortened(text)),
            Kind::Duration => format!("duration {}", shortened(text)),
            Kind::String => format!("string {}", shortened(text)),
            Kind::Keyword(_) => format!("<{text}>"),
            Kind::Operator(_) | Kind::At | Kind::RegexEqual | Kind::RegexNotEqual => format!("<op:{text}>"),
            Kind::Aggregate(_) => format!("<aggr:{text}>"),
            _ => shortened(text),
        }
    }
}

fn shortened(text: &str) -> std::string::String {
    if text.len() > 10 {
        let head: std::string::String = text.chars().take(10).collect();
        return format!("{}...", quote::string(&head));
    }
    quote::string(text)
}
