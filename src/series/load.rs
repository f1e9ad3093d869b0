//! The `load` command of Prometheus' test language.
//!
//! Enters: text such as `load 30s` and below it `up{pod="a"} 1 _ 0+1x5 stale`. Leaves: the series, from time 0 on.
//! It deliberately runs no other command, and reads no native histograms and no start timestamps.
//!
//! Source: Prometheus v3.15.1, promql/promqltest/test.go, parseLoad; promql/parser/generated_parser.y,
//! series_description.

use super::store::Store;
use super::{NAN_BITS, ReadError, STALE_BITS, Series};
use crate::promql::parse::{duration_literal, number_literal, string_literal};

/// Samples that this notation may stand for in all, since a few bytes can stand for any number of them.
const MAX_LOADED: usize = 5_000_000;

/// Whether a line is the command, with its step.
pub(super) fn is_command(line: &[u8]) -> bool {
    let line = std::str::from_utf8(line).unwrap_or_default();
    step(line).is_some_and(|step| duration_literal(step).is_ok() || line.starts_with("load_with_nhcb"))
}

/// The step of a `load` command.
fn step(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("load")?;
    let rest = rest.strip_prefix("_with_nhcb").unwrap_or(rest);
    rest.starts_with([' ', '\t']).then(|| rest.trim())
}

pub(super) fn read(mut store: Store<'_>, text: &str) -> Result<Vec<Series>, ReadError> {
    let mut millis = None;
    let mut block = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let trimmed = line.trim();
        let fault = |message: String| ReadError { line: index + 1, column: None, message };
        if trimmed.is_empty() || trimmed.starts_with('#') {
            millis = None;
            continue;
        }
        let Some(step_millis) = millis else {
            millis = Some(command(trimmed).map_err(fault)?);
            block.clear();
            continue;
        };
        let mut cursor = Cursor { whole: line, rest: line.trim() };
        let place = series(&mut cursor, &mut store, step_millis).map_err(|message| {
            let column = cursor.column();
            ReadError { line: index + 1, column: Some(column), message }
        })?;
        if block.contains(&place) {
            return Err(fault("the series stands twice in one load".to_owned()));
        }
        block.push(place);
    }
    Ok(store.finish())
}

/// The step of the command, in milliseconds.
fn command(line: &str) -> Result<i64, String> {
    if line.starts_with("load_with_nhcb") {
        return Err("native histograms are not supported".to_owned());
    }
    let Some(step) = step(line) else {
        return Err(format!("expected \"load\" and a step, found {line:.40?}"));
    };
    let seconds = duration_literal(step)?;
    let millis = (seconds * 1000.0).round() as i64;
    if millis > 0 { Ok(millis) } else { Err("step must be greater than 0".to_owned()) }
}

/// The place of the series in the store, its samples added.
fn series(cursor: &mut Cursor<'_>, store: &mut Store<'_>, step: i64) -> Result<usize, String> {
    let labels = labels(cursor)?;
    let (place, _) = store.place(labels)?;
    let mut millis = 0_i64;
    while cursor.spaces() && !cursor.rest.is_empty() {
        let item = item(cursor)?;
        let Some(mut value) = item.value else {
            let gap = i64::try_from(item.count).ok().and_then(|count| step.checked_mul(count));
            millis = gap.and_then(|gap| millis.checked_add(gap)).ok_or("time is out of range")?;
            continue;
        };
        if store.samples() + item.count > MAX_LOADED {
            return Err(format!("more than {MAX_LOADED} samples"));
        }
        for _ in 0..item.count {
            store.push(place, millis, value)?;
            millis = millis.checked_add(step).ok_or("time is out of range")?;
            // Added again and again, as Prometheus does it, rounding each time.
            value = item.increment.map_or(value, |increment| value + increment);
        }
    }
    if cursor.rest.is_empty() { Ok(place) } else { Err("expected a space".to_owned()) }
}

/// Values of one item: `value`, `valuexN`, `value+incrementxN`, `_` or `_xN`.
struct Item {
    /// `None` for gaps.
    value: Option<f64>,
    increment: Option<f64>,
    count: usize,
}

fn item(cursor: &mut Cursor<'_>) -> Result<Item, String> {
    if cursor.accept("{{") {
        return Err("native histograms are not supported".to_owned());
    }
    if cursor.accept("_") {
        let count = repeats(cursor)?.unwrap_or(1);
        return Ok(Item { value: None, increment: None, count });
    }
    if cursor.accept("stale") {
        let ends = cursor.rest.is_empty() || cursor.rest.starts_with([' ', '\t']);
        let stale = Item { value: Some(f64::from_bits(STALE_BITS)), increment: None, count: 1 };
        return if ends { Ok(stale) } else { Err("expected a space after \"stale\"".to_owned()) };
    }
    let first = number(cursor)?;
    let increment = if cursor.rest.starts_with(['+', '-']) { Some(number(cursor)?) } else { None };
    let count = match repeats(cursor)? {
        Some(times) => times + 1,
        None if increment.is_some() => {
            return Err("expected \"x\" and a count after the increment".to_owned());
        }
        None => 1,
    };
    Ok(Item { value: Some(first), increment, count })
}

/// `xN`, if it comes next.
fn repeats(cursor: &mut Cursor<'_>) -> Result<Option<usize>, String> {
    if !cursor.accept("x") {
        return Ok(None);
    }
    let digits = cursor.take(|c| c.is_ascii_digit());
    let times: usize = digits.parse().map_err(|_| "expected a count after \"x\"".to_owned())?;
    if times > MAX_LOADED {
        return Err(format!("more than {MAX_LOADED} samples"));
    }
    Ok(Some(times))
}

/// A number with its sign, up to what cannot belong to it.
fn number(cursor: &mut Cursor<'_>) -> Result<f64, String> {
    let negative = cursor.accept("-");
    if !negative {
        cursor.accept("+");
    }
    let text = if cursor.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // A word goes on through a count: Prometheus knows no `Infx3`.
        let word = cursor.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        if !word.eq_ignore_ascii_case("inf") && !word.eq_ignore_ascii_case("nan") {
            return Err(format!("expected a number or \"stale\", found {word:.40?}"));
        }
        word
    } else {
        let mut exponent = false;
        cursor.take(|c| {
            let belongs = c.is_ascii_digit()
                || matches!(c, '.' | '_' | 'e' | 'E')
                || (exponent && matches!(c, '+' | '-'));
            exponent = matches!(c, 'e' | 'E');
            belongs
        })
    };
    let value = number_literal(text)?;
    let value = if value.is_nan() { f64::from_bits(NAN_BITS) } else { value };
    Ok(if negative && !value.is_nan() { -value } else { value })
}

/// A metric and its labels, as in a selector that knows only `=`.
fn labels(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, String> {
    let mut labels = Vec::new();
    let name = cursor.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("expected a metric".to_owned());
    }
    if !name.is_empty() {
        labels.push(("__name__".to_owned(), name.to_owned()));
    }
    if !cursor.accept("{") {
        return if name.is_empty() { Err("expected a metric".to_owned()) } else { Ok(labels) };
    }
    loop {
        cursor.spaces();
        if cursor.accept("}") {
            return Ok(labels);
        }
        let quoted = cursor.rest.starts_with(['"', '\'', '`']);
        let label = if quoted {
            cursor.string()?
        } else {
            cursor.take(|c| c.is_ascii_alphanumeric() || c == '_').to_owned()
        };
        if label.is_empty() {
            return Err("expected a label".to_owned());
        }
        cursor.spaces();
        if cursor.accept("=") {
            cursor.spaces();
            labels.push((label, cursor.string()?));
        } else if quoted {
            labels.push(("__name__".to_owned(), label));
        } else {
            return Err("expected \"=\"".to_owned());
        }
        cursor.spaces();
        if !cursor.accept(",") && !cursor.rest.starts_with('}') {
            return Err("expected \",\" or \"}\"".to_owned());
        }
    }
}

/// What is left of a line.
struct Cursor<'t> {
    whole: &'t str,
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Where the rest begins, in bytes from 1; spaces at the end of the line are no part of the rest.
    fn column(&self) -> usize {
        self.whole.trim_end().len().saturating_sub(self.rest.len()) + 1
    }

    fn accept(&mut self, start: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(start) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn take(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn spaces(&mut self) -> bool {
        !self.take(|c| c == ' ' || c == '\t').is_empty()
    }

    /// A string in any of PromQL's quotes.
    fn string(&mut self) -> Result<String, String> {
        let Some(mark) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
            return Err("expected a string".to_owned());
        };
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == mark && !escaped;
            escaped = *c == '\\' && !escaped && mark != '`';
            closes
        });
        let Some((end, _)) = end else {
            return Err("unterminated string".to_owned());
        };
        let (text, rest) = self.rest.split_at(end + 1);
        let string = string_literal(text)?;
        self.rest = rest;
        Ok(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(items: &str) -> Vec<(i64, u64)> {
        let all = read(Store::default(), &format!("load 10s\n  m {items}\n")).unwrap();
        all[0].samples.iter().map(|(at, value)| (*at, value.to_bits())).collect()
    }

    fn plain(values: &[(i64, f64)]) -> Vec<(i64, u64)> {
        values.iter().map(|(at, value)| (*at, value.to_bits())).collect()
    }

    #[test]
    fn expands_every_item() {
        assert_eq!(values("1 2"), plain(&[(0, 1.0), (10_000, 2.0)]));
        assert_eq!(values("1x2"), plain(&[(0, 1.0), (10_000, 1.0), (20_000, 1.0)]));
        assert_eq!(values("0+10x2"), plain(&[(0, 0.0), (10_000, 10.0), (20_000, 20.0)]));
        assert_eq!(values("-1-0.5x1  +3"), plain(&[(0, -1.0), (10_000, -1.5), (20_000, 3.0)]));
        assert_eq!(values("_ 1 _x2 1e+2x0"), plain(&[(10_000, 1.0), (40_000, 100.0)]));
        assert_eq!(
            values("stale NaN -Inf"),
            [(0, STALE_BITS), (10_000, NAN_BITS), (20_000, f64::NEG_INFINITY.to_bits())]
        );
    }

    #[test]
    fn reads_labels_in_any_quotes() {
        let all = read(
            Store::default(),
            "# why\nload 1m\na:b{y='1', x=\"\\n\"} 1\n{\"my.metric\", `a b`=\"c\",} 2\n\nload 30s\n c 1",
        )
        .unwrap();
        let names: Vec<_> = all.iter().map(|series| series.labels.clone()).collect();
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        assert_eq!(
            names,
            [
                pairs(&[("__name__", "a:b"), ("x", "\n"), ("y", "1")]),
                pairs(&[("__name__", "my.metric"), ("a b", "c")]),
                pairs(&[("__name__", "c")]),
            ]
        );
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (text, line, column, message) in [
            ("load 1m\n up 1 2 three", 2, Some(14), "expected a number or \"stale\""),
            ("load 1m\n up 1+1", 2, Some(8), "expected \"x\""),
            ("load 1m\n up{a=b} 1", 2, Some(7), "expected a string"),
            ("load 1m\n up{{schema:1}}", 2, Some(5), "expected a label"),
            ("load 1m\n up {{schema:1}}", 2, Some(7), "native histograms"),
            ("load 1m\n up 1\n up 2", 3, Some(6), "not after"),
            ("load 1m\n up\n up", 3, None, "twice in one load"),
            ("eval instant at 1m up", 1, None, "expected \"load\""),
            ("load 1x", 1, None, "unknown unit"),
            ("load 1m\n up 1x99999999999", 2, Some(18), "more than"),
            ("load 1m\n 1up 1", 2, Some(5), "expected a metric"),
        ] {
            let error = read(Store::default(), text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
            assert!(error.message.contains(message), "{text:?}: {error}");
        }
    }
}
