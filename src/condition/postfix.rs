//! The parser's second half: calls, members, slices and literals of lists and maps.
//!
//! Enters: tokens after an operand. Leaves: calls, members, slices and literals.
//! It deliberately knows nothing of types.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, parser/parser.go.

use super::ast::{Kind, Node};
use super::builtin::Builtin;
use super::error::{Fallible, Span};
use super::lexer::{Token, TokenKind, is_alphabetic, is_alphanumeric};
use super::parser::Parser;

impl Parser {
    /// What follows `|`: a call that takes the left side as its first argument.
    pub(super) fn pipe(&mut self, left: Node) -> Fallible<Node> {
        let name = self.expect_identifier()?;
        self.call(&name, vec![left])
    }

    pub(super) fn call(&mut self, name: &Token, mut args: Vec<Node>) -> Fallible<Node> {
        let span = name.span;
        let Some(builtin) = Builtin::find(name.text(), self.dialect) else {
            let callee = self.node(Kind::Ident(name.text().into()), span)?;
            self.arguments(&mut args)?;
            return self.node(Kind::Call(Box::new(callee), args), span);
        };
        let Some((required, most)) = builtin.predicate(self.dialect) else {
            self.arguments(&mut args)?;
            return self.node(Kind::Builtin(builtin, args), span);
        };
        self.expect(TokenKind::Bracket, "(")?;
        let piped = args.len();
        for index in piped..most {
            if self.bracket(")") {
                if index >= required {
                    break;
                }
                if self.modern() {
                    return self.fail(format!("expected at least {} arguments", most - piped));
                }
            }
            if index >= required && !self.modern() && !self.operator(",") {
                break;
            }
            if index > piped {
                self.expect(TokenKind::Operator, ",")?;
            }
            let argument = if index == 1 { self.predicate()? } else { self.expression(0)? };
            args.push(argument);
        }
        if self.modern() && self.operator(",") {
            self.next()?;
        }
        self.expect(TokenKind::Bracket, ")")?;
        self.node(Kind::Builtin(builtin, args), span)
    }

    fn arguments(&mut self, args: &mut Vec<Node>) -> Fallible<()> {
        let offset = args.len();
        self.expect(TokenKind::Bracket, "(")?;
        while !self.bracket(")") {
            if args.len() > offset {
                self.expect(TokenKind::Operator, ",")?;
                if self.modern() && self.bracket(")") {
                    break;
                }
            }
            args.push(self.expression(0)?);
        }
        self.expect(TokenKind::Bracket, ")")
    }

    fn predicate(&mut self) -> Fallible<Node> {
        let span = self.current.span;
        let braced = self.bracket("{");
        if braced {
            self.next()?;
        }
        self.predicates += 1;
        let node = if braced { self.sequence()? } else { self.expression(0)? };
        if !braced && self.modern() && self.operator(";") {
            return self.fail("wrap predicate with brackets { and }");
        }
        self.predicates -= 1;
        if braced {
            self.expect(TokenKind::Bracket, "}")?;
        }
        self.node(Kind::Predicate(Box::new(node)), span)
    }

    pub(super) fn array(&mut self, span: Span) -> Fallible<Node> {
        let mut nodes = Vec::new();
        self.next()?;
        while !self.bracket("]") {
            if !nodes.is_empty() {
                self.expect(TokenKind::Operator, ",")?;
                if self.bracket("]") {
                    break;
                }
            }
            nodes.push(self.expression(0)?);
        }
        self.next()?;
        self.node(Kind::Array(nodes), span)
    }

    pub(super) fn map(&mut self, span: Span) -> Fallible<Node> {
        let mut pairs = Vec::new();
        self.next()?;
        while !self.bracket("}") {
            if !pairs.is_empty() {
                self.expect(TokenKind::Operator, ",")?;
                if self.bracket("}") {
                    break;
                }
                if self.operator(",") {
                    return self.unexpected();
                }
            }
            let key = match self.current.kind {
                TokenKind::Number | TokenKind::String | TokenKind::Identifier => {
                    let token = self.current.clone();
                    let key = self.node(Kind::Str(token.bytes.into()), token.span)?;
                    self.next()?;
                    key
                }
                _ if self.bracket("(") => self.expression(0)?,
                _ => {
                    let token = self.current.describe();
                    return self.fail(format!(
                        "a map key must be a quoted string, a number, a identifier, or an \
                         expression enclosed in parentheses (unexpected token {token})"
                    ));
                }
            };
            self.expect(TokenKind::Operator, ":")?;
            let value = self.expression(0)?;
            pairs.push((key, value));
        }
        self.next()?;
        self.node(Kind::Map(pairs), span)
    }

    pub(super) fn postfix(&mut self, mut node: Node) -> Fallible<Node> {
        loop {
            let optional = self.operator("?.");
            if optional || self.operator(".") {
                self.next()?;
                if optional && self.modern() && self.bracket("[") {
                    node = self.index(node, true)?;
                } else {
                    node = self.member(node, optional)?;
                }
            } else if self.bracket("[") {
                node = self.index(node, false)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn member(&mut self, node: Node, optional: bool) -> Fallible<Node> {
        let name = self.current.clone();
        self.next()?;
        let usable = match name.kind {
            TokenKind::Identifier => true,
            // Operators that are words may name a member.
            TokenKind::Operator => {
                name.text().starts_with(is_alphabetic) && name.text().chars().all(is_alphanumeric)
            }
            _ => false,
        };
        if !usable {
            return self.fail("expected name");
        }
        let span = name.span;
        let property = Box::new(self.node(Kind::Str(name.bytes.into()), span)?);
        let (base, chained) = match node.kind {
            Kind::Chain(inner) => (inner, true),
            kind => (Box::new(Node { kind, ..node }), false),
        };
        let method = self.bracket("(");
        let mut node = self.node(Kind::Member { base, property, optional, method }, span)?;
        if method {
            let mut args = Vec::new();
            self.arguments(&mut args)?;
            node = self.node(Kind::Call(Box::new(node), args), span)?;
        }
        if chained || optional {
            node = self.node(Kind::Chain(Box::new(node)), span)?;
        }
        Ok(node)
    }

    fn index(&mut self, node: Node, optional: bool) -> Fallible<Node> {
        let span = self.current.span;
        let base = Box::new(node);
        self.next()?;
        let from = if self.operator(":") { None } else { Some(Box::new(self.expression(0)?)) };
        if self.operator(":") {
            self.next()?;
            let to = if self.bracket("]") { None } else { Some(Box::new(self.expression(0)?)) };
            let node = self.node(Kind::Slice { base, from, to }, span)?;
            self.expect(TokenKind::Bracket, "]")?;
            return Ok(node);
        }
        let Some(property) = from else {
            return self.unexpected();
        };
        let mut node = self.node(Kind::Member { base, property, optional, method: false }, span)?;
        if optional {
            node = self.node(Kind::Chain(Box::new(node)), span)?;
        }
        self.expect(TokenKind::Bracket, "]")?;
        Ok(node)
    }
}
