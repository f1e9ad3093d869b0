//! Rows laid out in columns: time, step or slo, weight or value, what happened.
//!
//! Enters: the trace's rows and a look. Leaves: lines no wider than the look. Where four columns do not fit, what
//! happened moves to a line of its own. It deliberately decides nothing about what is shown.

use crate::simulator::trace::{SloBound, Trace};
use crate::unit::Seconds;

use super::super::chart::bar;
use super::super::quantity::{Reading, bound, range};
use super::super::style::{Ink, Look};
use super::super::text::{clean, clip, left, right, spaces, width, wrap};
use super::super::verdict::{slo, times};
use super::rows::{Kind, Measured, Row, State, rows};

/// Columns that every row has.
#[derive(Clone, Copy, Debug)]
struct Columns {
    total: usize,
    time: usize,
    name: usize,
    middle: usize,
    value: usize,
    gap: usize,
    /// Columns for what happened; none where it has lines of its own.
    words: Option<usize>,
}

/// A row in text, not laid out yet.
struct Cells {
    time: String,
    name: String,
    name_ink: Ink,
    middle: Middle,
    words: Vec<(Ink, String)>,
}

enum Middle {
    Weight(u32),
    Value { value: String, ink: Ink, bound: String },
}

const BAR: usize = 20;
const BAR_NARROW: usize = 6;
/// ` 100 %`
const PERCENT: usize = 6;
const WORDS: usize = 28;
const NAME: usize = 26;
/// A condition may be long; the verdict has it whole.
const BOUND: usize = 24;

/// The whole table with its head.
pub(super) fn table(trace: &Trace, look: &Look) -> String {
    let cells: Vec<Cells> = rows(trace).iter().map(|row| cells(row, trace, look)).collect();
    let columns = columns(&cells, look);
    let mut text = String::new();
    text.push_str(&look.dim(&clip(&head(columns, weight_title(trace)), columns.total, look)));
    text.push('\n');
    for row in &cells {
        for line in lines(row, columns, look) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// What the weight is a weight of.
fn weight_title(trace: &Trace) -> &'static str {
    match trace.run.route.as_str() {
        "blue-green" => "traffic to new version",
        "replicas" => "canary share of pods",
        _ => "canary weight",
    }
}

fn head(columns: Columns, title: &str) -> String {
    let gap = spaces(columns.gap);
    let time = right("time", columns.time);
    let name = left("step", columns.name);
    if columns.words.is_none() {
        return format!("  {time}{gap}{name}{gap}{title}");
    }
    format!("  {time}{gap}{name}{gap}{}{gap}what happened", left(title, columns.middle))
}

fn columns(rows: &[Cells], look: &Look) -> Columns {
    let total = look.columns();
    let widest = |of: &dyn Fn(&Cells) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let time = widest(&|row| width(&row.time)).max(4);
    let value = widest(&|row| match &row.middle {
        Middle::Value { value, .. } => width(value),
        Middle::Weight(_) => 0,
    });
    let bound = widest(&|row| match &row.middle {
        Middle::Value { bound, .. } => width(bound),
        Middle::Weight(_) => 0,
    });
    let name = widest(&|row| width(&row.name)).clamp(4, NAME);
    let value = value.min(24);
    let middle = (value + 2 + bound).max(BAR + PERCENT);
    let wide = 2 + time + 2 + name + 2 + middle + 2;
    if wide + WORDS <= total {
        let words = Some(total - wide);
        return Columns { total, time, name, middle, value: middle - 2 - bound, gap: 2, words };
    }
    let name = name.min(total.saturating_sub(2 + time + 2 + 2 + BAR_NARROW + PERCENT));
    let middle = total.saturating_sub(2 + time + 2 + name + 2).min(BAR + PERCENT);
    Columns { total, time, name, middle, value: 0, gap: 2, words: None }
}

fn lines(row: &Cells, columns: Columns, look: &Look) -> Vec<String> {
    let gap = spaces(columns.gap);
    let name = left(&clip(&row.name, columns.name, look), columns.name);
    let start = format!("  {}{gap}{}", right(&row.time, columns.time), look.paint(row.name_ink, &name));
    let Some(room) = columns.words else {
        return narrow_lines(row, start, columns, look);
    };
    let middle = match &row.middle {
        Middle::Weight(percent) => weight(*percent, columns.middle.min(BAR + PERCENT), columns.middle, look),
        Middle::Value { value, ink, bound } => {
            let value = right(&clip(value, columns.value, look), columns.value);
            let rest = columns.middle.saturating_sub(columns.value + 2);
            format!("{}  {}", look.paint(*ink, &value), left(bound, rest))
        }
    };
    let indent =
        spaces(2 + columns.time + columns.gap + columns.name + columns.gap + columns.middle + columns.gap);
    let mut words = painted(&row.words, room, look).into_iter();
    let first = words.next().unwrap_or_default();
    let mut lines = vec![format!("{start}{gap}{middle}{gap}{first}")];
    lines.extend(words.map(|line| format!("{indent}{line}")));
    lines
}

fn narrow_lines(row: &Cells, start: String, columns: Columns, look: &Look) -> Vec<String> {
    let indent = spaces(2 + columns.time + columns.gap);
    let room = columns.total - width(&indent);
    let gap = spaces(columns.gap);
    let mut lines = match &row.middle {
        Middle::Weight(percent) => {
            vec![format!("{start}{gap}{}", weight(*percent, columns.middle, columns.middle, look))]
        }
        Middle::Value { value, ink, bound } => {
            let both = format!("{value}  {bound}");
            let both = clip(both.trim_end(), room, look);
            let used = width(&indent) + columns.name + columns.gap + width(&both);
            let both = look.paint(*ink, &both);
            if used <= columns.total {
                vec![format!("{start}{gap}{both}")]
            } else {
                vec![start, format!("{indent}{both}")]
            }
        }
    };
    lines.extend(painted(&row.words, room, look).iter().map(|line| format!("{indent}{line}")));
    lines
}

/// Bar and percentage, `columns` wide in a column of `room`.
fn weight(percent: u32, columns: usize, room: usize, look: &Look) -> String {
    let text = format!(
        "{} {}",
        bar(percent, columns.saturating_sub(PERCENT), look),
        right(&format!("{percent} %"), 5)
    );
    left(&text, room)
}

/// Parts one after the other, wrapped, each in its ink. Short ones share a line, joined by a comma, so that the text
/// reads alike without colour; what needs more than a line has its lines to itself.
fn painted(parts: &[(Ink, String)], room: usize, look: &Look) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = None;
    for (ink, part) in parts.iter().filter(|(_, part)| !part.is_empty()) {
        let shared = used.map(|used: usize| used + 2 + width(part)).filter(|shared| *shared <= room);
        if let (Some(shared), Some(line)) = (shared, lines.last_mut()) {
            line.push_str(", ");
            line.push_str(&look.paint(*ink, part));
            used = Some(shared);
            continue;
        }
        let pieces = hung(part, room);
        used = (pieces.len() == 1).then(|| width(part));
        // What goes on from the line above is indented, so that each thing that happened can be told apart.
        for (at, piece) in pieces.iter().enumerate() {
            let indent = if at == 0 { "" } else { HANG };
            lines.push(format!("{indent}{}", look.paint(*ink, piece)));
        }
    }
    lines
}

const HANG: &str = "  ";

/// Wrapped so that all lines but the first leave room for an indent.
fn hung(part: &str, room: usize) -> Vec<String> {
    let first = wrap(part, room);
    let Some(head) = first.first().filter(|_| first.len() > 1) else {
        return first;
    };
    let rest = part.strip_prefix(head.as_str()).unwrap_or("").trim_start();
    let mut lines = vec![head.clone()];
    lines.extend(wrap(rest, room.saturating_sub(width(HANG))));
    lines
}

fn cells(row: &Row, trace: &Trace, look: &Look) -> Cells {
    match row {
        Row::State(state) => state_cells(state),
        Row::Measured(measured) => measured_cells(measured, slo(trace, &measured.metric), look),
    }
}

fn state_cells(state: &State) -> Cells {
    let name_ink = match state.step.as_str() {
        "aborted" => Ink::Red,
        "promoted" => Ink::Green,
        _ => Ink::Bold,
    };
    Cells {
        time: Seconds(state.at).clock(),
        name: state.step.clone(),
        name_ink,
        middle: Middle::Weight(state.weight),
        words: state.notes.iter().map(|note| (note.ink, note.text.clone())).collect(),
    }
}

fn measured_cells(measured: &Measured, slo: Option<&SloBound>, look: &Look) -> Cells {
    let ink = ink(measured);
    let mut words = vec![(ink, said(measured, slo))];
    if measured.dry_run {
        words.push((Ink::Dim, "dry run".into()));
    }
    Cells {
        time: Seconds(measured.at).clock(),
        name: format!("{} {}", look.pointer(), clean(&measured.metric)),
        name_ink: Ink::Plain,
        middle: Middle::Value {
            value: value(measured, slo),
            ink,
            bound: slo.map(|slo| clip(&bound(slo), BOUND, look)).unwrap_or_default(),
        },
        words,
    }
}

fn ink(measured: &Measured) -> Ink {
    match (&measured.kind, measured.dry_run) {
        (_, true) => Ink::Dim,
        (Kind::Passed, _) => Ink::Plain,
        (Kind::NoData(phase), _) if phase == "Successful" => Ink::Plain,
        (Kind::NoData(phase), _) if phase == "Failed" => Ink::Red,
        (Kind::Failed | Kind::Error(_), _) => Ink::Red,
        (Kind::NoData(_) | Kind::Inconclusive | Kind::Other(_), _) => Ink::Yellow,
    }
}

/// The value, or from which to which the values went.
fn value(measured: &Measured, slo: Option<&SloBound>) -> String {
    if let Kind::Error(_) = measured.kind {
        return "error".into();
    }
    let first = measured.readings.first();
    let one = || first.map(|reading| reading.spelled(slo)).unwrap_or_default();
    let (Some(slo), true) = (slo, measured.count > 1) else {
        return one();
    };
    let numbers: Vec<f64> = measured.readings.iter().filter_map(Reading::number).collect();
    if numbers.len() < measured.readings.len() {
        return one();
    }
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    range(slo, low, high)
}

/// What came of it, and how often and how long.
fn said(measured: &Measured, slo: Option<&SloBound>) -> String {
    let count = u64::from(measured.count);
    let often = crate::unit::grouped(count);
    let until = format!("until {}", Seconds(measured.until).clock());
    let many = count > 1;
    match &measured.kind {
        Kind::Passed if many => format!("{often} passed, {until}"),
        Kind::Passed => "passed".into(),
        Kind::Failed if many => format!("{often} failed, {until}"),
        Kind::Failed => format!("failed{}", tolerated(measured, slo)),
        Kind::NoData(phase) => {
            let often = if many { format!(" {}, {until}", times(measured.count)) } else { String::new() };
            match phase.as_str() {
                "Successful" => format!("passed without data{often}"),
                "Failed" => format!("failed without data{often}{}", tolerated(measured, slo)),
                other => format!("{}{often}", clean(&other.to_lowercase())),
            }
        }
        Kind::Error(message) => {
            let often = if many { format!("{often} errors, {until}: ") } else { String::new() };
            let message = if message.is_empty() { "could not be measured".into() } else { clean(message) };
            format!("{often}{message}")
        }
        Kind::Inconclusive if measured.inconclusive > 1 => {
            format!("inconclusive, {} so far", times(measured.inconclusive))
        }
        Kind::Inconclusive => "inconclusive".into(),
        Kind::Other(phase) => clean(&phase.to_lowercase()),
    }
}

/// How many failures there have been beside how many there may be.
fn tolerated(measured: &Measured, slo: Option<&SloBound>) -> String {
    match slo {
        _ if measured.dry_run => String::new(),
        None => format!(", {} so far", times(measured.failed)),
        Some(slo) if slo.failure_limit == u32::MAX => ", any number tolerated".into(),
        Some(slo) if slo.failure_limit == 0 => ", none tolerated".into(),
        Some(slo) if measured.failed > slo.failure_limit => {
            format!(", {} where {} tolerated", times(measured.failed), are(slo.failure_limit))
        }
        Some(slo) => format!(", {} of {} tolerated", measured.failed, slo.failure_limit),
    }
}

fn are(limit: u32) -> String {
    if limit == 1 { "1 is".into() } else { format!("{limit} are") }
}
