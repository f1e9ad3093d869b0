//! Durations of a query, which may depend on the bounds it is asked with.
//!
//! Enters: duration expressions and, later, start, end and step. Leaves: milliseconds.
//! It deliberately knows nothing of what lasts that long.

use super::super::ast::{BinaryOp, DurationExpr};
use super::super::eval::Span;
use super::super::eval::arithmetic::{self, maximum, minimum};
use super::super::store::HORIZON_MS;

/// A duration and what it currently comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Duration {
    expr: Option<DurationExpr>,
    /// Milliseconds.
    pub(crate) ms: i64,
}

impl Duration {
    /// The duration written, or none, which is zero.
    pub(crate) fn new(expr: Option<&DurationExpr>) -> Self {
        match expr {
            None => Self::default(),
            Some(DurationExpr::Millis(ms)) => Self { expr: None, ms: (*ms).clamp(-HORIZON_MS, HORIZON_MS) },
            Some(expr) => Self { expr: Some(expr.clone()), ms: 0 },
        }
    }

    pub(crate) fn resolve(&mut self, span: Span) -> Result<(), String> {
        let Some(expr) = &self.expr else { return Ok(()) };
        let ms = (seconds(expr, span)? * 1000.0).round();
        if ms.is_nan() || ms.abs() >= HORIZON_MS as f64 {
            return Err("duration is out of range".to_owned());
        }
        self.ms = ms as i64;
        Ok(())
    }
}

/// Source: Prometheus v3.15.1, promql/durations.go, `evaluateDurationExpr`.
fn seconds(expr: &DurationExpr, span: Span) -> Result<f64, String> {
    Ok(match expr {
        DurationExpr::Millis(ms) => *ms as f64 / 1000.0,
        DurationExpr::Literal { value, .. } => *value,
        DurationExpr::Step => span.step as f64 / 1000.0,
        DurationExpr::Range => (span.end - span.start) as f64 / 1000.0,
        DurationExpr::Min(left, right) => minimum(seconds(left, span)?, seconds(right, span)?),
        DurationExpr::Max(left, right) => maximum(seconds(left, span)?, seconds(right, span)?),
        DurationExpr::Unary { negative: true, expr } => -seconds(expr, span)?,
        DurationExpr::Unary { expr, .. } | DurationExpr::Paren(expr) => seconds(expr, span)?,
        DurationExpr::Binary { op, left, right } => {
            let (left, right) = (seconds(left, span)?, seconds(right, span)?);
            match op {
                BinaryOp::Div if right == 0.0 => return Err("division by zero".to_owned()),
                BinaryOp::Mod if right == 0.0 => return Err("modulo by zero".to_owned()),
                _ => arithmetic::compute(*op, left, right),
            }
        }
    })
}
