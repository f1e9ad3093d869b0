//! Durations as Go writes them.
//!
//! Enters: texts. Leaves: nanoseconds, or Go's error.
//! It deliberately knows no field. Source: Go 1.24, time/format.go, `ParseDuration`.

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// Nanoseconds of a duration.
///
/// # Errors
/// Go's own words.
pub fn parse(text: &str) -> Result<i64, String> {
    let wrong = |what: &str| format!("time: {what} duration {}", quoted(text));
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong("invalid"));
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (whole, behind) = split(rest, |c| c.is_ascii_digit());
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => split(behind, |c| c.is_ascii_digit()),
            None => ("", behind),
        };
        let number = scaled(whole, fraction).ok_or_else(|| wrong("invalid"))?;
        let (name, behind) = split(behind, |c| !c.is_ascii_digit() && c != '.');
        if name.is_empty() {
            return Err(wrong("missing unit in"));
        }
        let unit = unit(name).ok_or_else(|| wrong(&format!("unknown unit {} in", quoted(name))))?;
        total += number.0 * unit + number.1 * unit / number.2;
        if total > 1 << 63 {
            return Err(wrong("invalid"));
        }
        rest = behind;
    }
    i64::try_from(sign * total).map_err(|_| wrong("invalid"))
}

fn split(text: &str, within: impl Fn(char) -> bool) -> (&str, &str) {
    let at = text.find(|c| !within(c)).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn unit(name: &str) -> Option<i128> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return None,
    })
}

/// A decimal number: what is before the point, what is behind it, and of how many parts.
fn scaled(whole: &str, fraction: &str) -> Option<(i128, i128, i128)> {
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let before: i128 = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.into() };
    let digits: String = fraction.chars().take(18).collect();
    let parts = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let behind: i128 = if digits.is_empty() { 0 } else { digits.parse::<i64>().ok()?.into() };
    Some((before, behind, parts))
}

/// As the error quotes a text: bytes beyond ASCII by their numbers.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' | 0x7f => out.push(char::from(byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("1h2m3.5s", 3_723_500_000_000),
            ("0", 0),
            ("-0", 0),
            ("-1.5m", -90_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("100ms", 100_000_000),
            ("3\u{b5}s", 3_000),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn errors_are_go_s() {
        for (text, error) in [
            ("5", "time: missing unit in duration \"5\""),
            ("1s5", "time: missing unit in duration \"1s5\""),
            ("1.5.s", "time: missing unit in duration \"1.5.s\""),
            ("", "time: invalid duration \"\""),
            ("-", "time: invalid duration \"-\""),
            (".s", "time: invalid duration \".s\""),
            ("soon", "time: invalid duration \"soon\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("1 s", "time: unknown unit \" s\" in duration \"1 s\""),
            ("1\u{e4}", "time: unknown unit \"\\xc3\\xa4\" in duration \"1\\xc3\\xa4\""),
            ("9999999999999h", "time: invalid duration \"9999999999999h\""),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }
}
