//! Text in, tokens out, as the engine's lexer splits it, oddities included.
//!
//! Enters: text. Leaves: tokens with byte ranges, oddities of the engine included.
//! It deliberately knows nothing of grammar or precedence.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, parser/lexer.

use super::Dialect;
use super::error::{Fallible, Fault, Span, fault_at};
use super::gotext::quote;
use super::unescape::{unescape, unescape_bytes};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Identifier,
    Number,
    String,
    Bytes,
    Operator,
    Bracket,
    Eof,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// The token's text; of a string literal, its decoded content, which need not be UTF-8.
    pub(super) bytes: Vec<u8>,
    pub(super) span: Span,
}

impl Token {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub(super) fn is(&self, kind: TokenKind, text: &str) -> bool {
        self.kind == kind && self.bytes == text.as_bytes()
    }

    /// The token as the engine names it in `unexpected token …`.
    pub(super) fn describe(&self) -> String {
        let kind = format!("{:?}", self.kind);
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            _ if self.bytes.is_empty() => kind,
            _ => format!("{kind}({})", quote(&self.bytes)),
        }
    }
}

/// All tokens up to the end or the first error of spelling.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    pub(super) error: Option<Box<Fault>>,
}

pub(super) fn lex(text: &str, dialect: Dialect) -> Tokens {
    let mut lexer = Lexer { text, dialect, start: 0, at: 0, tokens: Vec::new() };
    let error = loop {
        match lexer.step() {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
    };
    Tokens { tokens: lexer.tokens, error }
}

pub(super) fn is_alphabetic(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphabetic()
}

pub(super) fn is_alphanumeric(c: char) -> bool {
    is_alphabetic(c) || (c.is_numeric() && (c.is_ascii_digit() || c.is_alphanumeric()))
}

struct Lexer<'t> {
    text: &'t str,
    dialect: Dialect,
    start: usize,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn word(&self) -> &str {
        self.text.get(self.start..self.at).unwrap_or_default()
    }

    fn span(&self) -> Span {
        Span { start: self.start as u32, end: self.at as u32 }
    }

    fn emit(&mut self, kind: TokenKind) {
        let bytes = self.word().as_bytes().to_vec();
        self.emit_bytes(kind, bytes);
    }

    fn emit_bytes(&mut self, kind: TokenKind, bytes: Vec<u8>) {
        let span = self.span();
        self.tokens.push(Token { kind, bytes, span });
        self.start = self.at;
    }

    fn fail<T>(&self, message: impl Into<String>) -> Fallible<T> {
        let end = self.at.max(1) as u32;
        Err(fault_at(Span { start: end - 1, end: end.min(self.text.len() as u32) }, message))
    }

    /// Reads one token or one stretch of blanks; false at the end of the text.
    fn step(&mut self) -> Fallible<bool> {
        let Some(c) = self.next() else {
            let end = self.at as u32;
            let span = Span { start: end.saturating_sub(1), end };
            self.tokens.push(Token { kind: TokenKind::Eof, bytes: Vec::new(), span });
            return Ok(false);
        };
        let modern = self.dialect == Dialect::V1_17_8;
        match c {
            c if c.is_whitespace() => self.start = self.at,
            '\'' | '"' => {
                self.scan_string(c)?;
                match unescape(self.word(), self.dialect) {
                    Ok(bytes) => self.emit_bytes(TokenKind::String, bytes),
                    Err(message) => return self.fail(message),
                }
            }
            '`' if modern => self.raw_string()?,
            'b' | 'B' if modern && matches!(self.peek(), Some('\'' | '"')) => {
                let quote = self.next().unwrap_or('"');
                self.scan_string(quote)?;
                match unescape_bytes(self.word().get(1..).unwrap_or_default()) {
                    Ok(bytes) => self.emit_bytes(TokenKind::Bytes, bytes),
                    Err(message) => return self.fail(message),
                }
            }
            '0'..='9' => {
                self.at = self.start;
                self.number()?;
            }
            '?' => {
                self.accept(".?");
                self.emit(TokenKind::Operator);
            }
            '/' => self.slash()?,
            '#' => self.pointer(),
            '|' => {
                self.accept("|");
                self.emit(TokenKind::Operator);
            }
            ':' if modern => {
                self.accept(":");
                self.emit(TokenKind::Operator);
            }
            '(' | '[' | '{' | ')' | ']' | '}' => self.emit(TokenKind::Bracket),
            ',' | ':' | ';' | '%' | '+' | '-' | '^' => self.emit(TokenKind::Operator),
            '&' | '!' | '=' | '*' | '<' | '>' => {
                self.accept("&=*");
                self.emit(TokenKind::Operator);
            }
            '.' => self.dot()?,
            c if is_alphanumeric(c) => self.identifier(),
            c => return self.fail(format!("unrecognized character: U+{:04X} '{c}'", c as u32)),
        }
        Ok(true)
    }

    fn dot(&mut self) -> Fallible<()> {
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at = self.start;
            return self.number();
        }
        self.accept(".");
        self.emit(TokenKind::Operator);
        Ok(())
    }

    fn identifier(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        let kind = match self.word() {
            "not" | "in" | "or" | "and" | "matches" | "contains" | "startsWith" | "endsWith" | "let" => {
                TokenKind::Operator
            }
            "if" | "else" if self.dialect == Dialect::V1_17_8 => TokenKind::Operator,
            _ => TokenKind::Identifier,
        };
        self.emit(kind);
    }

    fn number(&mut self) -> Fallible<()> {
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        let before_dot = self.at;
        if self.accept(".") {
            // `1..3` is a range over whole numbers, not a number with two dots.
            if self.peek() == Some('.') {
                self.at = before_dot;
                self.emit(TokenKind::Number);
                return Ok(());
            }
            self.accept_run(digits);
        }
        if self.accept("eE") {
            self.accept("+-");
            self.accept_run(digits);
        }
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            let word = quote(self.word().as_bytes());
            return self.fail(format!("bad number syntax: {word}"));
        }
        self.emit(TokenKind::Number);
        Ok(())
    }

    fn slash(&mut self) -> Fallible<()> {
        if self.accept("/") {
            while self.next().is_some_and(|c| c != '\n') {}
            self.start = self.at;
        } else if self.accept("*") {
            loop {
                match self.next() {
                    None => return self.fail("unclosed comment"),
                    Some('*') if self.accept("/") => break,
                    Some(_) => {}
                }
            }
            self.start = self.at;
        } else {
            self.emit(TokenKind::Operator);
        }
        Ok(())
    }

    /// `#` with the name that may follow it at once: two tokens.
    fn pointer(&mut self) {
        self.accept("#");
        self.emit(TokenKind::Operator);
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.word().is_empty() {
            self.emit(TokenKind::Identifier);
        }
    }

    fn scan_string(&mut self, quote: char) -> Fallible<()> {
        let mut c = self.next();
        while c != Some(quote) {
            match c {
                None | Some('\n') => return self.fail("literal not terminated"),
                Some('\\') => c = self.scan_escape(quote)?,
                Some(_) => c = self.next(),
            }
        }
        Ok(())
    }

    fn scan_escape(&mut self, quote: char) -> Fallible<Option<char>> {
        let c = self.next();
        match c {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => Ok(self.next()),
            Some(q) if q == quote => Ok(self.next()),
            Some('0'..='7') => self.scan_digits(c, 8, 3),
            Some('x') => self.digits_after(16, 2),
            Some('u') => {
                if self.dialect == Dialect::V1_17_8 && self.peek() == Some('{') {
                    self.next();
                    let mut digits = 0;
                    while self.peek().is_some_and(|c| c.is_ascii_hexdigit()) && digits < 6 {
                        self.next();
                        digits += 1;
                    }
                    if self.peek() != Some('}') || digits == 0 {
                        return self.fail("invalid char escape");
                    }
                    self.next();
                    return Ok(self.next());
                }
                self.digits_after(16, 4)
            }
            Some('U') => self.digits_after(16, 8),
            _ => self.fail("invalid char escape"),
        }
    }

    fn digits_after(&mut self, base: u32, count: usize) -> Fallible<Option<char>> {
        let first = self.next();
        self.scan_digits(first, base, count)
    }

    fn scan_digits(&mut self, mut c: Option<char>, base: u32, count: usize) -> Fallible<Option<char>> {
        for _ in 0..count {
            if !c.is_some_and(|c| c.is_digit(base)) {
                return self.fail("invalid char escape");
            }
            c = self.next();
        }
        Ok(c)
    }

    /// A string in backticks; two backticks inside stand for one.
    fn raw_string(&mut self) -> Fallible<()> {
        let mut content = Vec::new();
        loop {
            match self.next() {
                None => return self.fail("literal not terminated"),
                Some('`') if self.peek() == Some('`') => {
                    self.next();
                    content.push(b'`');
                }
                Some('`') => break,
                Some(c) => content.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.emit_bytes(TokenKind::String, content);
        Ok(())
    }
}
