//! An expression and all within it.
//!
//! Enters: an expression. Leaves: each of its parts once, and its selectors. It deliberately knows no types and no values.

use super::ast::{Expr, ExprKind, Selector};

impl Expr {
    /// Calls for this expression and every one within, without recursion.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            see(expr);
            match &expr.kind {
                ExprKind::Subquery { expr, .. } | ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => {
                    open.push(expr);
                }
                ExprKind::Binary(binary) => open.extend([&binary.left, &binary.right]),
                ExprKind::Aggregate(aggregate) => {
                    open.push(&aggregate.expr);
                    open.extend(aggregate.param.as_ref());
                }
                ExprKind::Call { args, .. } => open.extend(args),
                _ => {}
            }
        }
    }

    /// The selectors of instants and ranges within.
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut found = Vec::new();
        self.walk(&mut |expr| {
            if let ExprKind::Vector(selector) | ExprKind::Matrix { selector, .. } = &expr.kind {
                found.push(selector);
            }
        });
        found
    }
}
