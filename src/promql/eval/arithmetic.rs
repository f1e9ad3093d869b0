//! Operators on two numbers.
//!
//! Enters: an operator and two numbers. Leaves: a number, or for comparisons whether they hold.
//! It deliberately knows no vectors.

use super::super::ast::BinaryOp;

/// Whether the operator compares.
pub(crate) fn compares(op: BinaryOp) -> bool {
    use BinaryOp as B;
    matches!(op, B::Eq | B::Ne | B::Lt | B::Le | B::Gt | B::Ge)
}

/// The value of an arithmetic operator; of a comparison 1 or 0.
/// Source: Prometheus v3.15.1, promql/engine.go, `scalarBinop`.
#[inline]
pub(crate) fn compute(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => libm::pow(left, right),
        BinaryOp::Atan2 => libm::atan2(left, right),
        _ => f64::from(u8::from(holds(op, left, right))),
    }
}

/// Whether a comparison holds.
#[inline]
pub(crate) fn holds(op: BinaryOp, left: f64, right: f64) -> bool {
    match op {
        BinaryOp::Eq => left == right,
        BinaryOp::Ne => left != right,
        BinaryOp::Lt => left < right,
        BinaryOp::Le => left <= right,
        BinaryOp::Gt => left > right,
        BinaryOp::Ge => left >= right,
        _ => false,
    }
}

/// The greater, with NaN winning over all but infinity, as Go's `math.Max`.
pub(crate) fn maximum(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// The lesser, with NaN winning over all but minus infinity, as Go's `math.Min`.
pub(crate) fn minimum(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}
