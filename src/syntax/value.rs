//! Literals: ratios, durations, rates, numbers and strings, exactly as written.
//!
//! Enters: nodes of places that want a value. Leaves: values, or what is wrong with a literal that is none.
//! It deliberately knows no bounds; a percentage of 300 and a pause of no time are values.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;
use crate::unit::{Millis, significant};

use super::build::{Builder, Node, Parts, extent};
use super::grammar::Rule;
use super::tree::{Comparison, Name, Value, ValueKind};

impl<'t> Builder<'t> {
    /// The value in a place, which is a node around one literal, string or name.
    pub(super) fn value(&mut self, place: Node<'t>) -> Option<Value> {
        let wanted = place.as_rule();
        let inner = place.into_inner().next()?;
        let span = self.span(&inner);
        let text = self.text(&inner);
        let kind = match inner.as_rule() {
            Rule::ratio => decimal(text, "%", "e-2").map(ValueKind::Ratio),
            Rule::rate => decimal(text, "/s", "").map(ValueKind::Rate),
            Rule::number => decimal(text, "", "").map(ValueKind::Number),
            Rule::time => millis(text).map(ValueKind::Duration),
            Rule::string => Some(ValueKind::Text(unquote(text))),
            Rule::value_name | Rule::path => Some(ValueKind::Name(text.to_owned())),
            _ => None,
        };
        if kind.is_none() {
            self.bad_literal(&inner, wanted);
        }
        kind.map(|kind| Value { kind, span })
    }

    /// The value of a child that must be there.
    pub(super) fn part(&mut self, parts: &Parts<'t>, rule: Rule) -> Option<Value> {
        self.value(parts.first(rule)?)
    }

    /// The value of a child that may be there; the outer `None` is a broken one.
    #[expect(clippy::option_option, reason = "absent and broken are two things")]
    pub(super) fn optional(&mut self, parts: &Parts<'t>, rule: Rule) -> Option<Option<Value>> {
        match parts.first(rule) {
            Some(node) => self.value(node).map(Some),
            None => Some(None),
        }
    }

    /// A string's text with the place of the whole literal.
    pub(super) fn string(&self, node: &Node<'t>) -> Name {
        Spanned::new(unquote(self.text(node)), self.span(node))
    }

    /// A word or a string, whichever stands there.
    pub(super) fn word_or_string(&self, place: Node<'t>) -> Option<Name> {
        let inner = place.into_inner().next()?;
        Some(match inner.as_rule() {
            Rule::string => self.string(&inner),
            _ => self.name(&inner),
        })
    }

    /// `<` and its like.
    pub(super) fn comparison(&self, parts: &Parts<'t>) -> Option<Spanned<Comparison>> {
        let node = parts.first(Rule::comparison)?;
        let comparison = match self.text(&node) {
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            _ => Comparison::GreaterEqual,
        };
        Some(self.spanned(comparison, &node))
    }

    fn bad_literal(&mut self, node: &Node<'t>, wanted: Rule) {
        let span = self.place(&extent(node));
        if self.scan.problem_within(span.start as usize, span.end as usize).is_some() {
            return;
        }
        let text = self.text(node);
        let shown: String = text.chars().take(24).collect();
        let repaired = repair(text);
        let diagnostic = if wanted == Rule::duration {
            Diagnostic::new(
                Code::MalformedDuration,
                format!("`{shown}` is no duration that Argo and Prometheus both read"),
                span,
                "expected hours, minutes, seconds or milliseconds, such as `1h30m`",
            )
        } else {
            Diagnostic::new(
                Code::MalformedStatement,
                format!("`{shown}` is no value of the language"),
                span,
                "expected a value such as `95%`, `2m`, `200/s` or `3`",
            )
        };
        self.report(match repaired {
            Some(repaired) => {
                let title = format!("write `{repaired}`");
                diagnostic.help(title.clone()).fix(title, span, repaired)
            }
            None => diagnostic,
        });
    }
}

/// A decimal with its suffix taken off and an exponent put on, so that `95%` is read from `95e-2` and is exact.
pub(super) fn decimal(text: &str, suffix: &str, exponent: &str) -> Option<f64> {
    let digits = text.strip_suffix(suffix)?;
    let value: f64 = format!("{digits}{exponent}").parse().ok()?;
    value.is_finite().then_some(value)
}

/// `1h2m3s4ms` in milliseconds, or nothing where that is more than a number holds.
fn millis(text: &str) -> Option<Millis> {
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|next: char| !next.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
        let (unit, factor) = units.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        total = number.parse::<i64>().ok()?.checked_mul(factor)?.checked_add(total)?;
        rest = after.strip_prefix(unit)?;
    }
    Some(Millis(total))
}

/// What was probably meant by a literal that is none: `1d`, `1.5h`, `90sec`, `5percent`, `200rps`.
fn repair(text: &str) -> Option<String> {
    let digits = text.find(|next: char| !next.is_ascii_digit() && next != '.')?;
    let (number, unit) = text.split_at_checked(digits)?;
    let value: f64 = number.parse().ok()?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "w" | "week" | "weeks" => 604_800_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
        "ms" | "msec" | "millis" | "milliseconds" => 1.0,
        "percent" | "pct" => return Some(format!("{}%", significant(value, 12))),
        "rps" | "qps" | "req/s" | "/sec" | "/second" => return Some(format!("{}/s", significant(value, 12))),
        "/m" | "/min" | "rpm" => return Some(format!("{}/s", significant(value / 60.0, 4))),
        _ => return None,
    };
    let millis = value * factor;
    let whole = millis > 0.0 && millis < 1e14 && millis % 1.0 == 0.0;
    whole.then(|| Millis(millis as i64).to_string())
}

/// The text of a string literal. A backslash takes the quote or backslash after it; before others it is itself.
pub(super) fn unquote(literal: &str) -> String {
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped =
            (character == '\\').then(|| characters.next_if(|next| matches!(next, '"' | '\\'))).flatten();
        text.push(escaped.unwrap_or(character));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_as_written() {
        assert_eq!(decimal("95%", "%", "e-2"), Some(0.95));
        assert_eq!(decimal("0.1%", "%", "e-2"), Some(0.001));
        assert_eq!(decimal("99.9%", "%", "e-2"), Some(0.999));
        assert_eq!(decimal(&"9".repeat(400), "", ""), None);
        assert_eq!(millis("1m30s"), Some(Millis(90_000)));
        assert_eq!(millis("1h2m3s4ms"), Some(Millis(3_723_004)));
        assert_eq!(millis("99999999999999999h"), None);
    }

    #[test]
    fn literals_that_are_none_are_mended() {
        assert_eq!(repair("1d").as_deref(), Some("24h"));
        assert_eq!(repair("1.5h").as_deref(), Some("1h30m"));
        assert_eq!(repair("90sec").as_deref(), Some("1m30s"));
        assert_eq!(repair("5percent").as_deref(), Some("5%"));
        assert_eq!(repair("200rps").as_deref(), Some("200/s"));
        assert_eq!(repair("12x"), None);
        assert_eq!(repair("1.2.3s"), None);
    }

    #[test]
    fn backslashes_take_quotes() {
        assert_eq!(unquote(r#""a \"b\" \\ \d""#), r#"a "b" \ \d"#);
        assert_eq!(unquote("\""), "");
    }
}
