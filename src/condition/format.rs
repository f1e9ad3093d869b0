//! Values as Go's fmt and encoding/json write them.
//!
//! Enters: values. Leaves: text.
//! It deliberately knows nothing of conditions.
//! Source: Go 1.26, fmt (`%v`), time and encoding/json.

use super::gotext::{float, json_float};
use super::val::Val;

/// Longest text written, in bytes.
pub(super) const MAX_TEXT: usize = 8 << 20;

/// Appends a value as `%v` writes it; false when the text grew past the limit.
pub(super) fn write_value(val: &Val, out: &mut Vec<u8>) -> bool {
    match val {
        Val::Nil => out.extend_from_slice(b"<nil>"),
        Val::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Val::Int(i) | Val::Int64(i) => out.extend_from_slice(i.to_string().as_bytes()),
        Val::Uint8(b) => out.extend_from_slice(b.to_string().as_bytes()),
        Val::Float(x) => out.extend_from_slice(float(*x).as_bytes()),
        Val::Str(s) => out.extend_from_slice(s),
        Val::Func(_) => out.extend_from_slice(b"0x0"),
        Val::Time(t) => out.extend_from_slice(time(*t, false).as_bytes()),
        Val::Duration(d) => out.extend_from_slice(duration(*d).as_bytes()),
        Val::Table(_) | Val::Map(_) => {
            out.extend_from_slice(b"map[");
            for (index, (key, value)) in val.entries().iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                let written = write_value(key, out);
                out.push(b':');
                if !written || !write_value(value, out) {
                    return false;
                }
            }
            out.push(b']');
        }
        list => {
            out.push(b'[');
            for (index, item) in list.items().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                if !write_value(&item, out) {
                    return false;
                }
            }
            out.push(b']');
        }
    }
    out.len() <= MAX_TEXT
}

/// A duration in nanoseconds as Go prints it, such as `1h0m0s` or `1.5ms`.
pub(super) fn duration(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let part = |unit: u64, name: &str| {
        let digits = unit.ilog10() as usize;
        let rest = size % unit;
        let whole = size / unit;
        if rest == 0 {
            return format!("{sign}{whole}{name}");
        }
        let text = format!("{rest:0digits$}");
        format!("{sign}{whole}.{}{name}", text.trim_end_matches('0'))
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => part(1_000, "µs"),
        1_000_000..1_000_000_000 => part(1_000_000, "ms"),
        _ => {
            let seconds = size / 1_000_000_000;
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let tail = {
                let rest = size % 60_000_000_000;
                let text = format!("{:09}", rest % 1_000_000_000);
                let fraction = text.trim_end_matches('0');
                let dot = if fraction.is_empty() { "" } else { "." };
                format!("{}{dot}{fraction}s", rest / 1_000_000_000)
            };
            match (hours, minutes) {
                (0, 0) => format!("{sign}{tail}"),
                (0, m) => format!("{sign}{m}m{tail}"),
                (h, m) => format!("{sign}{h}h{m}m{tail}"),
            }
        }
    }
}

/// A moment in UTC, as Go prints it or, for JSON, in RFC 3339.
pub(super) fn time(nanos: i64, json: bool) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let fraction = format!("{:09}", nanos.rem_euclid(1_000_000_000));
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let (between, zone) = if json { ("T", "Z") } else { (" ", " +0000 UTC") };
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{h:02}:{m:02}:{s:02}{dot}{fraction}{zone}")
}

/// The date of a day counted from 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day of a date, counted from 1970.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Writes a value as `json.MarshalIndent` with two blanks does. The error is Go's text.
pub(super) fn write_json(val: &Val, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
    if out.len() > MAX_TEXT {
        return Err("memory budget exceeded".to_owned());
    }
    let newline = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    match val {
        Val::Nil | Val::NilList => out.extend_from_slice(b"null"),
        Val::Bool(_) | Val::Int(_) | Val::Int64(_) | Val::Uint8(_) => {
            write_value(val, out);
        }
        Val::Duration(d) => out.extend_from_slice(d.to_string().as_bytes()),
        Val::Time(t) => out.extend_from_slice(format!("\"{}\"", time(*t, true)).as_bytes()),
        Val::Float(x) if x.is_finite() => out.extend_from_slice(json_float(*x).as_bytes()),
        Val::Float(x) => return Err(format!("json: unsupported value: {}", float(*x))),
        Val::Str(s) => write_json_string(&String::from_utf8_lossy(s), out),
        Val::Table(_) => write_json_map(val, depth, out)?,
        Val::Map(map) if map.kind == super::val::MapKind::Text => {
            write_json_map(val, depth, out)?;
        }
        Val::Map(_) | Val::Func(_) => {
            return Err(format!("json: unsupported type: {}", val.type_name()));
        }
        list => {
            out.push(b'[');
            let count = list.list_len().unwrap_or(0);
            for (index, item) in list.items().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                newline(out, depth + 1);
                write_json(&item, depth + 1, out)?;
            }
            if count > 0 {
                newline(out, depth);
            }
            out.push(b']');
        }
    }
    Ok(())
}

fn write_json_map(val: &Val, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let entries = val.entries();
    out.push(b'{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', (depth + 1) * 2));
        write_json(key, depth + 1, out)?;
        out.extend_from_slice(b": ");
        write_json(value, depth + 1, out)?;
    }
    if !entries.is_empty() {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    }
    out.push(b'}');
    Ok(())
}

fn write_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        let escape = match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            '\u{8}' => "\\b".to_owned(),
            '\u{c}' => "\\f".to_owned(),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", c as u32),
            c if (c as u32) < 0x20 => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        };
        out.extend_from_slice(escape.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_moments_are_written_as_go_writes_them() {
        assert_eq!(duration(3_600_000_000_000), "1h0m0s");
        assert_eq!(duration(1_500_000), "1.5ms");
        assert_eq!(duration(-90_500_000_000), "-1m30.5s");
        assert_eq!(time(0, true), "1970-01-01T00:00:00Z");
        assert_eq!(days(2026, 11, 24), 20_781);
        assert_eq!(civil(20_781), (2026, 11, 24));
    }
}
