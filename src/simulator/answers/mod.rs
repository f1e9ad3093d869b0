//! Measured values in the place of a world: what a query or a metric gave at which second, or in a past run.
//!
//! Enters: lines of values, by query or by metric. Leaves: answers to the controllers, and notes where a value had to stand
//! for a time at which nothing was measured.
//! It deliberately knows no notation and no condition: what was measured is judged anew.

mod read;
mod run;

pub use read::read;

use std::collections::{BTreeMap, BTreeSet};

use super::analysis_run::judge::foreign;
use super::event::{Ask, Provider};
use crate::condition::Value;
use crate::unit::{Seconds, grouped};

/// What was measured once: a value, or the provider's error.
pub(super) type Measured = Result<Value, String>;

/// A value and since when it holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// Seconds after the release was applied, or after the run began.
    pub(super) at: u64,
    /// What was measured.
    pub(super) value: Measured,
}

/// What one query or metric gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// Seconds count from the release; a point holds until the next, and before the first there is no data.
    Release(Vec<Point>),
    /// Past runs in the order in which they began; seconds count from the beginning of the run that asks.
    Runs(Vec<PastRun>),
}

/// One metric of a past run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PastRun {
    /// `checkout-6bf9d8d7b4-2-1`
    pub(super) name: String,
    /// At least one.
    pub(super) points: Vec<Point>,
    /// Seconds by which a time may miss the points and still be theirs.
    pub(super) slack: u64,
    /// Measurements that the controller no longer keeps.
    pub(super) lost: i64,
}

/// To what a line belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A query, letter for letter, with pod hashes written `rev1`, `rev2`.
    Query(String),
    /// A metric's name.
    Metric(String),
}

/// Measured values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// Where they come from, for people.
    title: String,
    lines: BTreeMap<Key, Line>,
    asked: BTreeMap<String, Asked>,
}

/// What was asked of a metric in the run that is being played.
#[derive(Clone, Debug, Default, PartialEq)]
struct Asked {
    /// When the asking runs began.
    runs: BTreeSet<u64>,
    early: u64,
    late: u64,
    unknown: u64,
}

impl Answers {
    /// Whether there is a line for this metric or query.
    pub fn knows(&self, metric: &str, query: &str) -> bool {
        self.line(metric, query).is_some()
    }

    /// Why the line of a metric does not answer a provider that is not Prometheus, if it does not: there is nothing that
    /// such a provider would give where nobody says what.
    pub fn misfit(&self, metric: &str, provider: &str) -> Option<String> {
        // An error with a status is Prometheus'; one that a run had stands as it was.
        let values = |points: &[Point], error: bool| {
            points.iter().all(|point| match &point.value {
                Ok(value) => foreign(provider, value).is_some(),
                Err(_) => error,
            })
        };
        let fits = match self.line(metric, "")? {
            Line::Release(points) => {
                points.first().is_some_and(|first| first.at == 0) && values(points, false)
            }
            Line::Runs(runs) => runs.iter().all(|run| values(&run.points, true)),
        };
        let advice = "from second 0 on it takes `successful`, `failed`, `inconclusive` or `error`";
        let number = if foreign(provider, &Value::Float(0.0)).is_some() { ", or one number" } else { "" };
        (!fits).then(|| format!("{metric} is measured by {provider}; {advice}{number}"))
    }

    /// The metrics and queries of the lines, as they were written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(|key| match key {
            Key::Query(text) | Key::Metric(text) => text.as_str(),
        })
    }

    /// Names of lines that answer none of these metrics, each with its query.
    pub fn unasked<'a>(&'a self, metrics: &'a [(&str, &str)]) -> impl Iterator<Item = &'a str> {
        let idle = |key: &&Key| match key {
            Key::Query(text) => metrics.iter().all(|(_, query)| query != text),
            Key::Metric(text) => metrics.iter().all(|(metric, _)| metric != text),
        };
        self.lines.keys().filter(idle).map(|key| match key {
            Key::Query(text) | Key::Metric(text) => text.as_str(),
        })
    }

    /// What the lines themselves lack: measurements that an export no longer has.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        for (key, line) in &self.lines {
            let (Key::Metric(name), Line::Runs(runs)) = (key, line) else { continue };
            for run in runs.iter().filter(|run| run.lost > 0) {
                let (kept, lost) = (run.points.len(), run.lost);
                gaps.push(format!(
                    "the controller kept {kept} of {} measurements of `{name}` in `{}`; `measurementRetention` keeps more",
                    i64::try_from(kept).unwrap_or(0).saturating_add(lost),
                    run.name
                ));
            }
        }
        gaps
    }

    fn line(&self, metric: &str, query: &str) -> Option<&Line> {
        // A query says more than a name.
        self.lines
            .get(&Key::Query(query.to_owned()))
            .or_else(|| self.lines.get(&Key::Metric(metric.to_owned())))
    }
}

/// The last point that has begun.
fn held(points: &[Point], at: u64) -> Option<&Point> {
    points.iter().rev().find(|point| point.at <= at)
}

impl Provider for Answers {
    fn reset(&mut self) {
        self.asked.clear();
    }

    fn answer(&mut self, ask: &Ask<'_>) -> Measured {
        let mut asked = self.asked.remove(ask.name).unwrap_or_default();
        let empty = || Ok(Value::Floats(Vec::new()));
        let answer = match self.line(ask.name, ask.query) {
            None => {
                asked.unknown += 1;
                empty()
            }
            Some(Line::Release(points)) => {
                held(points, ask.at.0).map_or_else(empty, |point| point.value.clone())
            }
            Some(Line::Runs(runs)) => {
                asked.runs.insert(ask.since.0);
                let number = asked.runs.range(..=ask.since.0).count();
                let past = runs.get(number - 1).or(runs.last());
                past.map_or_else(empty, |past| past.answer((ask.at - ask.since).0, &mut asked))
            }
        };
        self.asked.insert(ask.name.to_owned(), asked);
        answer
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (metric, asked) in &self.asked {
            if asked.unknown > 0 {
                notes.push(format!("{metric} was asked {} without an answer", times(asked.unknown)));
            }
            let Some(Line::Runs(runs)) = self.lines.get(&Key::Metric(metric.clone())) else { continue };
            if asked.early > 0 {
                let first = runs.iter().map(PastRun::first).min();
                notes.push(format!(
                    "{metric} was measured {} before the past run's first value (after {}), which stands for it",
                    times(asked.early),
                    Seconds(first.unwrap_or(0))
                ));
            }
            if asked.late > 0 {
                let last = runs.iter().map(PastRun::last).max();
                notes.push(format!(
                    "{metric} was measured {} beyond the past run's last value (after {}), which stands for it",
                    times(asked.late),
                    Seconds(last.unwrap_or(0))
                ));
            }
            if asked.runs.len() > runs.len() {
                notes.push(format!(
                    "{metric} was measured by {} runs where {} recorded; the last one stands for the others",
                    asked.runs.len(),
                    if runs.len() == 1 { "1 is".to_owned() } else { format!("{} are", runs.len()) }
                ));
            }
        }
        notes
    }
}

impl PastRun {
    /// The value measured nearest to this second: controllers are late by fractions, and never by the same ones.
    fn answer(&self, after: u64, asked: &mut Asked) -> Measured {
        let (first, last) = (self.first(), self.last());
        asked.early += u64::from(after.saturating_add(self.slack) < first);
        asked.late += u64::from(last.saturating_add(self.slack) < after);
        let nearest = self.points.iter().min_by_key(|point| point.at.abs_diff(after));
        nearest.map_or(Ok(Value::Floats(Vec::new())), |point| point.value.clone())
    }

    fn first(&self) -> u64 {
        self.points.first().map_or(0, |point| point.at)
    }

    fn last(&self) -> u64 {
        self.points.last().map_or(0, |point| point.at)
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", grouped(more)),
    }
}
