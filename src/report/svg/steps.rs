//! The strip of steps and, below it, the canary's weight over time.
//!
//! Enters: a trace and the frame to draw in. Leaves: shapes. A step whose name does not fit keeps its number; one whose
//! number does not fit keeps its place and says its name to who points at it. It deliberately knows no slo.

use std::fmt::Write as _;

use crate::simulator::trace::{EventKind, Trace};
use crate::unit::Seconds;

use super::super::text::clean;
use super::canvas::{Anchor, Canvas, px, text_width};
use super::scale::Scale;
use super::{Frame, STRIP};

/// A step and how long it was in force.
struct Segment {
    from: u64,
    to: u64,
    /// From 0; none once the rollout ended.
    index: Option<u32>,
    name: String,
}

/// Segments that took time; moments at which they begin are the boundaries drawn through all panels.
pub(super) fn strip(canvas: &mut Canvas, trace: &Trace, frame: &Frame, top: f64) -> Vec<u64> {
    let segments = segments(trace, frame.end);
    canvas.text("soft step", (frame.left - 8.0, top + STRIP / 2.0 + 4.0), Anchor::End, "step");
    for segment in &segments {
        let (left, right) = (frame.time.at(segment.from as f64), frame.time.at(segment.to as f64));
        let number = segment.index.map(|index| index.saturating_add(1).to_string());
        let verb = segment.name.split(' ').next().unwrap_or("");
        let labels: Vec<String> = match &number {
            Some(number) => {
                let long = [segment.name.as_str(), verb].map(|name| format!("{number} \u{b7} {name}"));
                long.into_iter().chain([number.clone()]).collect()
            }
            None => vec![segment.name.clone()],
        };
        let span = format!("{} to {}", Seconds(segment.from).clock(), Seconds(segment.to).clock());
        let count = trace.run.steps.len();
        let words = match &number {
            Some(number) => format!("step {number} of {count}, {}: {span}", segment.name),
            None => format!("{}: {span}", segment.name),
        };
        canvas.rect(class(segment), (left, top), (right - left, STRIP), &words);
        let room = right - left - 6.0;
        let label = labels.into_iter().find(|label| text_width(label, 11.0) <= room);
        if let Some(label) = label {
            let at = (f64::midpoint(left, right), top + STRIP / 2.0 + 4.0);
            canvas.text("step", at, Anchor::Middle, &label);
        }
    }
    segments.iter().map(|segment| segment.from).filter(|from| *from > 0).collect()
}

fn class(segment: &Segment) -> &'static str {
    let is = |word: &str| segment.name.starts_with(word);
    match segment.index {
        None => "ended",
        Some(_) if is("for ") || is("until ") || is("pause") => "pause",
        Some(_) if is("analyze") || is("experiment") => "analysis",
        Some(_) => "move",
    }
}

fn segments(trace: &Trace, end: u64) -> Vec<Segment> {
    let steps = &trace.run.steps;
    let mut segments: Vec<Segment> = Vec::new();
    let mut ended = false;
    for event in &trace.events {
        let (index, name) = match &event.kind {
            EventKind::Applied { .. } => {
                ended = false;
                continue;
            }
            EventKind::Aborted { .. } => (None, "aborted".to_owned()),
            EventKind::Promoted { .. } => (None, "promoted".to_owned()),
            EventKind::Step { index } if !ended => match steps.get(*index as usize) {
                Some(name) => (Some(*index), clean(name)),
                None => continue,
            },
            _ => continue,
        };
        ended = index.is_none();
        if let Some(last) = segments.last_mut() {
            last.to = event.at;
        }
        segments.push(Segment { from: event.at, to: end, index, name });
    }
    segments.retain(|segment| segment.to > segment.from);
    segments
}

/// Weight as an area with each plateau's percentage on it.
pub(super) fn weight(canvas: &mut Canvas, trace: &Trace, frame: &Frame, (top, height): (f64, f64)) {
    let scale = Scale { low: 0.0, high: 100.0, from: top + height, to: top };
    for percent in [0, 50, 100] {
        let y = scale.at(f64::from(percent));
        canvas.line("grid", (frame.left, y), (frame.right, y));
        canvas.text("soft", (frame.left - 8.0, y + 4.0), Anchor::End, &format!("{percent} %"));
    }
    let changes = changes(trace);
    let mut line = format!("M{} {}", px(frame.left), px(scale.at(0.0)));
    for (at, percent) in &changes {
        let (x, y) = (frame.time.at(*at as f64), scale.at(f64::from(*percent)));
        let _ = write!(line, "H{}V{}", px(x), px(y));
    }
    let _ = write!(line, "H{}", px(frame.right));
    let foot = px(scale.at(0.0));
    canvas.path("weight", &format!("{line}V{foot}H{}Z", px(frame.left)), "");
    canvas.path("canary", &line, "canary weight");
    let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([frame.end]);
    for ((from, percent), to) in changes.iter().zip(ends).filter(|((_, percent), _)| *percent > 0) {
        let (left, right) = (frame.time.at(*from as f64), frame.time.at(to as f64));
        let label = format!("{percent} %");
        if text_width(&label, 12.0) + 4.0 > right - left {
            continue;
        }
        let y = scale.at(f64::from(*percent));
        let y = if *percent > 80 { y + 16.0 } else { y - 6.0 };
        canvas.text("canary-word", (f64::midpoint(left, right), y), Anchor::Middle, &label);
    }
}

/// Weights and since when; the new version keeps all once it is stable.
fn changes(trace: &Trace) -> Vec<(u64, u32)> {
    let mut changes: Vec<(u64, u32)> = vec![(0, 0)];
    let mut promoted = false;
    for event in &trace.events {
        let percent = match event.kind {
            EventKind::Weight { canary } if !promoted => canary,
            EventKind::Promoted { .. } => 100,
            EventKind::Applied { .. } => 0,
            _ => continue,
        };
        promoted = matches!(event.kind, EventKind::Promoted { .. });
        if changes.last().is_some_and(|(_, before)| *before != percent) {
            changes.push((event.at, percent));
        }
    }
    changes
}
