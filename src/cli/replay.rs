//! Recorded worlds: the recordings that scenarios or the command line name, read and made ready.
//!
//! Enters: scenarios, the program's sources, the options of the command line. Leaves: what is to be played for each scenario,
//! and diagnostics where the recording is named. It deliberately decides nothing: `simulator::replay` does.

use std::collections::BTreeMap;

use super::manifests::Rollouts;
use super::recordings::{ENDINGS, RecordingError, series};
use super::simulate::shell;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Program;
use crate::model::compile::{Compiled, join};
use crate::model::replay::{Fault, Replay, Stands};
use crate::model::scenario::Scenario;
use crate::series::Series;
use crate::simulator::replay::{Recorded, Refusal, prepare};
use crate::simulator::subject::Subject;
use crate::source::{SourceFile, Sources, Span, Spanned};
use crate::unit::instant::instant;

/// The name under which the options of the command line are a source.
const TYPED: &str = "--replay";

/// A recording in the place of the scenario's world.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Replaying {
    /// Play over recorded series instead of the scenario's world; several are merged, of a folder all recordings are read.
    /// A recording of a past canary answers the queries (open loop), one of ordinary traffic is the load (closed loop).
    #[arg(long, value_name = "FILE", conflicts_with = "answers", help_heading = "Recorded worlds")]
    replay: Vec<String>,
    /// For what the recording stands; without it, what it holds decides.
    #[arg(long, value_name = "WHAT", value_enum, requires = "replay", help_heading = "Recorded worlds")]
    replay_as: Option<As>,
    /// The recorded instant at which the release is applied, in RFC 3339 or Unix seconds.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = instant,
        allow_negative_numbers = true,
        requires = "replay",
        help_heading = "Recorded worlds"
    )]
    replay_from: Option<i64>,
    /// The recorded pod template hash of the canary, where the recording leaves it open.
    #[arg(long, value_name = "HASH", requires = "replay", help_heading = "Recorded worlds")]
    canary_hash: Option<String>,
    /// The same for stable.
    #[arg(long, value_name = "HASH", requires = "replay", help_heading = "Recorded worlds")]
    stable_hash: Option<String>,
}

/// For what a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// The canary's and stable's own series, from an earlier release: open loop.
    Canary,
    /// The load and stable's behaviour: closed loop.
    Traffic,
}

impl Replaying {
    /// Lets the recording of the command line, if there is one, stand in for the worlds of these scenarios.
    pub(crate) fn stand_in(&self, scenarios: &mut [Scenario], sources: &mut Sources) {
        if self.replay.is_empty() {
            return;
        }
        let text = self.replay.join(" ");
        let length = text.len();
        let span = Span::new(sources.add(SourceFile::new(TYPED, text)), 0, length);
        let spanned = |hash: &Option<String>| hash.clone().map(|hash| Spanned::new(hash, span));
        let replay = Replay {
            paths: self.replay.clone(),
            stands: self.replay_as.map(|stands| match stands {
                As::Canary => Stands::ForCanary,
                As::Traffic => Stands::ForTraffic,
            }),
            from: self.replay_from.map(|from| Spanned::new(from, span)),
            canary_hash: spanned(&self.canary_hash),
            stable_hash: spanned(&self.stable_hash),
        };
        for scenario in scenarios {
            scenario.replay = Some(Spanned::new(replay.clone(), span));
        }
    }

    /// Whether the command line names a recording.
    pub(crate) fn is_asked_for(&self) -> bool {
        !self.replay.is_empty()
    }

    /// The same as arguments, for commands that are shown.
    pub(crate) fn typed(&self) -> Vec<String> {
        let mut parts: Vec<String> =
            self.replay.iter().map(|path| format!("--replay {}", shell(path))).collect();
        parts.extend(self.replay_as.map(|stands| match stands {
            As::Canary => "--replay-as canary".to_owned(),
            As::Traffic => "--replay-as traffic".to_owned(),
        }));
        parts.extend(
            self.replay_from
                .map(|from| format!("--replay-from {}", crate::unit::instant::instant_text(from))),
        );
        parts.extend(self.canary_hash.iter().map(|hash| format!("--canary-hash {}", shell(hash))));
        parts.extend(self.stable_hash.iter().map(|hash| format!("--stable-hash {}", shell(hash))));
        parts
    }
}

/// Recordings that were read once, whoever names them.
#[derive(Debug, Default)]
pub(crate) struct Library {
    read: BTreeMap<Vec<String>, Result<Vec<Series>, RecordingError>>,
}

impl Library {
    /// The recorded worlds of scenarios, in their order, with what is wrong or odd about them.
    pub(crate) fn of<'a>(
        &mut self,
        subject: impl Fn(&Scenario) -> Option<Subject>,
        scenarios: impl IntoIterator<Item = &'a Scenario>,
        sources: &Sources,
    ) -> (Vec<Option<Recorded>>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let worlds = scenarios.into_iter().map(|scenario| {
            scenario.replay.as_ref()?;
            self.ready(&subject(scenario)?, scenario, sources, &mut found)
        });
        let worlds = worlds.collect();
        (worlds, found)
    }

    /// The recorded world of one scenario; `None` where it has none, or where `found` says why it cannot be played.
    pub(crate) fn ready(
        &mut self,
        subject: &Subject,
        scenario: &Scenario,
        sources: &Sources,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Recorded> {
        let replay = scenario.replay.as_ref()?;
        let place = sources.get(replay.span.file).map_or("", |file| file.name.as_str());
        let paths: Vec<String> = match place {
            TYPED => replay.value.paths.clone(),
            program => replay.value.paths.iter().map(|path| join(program, path)).collect(),
        };
        let name = replay.value.paths.join(", ");
        let read = self.read.entry(paths).or_insert_with_key(|paths| series(paths));
        let series = match read {
            Ok(series) => series,
            Err(error) => {
                found.push(unreadable(&name, error, replay.span));
                return None;
            }
        };
        let recorded = match prepare(&name, series, subject, &replay.value) {
            Ok(recorded) => recorded,
            Err(refusal) => {
                found.push(diagnostic(&refusal, replay.span));
                return None;
            }
        };
        found.extend(recorded.warnings.iter().map(|warning| diagnostic(warning, replay.span)));
        if place != TYPED
            && recorded.stands() == Stands::ForCanary
            && replay.value.stands.is_none()
            && scenario.fault != Fault::default()
        {
            let headline = format!("`{name}` has a canary of its own, and the scenario describes another");
            let report =
                Diagnostic::new(Code::RecordedAlready, headline, replay.span, "the canary is recorded here");
            found.push(
                report.help("`as traffic` makes the recording the load, and the canary what is said of it"),
            );
            return None;
        }
        Some(recorded)
    }
}

/// What a scenario of a program releases: a rollout of its own, or one of the manifests beside it.
pub(crate) fn subject(program: &Program, rollouts: &Rollouts, scenario: &Scenario) -> Option<Subject> {
    let own = program.rollouts.get(scenario.rollout).map(Subject::of);
    own.or_else(|| rollouts.at(scenario.rollout.checked_sub(program.rollouts.len())?).cloned())
}

/// Adds to a compiled program what is wrong with the recordings that its scenarios name.
pub(crate) fn check(library: &mut Library, rollouts: &Rollouts, compiled: &mut Compiled) {
    if compiled.has_errors() {
        return;
    }
    let program = &compiled.program;
    let of = |scenario: &Scenario| subject(program, rollouts, scenario);
    let (_, found) = library.of(of, &program.scenarios, &compiled.sources);
    compiled.diagnostics.extend(found);
    compiled.diagnostics.sort_by_key(|one| (one.span(), one.severity(), one.code));
}

fn diagnostic(refusal: &Refusal, span: Span) -> Diagnostic {
    Diagnostic::new(refusal.code, refusal.headline.clone(), span, refusal.found.clone())
        .help(refusal.help.clone())
}

fn unreadable(name: &str, error: &RecordingError, span: Span) -> Diagnostic {
    let report =
        |headline: String, label: &str| Diagnostic::new(Code::UnreadableRecording, headline, span, label);
    match error {
        RecordingError::Unreadable(path, fault) => {
            report(format!("`{name}` cannot be read: {fault}"), &format!("looked for `{path}`"))
        }
        RecordingError::Empty(path) => {
            report(format!("`{name}` holds no recording"), "no recording is in this folder")
                .help(format!("no file below `{path}` ends in {}", ENDINGS.join(", ")))
        }
        RecordingError::Wrong(why) => report(format!("`{name}` is no recording that can be read"), why)
            .help("`rollcast query --series FILE 'up'` reads recordings, too"),
    }
}
