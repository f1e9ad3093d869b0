//! Durations of ranges, steps and offsets, and arithmetic over them.
//!
//! Enters: tokens of a duration. Leaves: milliseconds, or an expression that a step and a range make into some.
//! It deliberately computes nothing: Prometheus keeps and prints the expression as written.

use super::super::ast::{BinaryOp, DurationExpr, QuerySpan};
use super::MAX_DEPTH;
use super::expression::{Parsed, Parser, SIGN, error, power, right_power, too_deep};
use super::token::{Kind, Named};

/// A duration, where it stands and how deep it nests.
struct Operand {
    duration: DurationExpr,
    span: QuerySpan,
    depth: usize,
}

impl Operand {
    /// The value, if it is a literal.
    fn literal(&self) -> Option<f64> {
        match self.duration {
            DurationExpr::Literal { value, .. } => Some(value),
            _ => None,
        }
    }

    fn wrap(self, start: u32, make: impl FnOnce(Box<DurationExpr>) -> DurationExpr) -> Operand {
        let span = QuerySpan { start, end: self.span.end };
        Operand { duration: make(Box::new(self.duration)), span, depth: self.depth + 1 }
    }

    fn negated(self, start: u32) -> Operand {
        self.wrap(start, |expr| DurationExpr::Unary { negative: true, expr })
    }

    /// Parentheses around it; one pair is as good as many.
    fn parenthesised(self, start: u32) -> Operand {
        match self.duration {
            DurationExpr::Paren(_) => self,
            _ => self.wrap(start, DurationExpr::Paren),
        }
    }
}

impl Parser<'_> {
    /// A range or step.
    pub(super) fn positive_duration(&mut self) -> Parsed<DurationExpr> {
        let operand = self.duration(0)?;
        match operand.literal() {
            Some(value) if value <= 0.0 => {
                Err(self.after_lexing(error("duration must be greater than 0", operand.span)))
            }
            Some(value) => Ok(DurationExpr::Millis(millis(value))),
            None => Ok(operand.duration),
        }
    }

    /// An offset; `None` if it is none.
    ///
    /// After a number the offset has ended, so that `x offset 5 + y` adds; after parentheses it has not.
    pub(super) fn offset_duration(&mut self) -> Parsed<Option<DurationExpr>> {
        let start = self.span().start;
        let signed = matches!(self.peek(), Kind::Operator(BinaryOp::Add | BinaryOp::Sub));
        let operand = match if signed { self.peek_second() } else { self.peek() } {
            Kind::Number | Kind::Duration | Kind::Named(_) => {
                let sign = self.sign();
                let operand = self.duration_primary()?;
                with_sign(operand, sign, start)?
            }
            Kind::LeftParen if signed => {
                let sign = self.sign();
                let operand = self.duration_primary()?;
                with_sign(operand, sign, start)?
            }
            _ => self.duration(0)?,
        };
        Ok(match operand.literal() {
            Some(0.0) => None,
            // Less than a millisecond still has a sign.
            Some(value) if value < 0.0 && millis(value) == 0 => {
                let expr = Box::new(DurationExpr::Millis(0));
                Some(DurationExpr::Unary { negative: true, expr })
            }
            Some(value) => Some(DurationExpr::Millis(millis(value))),
            None => Some(operand.duration),
        })
    }

    /// Operands and operators that bind at least with `least`.
    fn duration(&mut self, least: u8) -> Parsed<Operand> {
        self.enter()?;
        let start = self.span().start;
        let mut left = match self.sign() {
            Some(sign) => {
                let operand = self.duration(SIGN + 1)?;
                with_sign(operand, Some(sign), start)?
            }
            None => self.duration_primary()?,
        };
        while let Kind::Operator(op) = *self.peek() {
            if !is_arithmetic(op) || power(op) < least {
                break;
            }
            let at = self.span();
            self.advance();
            let right = self.duration(right_power(op))?;
            match op {
                BinaryOp::Div if right.literal() == Some(0.0) => return Err(error("division by zero", at)),
                BinaryOp::Mod if right.literal() == Some(0.0) => return Err(error("modulo by zero", at)),
                _ => {}
            }
            let span = QuerySpan { start: left.span.start, end: right.span.end };
            let depth = 1 + left.depth.max(right.depth);
            let (left_expr, right_expr) = (Box::new(left.duration), Box::new(right.duration));
            let duration = DurationExpr::Binary { op, left: left_expr, right: right_expr };
            left = bounded(Operand { duration, span, depth })?;
        }
        self.leave();
        Ok(left)
    }

    fn duration_primary(&mut self) -> Parsed<Operand> {
        let span = self.span();
        match *self.peek() {
            Kind::Number | Kind::Duration => {
                let (value, duration) = self.amount()?;
                literal(value, duration, span, span)
            }
            Kind::LeftParen => {
                self.advance();
                let inner = self.duration(0)?;
                self.expect(&Kind::RightParen)?;
                bounded(inner.parenthesised(span.start))
            }
            Kind::Named(Named::Step) => self.nullary(DurationExpr::Step),
            Kind::Named(Named::Range) => self.nullary(DurationExpr::Range),
            Kind::Named(Named::MinOf) => self.pair(DurationExpr::Min),
            Kind::Named(Named::MaxOf) => self.pair(DurationExpr::Max),
            _ => Err(self.unexpected()),
        }
    }

    /// `step()` or `range()`.
    fn nullary(&mut self, duration: DurationExpr) -> Parsed<Operand> {
        let start = self.span().start;
        self.advance();
        self.expect(&Kind::LeftParen)?;
        self.expect(&Kind::RightParen)?;
        Ok(Operand { duration, span: QuerySpan { start, end: self.end() }, depth: 1 })
    }

    /// `min_of(a, b)` or `max_of(a, b)`.
    fn pair(&mut self, make: fn(Box<DurationExpr>, Box<DurationExpr>) -> DurationExpr) -> Parsed<Operand> {
        let start = self.span().start;
        self.advance();
        self.expect(&Kind::LeftParen)?;
        let first = self.duration(0)?;
        self.expect(&Kind::Comma)?;
        let second = self.duration(0)?;
        self.expect(&Kind::RightParen)?;
        let span = QuerySpan { start, end: self.end() };
        let depth = 1 + first.depth.max(second.depth);
        bounded(Operand { duration: make(Box::new(first.duration), Box::new(second.duration)), span, depth })
    }
}

/// The operand with its sign; a literal takes it in, and a plus is forgotten.
fn with_sign(operand: Operand, sign: Option<f64>, start: u32) -> Parsed<Operand> {
    let Some(sign) = sign else { return Ok(operand) };
    if let DurationExpr::Literal { value, duration } = operand.duration {
        let at = QuerySpan { start, end: start + 1 };
        let span = QuerySpan { start, end: operand.span.end };
        return literal(value * sign, duration, span, at);
    }
    if sign < 0.0 { bounded(operand.negated(start)) } else { Ok(operand) }
}

/// A literal, if it is a duration Go can hold; otherwise the error is at `blame`.
fn literal(value: f64, duration: bool, span: QuerySpan, blame: QuerySpan) -> Parsed<Operand> {
    const LIMIT: f64 = 9_223_372_036.854_776;
    if value.abs() > LIMIT {
        return Err(error("duration out of range", blame));
    }
    Ok(Operand { duration: DurationExpr::Literal { value, duration }, span, depth: 1 })
}

fn bounded(operand: Operand) -> Parsed<Operand> {
    if operand.depth > MAX_DEPTH { Err(too_deep(operand.span, MAX_DEPTH)) } else { Ok(operand) }
}

fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Pow
    )
}

/// Seconds to whole milliseconds, by way of nanoseconds as Prometheus does it.
fn millis(seconds: f64) -> i64 {
    let nanos = (seconds * 1e9).round() as i64;
    nanos / 1_000_000
}
