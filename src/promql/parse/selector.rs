//! Selectors: a metric, the labels in braces.
//!
//! Enters: tokens of a selector. Leaves: its matchers.
//! It deliberately does not know ranges and offsets; those follow any expression.

use super::super::ast::{BinaryOp, ExprKind, MatchOp, Matcher, QuerySpan, Selector};
use super::expression::{Node, Parsed, Parser, error, node};
use super::token::Kind;

/// The label that holds the name of a metric.
const METRIC_NAME: &str = "__name__";

impl Parser<'_> {
    /// A metric, braces with matchers, or both.
    pub(super) fn selector(&mut self) -> Parsed<Node> {
        let start = self.span().start;
        let mut matchers = Vec::new();
        let mut name = None;
        if self.peek().names_metric() {
            let metric = self.token_text().to_owned();
            self.advance();
            matchers.push(equal(METRIC_NAME, metric.clone()));
            name = Some(metric);
        }
        if self.accept(&Kind::LeftBrace) {
            self.matchers(&mut matchers)?;
        }
        let selector = Selector { name, matchers, offset: None, at: None, extended: None };
        let span = QuerySpan { start, end: self.end() };
        node(ExprKind::Vector(selector), span, 1)
    }

    /// Matchers up to the closing brace.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Parsed<()> {
        while !self.accept(&Kind::RightBrace) {
            matchers.push(self.matcher()?);
            match self.peek() {
                Kind::Comma => self.advance(),
                Kind::RightBrace => {}
                _ => return Err(self.unexpected_in("label matching", "\",\" or \"}\"")),
            }
        }
        Ok(())
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        const RULE: &str = "label matching";
        let start = self.span().start;
        let quoted = *self.peek() == Kind::String;
        let label = match self.peek() {
            Kind::String => self.string()?,
            Kind::Identifier => {
                let label = self.token_text().to_owned();
                self.advance();
                label
            }
            _ => return Err(self.unexpected_in(RULE, "identifier or \"}\"")),
        };
        let op = match self.peek() {
            Kind::Equal => MatchOp::Equal,
            Kind::Operator(BinaryOp::Ne) => MatchOp::NotEqual,
            Kind::RegexEqual => MatchOp::Regex,
            Kind::RegexNotEqual => MatchOp::NotRegex,
            _ if quoted => return Ok(equal(METRIC_NAME, label)),
            _ => return Err(self.unexpected_in(RULE, "label matching operator")),
        };
        self.advance();
        if *self.peek() != Kind::String {
            return Err(self.unexpected_in(RULE, "string"));
        }
        let value = self.string()?;
        let mut pattern = None;
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            match self.compiler.compile(&value) {
                Ok(compiled) => pattern = Some(compiled),
                Err(reason) => return Err(error(reason, QuerySpan { start, end: self.end() })),
            }
        }
        Ok(Matcher { label, op, value, pattern })
    }
}

fn equal(label: &str, value: String) -> Matcher {
    Matcher { label: label.to_owned(), op: MatchOp::Equal, value, pattern: None }
}
