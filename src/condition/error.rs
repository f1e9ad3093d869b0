//! What goes wrong in a condition and where.
//!
//! Enters: a stage, a message and a place. Leaves: an error that says all three.
//! It deliberately knows nothing of how diagnostics are shown.

use std::fmt;
use std::ops::Range;

/// When a condition failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Lexing, parsing or type checking: independent of the measured value, given its type.
    Compile,
    /// Evaluation of this very value.
    Run,
    /// The condition has a value, but not a boolean one.
    Outcome,
}

/// An error of a condition, with the engine's own words where they can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// The engine's message without its source position.
    pub message: String,
    /// Bytes of the condition's text that the message is about.
    pub span: Range<usize>,
    /// When it happened.
    pub stage: Stage,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConditionError {}

/// A place in the condition's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The engine's message and the place it blames; boxed to keep results small.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) span: Option<Span>,
    /// Arguments that do not fit one overload of a function, while another may still fit.
    pub(super) mismatch: bool,
}

pub(super) type Fallible<T> = Result<T, Box<Fault>>;

/// A fault whose place is known.
#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
pub(super) fn fault_at(span: Span, message: impl Into<String>) -> Box<Fault> {
    Box::new(Fault { message: message.into(), span: Some(span), mismatch: false })
}

/// A fault whose place the caller fills in.
#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
pub(super) fn fault(message: impl Into<String>) -> Box<Fault> {
    Box::new(Fault { message: message.into(), span: None, mismatch: false })
}

impl Fault {
    pub(super) fn into_error(self, stage: Stage, text: &str) -> ConditionError {
        let span = self.span.map_or(0..text.len(), |s| s.start as usize..s.end as usize);
        ConditionError { message: self.message, span, stage }
    }
}
