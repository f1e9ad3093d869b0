//! Tokens in, tree out: operators, conditionals and what they are made of.
//!
//! Enters: tokens. Leaves: a tree, or the engine's syntax error.
//! It deliberately knows nothing of types; calls, members and literals of lists are in `postfix`.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, parser/parser.go.

use super::Dialect;
use super::ast::{Binary, Kind, MAX_DEPTH, Node, Op, Pointer, Unary};
use super::error::{Fallible, Fault, Span, fault_at};
use super::gotext::{parse_float, parse_int};
use super::lexer::{Token, TokenKind, Tokens, lex};

/// Longest text accepted, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Most nodes accepted: the limit of v1.17.8, which keeps v1.15.5 bounded too.
const MAX_NODES: usize = 10_000;
/// Deepest nesting of the parser itself.
const MAX_NESTING: usize = 64;

pub(super) fn parse(text: &str, dialect: Dialect) -> Fallible<Node> {
    if text.len() > MAX_TEXT {
        let span = Span { start: 0, end: 0 };
        return Err(fault_at(span, "condition is longer than 65536 bytes"));
    }
    let Tokens { tokens, error } = lex(text, dialect);
    let mut parser = Parser {
        dialect,
        tokens: tokens.into_iter(),
        spelling: error,
        current: Token { kind: TokenKind::Eof, bytes: Vec::new(), span: Span::default() },
        stashed: None,
        predicates: 0,
        nesting: 0,
        nodes: 0,
    };
    // The older engine splits the whole text before it parses anything.
    if dialect == Dialect::V1_15_5
        && let Some(error) = parser.spelling.take()
    {
        return Err(error);
    }
    parser.next()?;
    let node = parser.sequence()?;
    if parser.current.kind != TokenKind::Eof {
        return parser.unexpected();
    }
    Ok(node)
}

pub(super) struct Parser {
    pub(super) dialect: Dialect,
    tokens: std::vec::IntoIter<Token>,
    spelling: Option<Box<Fault>>,
    pub(super) current: Token,
    stashed: Option<Token>,
    /// How many predicates are open: `#` and `.name` are theirs alone.
    pub(super) predicates: usize,
    nesting: usize,
    nodes: usize,
}

impl Parser {
    pub(super) fn modern(&self) -> bool {
        self.dialect == Dialect::V1_17_8
    }

    pub(super) fn next(&mut self) -> Fallible<()> {
        if let Some(token) = self.stashed.take() {
            self.current = token;
            return Ok(());
        }
        match self.tokens.next() {
            Some(token) => {
                self.current = token;
                Ok(())
            }
            None => Err(self
                .spelling
                .take()
                .unwrap_or_else(|| fault_at(self.current.span, "unexpected end of expression"))),
        }
    }

    pub(super) fn at(&self, kind: TokenKind, text: &str) -> bool {
        self.current.is(kind, text)
    }

    pub(super) fn operator(&self, text: &str) -> bool {
        self.at(TokenKind::Operator, text)
    }

    pub(super) fn bracket(&self, text: &str) -> bool {
        self.at(TokenKind::Bracket, text)
    }

    pub(super) fn expect(&mut self, kind: TokenKind, text: &str) -> Fallible<()> {
        if self.at(kind, text) { self.next() } else { self.unexpected() }
    }

    pub(super) fn expect_identifier(&mut self) -> Fallible<Token> {
        let token = self.current.clone();
        if token.kind != TokenKind::Identifier {
            return self.unexpected();
        }
        self.next()?;
        Ok(token)
    }

    pub(super) fn unexpected<T>(&self) -> Fallible<T> {
        self.fail(format!("unexpected token {}", self.current.describe()))
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Fallible<T> {
        Err(fault_at(self.current.span, message))
    }

    pub(super) fn node(&mut self, kind: Kind, span: Span) -> Fallible<Node> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = "compilation failed: expression exceeds maximum allowed nodes";
            return Err(fault_at(span, message));
        }
        let node = Node::new(kind, span);
        if node.depth > MAX_DEPTH {
            return Err(fault_at(span, "expression is nested too deeply"));
        }
        Ok(node)
    }

    pub(super) fn sequence(&mut self) -> Fallible<Node> {
        let first = self.expression(0)?;
        if !self.modern() || !self.operator(";") {
            return Ok(first);
        }
        let span = first.span;
        let mut nodes = vec![first];
        while self.operator(";") {
            self.next()?;
            if self.current.kind == TokenKind::Eof {
                break;
            }
            nodes.push(self.expression(0)?);
        }
        match nodes.pop() {
            Some(only) if nodes.is_empty() => Ok(only),
            last => {
                nodes.extend(last);
                self.node(Kind::Sequence(nodes), span)
            }
        }
    }

    pub(super) fn expression(&mut self, precedence: u16) -> Fallible<Node> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return self.fail("expression is nested too deeply");
        }
        let node = self.expression_inner(precedence);
        self.nesting -= 1;
        node
    }

    fn expression_inner(&mut self, precedence: u16) -> Fallible<Node> {
        if precedence == 0 && self.operator("let") {
            return self.declaration();
        }
        if precedence == 0 && self.modern() && self.operator("if") {
            return self.conditional_if();
        }
        let left = self.primary()?;
        let node = self.operators(left, precedence)?;
        if precedence == 0 { self.conditional(node) } else { Ok(node) }
    }

    fn operators(&mut self, mut left: Node, precedence: u16) -> Fallible<Node> {
        let mut previous = "";
        while self.current.kind == TokenKind::Operator {
            let negated = self.operator("not");
            let mut not_span = self.current.span;
            if negated && !self.negation(precedence, &mut not_span)? {
                break;
            }
            let Some(binary) = Binary::find(self.current.text()) else {
                break;
            };
            if binary.precedence < precedence {
                break;
            }
            let span = self.current.span;
            self.next()?;
            if binary.op == Op::Pipe {
                left = self.pipe(left)?;
                previous = binary.text;
                continue;
            }
            if previous == "??" && binary.op != Op::Coalesce {
                let text = binary.text;
                return Err(fault_at(
                    span,
                    format!(
                        "Operator ({text}) and coalesce expressions (??) cannot be mixed. \
                     Wrap either by parentheses."
                    ),
                ));
            }
            previous = binary.text;
            if self.modern() && binary.is_comparison() {
                left = self.comparisons(left, binary, span)?;
                continue;
            }
            let right_binds = u16::from(binary.op != Op::Power);
            let right = self.expression(binary.precedence + right_binds)?;
            left = self.node(Kind::Binary(binary, Box::new(left), Box::new(right)), span)?;
            if negated {
                left = self.node(Kind::Unary(Unary::Not, Box::new(left)), not_span)?;
            }
        }
        Ok(left)
    }

    /// Reads the `not` of `not in`. False when the operator behind it binds too weakly: the
    /// older engine has then lost the `not`, the newer one puts it back.
    fn negation(&mut self, precedence: u16, span: &mut Span) -> Fallible<bool> {
        let not = self.current.clone();
        self.next()?;
        *span = self.current.span;
        if !self.modern() {
            return Ok(true);
        }
        let text = self.current.text();
        if !matches!(text, "contains" | "matches" | "startsWith" | "endsWith" | "in") {
            return self.unexpected();
        }
        if Binary::find(text).is_some_and(|b| b.precedence >= precedence) {
            return Ok(true);
        }
        self.stashed = Some(std::mem::replace(&mut self.current, not));
        Ok(false)
    }

    /// A chain of comparisons: `1 < 2 < 3` is `1 < 2 && 2 < 3` to the newer engine.
    fn comparisons(&mut self, left: Node, first: Binary, at: Span) -> Fallible<Node> {
        let (mut left, mut binary, mut span) = (left, first, at);
        let mut root: Option<Node> = None;
        loop {
            let start = self.mark();
            let right = self.expression(binary.precedence + 1)?;
            let next = (self.current.kind == TokenKind::Operator)
                .then(|| Binary::find(self.current.text()))
                .flatten()
                .filter(|b| b.is_comparison());
            // The middle of a chain stands in two comparisons, so it is parsed twice.
            let again = match next {
                Some(_) => Some(self.repeat(start, binary.precedence + 1)?),
                None => None,
            };
            let link = self.node(Kind::Binary(binary, Box::new(left), Box::new(right)), span)?;
            let joined = match root.take() {
                None => link,
                Some(before) => {
                    let and = Binary { op: Op::And, text: "&&", precedence: 15 };
                    self.node(Kind::Binary(and, Box::new(before), Box::new(link)), span)?
                }
            };
            let (Some(next), Some(again)) = (next, again) else {
                return Ok(joined);
            };
            root = Some(joined);
            left = again;
            binary = next;
            span = self.current.span;
            self.next()?;
        }
    }

    fn mark(&self) -> (std::vec::IntoIter<Token>, Token, Option<Token>) {
        (self.tokens.clone(), self.current.clone(), self.stashed.clone())
    }

    fn repeat(
        &mut self,
        mark: (std::vec::IntoIter<Token>, Token, Option<Token>),
        precedence: u16,
    ) -> Fallible<Node> {
        (self.tokens, self.current, self.stashed) = mark;
        self.expression(precedence)
    }

    fn declaration(&mut self) -> Fallible<Node> {
        self.next()?;
        let name = self.expect_identifier()?;
        self.expect(TokenKind::Operator, "=")?;
        let value = Box::new(self.expression(0)?);
        self.expect(TokenKind::Operator, ";")?;
        let body = if self.modern() { self.sequence()? } else { self.expression(0)? };
        let name_text = name.text().into();
        self.node(Kind::Let { name: name_text, slot: 0, value, body: Box::new(body) }, name.span)
    }

    fn conditional_if(&mut self) -> Fallible<Node> {
        let span = self.current.span;
        self.next()?;
        let test = self.expression(0)?;
        let then = self.block()?;
        self.expect(TokenKind::Operator, "else")?;
        let other = if self.operator("if") { self.expression(0)? } else { self.block()? };
        self.node(Kind::Cond(Box::new(test), Box::new(then), Box::new(other)), span)
    }

    fn block(&mut self) -> Fallible<Node> {
        self.expect(TokenKind::Bracket, "{")?;
        let node = self.sequence()?;
        self.expect(TokenKind::Bracket, "}")?;
        Ok(node)
    }

    fn conditional(&mut self, mut node: Node) -> Fallible<Node> {
        while self.operator("?") {
            let span = self.current.span;
            self.next()?;
            if self.operator(":") {
                // `a ?: b` yields `a` itself where it holds, which can only be true.
                self.next()?;
                let yes = self.node(Kind::Bool(true), node.span)?;
                let other = self.expression(0)?;
                let kind = Kind::Cond(Box::new(node), Box::new(yes), Box::new(other));
                node = self.node(kind, span)?;
                continue;
            }
            let then = self.expression(0)?;
            self.expect(TokenKind::Operator, ":")?;
            let other = self.expression(0)?;
            node = self.node(Kind::Cond(Box::new(node), Box::new(then), Box::new(other)), span)?;
        }
        Ok(node)
    }

    fn primary(&mut self) -> Fallible<Node> {
        let span = self.current.span;
        if self.current.kind == TokenKind::Operator {
            if let Some((unary, precedence)) = Unary::find(self.current.text()) {
                self.next()?;
                let operand = Box::new(self.expression(precedence)?);
                let node = self.node(Kind::Unary(unary, operand), span)?;
                return self.postfix(node);
            }
            if self.operator("#") || self.operator(".") {
                if self.predicates > 0 {
                    return self.pointer(span);
                }
                if !self.modern() {
                    return self.fail("cannot use pointer accessor outside closure");
                }
            }
            if self.modern() && self.operator("::") {
                self.next()?;
                let name = self.expect_identifier()?;
                let node = self.call(&name, Vec::new())?;
                return self.postfix(node);
            }
        }
        if self.bracket("(") {
            self.next()?;
            let node = self.sequence()?;
            self.expect(TokenKind::Bracket, ")")?;
            return self.postfix(node);
        }
        self.secondary()
    }

    fn pointer(&mut self, span: Span) -> Fallible<Node> {
        let mut pointer = Pointer::Item;
        if self.operator("#") {
            self.next()?;
            if self.current.kind == TokenKind::Identifier {
                pointer = match self.current.text() {
                    "index" => Pointer::Index,
                    "acc" => Pointer::Acc,
                    other => Pointer::Other(other.into()),
                };
                self.next()?;
            }
        }
        let node = self.node(Kind::Pointer(pointer), span)?;
        self.postfix(node)
    }

    fn secondary(&mut self) -> Fallible<Node> {
        let token = self.current.clone();
        let span = token.span;
        let node = match token.kind {
            TokenKind::Identifier => {
                self.next()?;
                match token.text() {
                    "true" => return self.node(Kind::Bool(true), span),
                    "false" => return self.node(Kind::Bool(false), span),
                    "nil" => return self.node(Kind::Nil, span),
                    _ if self.bracket("(") => self.call(&token, Vec::new())?,
                    name => self.node(Kind::Ident(name.into()), span)?,
                }
            }
            TokenKind::Number => {
                self.next()?;
                return self.number(&token);
            }
            TokenKind::String => {
                self.next()?;
                let node = self.node(Kind::Str(token.bytes.into()), span)?;
                if !self.modern() {
                    return Ok(node);
                }
                node
            }
            TokenKind::Bytes => {
                self.next()?;
                self.node(Kind::Bytes(token.bytes.into()), span)?
            }
            TokenKind::Bracket if self.bracket("[") => self.array(span)?,
            TokenKind::Bracket if self.bracket("{") => self.map(span)?,
            _ => return self.unexpected(),
        };
        self.postfix(node)
    }

    fn number(&mut self, token: &Token) -> Fallible<Node> {
        let text = token.text().replace('_', "");
        let lower = text.to_ascii_lowercase();
        let blame = |name: &str, error: String| {
            fault_at(self.current.span, format!("invalid {name} literal: {error}"))
        };
        let modern = self.modern();
        let hex = if modern { lower.starts_with("0x") } else { text.contains('x') };
        let kind = if hex {
            Kind::Int(parse_int(&text, 0, "ParseInt").map_err(|e| blame("hex", e))?)
        } else if text.contains(['.', 'e', 'E']) {
            Kind::Float(parse_float(&text).map_err(|e| blame("float", e))?)
        } else if modern && lower.starts_with("0b") {
            Kind::Int(parse_int(&text, 0, "ParseInt").map_err(|e| blame("binary", e))?)
        } else if modern && lower.starts_with("0o") {
            Kind::Int(parse_int(&text, 0, "ParseInt").map_err(|e| blame("octal", e))?)
        } else {
            Kind::Int(parse_int(&text, 10, "ParseInt").map_err(|e| blame("integer", e))?)
        };
        self.node(kind, token.span)
    }
}
