//! Numbers, durations and strings.
//!
//! Enters: the text of a token. Leaves: its value, or Prometheus' reason against it.
//! It deliberately does not know where the token stands.

use super::quote;

/// The units of durations, from long to short, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

const RESERVED: &str = "U+10FF80 to U+10FFFF are reserved";

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The value of a number literal.
///
/// Integers may be octal (`010`) or hexadecimal, everything may have underscores between digits.
///
/// Source: Prometheus v3.15.1, promql/parser/parse.go, number; Go, strconv.ParseInt and strconv.ParseFloat.
pub fn number(text: &str) -> Result<f64, String> {
    let failure = |reason: &str| {
        Err(format!("error parsing number: strconv.ParseFloat: parsing {}: {reason}", quote::string(text)))
    };
    if text.contains('_') && !underscores_separate_digits(text) {
        return failure("invalid syntax");
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(integer) = integer(&digits) {
        return Ok(integer as f64);
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_infinite() && !text.eq_ignore_ascii_case("inf") => {
            failure("value out of range")
        }
        Ok(value) => Ok(value),
        Err(_) => failure("invalid syntax"),
    }
}

/// The integer, if it is one of 64 bits in the base that its prefix says.
fn integer(digits: &str) -> Option<i64> {
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return i64::from_str_radix(hexadecimal, 16).ok();
    }
    match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8).ok(),
        _ => digits.parse().ok(),
    }
}

/// Whether each underscore stands between digits; the prefix of a base counts as one.
fn underscores_separate_digits(text: &str) -> bool {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut before = if hexadecimal { '0' } else { '!' };
    for c in text.chars().skip(if hexadecimal { 2 } else { 0 }) {
        if c.is_ascii_digit() || (hexadecimal && c.is_ascii_hexdigit()) {
            before = '0';
        } else if c == '_' && before == '0' {
            before = '_';
        } else if c == '_' || before == '_' {
            return false;
        } else {
            before = '!';
        }
    }
    before != '_'
}

/// The seconds of a duration literal such as `1h30m`.
///
/// Source: Prometheus common v0.71.0, model/time.go, ParseDuration.
pub fn duration(text: &str) -> Result<f64, String> {
    let invalid = || format!("not a valid duration string: {}", quote::string(text));
    let mut nanos = 0_u64;
    let mut rest = text;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let (count, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
        let count: u64 = count.parse().map_err(|_| invalid())?;
        if unit.is_empty() {
            return Err(invalid());
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            return Err(format!("unknown unit {} in duration {}", quote::string(unit), quote::string(text)));
        }
        let Some(place) = units.iter().position(|(name, _)| *name == unit) else {
            return Err(invalid());
        };
        let millis = units.get(place).map_or(1, |(_, millis)| *millis);
        units = units.get(place + 1..).unwrap_or_default();
        nanos = millis
            .checked_mul(NANOS_PER_MILLI)
            .and_then(|unit| count.checked_mul(unit))
            .and_then(|more| nanos.checked_add(more))
            .filter(|sum| i64::try_from(*sum).is_ok())
            .ok_or_else(|| "duration out of range".to_owned())?;
        rest = tail;
    }
    Ok((nanos / 1_000_000_000) as f64 + (nanos % 1_000_000_000) as f64 / 1e9)
}

/// The text of a string literal, quotes and escapes taken away.
///
/// Bytes that escapes make and that are not UTF-8 are kept as [`quote::raw`] has it, since Prometheus' strings are
/// bytes. The code points that stand for them are refused where they are written themselves.
///
/// Source: Prometheus v3.15.1, util/strutil/quote.go, Unquote.
pub fn string(text: &str) -> Result<String, String> {
    let failure = |reason: &str| Err(format!("error unquoting string {}: {reason}", quote::string(text)));
    let mut chars = text.chars();
    let (Some(mark), Some(_)) = (chars.next(), chars.next_back()) else {
        return failure("invalid syntax");
    };
    if text.chars().any(|c| quote::raw_byte(c).is_some()) {
        return failure(RESERVED);
    }
    if mark == '`' || !text.contains('\\') {
        return Ok(chars.collect());
    }
    let mut bytes = Vec::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { unescape(&mut chars) } else { Some(Unescaped::Char(c)) };
        match escaped {
            Some(Unescaped::Char(c)) if quote::raw_byte(c).is_some() => return failure(RESERVED),
            Some(Unescaped::Byte(byte)) => bytes.push(byte),
            Some(Unescaped::Char(c)) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => return failure("invalid syntax"),
        }
    }
    let mut string = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        string.push_str(chunk.valid());
        string.extend(chunk.invalid().iter().filter_map(|byte| quote::raw(*byte)));
    }
    Ok(string)
}

enum Unescaped {
    Byte(u8),
    Char(char),
}

/// What an escape stands for, after its backslash.
fn unescape(chars: &mut std::str::Chars<'_>) -> Option<Unescaped> {
    let byte = match chars.next()? {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        'x' => u8::try_from(digits(chars, 0, 2, 16)?).ok()?,
        first @ '0'..='7' => u8::try_from(digits(chars, first.to_digit(8)?, 2, 8)?).ok()?,
        'u' => return char::from_u32(digits(chars, 0, 4, 16)?).map(Unescaped::Char),
        'U' => return char::from_u32(digits(chars, 0, 8, 16)?).map(Unescaped::Char),
        other @ ('\\' | '\'' | '"') => return Some(Unescaped::Char(other)),
        _ => return None,
    };
    Some(Unescaped::Byte(byte))
}

fn digits(chars: &mut std::str::Chars<'_>, first: u32, count: usize, radix: u32) -> Option<u32> {
    (0..count)
        .try_fold(first, |value, _| value.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_form() {
        for (text, value) in [
            ("1", 1.0),
            ("010", 8.0),
            ("09", 9.0),
            ("0x1F", 31.0),
            ("0X_1f", 31.0),
            ("1_000.5", 1000.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
            ("Inf", f64::INFINITY),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        assert!(number("NaN").is_ok_and(f64::is_nan));
        assert!(number("1e999").is_err_and(|e| e.ends_with("value out of range")));
        assert!(number("1_.5").is_err_and(|e| e.ends_with("invalid syntax")));
        assert!(number("0xFFFFFFFFFFFFFFFFF").is_err());
    }

    #[test]
    fn durations_go_from_long_units_to_short() {
        assert_eq!(duration("1h30m"), Ok(5400.0));
        assert_eq!(duration("1y2w3d4h5m6s7ms"), Ok(33_019_506.007));
        assert_eq!(duration("5m1h"), Err("not a valid duration string: \"5m1h\"".to_owned()));
        assert_eq!(duration("5hs"), Err("unknown unit \"hs\" in duration \"5hs\"".to_owned()));
        assert_eq!(duration("300y"), Err("duration out of range".to_owned()));
    }

    #[test]
    fn strings_lose_quotes_and_escapes() {
        assert_eq!(string(r#""a\"b\n""#), Ok("a\"b\n".to_owned()));
        assert_eq!(string(r"'\''"), Ok("'".to_owned()));
        assert_eq!(string(r"`\n`"), Ok(r"\n".to_owned()));
        assert_eq!(string(r#""\xc3\xa9\u00e9\U0001F600\101""#), Ok("éé\u{1f600}A".to_owned()));
        assert_eq!(string(r#""a\xff\377""#), Ok("a\u{10ffff}\u{10ffff}".to_owned()));
        assert!(string(r#""\U0010ff80""#).is_err());
        assert!(string("\"\u{10ff80}\"").is_err());
    }
}
