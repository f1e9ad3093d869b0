//! `rollcast test`: every scenario's expectations, on all cores, with progress and JUnit.
//!
//! Enters: paths. Leaves: a report, and whether all came as expected.
//! It deliberately compares nothing itself: `simulator::expect` judges, `report::test` tells.
#![expect(clippy::disallowed_methods, reason = "this is the edge where wall time is measured for people")]

use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::{Disk, Planned, programs, write_all};
use super::simulate::{quoted, shell};
use crate::model::compile::{Compiled, compile};
use crate::model::rollout::Rollout;
use crate::model::scenario::Scenario;
use crate::report::test::{ExpectationReport, FileReport, ScenarioReport, TestReport, junit, text};
use crate::report::tally;
use crate::simulator::expect::judge;
use crate::simulator::{Ending, Simulation};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Files or folders.
    #[arg(required = true)]
    paths: Vec<String>,
    /// Only scenarios whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    scenario: Option<String>,
    /// On how many cores; all by default. The report does not depend on it.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Also write a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
}

impl Test {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let begun = Instant::now();
        let pool = match rayon::ThreadPoolBuilder::new().num_threads(self.jobs.unwrap_or(0)).build() {
            Ok(pool) => pool,
            Err(error) => return console.could_not_run(&format!("no threads to run on: {error}")),
        };
        let (files, mut status) = self.compiled(console);
        let total = files.iter().flat_map(|(_, compiled)| self.chosen(compiled)).map(|scenario| scenario.runs).sum();
        let progress = progress(console, total);
        let mut report = TestReport::default();
        for (file, compiled) in &files {
            let scenarios = self.chosen(compiled).map(|scenario| {
                let rollout = compiled.program.rollouts.get(scenario.rollout);
                pool.install(|| self.scenario(file, rollout, scenario, &progress))
            });
            report.files.push(FileReport { file: file.clone(), scenarios: scenarios.collect() });
        }
        progress.finish_and_clear();
        if let Some(path) = &self.junit {
            let planned = Planned { path: path.clone(), text: junit(&report) };
            if let Err((path, why)) = write_all(&[planned]) {
                return console.could_not_run(&format!("cannot write `{}`: {why}", path.display()));
            }
        }
        report.elapsed_millis = u64::try_from(begun.elapsed().as_millis()).ok();
        console.out(&text(&report, &console.look));
        if !report.is_as_expected() {
            status = status.max(ExitStatus::No);
        }
        status
    }

    /// The programs that check; the others are reported, and make the status no.
    fn compiled(&self, console: &Console) -> (Vec<(String, Compiled)>, ExitStatus) {
        let mut status = ExitStatus::Yes;
        let mut good = Vec::new();
        for path in &self.paths {
            let files = match programs(path) {
                Ok(files) => files,
                Err(fault) => {
                    status = status.max(console.unreadable(path, &fault));
                    continue;
                }
            };
            for file in files {
                match compile(&file, &Disk, &self.inputs.options()) {
                    Ok(compiled) if console.refuse(&compiled) => status = status.max(ExitStatus::No),
                    Ok(compiled) => good.push((file, compiled)),
                    Err(fault) => status = status.max(console.unreadable(&file, &fault)),
                }
            }
        }
        (good, status)
    }

    fn chosen<'a>(&'a self, compiled: &'a Compiled) -> impl Iterator<Item = &'a Scenario> {
        let wanted = |scenario: &&Scenario| self.scenario.as_ref().is_none_or(|text| scenario.name.contains(text));
        compiled.program.scenarios.iter().filter(wanted)
    }

    fn scenario(
        &self,
        file: &str,
        rollout: Option<&Rollout>,
        scenario: &Scenario,
        progress: &ProgressBar,
    ) -> ScenarioReport {
        let mut report = ScenarioReport { name: scenario.name.clone(), ..ScenarioReport::default() };
        let Some(rollout) = rollout else { return report };
        report.rollout.clone_from(&rollout.name);
        let replay = |run: u64| {
            let mut command = format!("rollcast simulate {} --scenario {}", shell(file), quoted(&scenario.name));
            for part in self.inputs.typed() {
                command.push(' ');
                command.push_str(&part);
            }
            if run > 0 { format!("{command} --run {run}") } else { command }
        };
        report.replay = Some(replay(0));
        let endings = match endings(rollout, scenario, progress) {
            Ok(endings) => endings,
            Err(problem) => {
                report.problem = Some(problem);
                return report;
            }
        };
        report.runs = endings.len() as u64;
        report.seen = tally::of_all(&endings);
        for expectation in &scenario.expectations {
            let judgement = judge(expectation, &endings);
            report.expectations.push(ExpectationReport {
                expected: expectation.text.clone(),
                met: judgement.met,
                seen: tally::seen(expectation, &judgement, &endings),
                details: tally::details(expectation, &judgement, &endings),
                replay: judgement.first_miss.filter(|_| !judgement.met).map(replay),
            });
        }
        report
    }
}

/// The endings of all runs in the order of their numbers, whatever the number of threads.
fn endings(rollout: &Rollout, scenario: &Scenario, progress: &ProgressBar) -> Result<Vec<Ending>, String> {
    // Batches are small enough to keep all cores busy and large enough that a simulation is seldom prepared.
    let batch = (scenario.runs / 64).clamp(1, 256);
    let starts: Vec<u64> = (0..scenario.runs).step_by(usize::try_from(batch).unwrap_or(1)).collect();
    let batches: Result<Vec<Vec<Ending>>, String> = starts
        .into_par_iter()
        .map(|start| {
            let mut simulation = Simulation::new(rollout, scenario)?;
            let runs = start..(start + batch).min(scenario.runs);
            let endings = runs.map(|run| {
                progress.inc(1);
                simulation.ending(run)
            });
            Ok(endings.collect())
        })
        .collect();
    Ok(batches?.into_iter().flatten().collect())
}

/// A bar on standard error where that is a terminal; it leaves no trace.
fn progress(console: &Console, runs: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
    if console.progress && runs > 1 {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs") {
            bar.set_style(style);
        }
    }
    bar
}
