//! A run as a picture: steps, the canary's weight, each slo's signal with its measurements, and the verdict.
//!
//! Enters: a trace. Leaves: one SVG that stands alone: title and description for who cannot see it, text as text, no
//! script, no font, legible on a light and on a dark page and in black and white. It deliberately knows no terminal.

mod canvas;
mod panel;
mod scale;
mod steps;
mod style;

use crate::simulator::trace::{EventKind, Outcome, Trace};
use crate::unit::Seconds;

use super::recorded;
use super::text::{clean, wrap};
use super::timeline::cost;
use super::verdict;
use super::xml::escaped;
use canvas::{Anchor, Canvas, px, text_width};
use scale::{Scale, clock_step};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 822.0;
const STRIP: f64 = 24.0;
const LANE: f64 = 22.0;
const WEIGHT: f64 = 104.0;
const PANEL: f64 = 112.0;
const GAP: f64 = 42.0;

/// What all panels share.
#[derive(Clone, Copy, Debug)]
struct Frame {
    left: f64,
    right: f64,
    /// Seconds.
    end: u64,
    time: Scale,
}

/// The picture.
pub fn svg(trace: &Trace) -> String {
    let end = end(trace);
    let time = Scale { low: 0.0, high: end as f64, from: LEFT, to: RIGHT };
    let frame = Frame { left: LEFT, right: RIGHT, end, time };
    let mut canvas = Canvas::default();
    let strip = heading(&mut canvas, trace);
    let mut shapes = Canvas::default();
    let boundaries = steps::strip(&mut shapes, trace, &frame, strip);
    let lane = strip + STRIP;
    let mut y = lane + LANE + 20.0;
    let first = y;
    shapes.text("name", (LEFT, y - 8.0), Anchor::Start, weight_title(trace));
    steps::weight(&mut shapes, trace, &frame, (y, WEIGHT));
    y += WEIGHT;
    for slo in &trace.run.slos {
        y += GAP;
        panel::panel(&mut shapes, trace, slo, &frame, (y, PANEL));
        y += PANEL;
    }
    for at in boundaries {
        let x = time.at(at as f64);
        canvas.line("edge", (x, strip + STRIP), (x, y));
    }
    clock(&mut canvas, &frame, (first, y));
    moments(&mut canvas, trace, &frame, (lane, y));
    canvas.raw(shapes.finish().trim_end());
    let height = legend(&mut canvas, trace, y + 64.0);
    document(trace, height, &canvas.finish())
}

/// Title, reason and facts; returns where the next thing goes.
fn heading(canvas: &mut Canvas, trace: &Trace) -> f64 {
    let run = &trace.run;
    let mut y = 20.0;
    let title = format!("{}: {}", clean(&run.rollout), verdict::headline(trace));
    for line in wrap(&title, 88) {
        y += 20.0;
        canvas.text("title", (24.0, y), Anchor::Start, &line);
    }
    for line in wrap(&verdict::because(trace), 118) {
        y += 20.0;
        canvas.text("because", (24.0, y), Anchor::Start, &line);
    }
    let number = if run.number == 0 { String::new() } else { format!(", run {}", run.number) };
    let scenario =
        if run.scenario.is_empty() { String::new() } else { format!("{} \u{b7} ", clean(&run.scenario)) };
    let facts = format!(
        "{scenario}Argo Rollouts {}, Prometheus {} \u{b7} seed {}{number}",
        run.controller, run.prometheus, run.seed
    );
    let more = recorded::facts(trace).into_iter().chain(recorded::outlasted(trace));
    for line in std::iter::once(facts).chain(more).flat_map(|fact| wrap(&fact, 128)) {
        y += 19.0;
        canvas.text("soft", (24.0, y), Anchor::Start, &line);
    }
    y + 22.0
}

/// The last moment that anything is known of; one second at least.
fn end(trace: &Trace) -> u64 {
    let events = trace.events.last().map_or(0, |event| event.at);
    let tracks = trace.signals.iter().filter_map(|track| track.at.last().copied());
    tracks.fold(events.max(trace.verdict.at), u64::max).max(1)
}

/// Ticks below the last panel; the last one that would be cut off is left out.
fn clock(canvas: &mut Canvas, frame: &Frame, (top, bottom): (f64, f64)) {
    let step = clock_step(frame.end, 10);
    let count = frame.end / step;
    for at in (0..=count.min(40)).map(|tick| tick * step) {
        let x = frame.time.at(at as f64);
        canvas.line("grid", (x, top), (x, bottom));
        canvas.line("tick", (x, bottom), (x, bottom + 5.0));
        canvas.text("soft", (x, bottom + 31.0), Anchor::Middle, &Seconds(at).clock());
    }
    canvas.line("tick", (frame.left, bottom), (frame.right, bottom));
}

/// What operators did, and the verdict, as lines through all panels with words above.
fn moments(canvas: &mut Canvas, trace: &Trace, frame: &Frame, (top, bottom): (f64, f64)) {
    let decided = trace.verdict.outcome;
    let clock = Seconds(trace.verdict.at).clock();
    let word = match decided {
        Outcome::RolledBack => format!("aborted {clock}"),
        Outcome::Promoted => format!("promoted {clock}"),
        Outcome::Paused => format!("waits since {clock}"),
        Outcome::Refused => "refused".to_owned(),
        Outcome::Unfinished => format!("played until {clock}"),
    };
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let class = verdict::word(decided).replace(' ', "-");
    let mut words = vec![(trace.verdict.at, class, word)];
    words.extend(trace.events.iter().filter_map(|event| match &event.kind {
        EventKind::Action { action, .. } => {
            Some((event.at, "undecided".into(), format!("operator: {}", clean(action))))
        }
        _ => None,
    }));
    for (at, class, word) in words {
        let x = frame.time.at(at as f64);
        canvas.line(&class, (x, top), (x, bottom));
        let width = text_width(&word, 12.0);
        let from = (x + 6.0).min(WIDTH - 8.0 - width);
        let (from, anchor) = if x + 6.0 + width > WIDTH - 8.0 {
            (x - 6.0 - width, Anchor::End)
        } else {
            (from, Anchor::Start)
        };
        // A word that would cover another is left to the text form; its line stays.
        if taken.iter().any(|(left, right)| from < *right && from + width > *left) {
            continue;
        }
        taken.push((from, from + width));
        let at = if anchor == Anchor::End { x - 6.0 } else { x + 6.0 };
        canvas.text(&format!("{class}-word"), (at, top + LANE - 6.0), anchor, &word);
    }
}

/// What the marks mean, those that occur; returns the height of the picture.
fn legend(canvas: &mut Canvas, trace: &Trace, y: f64) -> f64 {
    let has = |wanted: &str| {
        trace
            .events
            .iter()
            .any(|event| matches!(&event.kind, EventKind::Measurement { phase, .. } if phase == wanted))
    };
    let mut x = LEFT;
    for (phase, word) in
        [("Successful", "passed"), ("Failed", "failed"), ("Inconclusive", "inconclusive"), ("Error", "error")]
    {
        if has(phase) {
            panel::draw_mark(canvas, phase, (x + 6.0, y - 4.0), "");
            canvas.text("soft", (x + 18.0, y), Anchor::Start, word);
            x += text_width(word, 12.0) + 40.0;
        }
    }
    let empty = |kind: &EventKind| matches!(kind, EventKind::Measurement { value, .. } if super::quantity::Reading::of(value).number().is_none());
    if trace.events.iter().any(|event| empty(&event.kind)) {
        let words = "a mark below the axis: no value";
        canvas.text("soft", (x, y), Anchor::Start, words);
        x += text_width(words, 12.0);
    }
    if !trace.run.slos.is_empty() {
        canvas.rect("beyond", (x, y - 11.0), (22.0, 13.0), "");
        canvas.text("soft", (x + 28.0, y), Anchor::Start, "where the slo is broken");
    }
    canvas.text("soft", (LEFT, y + 22.0), Anchor::Start, &cost(trace));
    y + 42.0
}

/// What the weight is a weight of.
fn weight_title(trace: &Trace) -> &'static str {
    match trace.run.route.as_str() {
        "blue-green" => "traffic to the new version",
        "replicas" => "the canary's share of the pods",
        _ => "canary weight",
    }
}

fn document(trace: &Trace, height: f64, shapes: &str) -> String {
    let run = &trace.run;
    let title = format!("{}: {}", clean(&run.rollout), verdict::brief(trace));
    let slos: Vec<String> =
        run.slos.iter().map(|slo| format!("{} {}", clean(&slo.name), super::quantity::bound(slo))).collect();
    let desc = format!(
        "{}, {}. {}. The canary's weight over time and each slo's signal with its measurements: {}.",
        verdict::headline(trace),
        verdict::because(trace),
        cost(trace),
        slos.join(", "),
    );
    let (width, height) = (px(WIDTH), px(height));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"rollcast-title rollcast-desc\">\n\
         <title id=\"rollcast-title\">{}</title>\n<desc id=\"rollcast-desc\">{}</desc>\n{}\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n{shapes}</svg>\n",
        escaped(&title),
        escaped(&desc),
        style::STYLE,
    )
}
