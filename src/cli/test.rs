//! `rollcast test`: every scenario's expectations, on all cores, with progress and JUnit.
//!
//! Enters: paths. Leaves: a report, and whether all came as expected.
//! It deliberately compares nothing itself: `simulator::expect` judges, `report::test` tells.
#![expect(clippy::disallowed_methods, reason = "this is the edge where wall time is measured for people")]

use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::console::{Console, ExitStatus};
use super::files::{Disk, Planned, spare_programs, write_all};
use super::manifests::{self, Rollouts};
use super::measured;
use super::replay::{self, Library};
use super::simulate::{quoted, shell};
use super::{Inputs, programs};
use crate::diagnostic::{Severity, nearest};
use crate::model::compile::{Compiled, Options, compile};
use crate::model::scenario::Scenario;
use crate::report::tally;
use crate::report::test::{ExpectationReport, FileReport, ScenarioReport, TestReport, junit, text};
use crate::report::text::counted;
use crate::simulator::answers::Answers;
use crate::simulator::expect::judge;
use crate::simulator::replay::Recorded;
use crate::simulator::subject::Subject;
use crate::simulator::{Ending, Simulation};

pub(super) const EXAMPLES: &str = "\
Examples:
  rollcast test .
  rollcast test checkout.roll --scenario errors
  rollcast test rollouts/ --env production --junit report.xml
  rollcast test night.roll --manifests manifests/ --answers measured.yaml";

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Programs, or folders to look for `.roll` files in.
    #[arg(required = true)]
    paths: Vec<String>,
    /// Manifests that others wrote, for whose Rollouts the programs may have scenarios; may be repeated.
    #[arg(long, value_name = "PATH")]
    manifests: Vec<String>,
    /// Measured values in the place of every scenario's world: answers by metric or query, or exported AnalysisRuns.
    #[arg(long, value_name = "FILE")]
    answers: Option<String>,
    /// Only scenarios whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    scenario: Option<String>,
    /// On how many cores; all by default. The report does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Also write a JUnit report into this file, which is replaced.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
}

/// What stands in the place of a scenario's own world.
#[derive(Clone, Copy)]
struct Place<'a> {
    world: Option<&'a Recorded>,
    answers: Option<&'a Answers>,
}

/// A file and its program, or what is wrong with it.
type Program = (String, Result<Compiled, String>);

impl Test {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let begun = Instant::now();
        if let Some(Err(why)) = self.junit.as_deref().map(spare_programs) {
            return console.could_not_run(&why);
        }
        let pool = match rayon::ThreadPoolBuilder::new().num_threads(self.jobs.map_or(0, usize::from)).build()
        {
            Ok(pool) => pool,
            Err(error) => return console.could_not_run(&format!("no threads to run on: {error}")),
        };
        let rollouts = match manifests::beside(&self.manifests, console) {
            Ok(rollouts) => rollouts,
            Err(status) => return status,
        };
        let answers = match self.answers.as_ref().map(|path| measured::read(path, console)).transpose() {
            Ok(answers) => answers,
            Err(status) => return status,
        };
        let mut library = Library::default();
        let (files, mut status) = self.compiled(&mut library, &rollouts, console);
        let good = || files.iter().filter_map(|(_, compiled)| compiled.as_ref().ok());
        let total = good().flat_map(|compiled| self.chosen(compiled)).map(|scenario| scenario.runs).sum();
        if let Some(why) = self.none_chosen(good(), status) {
            return status.max(console.could_not_run(&why));
        }
        let progress = progress(console, total);
        let mut report = TestReport::default();
        for (file, compiled) in &files {
            let scenarios = match compiled {
                Ok(compiled) => {
                    let program = &compiled.program;
                    let of = |scenario: &Scenario| replay::subject(program, &rollouts, scenario);
                    let (worlds, _) = library.of(of, self.chosen(compiled), &compiled.sources);
                    let play = |(scenario, world): (&Scenario, Option<Recorded>)| {
                        let subject = of(scenario);
                        let plain = scenario.rollout >= program.rollouts.len();
                        let place = Place { world: world.as_ref(), answers: answers.as_ref() };
                        let released = (subject.as_ref(), place, plain);
                        pool.install(|| self.scenario(file, released, scenario, &progress))
                    };
                    self.chosen(compiled).zip(worlds).map(play).collect()
                }
                Err(problem) => vec![self.unplayed(file, problem)],
            };
            if self.scenario.is_none() || !scenarios.is_empty() {
                report.files.push(FileReport { file: file.clone(), scenarios });
            }
        }
        progress.finish_and_clear();
        report.elapsed_millis = u64::try_from(begun.elapsed().as_millis()).ok();
        if let Some(path) = &self.junit {
            let planned = Planned { path: path.clone(), text: junit(&report) };
            if let Err((path, why)) = write_all(&[planned]) {
                return console.could_not_run(&format!("cannot write `{}`: {why}", path.display()));
            }
        }
        if report.files.is_empty() {
            return status;
        }
        console.out(&text(&report, &console.look));
        if !report.is_as_expected() {
            status = status.max(ExitStatus::No);
        }
        status
    }

    /// All programs, those with errors as what is wrong with them; these are reported, and make the status no.
    fn compiled(
        &self,
        library: &mut Library,
        rollouts: &Rollouts,
        console: &Console,
    ) -> (Vec<Program>, ExitStatus) {
        let (files, mut status) = programs(&self.paths, console);
        let options = Options { outside: rollouts.names(), ..self.inputs.options() };
        let compiled = files.into_iter().map(|file| {
            let compiled = compile(&file, &Disk, &options).map(|mut compiled| {
                replay::check(library, rollouts, &mut compiled);
                compiled
            });
            let outcome = match compiled {
                Ok(compiled) if console.refuse(&compiled) => {
                    status = status.max(ExitStatus::No);
                    let errors =
                        compiled.diagnostics.iter().filter(|d| d.severity() == Severity::Error).count();
                    Err(format!("has {}", counted(errors as u64, "error", "errors")))
                }
                Ok(compiled) => Ok(compiled),
                Err(fault) => {
                    status = status.max(console.unreadable(&file, &fault));
                    Err(format!("cannot be read: {fault}"))
                }
            };
            (file, outcome)
        });
        (compiled.collect(), status)
    }

    /// A program none of whose scenarios could be played, as a line of the report: its absence would look like success.
    fn unplayed(&self, file: &str, problem: &str) -> ScenarioReport {
        let mut replay = format!("rollcast check {}", shell(file));
        for part in self.inputs.typed() {
            replay.push(' ');
            replay.push_str(&part);
        }
        ScenarioReport {
            name: "the program".into(),
            problem: Some(problem.into()),
            replay: Some(replay),
            ..ScenarioReport::default()
        }
    }

    /// What to say where `--scenario` is in no scenario's name.
    fn none_chosen<'a>(
        &self,
        good: impl Iterator<Item = &'a Compiled> + Clone,
        status: ExitStatus,
    ) -> Option<String> {
        let text = self.scenario.as_ref()?;
        if status != ExitStatus::Yes || good.clone().any(|compiled| self.chosen(compiled).next().is_some()) {
            return None;
        }
        let names =
            good.flat_map(|compiled| &compiled.program.scenarios).map(|scenario| scenario.name.as_str());
        let advice =
            nearest(text, names).map_or_else(String::new, |near| format!("; did you mean {}?", quoted(near)));
        Some(format!("no scenario has {} in its name{advice}", quoted(text)))
    }

    fn chosen<'a>(&'a self, compiled: &'a Compiled) -> impl Iterator<Item = &'a Scenario> {
        let wanted =
            |scenario: &&Scenario| self.scenario.as_ref().is_none_or(|text| scenario.name.contains(text));
        compiled.program.scenarios.iter().filter(wanted)
    }

    /// Why a Rollout cannot be played in this place, if it cannot; a recording may have any series.
    fn unplayable(&self, subject: &Subject, place: Place<'_>, plain: bool) -> Option<String> {
        match (place, &self.answers) {
            (Place { answers: Some(answers), .. }, Some(path)) => {
                measured::cover(answers, subject, path).err()
            }
            (Place { world, .. }, _) if plain => manifests::unanswerable(subject, world.is_some()),
            _ => None,
        }
    }

    fn scenario(
        &self,
        file: &str,
        (subject, place, plain): (Option<&Subject>, Place<'_>, bool),
        scenario: &Scenario,
        progress: &ProgressBar,
    ) -> ScenarioReport {
        let mut report = ScenarioReport { name: scenario.name.clone(), ..ScenarioReport::default() };
        let Some(subject) = subject else { return report };
        report.rollout.clone_from(&subject.scene.rollout);
        let replay = |run: u64| {
            let name = quoted(&scenario.name);
            let mut command = format!("rollcast simulate {} --scenario {name}", shell(file));
            if plain {
                let paths: Vec<String> = self.manifests.iter().map(|path| shell(path)).collect();
                command = format!(
                    "rollcast simulate {} --scenario {} --only {name} --rollout {}",
                    paths.join(" "),
                    shell(file),
                    shell(&subject.scene.rollout)
                );
            }
            if let Some(answers) = &self.answers {
                command.push_str(&format!(" --answers {}", shell(answers)));
            }
            for part in self.inputs.typed() {
                command.push(' ');
                command.push_str(&part);
            }
            if run > 0 { format!("{command} --run {run}") } else { command }
        };
        report.replay = Some(replay(0));
        if let Some(why) = self.unplayable(subject, place, plain) {
            report.problem = Some(why);
            return report;
        }
        let endings = endings(subject, place, scenario, progress);
        report.runs = endings.len() as u64;
        report.seen = tally::of_all(&endings);
        let outlasted = place.world.and_then(|world| outlasted(world, &endings));
        if let Some(note) = &outlasted {
            report.seen.push_str(&format!("; {note}"));
        }
        for expectation in &scenario.expectations {
            let judgement = judge(expectation, &endings);
            report.expectations.push(ExpectationReport {
                expected: expectation.text.clone(),
                met: judgement.met,
                seen: tally::seen(expectation, &judgement, &endings),
                details: tally::details(expectation, &judgement, &endings)
                    .into_iter()
                    .chain(outlasted.clone())
                    .collect(),
                replay: judgement.first_miss.filter(|_| !judgement.met).map(replay),
            });
        }
        report
    }
}

/// What is to be said where runs were decided after the end of their recording, from which on nothing was seen.
fn outlasted(world: &Recorded, endings: &[Ending]) -> Option<String> {
    let late = endings.iter().filter(|ending| ending.verdict.at > world.ends()).count();
    match (late, endings.len()) {
        (0, _) => None,
        (all, of) if all == of => Some("after the recording had ended".to_owned()),
        (some, _) => {
            let runs = counted(some as u64, "run", "runs");
            Some(format!("{runs} decided after the recording had ended"))
        }
    }
}

/// The endings of all runs in the order of their numbers, whatever the number of threads.
fn endings(subject: &Subject, place: Place<'_>, scenario: &Scenario, progress: &ProgressBar) -> Vec<Ending> {
    // Batches are small enough to keep all cores busy and large enough that a simulation is seldom prepared.
    let batch = (scenario.runs / 64).clamp(1, 256);
    let starts: Vec<u64> = (0..scenario.runs).step_by(usize::try_from(batch).unwrap_or(1)).collect();
    let batches: Vec<Vec<Ending>> = starts
        .into_par_iter()
        .map(|start| {
            let mut simulation = Simulation::of(subject.clone(), scenario);
            if let Some(world) = place.world {
                simulation = simulation.replaying(world);
            }
            if let Some(answers) = place.answers {
                simulation = simulation.answered_by(Box::new(answers.clone()));
            }
            let runs = start..(start + batch).min(scenario.runs);
            let endings = runs.map(|run| {
                progress.inc(1);
                simulation.ending(run)
            });
            endings.collect()
        })
        .collect();
    batches.into_iter().flatten().collect()
}

/// A bar on standard error where that is a terminal; it leaves no trace.
fn progress(console: &Console, runs: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
    if console.progress && runs > 1 {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs") {
            bar.set_style(style.progress_chars(console.error_look.sign("█▒░", "#>-")));
        }
    }
    bar
}
