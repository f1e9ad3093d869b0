//! Numbers and strings as Go writes and reads them.
//!
//! Enters: numbers and strings. Leaves: text as Go writes and reads it.
//! It deliberately knows nothing of conditions.
//! Source: Go 1.26, strconv and fmt.

use std::fmt::Write as _;

/// A string as Go's `%q` writes it.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{b}' => out.push_str("\\v"),
                c if c.is_ascii_control() => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                    let _ = write!(out, "\\u{:04x}", c as u32);
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    out
}

/// Powers of ten from here on are written with an exponent.
const GENERAL: i32 = 6;

/// A float as Go's `%v` writes it.
pub(super) fn float(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific(x);
    if x != 0.0 && !(-4..GENERAL).contains(&exponent) {
        return exponent_form(&mantissa, exponent);
    }
    format!("{x}")
}

/// The shortest digits of a finite number and their power of ten.
fn scientific(x: f64) -> (String, i32) {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

fn exponent_form(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A finite float as Go's encoding/json writes it.
pub(super) fn json_float(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let (mantissa, exponent) = scientific(x);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{}", exponent.abs());
    }
    format!("{x}")
}

/// Go's `strconv.ParseInt`; `base` 0 reads the prefixes `0x`, `0o` and `0b`.
/// The error is Go's text.
pub(super) fn parse_int(text: &str, base: u32, function: &str) -> Result<i64, String> {
    let fail = |why: &str| format!("strconv.{function}: parsing {}: {why}", quote(text.as_bytes()));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    let (radix, digits) = if base == 0 {
        match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => (16, digits.get(2..).unwrap_or_default()),
            Some("0o") => (8, digits.get(2..).unwrap_or_default()),
            Some("0b") => (2, digits.get(2..).unwrap_or_default()),
            _ => (10, digits),
        }
    } else {
        (base, digits)
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(fail("invalid syntax"));
    }
    let mut value: i128 = 0;
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        value = value * i128::from(radix) + i128::from(digit);
        if value > 1 << 65 {
            break;
        }
    }
    let value = if negative { -value } else { value };
    i64::try_from(value).map_err(|_| fail("value out of range"))
}

/// Go's `strconv.ParseFloat` for 64 bits. The error is Go's text.
pub(super) fn parse_float(text: &str) -> Result<f64, String> {
    let fail = |why: &str| format!("strconv.ParseFloat: parsing {}: {why}", quote(text.as_bytes()));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let named = ["inf", "infinity", "nan"].iter().any(|n| unsigned.eq_ignore_ascii_case(n));
    // Go reads `nan` without a sign only.
    if named && unsigned.eq_ignore_ascii_case("nan") && unsigned.len() != text.len() {
        return Err(fail("invalid syntax"));
    }
    let value: f64 = text.parse().map_err(|_| fail("invalid syntax"))?;
    if value.is_infinite() && !named {
        return Err(fail("value out of range"));
    }
    Ok(value)
}

/// Go's conversion of a float to an `int` on amd64: what does not fit is the smallest number.
pub(super) fn float_to_int(x: f64) -> i64 {
    if x.is_nan() || !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) {
        return i64::MIN;
    }
    x as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let cases = [
            (0.97, "0.97"),
            (1e21, "1e+21"),
            (1_234_567.0, "1.234567e+06"),
            (-0.0, "-0"),
            (1e-5, "1e-05"),
            (-0.030_000_000_000_000_027, "-0.030000000000000027"),
            (f64::INFINITY, "+Inf"),
        ];
        for (x, text) in cases {
            assert_eq!(float(x), text);
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        assert_eq!(parse_int("0xFF", 0, "ParseInt"), Ok(255));
        let error = parse_int("99999999999999999999", 10, "ParseInt").unwrap_err();
        assert!(error.ends_with("value out of range"), "{error}");
        assert!(parse_int("", 10, "ParseInt").is_err());
        assert!(parse_float("1e400").is_err());
        assert!(parse_float("+Inf").is_ok_and(f64::is_infinite));
        assert_eq!(float_to_int(f64::NAN), i64::MIN);
    }
}
