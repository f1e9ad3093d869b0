//! The content of a quoted literal: quotes and escapes in, bytes out.
//!
//! Enters: the content of a quoted literal. Leaves: its bytes.
//! It deliberately knows nothing of tokens.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, parser/lexer/utils.go.

use super::Dialect;

const BAD: &str = "unable to unescape string";
const BAD_OCTAL: &str = "unable to unescape octal sequence in string";
const BAD_END: &str = "unable to unescape string, found '\\' as last character";

/// Decodes a quoted string, its quotes included.
pub(super) fn unescape(quoted: &str, dialect: Dialect) -> Result<Vec<u8>, &'static str> {
    decode(quoted, false, dialect == Dialect::V1_17_8)
}

/// Decodes a quoted literal of bytes, where `\xff` is one byte rather than a code point.
pub(super) fn unescape_bytes(quoted: &str) -> Result<Vec<u8>, &'static str> {
    decode(quoted, true, false)
}

fn decode(quoted: &str, raw: bool, braces: bool) -> Result<Vec<u8>, &'static str> {
    let normal = quoted.replace("\r\n", "\n").replace('\r', "\n");
    let mut chars = normal.chars();
    let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else {
        return Err(BAD);
    };
    if first != last || !matches!(first, '"' | '\'') {
        return Err(BAD);
    }
    let mut rest = chars.as_str();
    let mut out = Vec::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c != '\\' {
            push(&mut out, c as u32);
            continue;
        }
        let Some(kind) = rest.chars().next() else {
            return Err(BAD_END);
        };
        rest = rest.get(kind.len_utf8()..).unwrap_or_default();
        rest = escape(kind, rest, raw, braces, &mut out)?;
    }
    Ok(out)
}

fn push(out: &mut Vec<u8>, code: u32) {
    // Go encodes surrogates and other invalid code points as U+FFFD.
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape<'s>(
    kind: char,
    rest: &'s str,
    raw: bool,
    braces: bool,
    out: &mut Vec<u8>,
) -> Result<&'s str, &'static str> {
    let simple = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        '\\' | '\'' | '"' | '`' | '?' => kind as u8,
        _ => 0,
    };
    if simple != 0 {
        out.push(simple);
        return Ok(rest);
    }
    let (digits, tail) = match kind {
        'x' | 'X' => split(rest, 2).ok_or(BAD)?,
        'u' if raw => return Err(BAD),
        'u' if braces && rest.starts_with('{') => {
            let (inside, tail) = rest.split_once('}').ok_or(BAD)?;
            (inside.get(1..).unwrap_or_default(), tail)
        }
        'u' => split(rest, 4).ok_or(BAD)?,
        'U' if !raw => split(rest, 8).ok_or(BAD)?,
        '0'..='3' => {
            let (two, tail) = split(rest, 2).ok_or(BAD_OCTAL)?;
            let code = u32::from_str_radix(&format!("{kind}{two}"), 8).map_err(|_| BAD_OCTAL)?;
            push_code(out, code, raw);
            return Ok(tail);
        }
        _ => return Err(BAD),
    };
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BAD);
    }
    let code = u32::from_str_radix(digits, 16).map_err(|_| BAD)?;
    if code > 0x0010_FFFF && code < 0x8000_0000 {
        return Err(BAD);
    }
    push_code(out, code, raw);
    Ok(tail)
}

fn push_code(out: &mut Vec<u8>, code: u32, raw: bool) {
    if raw {
        out.push(code as u8);
    } else {
        push(out, code);
    }
}

fn split(text: &str, count: usize) -> Option<(&str, &str)> {
    Some((text.get(..count)?, text.get(count..)?))
}
