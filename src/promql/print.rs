//! The canonical form of expressions.

use super::ast::Expr;

/// The expression as Prometheus prints it.
pub fn print(expr: &Expr) -> String {
    format!("{expr:?}")
}
