//! Strings and numbers as Go writes them.
//!
//! Enters: text or a number. Leaves: the text in quotes with Go's escapes, the number with an exponent where Go has one.
//! It deliberately does not know what they mean.

use std::fmt::Write as _;

/// The number as Go's `%v` writes it: shortest, with an exponent from a million on and below 1e-4.
///
/// Source: Go, strconv.FormatFloat with the format `g`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if size == 0.0 || (1e-4..1e6).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The code point that stands for a byte which is not UTF-8: U+10FF80 to U+10FFFF, the last of the private ones.
///
/// Go's strings are bytes, and escapes such as `\xff` make bytes that no text has. No label has them either.
pub fn raw(byte: u8) -> Option<char> {
    if byte.is_ascii() { None } else { char::from_u32(RAW + u32::from(byte)) }
}

/// The byte that a code point stands for, if it does.
pub fn raw_byte(c: char) -> Option<u8> {
    u32::from(c).checked_sub(RAW).and_then(|byte| u8::try_from(byte).ok()).filter(|byte| !byte.is_ascii())
}

const RAW: u32 = 0x10_ff00;

/// The text in double quotes.
///
/// Source: Go, strconv.Quote.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        escape(&mut out, c, '"');
    }
    out.push('"');
    out
}

/// The character in single quotes.
///
/// Source: Go, strconv.QuoteRune.
pub(super) fn char(c: char) -> String {
    let mut out = String::from('\'');
    escape(&mut out, c, '\'');
    out.push('\'');
    out
}

/// The code point as `%#U` writes it: `U+002E '.'`.
pub(super) fn code_point(c: char) -> String {
    let number = u32::from(c);
    if is_print(c) { format!("U+{number:04X} '{c}'") } else { format!("U+{number:04X}") }
}

fn escape(out: &mut String, c: char, quote: char) {
    match c {
        _ if c == quote || c == '\\' => out.extend(['\\', c]),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ if raw_byte(c).is_some() => {
            // Writing to a string does not fail.
            let _ = write!(out, "\\x{:02x}", u32::from(c) - RAW);
        }
        _ if is_print(c) => out.push(c),
        _ => {
            let number = u32::from(c);
            // Writing to a string does not fail.
            let _ = match number {
                0..=0x1f | 0x7f => write!(out, "\\x{number:02x}"),
                0x20..=0xffff => write!(out, "\\u{number:04x}"),
                _ => write!(out, "\\U{number:08x}"),
            };
        }
    }
}

/// Whether Go calls the character printable: letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    // The standard library has the table but only shows it through its escapes; after another character it does not
    // escape combining marks, which is what Go does everywhere.
    let mut pair = String::from('a');
    pair.push(c);
    pair.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(string("a\"b\\c\n\t"), r#""a\"b\\c\n\t""#);
        assert_eq!(string("\u{0}\u{7f}\u{80}\u{ad}é日\u{301}"), r#""\x00\x7f\u0080\u00adé日́""#);
        assert_eq!(string("\u{a0}\u{e000}\u{1f600}\u{10fffe}"), "\"\\u00a0\\ue000\u{1f600}\\xfe\"");
        assert_eq!(char('\''), r"'\''");
        assert_eq!(char('"'), "'\"'");
        assert_eq!(code_point('.'), "U+002E '.'");
    }
}
