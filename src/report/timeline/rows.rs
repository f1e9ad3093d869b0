//! Events gathered into rows: what happens in one second to the rollout is one row, measurements that say nothing new
//! are one row together.
//!
//! Enters: a trace. Leaves: [`Row`]s in time order. Nothing that decides is gathered: a failed measurement, a first
//! error, a pause, an abort each keep a row. It deliberately knows no layout and no words of measurements.

use crate::simulator::trace::{Event, EventKind, Trace};

use super::super::quantity::Reading;
use super::words::{Note, Story};

/// One row of the table.
#[derive(Debug)]
pub(super) enum Row {
    /// The rollout moved.
    State(State),
    /// Something was measured.
    Measured(Measured),
}

/// Step, weight and pods after all that happened to them in one second.
#[derive(Debug)]
pub(super) struct State {
    /// Seconds after apply.
    pub(super) at: u64,
    /// `2/7 for 2m`; empty where the row before says it.
    pub(super) step: String,
    /// Percent.
    pub(super) weight: u32,
    /// What happened.
    pub(super) notes: Vec<Note>,
    /// Whether only pods became available or ceased to be.
    pods_only: bool,
}

/// One measurement, or several that say the same.
#[derive(Debug)]
pub(super) struct Measured {
    /// When the first was.
    pub(super) at: u64,
    /// When the last was.
    pub(super) until: u64,
    /// Of what.
    pub(super) metric: String,
    /// What they say.
    pub(super) kind: Kind,
    /// How many.
    pub(super) count: u32,
    /// Their values.
    pub(super) readings: Vec<Reading>,
    /// Whether they decide nothing.
    pub(super) dry_run: bool,
    /// Failures counted after the last.
    pub(super) failed: u32,
    /// Inconclusive ones likewise.
    pub(super) inconclusive: u32,
    run: String,
}

/// What a measurement says; those that are equal may share a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// It succeeded on a value.
    Passed,
    /// There was no value to judge, and it was judged so.
    NoData(String),
    /// It could not be made, and why.
    Error(String),
    /// It failed on a value.
    Failed,
    /// It was inconclusive on a value.
    Inconclusive,
    /// A phase that Argo may add one day.
    Other(String),
}

impl Measured {
    /// Rows of their own, in the reader's way of every gathered one.
    fn is_remarkable(&self) -> bool {
        !self.dry_run && matches!(self.kind, Kind::Failed | Kind::Inconclusive | Kind::Other(_))
    }

    fn goes_on(&self, next: &Self) -> bool {
        self.metric == next.metric
            && self.run == next.run
            && self.kind == next.kind
            && self.dry_run == next.dry_run
    }
}

/// All rows of a run.
pub(super) fn rows(trace: &Trace) -> Vec<Row> {
    let mut gathering = Gathering::new(trace);
    for (at, event) in trace.events.iter().enumerate() {
        let same_second = trace.events.get(at + 1..).unwrap_or(&[]);
        gathering.take(event, same_second);
    }
    gathering.finish()
}

struct Gathering<'a> {
    rows: Vec<Row>,
    state: Option<State>,
    open: Vec<Measured>,
    story: Story<'a>,
    step_shown: String,
    pod_rows: u32,
}

/// So many rows about nothing but pods stand in a row; then they are counted.
const POD_ROWS: u32 = 4;

impl<'a> Gathering<'a> {
    fn new(trace: &'a Trace) -> Self {
        Self {
            rows: Vec::new(),
            state: None,
            open: Vec::new(),
            story: Story::new(trace),
            step_shown: String::new(),
            pod_rows: 0,
        }
    }

    fn take(&mut self, event: &'a Event, later: &'a [Event]) {
        if let Some(measured) = measured(event) {
            self.close_state();
            self.take_measured(measured);
            return;
        }
        if self.state.as_ref().is_some_and(|state| state.at != event.at) {
            self.close_state();
        }
        let before = (self.story.step(), self.story.weight);
        let notes = self.story.tell(event, later);
        let moved = before != (self.story.step(), self.story.weight);
        if notes.is_empty() && !moved {
            return;
        }
        let pods_only = matches!(event.kind, EventKind::Available { .. }) && !moved;
        let state = self.state.get_or_insert_with(|| State {
            at: event.at,
            step: String::new(),
            weight: 0,
            notes: Vec::new(),
            pods_only: true,
        });
        state.pods_only &= pods_only;
        state.notes.extend(notes);
    }

    fn take_measured(&mut self, next: Measured) {
        if next.is_remarkable() {
            self.close_open();
            self.rows.push(Row::Measured(next));
            return;
        }
        // What one metric says ends when it says something else; other metrics go on.
        let last = self.open.iter_mut().rev().find(|open| open.metric == next.metric && open.run == next.run);
        match last {
            Some(open) if open.goes_on(&next) => {
                open.until = next.at;
                open.count += 1;
                open.readings.extend(next.readings);
                open.failed = next.failed;
                open.inconclusive = next.inconclusive;
            }
            _ => self.open.push(next),
        }
    }

    fn close_open(&mut self) {
        self.rows.extend(self.open.drain(..).map(Row::Measured));
    }

    fn close_state(&mut self) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        let step = self.story.step();
        if step != self.step_shown {
            state.step.clone_from(&step);
            self.step_shown = step;
        }
        state.weight = self.story.weight;
        self.pod_rows = if state.pods_only { self.pod_rows + 1 } else { 0 };
        if self.pod_rows > POD_ROWS {
            self.story.pods_untold(state.at, &state.notes);
            return;
        }
        self.close_open();
        if let Some((at, note)) = self.story.pods_told() {
            let step = String::new();
            let weight = self.story.weight_before;
            self.rows.push(Row::State(State { at, step, weight, notes: vec![note], pods_only: true }));
        }
        self.story.weight_before = state.weight;
        self.rows.push(Row::State(state));
    }

    fn finish(mut self) -> Vec<Row> {
        self.close_state();
        self.close_open();
        if let Some((at, note)) = self.story.pods_told() {
            let (step, weight) = (String::new(), self.story.weight);
            self.rows.push(Row::State(State { at, step, weight, notes: vec![note], pods_only: true }));
        }
        self.rows
    }
}

fn measured(event: &Event) -> Option<Measured> {
    let EventKind::Measurement { name, metric, value, phase, message, dry_run, failed, inconclusive, .. } =
        &event.kind
    else {
        return None;
    };
    let reading = Reading::of(value);
    let is_empty = matches!(reading, Reading::NoData | Reading::NaN);
    let kind = match phase.as_str() {
        "Error" => Kind::Error(message.clone()),
        phase if is_empty => Kind::NoData(phase.to_owned()),
        "Successful" => Kind::Passed,
        "Failed" => Kind::Failed,
        "Inconclusive" => Kind::Inconclusive,
        other => Kind::Other(other.to_owned()),
    };
    Some(Measured {
        at: event.at,
        until: event.at,
        metric: metric.clone(),
        kind,
        count: 1,
        readings: vec![reading],
        dry_run: *dry_run,
        failed: *failed,
        inconclusive: *inconclusive,
        run: name.clone(),
    })
}
