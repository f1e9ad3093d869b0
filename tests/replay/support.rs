//! Programs of the corpus, played and recorded.

use std::path::Path;

use rollcast::model::Program;
use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::model::replay::{Replay, Stands};
use rollcast::model::scenario::Scenario;
use rollcast::series::{Format, Merged, Series, query_json, read};
use rollcast::simulator::replay::{Recorded, Refusal, prepare};
use rollcast::simulator::subject::Subject;
use rollcast::simulator::trace::{Event, EventKind, Trace};
use rollcast::simulator::{EPOCH_MS, Simulation};
use rollcast::source::{FileId, Span, Spanned};

/// Reads the repository's files, with Istio splitting the other way where asked.
struct Repository(bool);

impl Files for Repository {
    fn read(&self, path: &str) -> Result<String, Fault> {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
            .map_err(|_| Fault::Missing)?;
        Ok(match self.0 {
            false => text,
            true if text.contains("route istio subsets") => {
                text.replace("route istio subsets", "route istio")
            }
            true => text.replace("route istio", "route istio subsets"),
        })
    }
}

pub(crate) fn example(name: &str, other_split: bool) -> Program {
    let compiled =
        compile(&format!("examples/{name}.roll"), &Repository(other_split), &Options::default()).unwrap();
    assert!(!compiled.has_errors(), "{name}: {:?}", compiled.diagnostics);
    compiled.program
}

/// A program of one text.
pub(crate) fn program(text: &str) -> Program {
    struct One<'a>(&'a str);
    impl Files for One<'_> {
        fn read(&self, _: &str) -> Result<String, Fault> {
            Ok(self.0.to_owned())
        }
    }
    let compiled = compile("test.roll", &One(text), &Options::default()).unwrap();
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    compiled.program
}

pub(crate) fn simulation(program: &Program, scenario: &Scenario) -> Simulation {
    Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap()
}

/// Through a file's text and back, as the command line does it.
pub(crate) fn through_a_file(series: &[Series]) -> Vec<Series> {
    let mut merged = Merged::new();
    merged.add(read(query_json(series).as_bytes(), Format::Query).unwrap()).unwrap();
    merged.finish()
}

pub(crate) fn ask(stands: Option<Stands>, from: Option<i64>) -> Replay {
    let span = Span::new(FileId(0), 0, 0);
    Replay { stands, from: from.map(|from| Spanned::new(from, span)), ..Replay::default() }
}

pub(crate) fn from_epoch(stands: Stands) -> Replay {
    ask(Some(stands), Some(EPOCH_MS))
}

pub(crate) fn prepared(
    program: &Program,
    scenario: &Scenario,
    series: &[Series],
    replay: &Replay,
) -> Result<Recorded, Refusal> {
    prepare("recording", series, &Subject::of(&program.rollouts[scenario.rollout]), replay)
}

/// When each measurement was taken, of what, and what came of it.
pub(crate) fn measurements(events: &[Event]) -> Vec<String> {
    let lines = events.iter().filter_map(|event| match &event.kind {
        EventKind::Measurement { metric, value, phase, message, query, .. } => {
            Some(format!("{} {metric} {value} {phase} {message} {query}", event.at))
        }
        _ => None,
    });
    lines.collect()
}

/// Whether the controller asked for a person because nothing could be told.
pub(crate) fn waits_for_somebody(trace: &Trace) -> bool {
    let inconclusive = |event: &Event| matches!(&event.kind, EventKind::Paused { reason, .. } if reason == "InconclusiveAnalysisRun");
    trace.events.iter().any(inconclusive)
}
