//! The text formats in which Prometheus scrapes: OpenMetrics and its own, with timestamps.
//!
//! Enters: lines such as `up{pod="a"} 1 1700000000`. Leaves: series.
//! It deliberately takes no samples without a time, and passes over exemplars, help and units once they are well formed:
//! queries cannot see them.
//!
//! Source: Prometheus v3.15.1, model/textparse/openmetricsparse.go and promparse.go.

use std::collections::HashMap;

use super::store::{Store, names_infinity, value};
use super::{ReadError, Series};
use crate::promql::parse::quote;

pub(super) fn read(store: Store<'_>, text: &str, open_metrics: bool) -> Result<Vec<Series>, ReadError> {
    let mut reader = Reader { open_metrics, kind: Kind::Other, ended: false, store, places: HashMap::new() };
    let mut lines = 0;
    // A newline ends a line; it does not begin another.
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        lines += 1;
        let mut cursor = Cursor { rest: line, open_metrics };
        reader.line(line, &mut cursor).map_err(|message| {
            let column = Some(line.len().saturating_sub(cursor.rest.len()) + 1);
            ReadError { line: lines, column, message }
        })?;
    }
    if open_metrics && !reader.ended {
        return Err(ReadError {
            line: lines,
            column: None,
            message: "data does not end with # EOF".to_owned(),
        });
    }
    Ok(reader.store.finish())
}

/// Types of families whose labels Prometheus rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Histogram,
    Summary,
    Other,
}

struct Reader<'t, 'w> {
    open_metrics: bool,
    /// Type of the last family that declared one; it goes on until the next does.
    kind: Kind,
    ended: bool,
    store: Store<'w>,
    /// Places of series by the text they are written as, for most lines repeat a text.
    places: HashMap<(&'t str, Kind), usize>,
}

impl<'t> Reader<'t, '_> {
    fn line(&mut self, line: &'t str, cursor: &mut Cursor<'t>) -> Result<(), String> {
        if self.ended {
            return Err("unexpected data after # EOF".to_owned());
        }
        if self.open_metrics {
            if line.starts_with('#') {
                return self.open_metrics_comment(line, cursor);
            }
        } else {
            cursor.blanks();
            if cursor.rest.is_empty() {
                return Ok(());
            }
            if cursor.rest.starts_with('#') {
                return self.prometheus_comment(cursor);
            }
        }
        self.sample(cursor)
    }

    fn open_metrics_comment(&mut self, line: &str, cursor: &mut Cursor<'t>) -> Result<(), String> {
        if line == "# EOF" {
            self.ended = true;
            return Ok(());
        }
        for (start, keyword) in [("# HELP ", "HELP"), ("# TYPE ", "TYPE"), ("# UNIT ", "UNIT")] {
            if cursor.accept(start) {
                let name = cursor.metadata_name(keyword)?;
                let Some(text) = cursor.rest.strip_prefix(' ') else {
                    return Err(format!("expected text in {keyword}"));
                };
                return match keyword {
                    "TYPE" => self.set_kind(text),
                    "UNIT" if !unit_fits(&name, text) => {
                        Err(format!("unit \"{text}\" not a suffix of metric \"{name}\""))
                    }
                    _ => Ok(()),
                };
            }
        }
        Err("expected # HELP, # TYPE, # UNIT or # EOF".to_owned())
    }

    fn prometheus_comment(&mut self, cursor: &mut Cursor<'t>) -> Result<(), String> {
        cursor.accept("#");
        if !cursor.blanks() {
            return Ok(());
        }
        for keyword in ["HELP", "TYPE"] {
            let Some(rest) = cursor.rest.strip_prefix(keyword).filter(|rest| rest.starts_with([' ', '\t']))
            else {
                continue;
            };
            cursor.rest = rest;
            cursor.blanks();
            cursor.metadata_name(keyword)?;
            let text = cursor.rest.trim_start_matches([' ', '\t']);
            if text.len() == cursor.rest.len() && !text.is_empty() {
                return Err(format!("expected text in {keyword}"));
            }
            if keyword == "TYPE" {
                return self.set_kind(text);
            }
        }
        Ok(())
    }

    fn set_kind(&mut self, kind: &str) -> Result<(), String> {
        self.kind = match (kind, self.open_metrics) {
            ("histogram", _) => Kind::Histogram,
            ("summary", _) => Kind::Summary,
            ("counter" | "gauge", _)
            | ("gaugehistogram" | "info" | "stateset" | "unknown", true)
            | ("untyped", false) => Kind::Other,
            _ => return Err(format!("invalid metric type \"{kind}\"")),
        };
        Ok(())
    }

    fn sample(&mut self, cursor: &mut Cursor<'t>) -> Result<(), String> {
        let text = cursor.rest;
        let written = cursor.skip_series()?;
        let key = (written, self.kind);
        let place = if let Some(place) = self.places.get(&key) {
            *place
        } else {
            cursor.rest = text;
            let labels = cursor.labels(self.kind)?;
            let (place, _) = self.store.place(labels)?;
            self.places.insert(key, place);
            place
        };
        cursor.blank()?;
        let value = number(cursor.token(), "value")?;
        let millis = cursor.time()?;
        cursor.line_end()?;
        self.store.push(place, millis, value)
    }
}

fn unit_fits(name: &str, unit: &str) -> bool {
    unit.is_empty() || name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_'))
}

/// A number as both formats write them.
fn number(text: &str, what: &str) -> Result<f64, String> {
    if text.is_empty() {
        return Err(format!("expected {what}"));
    }
    match value(text) {
        Some(found) if found.is_infinite() && !names_infinity(text) => {
            Err(format!("{what} {} is out of range", quote::string(text)))
        }
        Some(found) => Ok(found),
        None => Err(format!("{} is not a {what}", quote::string(text))),
    }
}

/// What is left of a line.
struct Cursor<'t> {
    rest: &'t str,
    open_metrics: bool,
}

impl<'t> Cursor<'t> {
    fn accept(&mut self, start: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(start) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn blanks(&mut self) -> bool {
        !self.take(|c| c == ' ' || c == '\t').is_empty()
    }

    /// Blanks where the format allows them: OpenMetrics has none but those that divide.
    fn free_blanks(&mut self) {
        if !self.open_metrics {
            self.blanks();
        }
    }

    /// What divides a series, its value and its time.
    fn blank(&mut self) -> Result<(), String> {
        if self.open_metrics {
            return if self.accept(" ") { Ok(()) } else { Err("expected one space".to_owned()) };
        }
        self.blanks();
        Ok(())
    }

    fn token(&mut self) -> &'t str {
        let open_metrics = self.open_metrics;
        self.take(|c| c != ' ' && (open_metrics || c != '\t'))
    }

    /// The name of a metric or label, up to the first character that cannot be in one.
    fn word(&mut self, colon: bool) -> &'t str {
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return "";
        }
        self.take(|c| c.is_ascii_alphanumeric() || c == '_' || (colon && c == ':'))
    }

    fn metadata_name(&mut self, keyword: &str) -> Result<String, String> {
        let name = if self.rest.starts_with('"') { self.string()? } else { self.word(true).to_owned() };
        if name.is_empty() { Err(format!("expected metric name after {keyword}")) } else { Ok(name) }
    }

    /// Goes past name and braces and gives their text.
    fn skip_series(&mut self) -> Result<&'t str, String> {
        let start = self.rest;
        self.word(true);
        let after_name = self.rest;
        self.free_blanks();
        if self.accept("{") {
            let (mut quoted, mut escaped) = (false, false);
            let end = self.rest.char_indices().find(|(_, c)| {
                let closes = *c == '}' && !quoted;
                quoted ^= *c == '"' && !escaped;
                escaped = *c == '\\' && quoted && !escaped;
                closes
            });
            let Some((end, _)) = end else {
                return Err("braces are not closed".to_owned());
            };
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
        } else {
            self.rest = after_name;
        }
        Ok(start.get(..start.len() - self.rest.len()).unwrap_or_default())
    }

    fn labels(&mut self, kind: Kind) -> Result<Vec<(String, String)>, String> {
        let mut labels = Vec::new();
        let mut name = self.word(true).to_owned();
        let mut braces = self.rest;
        if !self.open_metrics {
            braces = braces.trim_start_matches([' ', '\t']);
        }
        if let Some(inner) = braces.strip_prefix('{') {
            self.rest = inner;
            self.free_blanks();
            while !self.accept("}") {
                self.label(kind, &mut name, &mut labels)?;
            }
        }
        if name.is_empty() {
            return Err("expected a metric".to_owned());
        }
        labels.push(("__name__".to_owned(), name));
        Ok(labels)
    }

    /// One label and the comma after it; a string alone is the name of the metric.
    fn label(
        &mut self,
        kind: Kind,
        name: &mut String,
        labels: &mut Vec<(String, String)>,
    ) -> Result<(), String> {
        let quoted = self.rest.starts_with('"');
        let label = if quoted { self.string()? } else { self.word(false).to_owned() };
        if label.is_empty() && !quoted {
            return Err("expected label name".to_owned());
        }
        self.free_blanks();
        if self.accept("=") {
            self.free_blanks();
            if !self.rest.starts_with('"') {
                return Err("expected label value".to_owned());
            }
            let value = self.string()?;
            labels.push((label.clone(), rewritten(kind, &label, value)));
        } else if !quoted {
            return Err("expected equal".to_owned());
        } else if name.is_empty() {
            *name = label;
        } else {
            return Err("metric name already set".to_owned());
        }
        self.free_blanks();
        if self.accept(",") {
            self.free_blanks();
            return Ok(());
        }
        // Prometheus' own format gets along without commas.
        if self.rest.starts_with('}') || !self.open_metrics {
            Ok(())
        } else {
            Err("expected comma or brace close".to_owned())
        }
    }

    /// Text in double quotes, in which `\\`, `\"` and `\n` are escapes and any other backslash is one.
    fn string(&mut self) -> Result<String, String> {
        let inner = self.rest.strip_prefix('"').ok_or("expected a string")?;
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.rest = chars.as_str();
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some(escaped @ ('\\' | '"')) => out.push(escaped),
                    Some(other) => out.extend(['\\', other]),
                    None => break,
                },
                _ => out.push(c),
            }
        }
        Err("unterminated string".to_owned())
    }

    /// The time of a sample, in milliseconds.
    fn time(&mut self) -> Result<i64, String> {
        if self.open_metrics {
            if self.rest.is_empty() || self.rest.starts_with(" # ") {
                return Err("sample has no timestamp".to_owned());
            }
            self.blank()?;
            return seconds(self.token());
        }
        self.blanks();
        let digits = self.take(|c| c.is_ascii_digit());
        if digits.is_empty() {
            let missing = self.rest.is_empty();
            return Err(if missing { "sample has no timestamp" } else { "expected timestamp or new record" }
                .to_owned());
        }
        digits.parse().map_err(|_| format!("timestamp {digits} is out of range"))
    }

    /// What may follow a time: nothing, or in OpenMetrics an exemplar.
    fn line_end(&mut self) -> Result<(), String> {
        if self.open_metrics && self.accept(" # {") {
            while !self.accept("}") {
                let mut name = String::from("exemplars have no name");
                self.label(Kind::Other, &mut name, &mut Vec::new())?;
            }
            self.blank()?;
            number(self.token(), "exemplar value")?;
            if !self.rest.is_empty() {
                self.blank()?;
                seconds(self.token())?;
            }
        }
        self.free_blanks();
        if self.rest.is_empty() { Ok(()) } else { Err("expected next entry after timestamp".to_owned()) }
    }
}

/// Seconds to milliseconds as Prometheus does it: by a product of floats, cut off. `1.001` becomes 1000.
fn seconds(text: &str) -> Result<i64, String> {
    const LIMIT: f64 = 9_223_372_036_854_775_807.0;
    let millis = number(text, "timestamp")? * 1000.0;
    if millis.is_nan() || millis.abs() >= LIMIT {
        return Err(format!("invalid timestamp {text}"));
    }
    Ok(millis as i64)
}

/// Bounds of buckets and quantiles are written in one way, whatever way they come in: `5` becomes `5.0`.
fn rewritten(kind: Kind, label: &str, text: String) -> String {
    let bound = matches!((kind, label), (Kind::Histogram, "le") | (Kind::Summary, "quantile"));
    match value(&text)
        .filter(|found| bound && (found.is_finite() || !text.contains(|c: char| c.is_ascii_digit())))
    {
        None => text,
        Some(number) => {
            let text = quote::number(number);
            let whole = number.is_finite() && !text.contains(['e', '.']);
            if whole { format!("{text}.0") } else { text }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(series: &[Series]) -> Vec<Vec<&str>> {
        fn words(series: &Series) -> Vec<&str> {
            series.labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
        }
        series.iter().map(words).collect()
    }

    #[test]
    fn reads_open_metrics() {
        let text = "# HELP h help \\n text\n# TYPE h histogram\n# UNIT h_s s\n\
            h_bucket{le=\"5\",a=\"x\\\"\\\\\\n\\d\"} 1 1.001 # {id=\"7\"} 0.3 1.5\n\
            h_bucket{le=\"+Inf\"} +Inf 1700000000.25\n# TYPE u unknown\n\
            {\"my.metric\",\"a b\"=\"c\",} NaN 1\nu{le=\"5\"} 1e3 2 # {} 1\n# EOF\n";
        let all = read(Store::default(), text, true).unwrap();
        assert_eq!(
            names(&all),
            [
                vec!["__name__", "h_bucket", "a", "x\"\\\n\\d", "le", "5.0"],
                vec!["__name__", "h_bucket", "le", "+Inf"],
                vec!["__name__", "my.metric", "a b", "c"],
                vec!["__name__", "u", "le", "5"],
            ]
        );
        assert_eq!(all[0].samples, [(1000, 1.0)]);
        assert_eq!(all[1].samples, [(1_700_000_000_250, f64::INFINITY)]);
        assert_eq!(all[3].samples, [(2000, 1000.0)]);
    }

    #[test]
    fn reads_prometheus_text() {
        let text = "# any words\n\n# TYPE s summary\ns { quantile = \"0.5\" a=\"b\" }\t1   1000\n  s_sum 2 1000\n#EOF\ns{quantile=\"0.5\",a=\"b\"} 2 2000";
        let all = read(Store::default(), text, false).unwrap();
        assert_eq!(
            names(&all),
            [vec!["__name__", "s", "a", "b", "quantile", "0.5"], vec!["__name__", "s_sum"]]
        );
        assert_eq!(all[0].samples, [(1000, 1.0), (2000, 2.0)]);
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (open_metrics, text, line, message) in [
            (true, "up 1 1\n", 1, "does not end with # EOF"),
            (true, "up 1 1\n# EOF\nup 1 2\n", 3, "after # EOF"),
            (true, "up 1\n# EOF\n", 1, "no timestamp"),
            (true, "up 1 2\nup 1 2\n# EOF\n", 2, "not after"),
            (true, "up  1 2\n# EOF\n", 1, "expected value"),
            (true, "\n# EOF\n", 1, "expected a metric"),
            (true, "# word\n# EOF\n", 1, "expected # HELP"),
            (true, "# TYPE up untyped\n# EOF\n", 1, "invalid metric type"),
            (true, "# UNIT up s\n# EOF\n", 1, "not a suffix"),
            (true, "up{a=\"1\" b=\"2\"} 1 1\n# EOF\n", 1, "expected comma"),
            (true, "up{a=\"1\",a=\"2\"} 1 1\n# EOF\n", 1, "stands twice"),
            (true, "up{a=\"1} 1 1\n# EOF\n", 1, "not closed"),
            (true, "up 1 NaN\n# EOF\n", 1, "invalid timestamp"),
            (true, "up 1_0 1\n# EOF\n", 1, "is not a value"),
            (true, "up 1e999 1\n# EOF\n", 1, "out of range"),
            (false, "up 1\n", 1, "no timestamp"),
            (false, "up 1 1.5\n", 1, "after timestamp"),
            (false, "up 1 1 # {} 1\n", 1, "after timestamp"),
            (false, "# TYPE up info\n", 1, "invalid metric type"),
            (false, "up{a} 1 1\n", 1, "expected equal"),
        ] {
            let error = read(Store::default(), text, open_metrics).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
            assert!(error.message.contains(message), "{text:?}: {error}");
        }
    }
}
