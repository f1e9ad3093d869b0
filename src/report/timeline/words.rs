//! What each event is called, and what must be remembered of earlier ones to call it that.
//!
//! Enters: events in time order. Leaves: [`Note`]s, the current step's name and the weight. A note is left out only
//! where another one, or the row it stands in, says the same. It deliberately knows no layout.

use std::collections::BTreeMap;

use crate::simulator::trace::{Event, EventKind, Trace};
use crate::unit::Seconds;

use super::super::style::Ink;
use super::super::text::{clean, counted};

/// One thing that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// How it is painted.
    pub(super) ink: Ink,
    /// The words; the controller's own messages letter for letter.
    pub(super) text: String,
}

impl Note {
    fn new(ink: Ink, text: impl Into<String>) -> Self {
        Self { ink, text: text.into() }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self::new(Ink::Plain, text)
    }
}

/// Where the rollout stands between two events.
#[derive(Debug)]
pub(super) struct Story<'a> {
    steps: &'a [String],
    blue_green: bool,
    /// Percent.
    pub(super) weight: u32,
    /// Percent, in the row before.
    pub(super) weight_before: u32,
    index: Option<u32>,
    ended: Option<&'static str>,
    canary: Option<u64>,
    /// The version in force, and the one before it.
    stable: u64,
    replaced: u64,
    applied: Vec<u64>,
    available: BTreeMap<u64, u32>,
    runs: BTreeMap<&'a str, &'a str>,
    untold: Option<(u64, u32, String)>,
    said: Vec<&'a str>,
}

impl<'a> Story<'a> {
    pub(super) fn new(trace: &'a Trace) -> Self {
        Self {
            steps: &trace.run.steps,
            blue_green: super::super::verdict::is_blue_green(trace),
            weight: 0,
            weight_before: 0,
            index: None,
            ended: None,
            canary: None,
            stable: 1,
            replaced: 1,
            applied: vec![1],
            available: BTreeMap::new(),
            runs: BTreeMap::new(),
            untold: None,
            said: Vec::new(),
        }
    }

    /// `2/7 for 2m`, `aborted`, `promoted`.
    pub(super) fn step(&self) -> String {
        if let Some(ended) = self.ended {
            return ended.to_owned();
        }
        let Some(index) = self.index else {
            return match (self.blue_green, self.weight) {
                (false, _) => String::new(),
                (true, 0) => "preview".to_owned(),
                (true, _) => "switched".to_owned(),
            };
        };
        let count = self.steps.len();
        self.steps.get(index as usize).map_or_else(
            || "all steps done".to_owned(),
            |step| format!("{}/{count} {}", index.saturating_add(1), clean(step)),
        )
    }

    /// Follows the event and words it; `later` are the events after it.
    pub(super) fn tell(&mut self, event: &'a Event, later: &'a [Event]) -> Vec<Note> {
        let note = match &event.kind {
            EventKind::Applied { revision } => {
                let again = if self.applied.contains(revision) { " again" } else { "" };
                self.applied.push(*revision);
                // What returns to the version in force ends a trial, it begins none.
                if *revision != self.stable {
                    self.canary = Some(*revision);
                    self.ended = None;
                }
                Some(Note::plain(format!("revision {revision} applied{again}")))
            }
            EventKind::Action { action, detail, outcome, changed } => {
                Some(operator(action, detail, outcome, *changed))
            }
            EventKind::Step { index } => {
                self.index = Some(*index);
                None
            }
            EventKind::Weight { canary } => {
                // After the promotion the canary's route is empty because the new version has stable's.
                if self.ended != Some("promoted") {
                    self.weight = *canary;
                }
                None
            }
            EventKind::Scaled { revision, from, to } => {
                Some(self.scaled(*revision, *from, *to, later, event.at))
            }
            EventKind::Available { revision, available, wanted } => {
                self.available(*revision, *available, *wanted, later)
            }
            EventKind::RunStarted { name, kind, .. } => {
                self.runs.insert(name, kind);
                Some(Note::plain(format!("{} starts", analysis(kind))))
            }
            EventKind::Measurement { .. } => None,
            EventKind::RunEnded { name, phase, message } => {
                self.run_ended(name, phase, message, later, event.at)
            }
            EventKind::Phase { phase, message } => self.phase(phase, message, later, event.at),
            EventKind::Paused { reason, until } => Some(paused(reason, *until)),
            EventKind::Aborted { message } => {
                self.ended = Some("aborted");
                self.said.push(message);
                Some(Note::new(Ink::Red, if message.is_empty() { "aborted".into() } else { clean(message) }))
            }
            EventKind::Promoted { revision } => {
                self.ended = Some("promoted");
                (self.replaced, self.stable) = (self.stable, *revision);
                self.weight = 100;
                Some(Note::new(Ink::Green, format!("revision {revision} is stable")))
            }
            // Kubernetes refuses a write on what has changed since it was read; the controller reads again.
            EventKind::ReconcileError { message } if message.contains("the object has been modified") => {
                Some(Note::new(Ink::Dim, "a stale write is tried again"))
            }
            EventKind::ReconcileError { message } => Some(Note::new(Ink::Red, clean(message))),
        };
        note.into_iter().collect()
    }

    /// Whose pods: the canary's, those of the version in force or before, or those of a version in between.
    fn side(&self, revision: u64) -> String {
        let is_canary = self.canary == Some(revision);
        match (is_canary, self.ended == Some("promoted") || (self.blue_green && self.weight > 0)) {
            (true, false) if self.blue_green => "preview".into(),
            (true, true) => "new version".into(),
            (true, false) => "canary".into(),
            (false, true) if revision == self.replaced => "old version".into(),
            (false, false) if revision == self.stable => "stable".into(),
            _ => format!("revision {revision}"),
        }
    }

    fn scaled(&self, revision: u64, from: u32, to: u32, later: &[Event], at: u64) -> Note {
        let side = self.side(revision);
        let to_words = counted(u64::from(to), "pod", "pods");
        let starts_now = from == 0
            && !later.iter().take_while(|event| event.at == at).any(
                |event| matches!(&event.kind, EventKind::Available { revision: of, .. } if *of == revision),
            );
        if starts_now && to > 0 {
            let noun = if to == 1 { "pod" } else { "pods" };
            return Note::plain(format!("{to} {side} {noun} starting"));
        }
        Note::plain(format!("{side} scaled from {from} to {to_words}"))
    }

    /// A pod more on the way to all wanted ones is not worth a row; the last of them is, and any pod less.
    fn available(&mut self, revision: u64, available: u32, wanted: u32, later: &[Event]) -> Option<Note> {
        let first = !self.available.contains_key(&revision);
        let before = self.available.insert(revision, available).unwrap_or(0);
        // The pods that were there before the release are where it starts, not what happens.
        if first && available >= wanted && self.canary != Some(revision) {
            return None;
        }
        let side = self.side(revision);
        if available >= wanted {
            // Scaling down is told where it was wanted.
            return (available > before && wanted > 0).then(|| {
                let noun = if wanted == 1 { "pod" } else { "pods" };
                let all = if wanted == 1 { String::new() } else { format!("all {wanted} ") };
                Note::plain(format!("{all}{side} {noun} ready"))
            });
        }
        let noun = if wanted == 1 { "pod" } else { "pods" };
        let text = format!("{available} of {wanted} {side} {noun} ready");
        if available < before {
            return Some(Note::new(Ink::Yellow, text));
        }
        let goes_on = later.iter().find_map(|event| match &event.kind {
            EventKind::Available { revision: of, available: next, .. } if *of == revision => {
                Some(*next > available)
            }
            EventKind::Scaled { revision: of, .. } if *of == revision => Some(false),
            _ => None,
        });
        (goes_on != Some(true)).then(|| Note::new(Ink::Yellow, text))
    }

    fn run_ended(
        &mut self,
        name: &'a str,
        phase: &'a str,
        message: &'a str,
        later: &[Event],
        at: u64,
    ) -> Option<Note> {
        let kind = self.runs.get(name).copied().unwrap_or("");
        let analysis = analysis(kind);
        let said_later = later.iter().take_while(|event| event.at == at).any(
            |event| matches!(&event.kind, EventKind::Aborted { message: other } if other.contains(message)),
        );
        if phase == "Successful" {
            let text = if message.is_empty() { String::new() } else { format!(" ({})", clean(message)) };
            return Some(Note::new(Ink::Dim, format!("{analysis} successful{text}")));
        }
        if said_later && !message.is_empty() {
            return None;
        }
        self.said.push(message);
        let ink = if phase == "Inconclusive" { Ink::Yellow } else { Ink::Red };
        let colon = if message.is_empty() { "" } else { ": " };
        Some(Note::new(ink, format!("{analysis} {}{colon}{}", clean(&phase.to_lowercase()), clean(message))))
    }

    /// Phases repeat what pauses, aborts and promotions say; what they alone say is told.
    fn phase(&mut self, phase: &str, message: &'a str, later: &[Event], at: u64) -> Option<Note> {
        if phase != "Degraded" {
            return None;
        }
        let repeats = |other: &str| !other.is_empty() && (message.contains(other) || other.contains(message));
        let said_later = later
            .iter()
            .take_while(|event| event.at == at)
            .any(|event| matches!(&event.kind, EventKind::Aborted { message: other } if repeats(other)));
        let aborted = self.ended == Some("aborted") && message.starts_with("RolloutAborted");
        if said_later || aborted || self.said.iter().any(|said| repeats(said)) {
            return None;
        }
        self.said.push(message);
        Some(Note::new(Ink::Red, if message.is_empty() { "degraded".into() } else { clean(message) }))
    }

    /// Counts a row about pods that gets no row.
    pub(super) fn pods_untold(&mut self, at: u64, notes: &[Note]) {
        let (last, count, words) = self.untold.get_or_insert((at, 0, String::new()));
        *last = at;
        *count += 1;
        *words = notes.last().map(|note| note.text.clone()).unwrap_or_default();
    }

    /// The counted rows in one sentence, once.
    pub(super) fn pods_told(&mut self) -> Option<(u64, Note)> {
        let (at, count, words) = self.untold.take()?;
        let changes = counted(u64::from(count), "more change", "more changes");
        Some((at, Note::new(Ink::Yellow, format!("{changes} until here, the last: {words}"))))
    }
}

/// `operator: promote: rollout 'shop' promoted (nothing changed)`
fn operator(action: &str, detail: &str, outcome: &str, changed: bool) -> Note {
    let words = match action {
        "promoteFull" => "promote full",
        "promoteSkipCurrent" => "skip step",
        "promoteSkipAll" => "skip all steps",
        "setImage" => "apply",
        "terminateRuns" => "terminate analysis",
        "crashPods" => "crash",
        other => other,
    };
    let who = if action == "crashPods" { "world" } else { "operator" };
    let detail = if detail.is_empty() { String::new() } else { format!(" {}", clean(detail)) };
    let colon = if outcome.is_empty() { "" } else { ": " };
    let vain = if changed { "" } else { " (nothing changed)" };
    let text = format!("{who}: {}{detail}{colon}{}{vain}", clean(words), clean(outcome));
    Note::new(if changed { Ink::Cyan } else { Ink::Yellow }, text)
}

fn analysis(kind: &str) -> String {
    match kind {
        "" => "analysis".into(),
        "Step" => "step analysis".into(),
        "Prepromotion" | "PrePromotion" => "pre-promotion analysis".into(),
        "Postpromotion" | "PostPromotion" => "post-promotion analysis".into(),
        kind => format!("{} analysis", clean(&kind.to_lowercase())),
    }
}

fn paused(reason: &str, until: Option<u64>) -> Note {
    match (reason, until) {
        ("CanaryPauseStep", Some(until)) => {
            Note::new(Ink::Dim, format!("pauses until {}", Seconds(until).clock()))
        }
        ("CanaryPauseStep", None) => Note::new(Ink::Yellow, "pauses until somebody promotes it"),
        ("BlueGreenPause", Some(until)) => {
            Note::new(Ink::Dim, format!("waits for promotion until {}", Seconds(until).clock()))
        }
        ("BlueGreenPause", None) => Note::new(Ink::Yellow, "waits until somebody promotes it"),
        (other, Some(until)) => {
            Note::new(Ink::Yellow, format!("paused ({}), until {}", clean(other), Seconds(until).clock()))
        }
        (other, None) => Note::new(Ink::Yellow, format!("paused ({})", clean(other))),
    }
}
