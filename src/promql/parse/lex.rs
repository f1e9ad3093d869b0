//! Query text to tokens.
//!
//! Enters: query text. Leaves: its tokens, closed by an end or by the reason why the rest cannot be read.
//! It deliberately reports no error itself: Prometheus reads lazily, so an error of syntax before it comes first.

use pest::Parser as _;
use pest::iterators::Pair;

use super::super::ast::QuerySpan;
use super::grammar::{Grammar, Rule};
use super::quote;
use super::token::{Keyword, Kind, Token, named, symbol, word};

/// The tokens of a query. The last is an end or an error, and no other is.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    if let Ok(mut pairs) = Grammar::parse(Rule::query, text) {
        for pair in pairs.next().into_iter().flat_map(Pair::into_inner) {
            if lexer.take(&pair).is_none() {
                return lexer.tokens;
            }
        }
    }
    // The grammar takes any text and closes it by itself; this holds should it ever not.
    lexer.fail(text.len(), "unexpected end of input".to_owned());
    lexer.tokens
}

/// What Prometheus' lexer remembers between tokens.
struct Lexer<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// Parentheses open, in brackets or not.
    parens: usize,
    /// A colon stands in the bracket that is open.
    colon: bool,
    /// A number or duration has stood first in a bracket of this query. Prometheus does not forget it.
    amount: bool,
    in_bracket: bool,
    in_brace: bool,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str) -> Self {
        let tokens = Vec::new();
        Lexer { text, tokens, parens: 0, colon: false, amount: false, in_bracket: false, in_brace: false }
    }

    /// Takes one token; `None` ends the reading.
    fn take(&mut self, pair: &Pair<'t, Rule>) -> Option<()> {
        let (text, at) = (pair.as_str(), pair.as_span().start());
        let kind = match pair.as_rule() {
            Rule::left_paren => {
                self.parens += 1;
                Kind::LeftParen
            }
            Rule::right_paren => return self.right_paren(at),
            Rule::left_brace => {
                self.in_brace = true;
                Kind::LeftBrace
            }
            Rule::right_brace => {
                self.in_brace = false;
                Kind::RightBrace
            }
            Rule::left_bracket => {
                (self.in_bracket, self.colon) = (true, false);
                Kind::LeftBracket
            }
            Rule::right_bracket => {
                self.in_bracket = false;
                Kind::RightBracket
            }
            Rule::early_colon | Rule::colon => return self.colon(at, pair.as_rule() == Rule::early_colon),
            Rule::word => self.word(text, at),
            Rule::label => Kind::Identifier,
            Rule::duration_word => named(&text.to_ascii_lowercase()).map_or(Kind::Identifier, Kind::Named),
            Rule::symbol | Rule::duration_symbol | Rule::match_symbol => symbol(text)?,
            Rule::number | Rule::duration => {
                self.amount |= self.in_bracket;
                if pair.as_rule() == Rule::number { Kind::Number } else { Kind::Duration }
            }
            Rule::quoted => Kind::String,
            Rule::EOI => return self.end(at),
            Rule::bad_brace => return self.fail(at, bad_brace(text)),
            Rule::bad_duration => return self.fail(at, bad_duration(text)),
            Rule::bad_range if text.is_empty() => return self.end(at),
            Rule::bad_range => return self.fail(at, bad_statement(text, true, self.colon)),
            _ => return self.fail(at, bad_statement(text, false, false)),
        };
        self.push(kind, at, text.len());
        Some(())
    }

    fn push(&mut self, kind: Kind, at: usize, len: usize) {
        let span = QuerySpan { start: offset(at), end: offset(at + len) };
        self.tokens.push(Token { kind, span });
    }

    fn fail(&mut self, at: usize, message: String) -> Option<()> {
        self.push(Kind::Error(message), at, self.text.len().saturating_sub(at));
        None
    }

    fn right_paren(&mut self, at: usize) -> Option<()> {
        let Some(parens) = self.parens.checked_sub(1) else {
            return self.fail(at + 1, "unexpected right parenthesis ')'".to_owned());
        };
        self.parens = parens;
        self.push(Kind::RightParen, at, 1);
        Some(())
    }

    fn colon(&mut self, at: usize, early: bool) -> Option<()> {
        if early && !self.amount {
            return self.fail(at + 1, "unexpected colon before duration in duration expression".to_owned());
        }
        if self.colon {
            if early {
                return self.fail(at + 1, "unexpected repeated colon in duration expression".to_owned());
            }
            return self.fail(at, "unexpected colon ':'".to_owned());
        }
        self.colon = true;
        self.push(Kind::Colon, at, 1);
        Some(())
    }

    /// `fill` and its like are keywords only before a parenthesis, so that metrics of that name keep working.
    fn word(&self, text: &str, at: usize) -> Kind {
        let kind = word(text);
        let fills = matches!(kind, Kind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight));
        let rest = self.text.get(at + text.len()..).unwrap_or_default();
        if fills && !rest.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('(') {
            return Kind::Identifier;
        }
        kind
    }

    fn end(&mut self, at: usize) -> Option<()> {
        if self.in_brace {
            return self.fail(at, "unexpected end of input inside braces".to_owned());
        }
        if self.parens > 0 {
            return self.fail(at, "unclosed left parenthesis".to_owned());
        }
        if self.in_bracket {
            return self.fail(at, "unclosed left bracket".to_owned());
        }
        self.push(Kind::End, at, 0);
        None
    }
}

/// Byte offsets fit, since longer queries are refused before they are read.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Why `rest` cannot be read outside of braces; Source: Prometheus v3.15.1, promql/parser/lex.go, lexStatements.
fn bad_statement(rest: &str, in_bracket: bool, colon: bool) -> String {
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        return "unexpected end of input".to_owned();
    };
    let second = chars.next();
    match first {
        '=' => format!("unexpected character after '=': {}", quoted(second)),
        '!' => format!("unexpected character after '!': {}", quoted(second)),
        '"' | '\'' | '`' => bad_string(rest),
        '0'..='9' => bad_number(rest),
        '.' if second.is_some_and(|c| c.is_ascii_digit()) => bad_number(rest),
        '[' => "unexpected left bracket '['".to_owned(),
        ']' => "unexpected right bracket ']'".to_owned(),
        ':' if colon => "unexpected colon ':'".to_owned(),
        'a'..='z' | 'A'..='Z' | '_' if in_bracket => {
            format!("unexpected character: {}, expected ':'", quote::char(first))
        }
        _ => format!("unexpected character: {}", quote::char(first)),
    }
}

/// Why `rest` cannot be read in braces; Source: Prometheus v3.15.1, promql/parser/lex.go, lexInsideBraces.
fn bad_brace(rest: &str) -> String {
    let mut chars = rest.chars();
    match chars.next() {
        None => "unexpected end of input inside braces".to_owned(),
        Some('"' | '\'' | '`') => bad_string(rest),
        Some('{') => "unexpected left brace '{'".to_owned(),
        Some('!') => format!("unexpected character after '!' inside braces: {}", quoted(chars.next())),
        Some(other) => format!("unexpected character inside braces: {}", quote::char(other)),
    }
}

/// Why `rest` cannot be read in brackets; Source: Prometheus v3.15.1, promql/parser/lex.go, lexDurationExpr.
fn bad_duration(rest: &str) -> String {
    let mut chars = rest.chars();
    match chars.next() {
        None => "unexpected end of input in duration expression".to_owned(),
        Some('0'..='9') => bad_number(rest),
        Some('.') if chars.next().is_some_and(|c| c.is_ascii_digit()) => bad_number(rest),
        Some(other) => format!("unexpected character in duration expression: {}", quote::char(other)),
    }
}

fn bad_number(rest: &str) -> String {
    let read = Grammar::parse(Rule::bad_number, rest).map_or(rest, |pairs| pairs.as_str());
    format!("bad number or duration syntax: {}", quote::string(read))
}

fn quoted(c: Option<char>) -> String {
    quote::char(c.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// Why the string at the start of `rest` cannot be read; Source: Prometheus v3.15.1, promql/parser/lex.go, lexEscape.
fn bad_string(rest: &str) -> String {
    let mut chars = rest.chars();
    let quote_mark = chars.next();
    let raw = quote_mark == Some('`');
    loop {
        match chars.next() {
            Some(char::REPLACEMENT_CHARACTER) => return "invalid UTF-8 rune".to_owned(),
            Some('\\') if !raw => {
                if let Err(reason) = escape(&mut chars, quote_mark) {
                    return reason;
                }
            }
            None if raw => return "unterminated raw string".to_owned(),
            Some('\n') if !raw => return "unterminated quoted string".to_owned(),
            None => return "unterminated quoted string".to_owned(),
            Some(_) => {}
        }
    }
}

fn escape(chars: &mut std::str::Chars<'_>, quote_mark: Option<char>) -> Result<(), String> {
    let first = chars.next();
    let (digits, radix) = match first {
        Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
        Some('0'..='7') => (3, 8),
        Some('x') => (2, 16),
        Some('u') => (4, 16),
        Some('U') => (8, 16),
        None => return Err("escape sequence not terminated".to_owned()),
        mark if mark == quote_mark => return Ok(()),
        Some(other) => return Err(format!("unknown escape sequence {}", quote::code_point(other))),
    };
    let mut value = 0_u32;
    let mut next = if radix == 8 { first } else { chars.next() };
    for left in (0..digits).rev() {
        let Some(c) = next else {
            return Err("escape sequence not terminated".to_owned());
        };
        let Some(digit) = c.to_digit(radix) else {
            return Err(format!("illegal character {} in escape sequence", quote::code_point(c)));
        };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        if left > 0 {
            next = chars.next();
        }
    }
    let valid = if radix == 8 || digits == 2 { value <= 255 } else { char::from_u32(value).is_some() };
    if valid { Ok(()) } else { Err("escape sequence is an invalid Unicode code point".to_owned()) }
}
