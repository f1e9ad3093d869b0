//! Builtins on text, JSON, Base64 and time.
//!
//! Enters: a builtin's name and its evaluated arguments. Leaves: its value, or the engine's panic.
//! It deliberately knows no clock; `now()` is given to it.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, builtin/builtin.go.

use std::collections::BTreeMap;

use super::builtin::Builtin;
use super::error::{Fallible, fault};
use super::format::{days, write_json, write_value};
use super::gotext::quote;
use super::machine::{Machine, conversion};
use super::operate::{find_bytes, to_int};
use super::val::{Key, MapKind, Shared, Val, go_int};

impl<'a> Machine<'a> {
    pub(super) fn text_builtin(&mut self, builtin: Builtin, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        use Builtin as B;
        let first = args.first().unwrap_or(&Val::Nil);
        match builtin {
            B::Type => Ok(Val::text(kind_of(first))),
            B::String => {
                let mut out = Vec::new();
                if !write_value(first, &mut out) {
                    return Err(fault("memory budget exceeded"));
                }
                self.made(out)
            }
            B::ToJson => {
                let mut out = Vec::new();
                write_json(first, 0, &mut out).map_err(fault)?;
                self.made(out)
            }
            B::Now => Ok(Val::Time(self.now)),
            B::Join => self.join(args),
            B::Timezone => Err(fault("timezones are not supported here")),
            _ => {
                let texts = Texts { args };
                self.on_texts(builtin, &texts)
            }
        }
    }

    /// A new string, counted against what one evaluation may copy.
    fn made(&mut self, bytes: Vec<u8>) -> Fallible<Val<'a>> {
        self.copy(bytes.len())?;
        self.step(bytes.len() / 64)?;
        Ok(Val::Str(bytes.into()))
    }

    fn on_texts(&mut self, builtin: Builtin, texts: &Texts<'_, 'a>) -> Fallible<Val<'a>> {
        use Builtin as B;
        let text = texts.at(0)?;
        self.step(text.len() / 64)?;
        let count = texts.args.len();
        match builtin {
            B::Trim if count == 1 => self.made(text.trim_ascii().to_vec()),
            B::Trim => {
                let cut = String::from_utf8_lossy(texts.at(1)?).into_owned();
                let text = String::from_utf8_lossy(text).into_owned();
                self.made(text.trim_matches(|c| cut.contains(c)).as_bytes().to_vec())
            }
            B::TrimPrefix | B::TrimSuffix => {
                let cut: &[u8] = if count == 2 { texts.at(1)? } else { b" " };
                let left =
                    if builtin == B::TrimPrefix { text.strip_prefix(cut) } else { text.strip_suffix(cut) };
                self.made(left.unwrap_or(text).to_vec())
            }
            B::Upper | B::Lower => self.recase(text, builtin == B::Upper),
            B::Split | B::SplitAfter => self.split(builtin == B::SplitAfter, texts),
            B::Replace => self.replace(texts),
            B::Repeat => self.repeat(texts),
            B::IndexOf | B::LastIndexOf | B::HasPrefix | B::HasSuffix => {
                let part = texts.at(1)?;
                self.step(text.len().saturating_mul(part.len()) / 1024)?;
                Ok(match builtin {
                    B::IndexOf => index(find_bytes(text, part)),
                    B::LastIndexOf if part.is_empty() => Val::Int(go_int(text.len())),
                    B::LastIndexOf => index(text.windows(part.len()).rposition(|w| w == part)),
                    B::HasPrefix => Val::Bool(text.starts_with(part)),
                    _ => Val::Bool(text.ends_with(part)),
                })
            }
            B::FromJson => self.json_text(text),
            B::ToBase64 => self.made(encode(text)),
            B::FromBase64 => {
                let decoded = decode(text).map_err(fault)?;
                self.made(decoded)
            }
            B::Duration => parse_duration(&String::from_utf8_lossy(text)).map(Val::Duration),
            B::Date => parse_date(&String::from_utf8_lossy(text), count),
            _ => Ok(Val::Nil),
        }
    }

    fn recase(&mut self, text: &[u8], upper: bool) -> Fallible<Val<'a>> {
        let mut out = String::new();
        for c in String::from_utf8_lossy(text).chars() {
            // Go maps each character to one character.
            let mut mapped: (Option<char>, Option<char>) = if upper {
                let mut to = c.to_uppercase();
                (to.next(), to.next())
            } else {
                let mut to = c.to_lowercase();
                (to.next(), to.next())
            };
            if mapped.1.is_some() {
                mapped.0 = Some(if c == 'İ' { 'i' } else { c });
            }
            out.extend(mapped.0);
        }
        self.made(out.into_bytes())
    }

    fn split(&mut self, keep: bool, texts: &Texts<'_, 'a>) -> Fallible<Val<'a>> {
        let (text, by) = (texts.at(0)?, texts.at(1)?);
        let most = match texts.args.get(2) {
            Some(most) => to_int(most)?,
            None => -1,
        };
        if most == 0 {
            return Ok(Val::Strs([].into()));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.step(text.len() + text.len().saturating_mul(by.len()) / 1024)?;
        self.copy(text.len() * 24)?;
        let mut parts: Vec<Shared<'a, u8>> = Vec::new();
        let mut rest = text;
        while parts.len() + 1 < most && !(by.is_empty() && rest.is_empty()) {
            let (end, next) = if by.is_empty() {
                let width = first_character(rest);
                if width == rest.len() {
                    break;
                }
                (width, width)
            } else {
                match find_bytes(rest, by) {
                    Some(at) => (if keep { at + by.len() } else { at }, at + by.len()),
                    None => break,
                }
            };
            parts.push(rest.get(..end).unwrap_or_default().to_vec().into());
            rest = rest.get(next..).unwrap_or_default();
        }
        if !(by.is_empty() && text.is_empty()) {
            parts.push(rest.to_vec().into());
        }
        Ok(Val::Strs(parts.into()))
    }

    fn replace(&mut self, texts: &Texts<'_, 'a>) -> Fallible<Val<'a>> {
        let (text, old, new) = (texts.at(0)?, texts.at(1)?, texts.at(2)?);
        let most = match texts.args.get(3) {
            Some(most) => to_int(most)?,
            None => -1,
        };
        let mut left = usize::try_from(most).unwrap_or(usize::MAX);
        self.step(text.len() / 8 + text.len().saturating_mul(old.len()) / 1024)?;
        self.copy(text.len().saturating_add(1).saturating_mul(new.len().saturating_add(1)))?;
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        if old.is_empty() {
            // Nothing is found before every character and at the end.
            while left > 0 {
                out.extend_from_slice(new);
                left -= 1;
                let width = first_character(rest);
                out.extend_from_slice(rest.get(..width).unwrap_or_default());
                let ended = rest.is_empty();
                rest = rest.get(width..).unwrap_or_default();
                if ended {
                    break;
                }
            }
        }
        while left > 0 && !old.is_empty() {
            let Some(at) = find_bytes(rest, old) else { break };
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(new);
            rest = rest.get(at + old.len()..).unwrap_or_default();
            left -= 1;
        }
        out.extend_from_slice(rest);
        self.made(out)
    }

    fn repeat(&mut self, texts: &Texts<'_, 'a>) -> Fallible<Val<'a>> {
        let text = texts.at(0)?;
        let count = to_int(texts.args.get(1).unwrap_or(&Val::Nil))?;
        let Ok(times) = usize::try_from(count) else {
            return Err(fault(if self.modern() {
                format!("invalid argument for repeat (expected positive integer, got {count})")
            } else {
                "strings: negative Repeat count".to_owned()
            }));
        };
        let size = text.len().saturating_mul(times);
        if times > 1_000_000 || size > super::format::MAX_TEXT {
            return Err(fault("memory budget exceeded"));
        }
        if self.modern() {
            self.grow(size)?;
        }
        let out = text.repeat(times);
        self.made(out)
    }

    fn join(&mut self, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let list = args.first().unwrap_or(&Val::Nil);
        let glue: Shared<u8> = match args.get(1) {
            Some(Val::Str(glue)) => glue.clone(),
            Some(other) => return Err(conversion(other, "string")),
            None => Vec::new().into(),
        };
        if !matches!(list, Val::Strs(_) | Val::Anys(_) | Val::Borrowed(_)) {
            let is = list.type_name();
            return Err(fault(format!("invalid argument for join (type {is})")));
        }
        let mut out = Vec::new();
        for (index, item) in list.items().enumerate() {
            let Val::Str(text) = &item else {
                return Err(conversion(&item, "string"));
            };
            self.copy(text.len() + glue.len())?;
            self.step(1)?;
            if index > 0 {
                out.extend_from_slice(&glue);
            }
            out.extend_from_slice(text);
        }
        self.made(out)
    }

    fn json_text(&mut self, text: &[u8]) -> Fallible<Val<'a>> {
        self.step(text.len())?;
        self.copy(text.len() * 16)?;
        match serde_json::from_slice::<serde_json::Value>(text) {
            Ok(json) => self.json(json),
            Err(_) if text.trim_ascii().is_empty() => Err(fault("unexpected end of JSON input")),
            Err(error) if error.is_eof() => Err(fault("unexpected end of JSON input")),
            Err(error) => {
                let at = error.column().saturating_sub(1);
                let c = text.get(at).copied().map_or('?', char::from);
                Err(fault(format!("invalid character '{c}' looking for beginning of value")))
            }
        }
    }

    fn json(&mut self, json: serde_json::Value) -> Fallible<Val<'a>> {
        use serde_json::Value as Json;
        Ok(match json {
            Json::Null => Val::Nil,
            Json::Bool(b) => Val::Bool(b),
            Json::Number(n) => Val::Float(n.as_f64().unwrap_or(f64::NAN)),
            Json::String(s) => Val::Str(s.into_bytes().into()),
            Json::Array(items) => {
                let items: Fallible<Vec<_>> = items.into_iter().map(|i| self.json(i)).collect();
                self.anys(items?)?
            }
            Json::Object(map) => {
                let mut entries = BTreeMap::new();
                for (key, value) in map {
                    let value = self.json(value)?;
                    let bytes = key.into_bytes();
                    entries.insert(Key::Text(bytes.clone()), (Val::Str(bytes.into()), value));
                }
                self.map(MapKind::Text, entries)?
            }
        })
    }
}

/// The arguments of a function on text.
struct Texts<'v, 'a> {
    args: &'v [Val<'a>],
}

impl Texts<'_, '_> {
    fn at(&self, index: usize) -> Fallible<&[u8]> {
        match self.args.get(index).unwrap_or(&Val::Nil) {
            Val::Str(text) => Ok(text),
            other => Err(conversion(other, "string")),
        }
    }
}

fn index<'a>(found: Option<usize>) -> Val<'a> {
    Val::Int(found.map_or(-1, go_int))
}

/// How many bytes the first character takes; a byte that is no character counts as one.
fn first_character(text: &[u8]) -> usize {
    match text.utf8_chunks().next() {
        Some(chunk) => chunk.valid().chars().next().map_or(1, char::len_utf8).min(text.len()),
        None => 0,
    }
}

fn kind_of(val: &Val) -> &'static str {
    match val {
        Val::Nil => "nil",
        Val::Bool(_) => "bool",
        Val::Int(_) | Val::Int64(_) => "int",
        Val::Uint8(_) => "uint",
        Val::Float(_) => "float",
        Val::Str(_) => "string",
        Val::Table(_) | Val::Map(_) => "map",
        Val::Func(_) => "func",
        Val::Time(_) => "time.Time",
        Val::Duration(_) => "time.Duration",
        _ => "array",
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let code = bits >> (18 - 6 * digit) & 63;
            let letter = ALPHABET.get(code as usize).copied().unwrap_or(b'=');
            out.push(if digit as usize > chunk.len() { b'=' } else { letter });
        }
    }
    out
}

fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let fail = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let text: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let quads = text.len().div_ceil(4);
    for (number, quad) in text.chunks(4).enumerate() {
        let padding = quad.iter().rev().take_while(|b| **b == b'=').count();
        let last = number + 1 == quads;
        if quad.len() < 4 || padding > 2 || (padding > 0 && !last) {
            let wrong = quad.iter().position(|b| *b != b'=' && !ALPHABET.contains(b));
            return fail(number * 4 + wrong.unwrap_or(0));
        }
        let mut bits = 0_u32;
        for (at, byte) in quad.iter().enumerate() {
            let digit = match ALPHABET.iter().position(|a| a == byte) {
                Some(digit) => digit as u32,
                None if at >= 4 - padding => 0,
                None => return fail(number * 4 + at),
            };
            bits = bits << 6 | digit;
        }
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend([a, b, c].into_iter().take(3 - padding));
    }
    Ok(out)
}

/// Go's `time.ParseDuration`, in nanoseconds.
fn parse_duration(text: &str) -> Fallible<i64> {
    let invalid = || fault(format!("time: invalid duration {}", quote(text.as_bytes())));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0_f64;
    let mut whole = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end).unwrap_or((tail, ""));
        let (int, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (int.is_empty() && fraction.is_empty()) || fraction.contains('.') || int.len() > 19 {
            return Err(invalid());
        }
        let scale: i64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => {
                let text = quote(text.as_bytes());
                return Err(fault(format!("time: missing unit in duration {text}")));
            }
            other => {
                let (unit, text) = (quote(other.as_bytes()), quote(text.as_bytes()));
                return Err(fault(format!("time: unknown unit {unit} in duration {text}")));
            }
        };
        whole += int.parse::<i128>().unwrap_or(0) * i128::from(scale);
        total += format!("0.{fraction}").parse::<f64>().unwrap_or(0.0) * scale as f64;
        if whole > 1 << 63 {
            return Err(invalid());
        }
        rest = tail;
    }
    let nanos = whole + total as i128;
    i64::try_from(if negative { -nanos } else { nanos }).map_err(|_| invalid())
}

/// The layouts `date` knows by itself, in UTC: a day, a time of day, both, or RFC 3339.
fn parse_date<'a>(text: &str, count: usize) -> Fallible<Val<'a>> {
    if count > 1 {
        return Err(fault("date layouts are not supported here"));
    }
    moment(text).map(Val::Time).ok_or_else(|| fault(format!("invalid date {text}")))
}

fn moment(text: &str) -> Option<i64> {
    let (date, clock) = match text.split_once(['T', ' ']) {
        Some((date, clock)) => (date, clock),
        None if text.contains(':') => ("0000-01-01", text),
        None => (text, "00:00:00"),
    };
    let (clock, offset) = if let Some(clock) = clock.strip_suffix('Z') {
        (clock, 0)
    } else {
        match clock.rfind(['+', '-']) {
            Some(at) => {
                let (h, m) = clock.get(at + 1..)?.split_once(':')?;
                let seconds = two(h)? * 3600 + two(m)? * 60;
                let sign = if clock.get(at..=at)? == "-" { -1 } else { 1 };
                (clock.get(..at)?, sign * seconds)
            }
            None => (clock, 0),
        }
    };
    let mut date = date.split('-');
    let year = date.next().filter(|y| y.len() == 4)?.parse::<i64>().ok()?;
    let (month, day) = (two(date.next()?)?, two(date.next()?)?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.split(':');
    let (h, m, s) = (two(clock.next()?)?, two(clock.next()?)?, two(clock.next()?)?);
    let in_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let plausible = (1..=12).contains(&month)
        && (1..=in_month).contains(&day)
        && h < 24
        && m < 60
        && s < 60
        && date.next().is_none()
        && clock.next().is_none();
    if !plausible {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + h * 3600 + m * 60 + s - offset;
    let nanos = format!("0.{fraction}").parse::<f64>().ok()? * 1e9;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos as i64)
}

fn two(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}
