//! What follows an operand: ranges, subqueries, `offset`, `@`, `anchored` and `smoothed`.
//!
//! Enters: an operand and the tokens after it. Leaves: the operand with what they say.
//! It deliberately accepts them on any operand that Prometheus accepts them on, whatever its type.

use super::super::ast::{At, DurationExpr, Expr, ExprKind, Extended, QuerySpan, Selector};
use super::Mode;
use super::expression::{Failure, Node, Parsed, Parser, disabled, error, node as new_node, within};
use super::token::{Keyword, Kind, Named};

impl Parser<'_> {
    /// All modifiers that follow; they bind more tightly than any operator.
    pub(super) fn modifiers(&mut self, mut node: Node) -> Parsed<Node> {
        loop {
            let start = node.expr.span.start;
            match *self.peek() {
                Kind::LeftBracket => {
                    node = self.bracket(node)?;
                    continue;
                }
                Kind::Keyword(Keyword::Offset) => self.offset(&mut node.expr)?,
                Kind::At => self.at(&mut node.expr)?,
                Kind::Keyword(Keyword::Anchored) => self.extended(&mut node.expr, Extended::Anchored)?,
                Kind::Keyword(Keyword::Smoothed) => self.extended(&mut node.expr, Extended::Smoothed)?,
                _ => return Ok(node),
            }
            node.expr.span = QuerySpan { start, end: self.end() };
        }
    }

    /// `[range]` or `[range:step]`.
    fn bracket(&mut self, node: Node) -> Parsed<Node> {
        let open = self.span();
        self.advance();
        let wanted = "number, duration, step(), or range()";
        let range = self
            .positive_duration()
            .map_err(|failure| within(failure, "subquery or range selector", wanted))?;
        let start = node.expr.span.start;
        match self.peek() {
            Kind::RightBracket => {
                self.advance();
                let brackets = QuerySpan { start: open.start, end: self.end() };
                let selector = ranged(node.expr.kind).map_err(|reason| error(reason, brackets))?;
                let span = QuerySpan { start, end: self.end() };
                new_node(ExprKind::Matrix { selector, range }, span, 1)
            }
            Kind::Colon => {
                self.advance();
                let step = self.subquery_step()?;
                let kind =
                    ExprKind::Subquery { expr: Box::new(node.expr), range, step, offset: None, at: None };
                let span = QuerySpan { start, end: self.end() };
                new_node(kind, span, node.depth + 1)
            }
            _ => Err(self.unexpected_in("subquery or range", "\":\" or \"]\"")),
        }
    }

    fn subquery_step(&mut self) -> Parsed<Option<DurationExpr>> {
        const RULE: &str = "subquery selector";
        if self.accept(&Kind::RightBracket) {
            return Ok(None);
        }
        let wanted = "number, duration, step(), range(), or \"]\"";
        let step = self.positive_duration().map_err(|failure| within(failure, RULE, wanted))?;
        if !self.accept(&Kind::RightBracket) {
            return Err(self.unexpected_in(RULE, "\"]\""));
        }
        Ok(Some(step))
    }

    fn offset(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let wanted = "number, duration, step(), or range()";
        let duration = self.offset_duration().map_err(|failure| within(failure, "offset", wanted))?;
        let span = expr.span;
        let Some((offset, _)) = placed(expr) else {
            let message = "offset modifier must be preceded by an instant vector selector or range vector \
                           selector or a subquery";
            return Err(error(message, span));
        };
        if offset.is_some() {
            return Err(error("offset may not be set multiple times", span));
        }
        *offset = duration;
        Ok(())
    }

    fn at(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let span = expr.span;
        let found = self.at_value(span).map_err(|failure| within(failure, "@", "timestamp"))?;
        let Some((_, at)) = placed(expr) else {
            let message = "@ modifier must be preceded by an instant vector selector or range vector selector \
                           or a subquery";
            return Err(error(message, span));
        };
        if at.is_some() {
            return Err(error("@ <timestamp> may not be set multiple times", span));
        }
        *at = Some(found);
        Ok(())
    }

    fn at_value(&mut self, span: QuerySpan) -> Parsed<At> {
        let preprocessor = match self.peek() {
            Kind::Named(Named::Start) => At::Start,
            Kind::Named(Named::End) => At::End,
            _ => {
                let sign = self.sign();
                let (value, _) = self.amount()?;
                return millis(value * sign.unwrap_or(1.0), span);
            }
        };
        self.advance();
        self.expect(&Kind::LeftParen)?;
        self.expect(&Kind::RightParen)?;
        Ok(preprocessor)
    }

    fn extended(&mut self, expr: &mut Expr, modifier: Extended) -> Parsed<()> {
        self.advance();
        let name = match modifier {
            Extended::Anchored => "anchored",
            Extended::Smoothed => "smoothed",
        };
        let span = expr.span;
        if self.mode == Mode::Server {
            let message = format!("{name} modifier is experimental and not enabled");
            return Err(disabled(message, span, "promql-extended-range-selectors"));
        }
        let selector = match &mut expr.kind {
            ExprKind::Vector(selector) | ExprKind::Matrix { selector, .. } => selector,
            ExprKind::Subquery { .. } => {
                return Err(error(format!("{name} modifier is not supported for subqueries"), span));
            }
            _ => return Err(error(format!("{name} modifier not implemented"), span)),
        };
        if selector.extended.is_some_and(|other| other != modifier) {
            return Err(error("anchored and smoothed modifiers cannot be used together", span));
        }
        selector.extended = Some(modifier);
        Ok(())
    }
}

/// The selector that a range is put on.
fn ranged(kind: ExprKind) -> Result<Selector, &'static str> {
    let ExprKind::Vector(selector) = kind else {
        return Err("ranges only allowed for vector selectors");
    };
    if selector.offset.is_some() {
        return Err("no offset modifiers allowed before range");
    }
    if selector.at.is_some() {
        return Err("no @ modifiers allowed before range");
    }
    Ok(selector)
}

/// Where the offset and `@` of an expression are kept, if it can have them.
fn placed(expr: &mut Expr) -> Option<(&mut Option<DurationExpr>, &mut Option<At>)> {
    match &mut expr.kind {
        ExprKind::Vector(selector) | ExprKind::Matrix { selector, .. } => {
            Some((&mut selector.offset, &mut selector.at))
        }
        ExprKind::Subquery { offset, at, .. } => Some((offset, at)),
        _ => None,
    }
}

/// Seconds to `@`; Source: Prometheus v3.15.1, promql/parser/parse.go, setTimestamp.
fn millis(seconds: f64, span: QuerySpan) -> Result<At, Failure> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if !(-LIMIT < seconds && seconds < LIMIT) {
        let shown = match seconds {
            _ if seconds.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => format!("{seconds:.6}"),
        };
        return Err(error(format!("timestamp out of bounds for @ modifier: {shown}"), span));
    }
    let millis = (seconds * 1000.0).round();
    // Beyond 64 bits, Go's conversion gives the least integer on amd64.
    Ok(At::Millis(if (-LIMIT..LIMIT).contains(&millis) { millis as i64 } else { i64::MIN }))
}
