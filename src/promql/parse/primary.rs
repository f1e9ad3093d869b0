//! What an expression is made of: literals, parentheses, calls, aggregations, selectors.
//!
//! Enters: tokens at the start of an operand. Leaves: the operand without what follows it.
//! It deliberately does not count or type the arguments of a call; the checker does.

use super::super::ast::{ExprKind, QuerySpan};
use super::super::function;
use super::Mode;
use super::expression::{Node, Parsed, Parser, disabled, error, node};
use super::quote;
use super::token::{Keyword, Kind};

impl Parser<'_> {
    /// The operand that comes next.
    pub(super) fn primary(&mut self) -> Parsed<Node> {
        let span = self.span();
        let before_paren = *self.peek_second() == Kind::LeftParen;
        match self.peek() {
            Kind::Number | Kind::Duration => self.number(span),
            Kind::String => self.string_literal(span),
            Kind::LeftParen => self.parenthesised(span.start),
            Kind::Aggregate(op) if before_paren || self.before_grouping() => {
                let op = *op;
                self.aggregate(op)
            }
            Kind::Identifier | Kind::Named(_) if before_paren => self.call(),
            Kind::LeftBrace => self.selector(),
            kind if kind.names_metric() => self.selector(),
            _ => Err(self.unexpected()),
        }
    }

    fn number(&mut self, span: QuerySpan) -> Parsed<Node> {
        let (value, duration) = self.amount()?;
        let kind = if duration { ExprKind::Duration(value) } else { ExprKind::Number(value) };
        node(kind, span, 1)
    }

    fn string_literal(&mut self, span: QuerySpan) -> Parsed<Node> {
        let value = self.string()?;
        node(ExprKind::String(value), span, 1)
    }

    fn parenthesised(&mut self, start: u32) -> Parsed<Node> {
        self.advance();
        let inner = self.expression(0)?;
        self.expect(&Kind::RightParen)?;
        let span = QuerySpan { start, end: self.end() };
        node(ExprKind::Paren(Box::new(inner.expr)), span, inner.depth + 1)
    }

    fn before_grouping(&self) -> bool {
        matches!(self.peek_second(), Kind::Keyword(Keyword::By | Keyword::Without))
    }

    fn call(&mut self) -> Parsed<Node> {
        let (name, name_span) = (self.token_text(), self.span());
        self.advance();
        let args = self.args()?;
        self.finish_call(name, name_span, args)
    }

    fn finish_call(&self, name: &str, name_span: QuerySpan, args: Vec<Node>) -> Parsed<Node> {
        let Some(function) = function::find(name) else {
            let message = format!("unknown function with name {}", quote::string(name));
            return Err(error(message, name_span));
        };
        if function.experimental && self.mode == Mode::Server {
            let message = format!("function {} is not enabled", quote::string(name));
            return Err(disabled(message, name_span, "promql-experimental-functions"));
        }
        let depth = 1 + args.iter().map(|arg| arg.depth).max().unwrap_or(0);
        let args = args.into_iter().map(|arg| arg.expr).collect();
        let span = QuerySpan { start: name_span.start, end: self.end() };
        node(ExprKind::Call { function: function.name, args }, span, depth)
    }

    /// Expressions between parentheses.
    pub(super) fn args(&mut self) -> Parsed<Vec<Node>> {
        self.expect(&Kind::LeftParen)?;
        let mut args = Vec::new();
        if self.accept(&Kind::RightParen) {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            let comma = self.span();
            if !self.accept(&Kind::Comma) {
                break;
            }
            if !self.peek().begins_expression() && !matches!(self.peek(), Kind::Error(_)) {
                return Err(error("trailing commas not allowed in function call args", comma));
            }
        }
        self.expect(&Kind::RightParen)?;
        Ok(args)
    }
}
