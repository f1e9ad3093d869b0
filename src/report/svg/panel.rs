//! One slo over time: both sides' signal against the bound, and each measurement as a mark.
//!
//! Enters: a trace, one slo and the frame to draw in. Leaves: shapes. Shape tells the phase, colour only repeats it.
//! It deliberately knows no other slo: panels do not see each other.

use crate::simulator::trace::{EventKind, SignalTrack, SloBound, Trace, Unit};
use crate::unit::Seconds;

use super::super::chart::gather;
use super::super::quantity::{Reading, amount, bound, figure, is_ceiling, sign};
use super::super::text::clean;
use super::Frame;
use super::canvas::{Anchor, Canvas, polyline, px, text_width};
use super::scale::{Scale, ticks};

/// Marks without a value stand so far below the axis, lest they be read as zero.
const NO_VALUE: f64 = 10.0;

/// A measurement in the picture.
struct Mark {
    at: u64,
    value: Option<f64>,
    phase: String,
    words: String,
}

/// The panel, its upper edge at `top`.
pub(super) fn panel(
    canvas: &mut Canvas,
    trace: &Trace,
    slo: &SloBound,
    frame: &Frame,
    (top, height): (f64, f64),
) {
    let track = trace.signals.iter().find(|track| track.slo == slo.name);
    let marks = marks(trace, slo);
    let rounded = axis(slo, track, &marks);
    let (low, high) = (rounded.first().copied().unwrap_or(0.0), rounded.last().copied().unwrap_or(1.0));
    let scale = Scale { low, high, from: top + height, to: top };
    heading(canvas, slo, frame, top);
    for tick in &rounded {
        let y = scale.at(*tick);
        canvas.line("grid", (frame.left, y), (frame.right, y));
        let label = format!("{} {}", figure(slo.unit, *tick), sign(slo.unit));
        canvas.text("soft", (frame.left - 8.0, y + 4.0), Anchor::End, &label);
    }
    let mut words = Vec::new();
    // A condition that is no comparison with a number has no edge.
    if slo.threshold.is_finite() {
        let edge = scale.at(slo.threshold);
        let (from, to) = if is_ceiling(slo) { (top, edge) } else { (edge, top + height) };
        canvas.rect("beyond", (frame.left, from), (frame.right - frame.left, to - from), "");
        canvas.line("bound", (frame.left, edge), (frame.right, edge));
        words.push(Word { y: edge, class: "", text: bound(slo) });
    }
    let bounds = words.len();
    words.extend(track.into_iter().flat_map(|track| sides(canvas, track, slo, frame, &scale)));
    let is_silent = words.len() == bounds;
    side_words(canvas, words, frame, (top, height));
    if is_silent && marks.is_empty() {
        let middle = f64::midpoint(frame.left, frame.right);
        canvas.text("soft", (middle, top + height / 2.0), Anchor::Middle, "not measured in this run");
    }
    for mark in &marks {
        let y = mark.value.map_or(top + height + NO_VALUE, |value| scale.at(value));
        draw_mark(canvas, &mark.phase, (frame.time.at(mark.at as f64), y), &mark.words);
    }
}

fn heading(canvas: &mut Canvas, slo: &SloBound, frame: &Frame, top: f64) {
    let name = clean(&slo.name);
    canvas.text("name", (frame.left, top - 8.0), Anchor::Start, &name);
    let x = frame.left + text_width(&name, 14.0) + 6.0;
    let words = match slo.window {
        0 => bound(slo),
        window => format!("{} over {}", bound(slo), Seconds(window)),
    };
    canvas.text("soft", (x, top - 8.0), Anchor::Start, &words);
}

/// Both sides' lines, the canary's on top, and what stands beside their ends.
fn sides(
    canvas: &mut Canvas,
    track: &SignalTrack,
    slo: &SloBound,
    frame: &Frame,
    scale: &Scale,
) -> Vec<Word> {
    let mut words = Vec::new();
    for (side, class, values) in
        [("stable", "stable-word", &track.stable), ("canary", "canary-word", &track.canary)]
    {
        let points = points(track, values, slo, frame);
        let on_scale = |(at, value): (f64, f64)| (frame.time.at(at), scale.at(value));
        let data = polyline(points.iter().map(|point| point.map(on_scale)));
        if data.is_empty() {
            continue;
        }
        canvas.path(side, &data, "");
        if let Some((_, value)) = points.iter().rev().flatten().next() {
            let text = format!("{side} {}", amount(slo.unit, *value));
            words.push(Word { y: scale.at(*value), class, text });
        }
    }
    words
}

/// A word beside the right edge.
struct Word {
    y: f64,
    class: &'static str,
    text: String,
}

/// The words beside the panel, moved apart where they would cover each other.
fn side_words(canvas: &mut Canvas, mut words: Vec<Word>, frame: &Frame, (top, height): (f64, f64)) {
    const LINE: f64 = 15.0;
    words.sort_by(|one, other| one.y.total_cmp(&other.y));
    let mut floor = f64::NEG_INFINITY;
    for word in &mut words {
        word.y = word.y.max(floor);
        floor = word.y + LINE;
    }
    let mut ceiling = top + height + 4.0;
    for word in words.iter_mut().rev() {
        word.y = word.y.min(ceiling);
        ceiling = word.y - LINE;
    }
    for word in &words {
        canvas.text(word.class, (frame.right + 8.0, word.y + 4.0), Anchor::Start, &word.text);
    }
}

/// Round numbers that hold all values and the bound; shares that ought to be high need not start at nothing.
fn axis(slo: &SloBound, track: Option<&SignalTrack>, marks: &[Mark]) -> Vec<f64> {
    let signals = track.into_iter().flat_map(|track| track.canary.iter().chain(&track.stable)).copied();
    let known =
        signals.chain(marks.iter().map(|mark| mark.value)).flatten().filter(|value| value.is_finite());
    let (low, high) =
        known.fold((slo.threshold, slo.threshold), |(low, high), value| (low.min(value), high.max(value)));
    let factor = if slo.unit == Unit::Ratio { 100.0 } else { 1.0 };
    let share = slo.unit == Unit::Ratio && !is_ceiling(slo);
    let (low, high) =
        if share { (low.min(0.999), 1.0) } else { (low.min(0.0), high.max(slo.threshold * 1.25)) };
    let high = if high > low { high } else { low + 1.0 };
    let rounded = ticks(low * factor, high * factor, 3);
    rounded.into_iter().map(|tick| tick / factor).collect()
}

/// The values of one side; tracks with more points than pixels are thinned, the worst of each pixel staying.
fn points(
    track: &SignalTrack,
    values: &[Option<f64>],
    slo: &SloBound,
    frame: &Frame,
) -> Vec<Option<(f64, f64)>> {
    const MOST: usize = 800;
    let all = track.at.iter().copied().zip(values.iter().copied());
    if track.at.len() <= MOST {
        return all
            .map(|(at, value)| value.filter(|value| value.is_finite()).map(|value| (at as f64, value)))
            .collect();
    }
    let cells = gather(all, frame.end, MOST, is_ceiling(slo));
    let width = frame.end as f64 / MOST as f64;
    let middle = |cell: usize| (cell as f64 + 0.5) * width;
    cells.into_iter().enumerate().map(|(cell, value)| value.map(|value| (middle(cell), value))).collect()
}

fn marks(trace: &Trace, slo: &SloBound) -> Vec<Mark> {
    let measured = trace.events.iter().filter_map(|event| match &event.kind {
        EventKind::Measurement { metric, value, phase, message, dry_run, .. } if *metric == slo.name => {
            let reading = Reading::of(value);
            let shown = if phase == "Error" { clean(message) } else { reading.spelled(Some(slo)) };
            let dry = if *dry_run { ", dry run" } else { "" };
            let words = format!("{}: {shown}, {}{dry}", Seconds(event.at).clock(), phase.to_lowercase());
            let value = reading.number().filter(|value| value.is_finite());
            Some(Mark { at: event.at, value, phase: phase.clone(), words })
        }
        _ => None,
    });
    measured.collect()
}

/// Circle, cross, diamond, triangle: passed, failed, inconclusive, error.
pub(super) fn draw_mark(canvas: &mut Canvas, phase: &str, (x, y): (f64, f64), words: &str) {
    let at = |dx: f64, dy: f64| format!("{} {}", px(x + dx), px(y + dy));
    match phase {
        "Failed" => {
            let cross = format!("M{}L{}M{}L{}", at(-5.0, -5.0), at(5.0, 5.0), at(5.0, -5.0), at(-5.0, 5.0));
            canvas.path("halo", &cross, "");
            canvas.path("failed", &cross, words);
        }
        "Successful" => canvas.circle("passed", (x, y), 3.6, words),
        "Error" => {
            let triangle = format!("M{}L{}L{}Z", at(0.0, -6.0), at(6.0, 4.5), at(-6.0, 4.5));
            canvas.path("error", &triangle, words);
        }
        _ => {
            let diamond = format!("M{}L{}L{}L{}Z", at(0.0, -6.0), at(6.0, 0.0), at(0.0, 6.0), at(-6.0, 0.0));
            canvas.path("inconclusive", &diamond, words);
        }
    }
}
