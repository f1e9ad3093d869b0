//! Aggregations and lists of labels.
//!
//! Enters: tokens from the operator of an aggregation on. Leaves: the aggregation.
//! It deliberately does not check the types of what is aggregated.

use super::super::ast::{Aggregate, AggregateOp, ExprKind, QuerySpan};
use super::Mode;
use super::expression::{Node, Parsed, Parser, disabled, error, node, within};
use super::quote;
use super::token::{Keyword, Kind};

/// `by` or `without`: which of the two, and the labels.
type Grouping = Option<(bool, Vec<String>)>;

impl Parser<'_> {
    /// `op by (…) (args)`, `op (args) by (…)` or `op (args)`; the operator comes next.
    pub(super) fn aggregate(&mut self, op: AggregateOp) -> Parsed<Node> {
        let start = self.span().start;
        self.advance();
        let (args, grouping) = self.aggregate_body().map_err(|failure| within(failure, "aggregation", ""))?;
        let span = QuerySpan { start, end: self.end() };
        if grouping.is_none() && matches!(self.peek(), Kind::Error(_)) {
            return Err(self.unexpected());
        }
        if args.is_empty() {
            return Err(error("no arguments for aggregate expression provided", span));
        }
        if op.is_experimental() && self.mode == Mode::Server {
            let name = op.as_str();
            let flag = "promql-experimental-functions";
            let message =
                format!("{name}() is experimental and must be enabled with --enable-feature={flag}");
            return Err(disabled(message, span, flag));
        }
        let (wanted, got) = (1 + usize::from(op.has_param()), args.len());
        let mut args = args.into_iter();
        let param = if op.has_param() { args.next() } else { None };
        let (Some(body), None) = (args.next(), args.next()) else {
            return Err(error(
                format!(
                    "wrong number of arguments for aggregate expression provided, expected {wanted}, got {got}"
                ),
                span,
            ));
        };
        let depth = 1 + param.as_ref().map_or(0, |param| param.depth).max(body.depth);
        let (without, labels) = grouping.unwrap_or_default();
        // `by ()` is the same as nothing, and is not printed.
        let grouped = without || !labels.is_empty();
        let param = param.map(|param| param.expr);
        let aggregate = Aggregate { op, param, expr: body.expr, without, grouped, labels };
        node(ExprKind::Aggregate(Box::new(aggregate)), span, depth)
    }

    fn aggregate_body(&mut self) -> Parsed<(Vec<Node>, Grouping)> {
        if let Some(grouping) = self.grouping()? {
            return Ok((self.args()?, Some(grouping)));
        }
        let args = self.args()?;
        Ok((args, self.grouping()?))
    }

    fn grouping(&mut self) -> Parsed<Grouping> {
        let without = match self.peek() {
            Kind::Keyword(Keyword::By) => false,
            Kind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some((without, self.labels()?)))
    }

    /// Labels between parentheses.
    pub(super) fn labels(&mut self) -> Parsed<Vec<String>> {
        const RULE: &str = "grouping opts";
        if !self.accept(&Kind::LeftParen) {
            return Err(self.unexpected_in(RULE, "\"(\""));
        }
        let mut labels = Vec::new();
        while !self.accept(&Kind::RightParen) {
            labels.push(self.label()?);
            match self.peek() {
                Kind::Comma => self.advance(),
                Kind::RightParen => {}
                _ => return Err(self.unexpected_in(RULE, "\",\" or \")\"")),
            }
        }
        Ok(labels)
    }

    fn label(&mut self) -> Parsed<String> {
        let span = self.span();
        if *self.peek() == Kind::String {
            let label = self.string()?;
            if label.is_empty() || label.chars().any(|c| quote::raw_byte(c).is_some()) {
                return Err(error(
                    format!("invalid label name for grouping: {}", quote::string(&label)),
                    span,
                ));
            }
            return Ok(label);
        }
        if !self.peek().names_label() {
            return Err(self.unexpected_in("grouping opts", "label"));
        }
        let label = self.token_text().to_owned();
        self.advance();
        Ok(label)
    }
}
