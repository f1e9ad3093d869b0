//! The slos' signals over the run as lines of small bars, under the weight on the same time axis.
//!
//! Enters: a trace's signal tracks and a look. Leaves: lines. Both sides of one slo share one scale, which holds the
//! bound too, so a quiet signal looks quiet. It deliberately shows the worst of each stretch, never the mean.

use crate::simulator::trace::{EventKind, SignalTrack, SloBound, Trace};
use crate::unit::Seconds;

use super::super::chart::{gather, sparkline};
use super::super::quantity::{beside, bound, is_ceiling};
use super::super::style::Look;
use super::super::text::{clean, clip, left, line as push_line, right, spaces, width};
use super::super::verdict::slo;

/// One line of the picture.
struct Line {
    name: String,
    side: &'static str,
    cells: Vec<Option<f64>>,
    low: f64,
    high: f64,
    said: String,
}

const NAME: usize = 16;
const CELLS: usize = 48;
const CELLS_MIN: usize = 14;
const SIDE: usize = 6;

/// The picture, or nothing where no signal was tracked.
pub(super) fn signals(trace: &Trace, look: &Look) -> String {
    let end = end(trace);
    if trace.signals.iter().all(|track| track.at.is_empty()) || end == 0 {
        return String::new();
    }
    let names = trace.signals.iter().map(|track| width(&track.slo)).max().unwrap_or(0);
    let names = names.clamp(6, NAME);
    let said: Vec<[String; 2]> =
        trace.signals.iter().map(|track| said(track, slo(trace, &track.slo))).collect();
    let words = said.iter().flatten().map(|text| width(text)).max().unwrap_or(0);
    let fixed = 2 + names + 2 + SIDE + 2;
    let total = look.columns();
    // Words that leave no room for a picture stand below it.
    let beside = total.saturating_sub(fixed + 2 + words);
    let below = beside < CELLS_MIN;
    let cells = if below { total.saturating_sub(fixed) } else { beside }.clamp(8, CELLS);

    let mut lines = vec![weight_line(trace, end, cells)];
    for (track, [canary, stable]) in trace.signals.iter().zip(said) {
        lines.extend(track_lines(track, slo(trace, &track.slo), (canary, stable), end, cells));
    }
    let mut text = String::new();
    for line in lines {
        let spark = left(&sparkline(&line.cells, line.low, line.high, look), cells);
        let name = left(&clip(&clean(&line.name), names, look), names);
        let side = left(line.side, SIDE);
        let start = format!("  {name}  {side}  {spark}");
        if below {
            push_line(&mut text, start.trim_end());
            push_line(&mut text, &format!("    {}", clip(&line.said, total - 4, look)));
        } else {
            push_line(&mut text, &format!("{start}  {}", line.said));
        }
    }
    let last = Seconds(end).clock();
    let axis = if width(&last) + 5 <= cells {
        format!("0:00{}", right(&last, cells - 4))
    } else {
        clip(&right(&last, cells), cells, look)
    };
    text.push_str(&look.dim(&format!("{}{axis}", spaces(fixed))));
    text.push('\n');
    text
}

/// The last moment that anything is known of.
fn end(trace: &Trace) -> u64 {
    let events = trace.events.last().map_or(0, |event| event.at);
    let tracks = trace.signals.iter().filter_map(|track| track.at.last().copied());
    tracks.fold(events.max(trace.verdict.at), u64::max)
}

/// The new version's weight; once it is stable, all.
fn weight_line(trace: &Trace, end: u64, cells: usize) -> Line {
    let mut changes = vec![(0, 0_u32)];
    for event in &trace.events {
        match event.kind {
            EventKind::Weight { canary } => changes.push((event.at, canary)),
            EventKind::Promoted { .. } => {
                changes.push((event.at, 100));
                break;
            }
            _ => {}
        }
    }
    let points = changes.into_iter().map(|(at, weight)| (at, Some(f64::from(weight))));
    let cells = gather(points, end, cells, true);
    let said = format!("peak {} %", trace.verdict.peak_weight);
    Line { name: "weight".into(), side: "", cells, low: 0.0, high: 100.0, said }
}

fn track_lines(
    track: &SignalTrack,
    slo: Option<&SloBound>,
    (canary, stable): (String, String),
    end: u64,
    cells: usize,
) -> Vec<Line> {
    let ceiling = slo.is_none_or(is_ceiling);
    let gathered = |values: &[Option<f64>]| {
        gather(track.at.iter().copied().zip(values.iter().copied()), end, cells, ceiling)
    };
    let (low, high) = scale(track, slo);
    vec![
        Line {
            name: track.slo.clone(),
            side: "canary",
            cells: gathered(&track.canary),
            low,
            high,
            said: canary,
        },
        Line { name: String::new(), side: "stable", cells: gathered(&track.stable), low, high, said: stable },
    ]
}

/// From nothing to the highest value or the bound; shares that should be high, from the lowest to all.
fn scale(track: &SignalTrack, slo: Option<&SloBound>) -> (f64, f64) {
    let values = track.canary.iter().chain(&track.stable).flatten().copied();
    let known = values.chain(slo.map(|slo| slo.threshold)).filter(|value| value.is_finite());
    let (low, high) =
        known.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let share = slo.is_some_and(|slo| slo.unit == crate::simulator::trace::Unit::Ratio && !is_ceiling(slo));
    if share && low.is_finite() { (low, 1.0) } else { (0.0, high) }
}

/// The last and the worst value of both sides, and the bound.
fn said(track: &SignalTrack, slo: Option<&SloBound>) -> [String; 2] {
    let spelled = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().flatten().copied().filter(|value| !value.is_nan()).collect();
        let Some(last) = known.last().copied() else {
            return "no data".to_owned();
        };
        let Some(slo) = slo else {
            return super::super::quantity::bare(last, 4);
        };
        let worst = known
            .iter()
            .copied()
            .fold(last, |worst, value| if is_ceiling(slo) { worst.max(value) } else { worst.min(value) });
        let (last, worst) = (beside(slo, last), beside(slo, worst));
        if last == worst { last } else { format!("{last}, at worst {worst}") }
    };
    let canary = spelled(&track.canary);
    let bound = slo.map_or_else(String::new, |slo| format!("  ({})", clip(&bound(slo), 32, &Look::plain())));
    [format!("{canary}{bound}"), spelled(&track.stable)]
}
