//! The Pratt step: operators, signs and what stands between them.
//!
//! Enters: tokens. Leaves: a tree whose types nobody has checked yet.
//! It deliberately stops at the first error, the only one Prometheus prints.
//!
//! Prometheus' parser is generated from a grammar; an error there is named after the innermost rule that expects
//! errors. [`Failure::open`] and [`Parser::within`] give the same names.

use super::super::ast::{Binary, BinaryOp, Expr, ExprKind, Matching, QuerySpan};
use super::super::error::ParseError;
use super::token::{Kind, Token};
use super::{Compiler, MAX_DEPTH, MAX_NESTING, Mode, lex, literal};

/// An error on its way out of the rules.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ParseError,
    /// Whether it names an unexpected token and no rule has yet said where.
    pub(super) open: bool,
}

pub(super) type Parsed<T> = Result<T, Failure>;

/// An expression and how deep it nests.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) expr: Expr,
    pub(super) depth: usize,
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) mode: Mode,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    pub(super) compiler: Compiler,
}

/// How strongly an operator binds; a sign binds like a multiplication.
pub(super) fn power(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And | BinaryOp::Unless => 2,
        BinaryOp::Add | BinaryOp::Sub => 4,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Atan2 => SIGN,
        BinaryOp::Pow => 6,
        _ => 3,
    }
}

/// How strongly a sign binds.
pub(super) const SIGN: u8 = 5;

/// The least power the right operand of an operator may have: `^` alone groups to the right.
pub(super) fn right_power(op: BinaryOp) -> u8 {
    if op == BinaryOp::Pow { power(op) } else { power(op) + 1 }
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, mode: Mode) -> Self {
        Parser { text, mode, tokens: lex::lex(text), next: 0, depth: 0, compiler: Compiler::default() }
    }

    /// The whole query.
    pub(super) fn query(&mut self) -> Result<Expr, ParseError> {
        if *self.peek() == Kind::End {
            let message = "no expression found in input".to_owned();
            return Err(ParseError { message, span: QuerySpan::default(), help: None });
        }
        let node = self.expression(0).map_err(|failure| failure.error)?;
        match self.peek() {
            Kind::End => Ok(node.expr),
            _ => Err(self.unexpected().error),
        }
    }

    /// An expression of operators that bind at least with `least`.
    ///
    /// The functions that call themselves through others are kept small, since their frames add up.
    pub(super) fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.enter()?;
        let mut left = self.operand()?;
        while let Kind::Operator(op) = *self.peek() {
            if power(op) < least {
                break;
            }
            self.advance();
            let (return_bool, matching) = self.binary_modifiers()?;
            let right = self.expression(right_power(op))?;
            left = self.binary(op, left, right, return_bool, matching)?;
        }
        self.leave();
        Ok(left)
    }

    fn binary(
        &self,
        op: BinaryOp,
        left: Node,
        right: Node,
        return_bool: bool,
        matching: Matching,
    ) -> Parsed<Node> {
        let span = QuerySpan { start: left.expr.span.start, end: right.expr.span.end };
        self.check_fill(&matching, span)?;
        let depth = left.depth.max(right.depth) + 1;
        let (left, right, matching) = (left.expr, right.expr, Some(matching));
        let binary = Binary { op, left, right, return_bool, matching };
        node(ExprKind::Binary(Box::new(binary)), span, depth)
    }

    /// An operand: signs before it, modifiers after it.
    fn operand(&mut self) -> Parsed<Node> {
        let start = self.span().start;
        if let Some(sign) = self.sign() {
            let inner = self.expression(SIGN + 1)?;
            return signed(sign, start, inner);
        }
        let primary = self.primary()?;
        self.modifiers(primary)
    }

    /// Counts one level of recursion; [`Parser::leave`] takes it back. An error ends the parsing, so need not.
    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(too_deep(self.span(), MAX_NESTING));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// The kind of the token that comes next.
    pub(super) fn peek(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    /// The kind of the token after that.
    pub(super) fn peek_second(&self) -> &Kind {
        self.tokens.get(self.next + 1).map_or(&Kind::End, |token| &token.kind)
    }

    /// Where the next token stands.
    pub(super) fn span(&self) -> QuerySpan {
        self.tokens.get(self.next).or(self.tokens.last()).map_or_else(QuerySpan::default, |token| token.span)
    }

    /// The text of the next token.
    pub(super) fn token_text(&self) -> &'t str {
        self.text_at(self.span())
    }

    pub(super) fn text_at(&self, span: QuerySpan) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Where the last token taken ends.
    pub(super) fn end(&self) -> u32 {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn accept(&mut self, kind: &Kind) -> bool {
        let found = self.peek() == kind;
        if found {
            self.advance();
        }
        found
    }

    /// Takes the next token, which must be of this kind.
    pub(super) fn expect(&mut self, kind: &Kind) -> Parsed<()> {
        if self.accept(kind) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The error that the next token is not expected, or cannot be read at all.
    pub(super) fn unexpected(&self) -> Failure {
        let span = self.span();
        let (message, open) = match self.peek() {
            Kind::Error(reason) => (reason.clone(), false),
            kind => (format!("unexpected {}", kind.describe(self.token_text())), true),
        };
        Failure { error: ParseError { message, span, help: None }, open }
    }

    /// The error that the next token is not expected in a rule, which expects something else.
    pub(super) fn unexpected_in(&self, rule: &str, expected: &str) -> Failure {
        within(self.unexpected(), rule, expected)
    }

    /// The error, unless the next token cannot be read: Prometheus finds that first.
    pub(super) fn after_lexing(&self, failure: Failure) -> Failure {
        if matches!(self.peek(), Kind::Error(_)) { self.unexpected() } else { failure }
    }

    /// What a token of this number or duration is worth, and whether it is a duration.
    pub(super) fn amount(&mut self) -> Parsed<(f64, bool)> {
        let (text, span) = (self.token_text(), self.span());
        let (value, duration) = match self.peek() {
            Kind::Number => (literal::number(text), false),
            Kind::Duration => (literal::duration(text), true),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok((value.map_err(|message| error(message, span))?, duration))
    }

    /// What the string token that comes next says.
    pub(super) fn string(&mut self) -> Parsed<String> {
        let (text, span) = (self.token_text(), self.span());
        self.expect(&Kind::String)?;
        literal::string(text).map_err(|message| error(message, span))
    }
}

/// An expression that nests `depth` deep, if that is not too deep.
pub(super) fn node(kind: ExprKind, span: QuerySpan, depth: usize) -> Parsed<Node> {
    if depth > MAX_DEPTH {
        return Err(too_deep(span, MAX_DEPTH));
    }
    Ok(Node { expr: Expr { kind, span }, depth })
}

/// A literal takes its sign in.
fn signed(sign: f64, start: u32, inner: Node) -> Parsed<Node> {
    let span = QuerySpan { start, end: inner.expr.span.end };
    match inner.expr.kind {
        ExprKind::Number(value) => node(ExprKind::Number(value * sign), span, 1),
        ExprKind::Duration(value) => node(ExprKind::Duration(value * sign), span, 1),
        kind => {
            let expr = Box::new(Expr { kind, span: inner.expr.span });
            node(ExprKind::Unary { negative: sign < 0.0, expr }, span, inner.depth + 1)
        }
    }
}

/// An error that says all it has to say.
pub(super) fn error(message: impl Into<String>, span: QuerySpan) -> Failure {
    Failure { error: ParseError { message: message.into(), span, help: None }, open: false }
}

/// An error that a feature flag would have prevented.
pub(super) fn disabled(message: impl Into<String>, span: QuerySpan, flag: &str) -> Failure {
    let mut failure = error(message, span);
    failure.error.help = Some(format!("needs a server started with --enable-feature={flag}"));
    failure
}

/// Says in which rule a token was not expected, unless an inner rule has said so.
pub(super) fn within(mut failure: Failure, rule: &str, expected: &str) -> Failure {
    if failure.open {
        failure.open = false;
        failure.error.message.push_str(" in ");
        failure.error.message.push_str(rule);
        if !expected.is_empty() {
            failure.error.message.push_str(", expected ");
            failure.error.message.push_str(expected);
        }
    }
    failure
}

pub(super) fn too_deep(span: QuerySpan, levels: usize) -> Failure {
    error(format!("expression nests deeper than {levels} levels"), span)
}
