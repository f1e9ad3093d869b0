//! The language of Prometheus' own test scripts: `load`, `clear`, `eval`, `expect`.
//!
//! Enters: the text of a script. Leaves: commands with their lines. Source: Prometheus v3.15.1, promql/promqltest/README.md.
//! It deliberately runs nothing.

use rollcast::promql::Labels;

/// A value of a series in a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Float(f64),
    /// A native histogram, of which only the presence is read.
    Histogram,
}

/// A series of `load`, or of the result of `eval`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) labels: Labels,
    pub(crate) cells: Vec<Cell>,
}

/// When an expression is evaluated, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Instant(i64),
    Range(i64, i64, i64),
}

/// What is expected of an `eval` besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub(crate) ordered: bool,
    /// A failure; with a message or a regular expression, if given.
    pub(crate) fail: Option<Option<String>>,
    pub(crate) string: Option<String>,
    pub(crate) warn: Option<bool>,
    pub(crate) info: Option<bool>,
    pub(crate) scalar: Option<f64>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Clear,
    /// Interval in milliseconds, whether classic histograms are loaded as native ones too, series.
    Load(i64, bool, Vec<Row>),
    Eval {
        line: usize,
        expr: String,
        when: When,
        expect: Expect,
    },
}

/// Reads a script.
pub(crate) fn read(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut i = 0;
    while i < lines.len() {
        let line = lines[i].trim();
        let number = i + 1;
        i += 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let body_end = lines[i..].iter().position(|l| starts_command(l)).map_or(lines.len(), |n| i + n);
        let body =
            lines[i..body_end].iter().map(|l| l.trim()).filter(|l| !l.is_empty() && !l.starts_with('#'));
        if line == "clear" {
            commands.push(Command::Clear);
        } else if let Some(interval) = line.strip_prefix("load") {
            let (nhcb, interval) = match interval.strip_prefix("_with_nhcb") {
                Some(rest) => (true, rest),
                None => (false, interval),
            };
            commands.push(Command::Load(duration(interval.trim()), nhcb, body.map(row).collect()));
            i = body_end;
        } else if line.starts_with("eval") {
            commands.push(eval(number, line, body));
            i = body_end;
        } else {
            panic!("line {number}: unknown command {line:?}");
        }
    }
    commands
}

fn starts_command(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    !line.starts_with([' ', '\t'])
        && (word == "clear" || word.starts_with("load") || word.starts_with("eval"))
}

fn eval<'a>(line: usize, text: &str, body: impl Iterator<Item = &'a str>) -> Command {
    let (verb, rest) = text.split_once(' ').unwrap();
    let mut expect = Expect::default();
    match verb.strip_prefix("eval_") {
        Some("fail") => expect.fail = Some(None),
        Some("ordered") => expect.ordered = true,
        Some("warn") => expect.warn = Some(true),
        Some("info") => expect.info = Some(true),
        _ => {}
    }
    let rest = rest.trim();
    let (when, expr) = if let Some(rest) = rest.strip_prefix("instant at ") {
        let (t, expr) = rest.trim().split_once(' ').unwrap();
        (When::Instant(duration(t)), expr)
    } else {
        let rest = rest.strip_prefix("range from ").unwrap();
        let (from, rest) = rest.split_once(" to ").unwrap();
        let (to, rest) = rest.split_once(" step ").unwrap();
        let (step, expr) = rest.split_once(' ').unwrap();
        (When::Range(duration(from.trim()), duration(to.trim()), duration(step.trim())), expr)
    };
    for entry in body {
        if let Some(what) = entry.strip_prefix("expect ") {
            let what = what.trim();
            match what.split([' ', ':']).next().unwrap() {
                "ordered" => expect.ordered = true,
                "warn" => expect.warn = Some(true),
                "no_warn" => expect.warn = Some(false),
                "info" => expect.info = Some(true),
                "no_info" => expect.info = Some(false),
                "string" => {
                    expect.string = Some(what["string".len()..].trim().trim_matches(['"', '`']).to_owned());
                }
                "fail" => {
                    expect.fail = Some(what.split_once("msg:").map(|(_, message)| message.trim().to_owned()));
                }
                other => panic!("line {line}: unknown expectation {other}"),
            }
        } else if let Ok(number) = parse_number(entry) {
            expect.scalar = Some(number);
        } else if let Some(message) = entry.strip_prefix("expected_fail_message ") {
            expect.fail = Some(Some(message.to_owned()));
        } else {
            expect.rows.push(row(entry));
        }
    }
    Command::Eval { line, expr: expr.trim().to_owned(), when, expect }
}

/// A duration such as `1m30s`, or seconds.
pub(crate) fn duration(text: &str) -> i64 {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds * 1000.0).round() as i64;
    }
    let mut total = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| digits + n);
        let factor = match &rest[digits..unit_end] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            other => panic!("unknown unit {other:?} in {text:?}"),
        };
        total += rest[..digits].parse::<i64>().unwrap() * factor;
        rest = &rest[unit_end..];
    }
    total
}

fn parse_number(text: &str) -> Result<f64, std::num::ParseFloatError> {
    text.trim().parse()
}

/// `name{label="value"} values`.
fn row(text: &str) -> Row {
    let (series, values) =
        if text.contains('{') && text.find('{') < text.find([' ', '\t']).or(Some(usize::MAX)) {
            let mut quoted = false;
            let end = text.char_indices().find(|(_, c)| {
                quoted ^= *c == '"';
                *c == '}' && !quoted
            });
            text.split_at(end.unwrap().0 + 1)
        } else {
            text.split_at(text.find([' ', '\t']).unwrap_or(text.len()))
        };
    Row { labels: labels(series), cells: cells(values) }
}

fn labels(text: &str) -> Labels {
    let (name, rest) = text.split_once('{').unwrap_or((text, ""));
    let mut pairs = vec![("__name__".to_owned(), name.to_owned())];
    let mut rest = rest.trim_end_matches('}');
    while let Some((label, tail)) = rest.split_once('=') {
        let tail = tail.trim_start().strip_prefix('"').unwrap();
        let (value, tail) = tail.split_once('"').unwrap();
        pairs.push((label.trim_matches([',', ' ', '\t']).to_owned(), value.to_owned()));
        rest = tail;
    }
    Labels::new(pairs)
}

/// `1 2 _ stale 0+10x5 {{sum:1}}x3`.
fn cells(text: &str) -> Vec<Cell> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = if rest.starts_with("{{") {
            histogram_end(rest)
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        expand(&rest[..end], &mut all);
        rest = rest[end..].trim_start();
    }
    all
}

/// Where a histogram, its increment and its repetition end.
fn histogram_end(text: &str) -> usize {
    let mut end = text.find("}}").unwrap() + 2;
    if text[end..].starts_with(['+', '-']) {
        end += text[end..].find("}}").unwrap() + 2;
    }
    end + text[end..].find(char::is_whitespace).unwrap_or(text.len() - end)
}

fn expand(item: &str, all: &mut Vec<Cell>) {
    let (value, times) = match item.rsplit_once('x') {
        Some((value, times)) if times.chars().all(|c| c.is_ascii_digit()) && !times.is_empty() => {
            (value, times.parse::<usize>().ok())
        }
        _ => (item, None),
    };
    if value.starts_with("{{") {
        all.extend(std::iter::repeat_n(Cell::Histogram, times.map_or(1, |times| times + 1)));
        return;
    }
    match value {
        "_" => all.extend(std::iter::repeat_n(Cell::Missing, times.unwrap_or(1))),
        "stale" => all.push(Cell::Float(rollcast::promql::STALE)),
        _ => {
            let split = value
                .char_indices()
                .skip(1)
                .find(|(i, c)| (*c == '+' || *c == '-') && !value[..*i].ends_with(['e', 'E']));
            let (start, step) = match split {
                Some((i, _)) if times.is_some() => (&value[..i], parse_number(&value[i..]).unwrap()),
                _ => (value, 0.0),
            };
            let mut current = parse_number(start).unwrap_or_else(|_| panic!("not a value: {item:?}"));
            for i in 0..=times.unwrap_or(0) {
                if i > 0 {
                    current += step;
                }
                all.push(Cell::Float(current));
            }
        }
    }
}
