//! `rollcast simulate`: one rollout against its scenarios, in detail.
//!
//! Enters: a program or manifests, perhaps scenarios or measured values, a seed and a run. Leaves: timelines, traces or a
//! picture. It deliberately judges nothing: a rollback is an answer, and the status is 0; only what the controller's
//! validation refuses is no release at all, and the status is 1.

use std::path::PathBuf;

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::{Disk, Planned, spare_programs, write_all};
use super::manifests::{self, is_manifest};
use super::measured;
use super::replay::{Library, Replaying};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::Program;
use crate::model::compile::{Compiled, Options, compile};
use crate::model::scenario::Scenario;
use crate::report::text::{clean, is_steering};
use crate::report::{Commands, Ink, Suggestion, json, svg, timeline};
use crate::simulator::Simulation;
use crate::simulator::answers::Answers;
use crate::simulator::replay::Recorded;
use crate::simulator::subject::Subject;
use crate::simulator::trace::{Outcome, Trace, VERSION};
use crate::unit::Rate;

pub(super) const EXAMPLES: &str = "\
Examples:
  rollcast simulate checkout.roll
  rollcast simulate checkout.roll --scenario \"five times the errors\" --svg run.svg
  rollcast simulate checkout.roll --env production --set soak=1m --format json
  rollcast simulate manifests/ --scenario night.roll
  rollcast simulate manifests/ --rollout checkout --answers measured.yaml";

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// A program; or manifests that others wrote: YAML or JSON files, folders of them, `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<String>,
    /// Only this scenario, by its whole name; otherwise every scenario of the file in order. For manifests, the `.roll`
    /// file that has the scenarios.
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// Of the scenarios in the file that `--scenario` names, only this one.
    #[arg(long, value_name = "NAME", requires = "scenario")]
    only: Option<String>,
    /// Which Rollout of the manifests; needed where there are several.
    #[arg(long, value_name = "NAME")]
    rollout: Option<String>,
    /// Measured values in the place of a world: answers by metric or query, or exported AnalysisRuns.
    #[arg(long, value_name = "FILE")]
    answers: Option<String>,
    /// Another seed than the scenario's own, which is 1 unless it says otherwise.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Which of the runs of that seed, counted from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    run: u64,
    /// Text for people, or the trace.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also draw the run into this file, which is replaced; asks for one scenario.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    replaying: Replaying,
    #[command(flatten)]
    inputs: Inputs,
}

/// Forms of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A timeline.
    Text,
    /// The trace.
    Json,
}

/// All that is to be played.
struct Played {
    plays: Vec<(Subject, Scenario)>,
    /// The recorded worlds of some of them.
    worlds: Vec<Option<Recorded>>,
    /// Whether Rollcast supplied the scenarios because there is none.
    supplied: bool,
}

impl Simulate {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        match self.gathered(console).and_then(|played| self.played(&played, console)) {
            Ok(status) | Err(status) => status,
        }
    }

    /// Reads what is to be played, whoever wrote it.
    fn gathered(&self, console: &Console) -> Result<Played, ExitStatus> {
        match self.paths.as_slice() {
            [file] if !is_manifest(file) => self.of_program(file, console),
            paths if paths.iter().all(|path| is_manifest(path)) => self.of_manifests(console),
            _ => Err(console.could_not_run(
                "one program or manifests, not both; scenarios for manifests are given with `--scenario FILE.roll`",
            )),
        }
    }

    fn of_program(&self, file: &str, console: &Console) -> Result<Played, ExitStatus> {
        if self.rollout.is_some() || self.only.is_some() {
            return Err(console.could_not_run("`--rollout` and `--only` go with manifests; a program's scenarios have their rollouts, and `--scenario NAME` chooses"));
        }
        let compiled =
            compile(file, &Disk, &self.inputs.options()).map_err(|fault| console.unreadable(file, &fault))?;
        if console.refuse(&compiled) {
            return Err(ExitStatus::No);
        }
        let program = &compiled.program;
        let (scenarios, supplied) =
            self.of_scenarios(program, file).map_err(|why| console.could_not_run(&why))?;
        let plays = scenarios
            .into_iter()
            .filter_map(|scenario| Some((Subject::of(program.rollouts.get(scenario.rollout)?), scenario)))
            .collect();
        self.in_worlds(plays, supplied, compiled, console)
    }

    fn of_manifests(&self, console: &Console) -> Result<Played, ExitStatus> {
        let rollouts = manifests::read(&self.paths, console)?;
        let told = |(status, why): (ExitStatus, String)| {
            console.could_not_run(&why);
            status
        };
        if rollouts.names().is_empty() {
            rollouts.chosen(None).map_err(told)?;
        }
        let Some(file) = &self.scenario else {
            let at = rollouts.chosen(self.rollout.as_deref()).map_err(told)?;
            let subject = rollouts.at(at).ok_or(ExitStatus::OurBug)?.clone();
            return self.in_worlds(vec![(subject, self.supplied())], true, Compiled::default(), console);
        };
        if is_manifest(file) {
            let why = format!(
                "`{file}` is no `.roll` file; scenarios for manifests stand in one: `--scenario FILE.roll`, and `--only NAME` chooses"
            );
            return Err(console.could_not_run(&why));
        }
        let chosen =
            self.rollout.as_deref().map(|name| rollouts.chosen(Some(name))).transpose().map_err(told)?;
        let options = Options { outside: rollouts.names(), ..self.inputs.options() };
        let compiled = compile(file, &Disk, &options).map_err(|fault| console.unreadable(file, &fault))?;
        if console.refuse(&compiled) {
            return Err(ExitStatus::No);
        }
        let own = compiled.program.rollouts.len();
        let fits = |scenario: &Scenario| {
            let outside = scenario.rollout.checked_sub(own);
            outside.is_some_and(|at| chosen.is_none_or(|chosen| chosen == at))
                && self.only.as_ref().is_none_or(|name| scenario.name == *name)
        };
        let scenarios: Vec<&Scenario> =
            compiled.program.scenarios.iter().filter(|scenario| fits(scenario)).collect();
        if scenarios.is_empty() {
            return Err(console.could_not_run(&no_scenario(
                file,
                self.only.as_deref(),
                &compiled.program,
                own,
            )));
        }
        let plays = scenarios.into_iter().filter_map(|scenario| {
            Some((rollouts.at(scenario.rollout.checked_sub(own)?)?.clone(), scenario.clone()))
        });
        let plays = plays.collect();
        self.in_worlds(plays, false, compiled, console)
    }

    /// Gives each scenario the recorded world that it or the command line names.
    fn in_worlds(
        &self,
        plays: Vec<(Subject, Scenario)>,
        supplied: bool,
        mut compiled: Compiled,
        console: &Console,
    ) -> Result<Played, ExitStatus> {
        let (subjects, mut scenarios): (Vec<Subject>, Vec<Scenario>) = plays.into_iter().unzip();
        self.replaying.stand_in(&mut scenarios, &mut compiled.sources);
        let (mut worlds, mut found, mut library) = (Vec::new(), Vec::new(), Library::default());
        for (subject, scenario) in subjects.iter().zip(&scenarios) {
            worlds.push(library.ready(subject, scenario, &compiled.sources, &mut found));
        }
        // What the command line names is named once, whatever the number of scenarios that meet it.
        let mut once: Vec<Diagnostic> = Vec::new();
        for report in found {
            if !once.contains(&report) {
                once.push(report);
            }
        }
        compiled.diagnostics = once;
        if console.refuse(&compiled) {
            return Err(ExitStatus::No);
        }
        Ok(Played { plays: subjects.into_iter().zip(scenarios).collect(), worlds, supplied })
    }

    /// The scenario of manifests without one: a healthy release, or no traffic at all where values are given.
    fn supplied(&self) -> Scenario {
        let mut scenario = Scenario::healthy(0);
        if self.answers.is_some() {
            "measured values".clone_into(&mut scenario.name);
            scenario.world.traffic = Rate(0.0);
        }
        scenario
    }

    /// The scenarios of a program to play, and whether Rollcast supplied them because the file has none.
    fn of_scenarios(&self, program: &Program, file: &str) -> Result<(Vec<Scenario>, bool), String> {
        if program.rollouts.is_empty() {
            return Err(format!("`{file}` declares no rollout, so there is nothing to play"));
        }
        if let Some(name) = &self.scenario {
            let found: Vec<Scenario> =
                program.scenarios.iter().filter(|s| s.name == *name).cloned().collect();
            if !found.is_empty() {
                return Ok((found, false));
            }
            let known: Vec<&str> = program.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
            let advice = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None if known.is_empty() => {
                    "the file has none; without `--scenario` it meets a healthy release".to_owned()
                }
                None => format!(
                    "it has\n  {}",
                    known.iter().map(|name| quoted(name)).collect::<Vec<_>>().join("\n  ")
                ),
            };
            return Err(format!("`{file}` has no scenario {}; {advice}", quoted(name)));
        }
        if program.scenarios.is_empty() {
            let supplied = (0..program.rollouts.len()).map(|rollout| Scenario { rollout, ..self.supplied() });
            return Ok((supplied.collect(), true));
        }
        Ok((program.scenarios.clone(), false))
    }

    fn played(&self, played: &Played, console: &mut Console) -> Result<ExitStatus, ExitStatus> {
        self.drawable(&played.plays).map_err(|why| console.could_not_run(&why))?;
        let answers = self.answered(played, console)?;
        let mut traces = Vec::new();
        for ((subject, scenario), world) in played.plays.iter().zip(&played.worlds) {
            let mut scenario = scenario.clone();
            scenario.seed = self.seed.unwrap_or(scenario.seed);
            let mut simulation = Simulation::of(subject.clone(), &scenario);
            // Measured values stand for any world, a recorded one among them.
            if let Some(world) = world.as_ref().filter(|_| answers.is_none()) {
                simulation = simulation.replaying(world);
            }
            if let Some(answers) = &answers {
                simulation = simulation.answered_by(Box::new(answers.clone()));
            }
            traces.push(simulation.trace(self.run));
        }
        if let Some(path) = &self.svg {
            let texts = traces.iter().map(|trace| Planned { path: path.clone(), text: svg(trace) });
            if let Err((path, why)) = write_all(&texts.collect::<Vec<_>>()) {
                return Err(console.could_not_run(&format!("cannot write `{}`: {why}", path.display())));
            }
        }
        let shown = self.show(&traces, played.supplied, console);
        let refused = traces.iter().any(|trace| trace.verdict.outcome == Outcome::Refused);
        Ok(shown.max(if refused { ExitStatus::No } else { ExitStatus::Yes }))
    }

    /// Whether a picture, where one is asked for, can be drawn.
    fn drawable(&self, plays: &[(Subject, Scenario)]) -> Result<(), String> {
        let Some(path) = &self.svg else { return Ok(()) };
        if plays.len() > 1 {
            let flag = if self.paths.iter().all(|path| is_manifest(path)) { "--only" } else { "--scenario" };
            let names: Vec<String> =
                plays.iter().map(|(_, scenario)| format!("  {flag} {}", quoted(&scenario.name))).collect();
            return Err(format!(
                "`--svg` draws one scenario, and `{}` has {}; choose with\n{}",
                self.paths.join(" "),
                plays.len(),
                names.join("\n")
            ));
        }
        spare_programs(path)
    }

    /// The answers to play with; without any, a world must be able to answer every query.
    fn answered(&self, played: &Played, console: &Console) -> Result<Option<Answers>, ExitStatus> {
        let Some(path) = &self.answers else {
            let plain = self.paths.iter().all(|path| is_manifest(path));
            // A recording may have any series; which it has not was said when it was read.
            let mut subjects = played.plays.iter().zip(&played.worlds).filter(|_| plain);
            let why =
                subjects.find_map(|((subject, _), world)| manifests::unanswerable(subject, world.is_some()));
            return match why {
                Some(why) => Err(console.wrong(Code::NothingAnswers, &why)),
                None => Ok(None),
            };
        };
        let answers = measured::read(path, console)?;
        let subjects: Vec<&Subject> = played.plays.iter().map(|(subject, _)| subject).collect();
        for subject in &subjects {
            measured::cover(&answers, subject, path)
                .map_err(|why| console.wrong(Code::AnswerMissing, &why))?;
        }
        for remark in measured::remarks(&answers, &subjects) {
            console.err(&format!(
                "{} {}\n",
                console.error_look.paint(Ink::Yellow, "warning:"),
                clean(&remark)
            ));
        }
        Ok(Some(answers))
    }

    fn show(&self, traces: &[Trace], supplied: bool, console: &mut Console) -> ExitStatus {
        if self.format == Format::Json {
            return match in_json(traces, supplied) {
                Ok(text) => {
                    console.out(&text);
                    ExitStatus::Yes
                }
                Err(error) => console.could_not_run(&error.to_string()),
            };
        }
        for (at, trace) in traces.iter().enumerate() {
            if at > 0 {
                let rule = console.look.sign("─", "-").repeat(console.look.columns());
                console.out(&format!("\n{}\n\n", console.look.dim(&rule)));
            }
            let text = timeline(trace, &console.look, &self.commands(trace, supplied));
            console.out(&text);
        }
        if supplied && self.answers.is_none() && !self.replaying.is_asked_for() {
            let plain = self.paths.iter().all(|path| is_manifest(path));
            let why = if plain { "no scenario is given" } else { "the file has no scenario" };
            console.out(&format!("\n{why}: this is a healthy release at 50 requests a second\n"));
        }
        ExitStatus::Yes
    }

    /// What to type next; as typed now where that makes a difference.
    fn commands(&self, trace: &Trace, supplied: bool) -> Commands {
        let paths: Vec<String> = self.paths.iter().map(|path| shell(path)).collect();
        let mut base = format!("rollcast simulate {}", paths.join(" "));
        match &self.scenario {
            Some(file) if self.paths.iter().all(|path| is_manifest(path)) => {
                base.push_str(&format!(" --scenario {} --only {}", shell(file), quoted(&trace.run.scenario)));
            }
            _ if !supplied => base.push_str(&format!(" --scenario {}", quoted(&trace.run.scenario))),
            _ => {}
        }
        for (flag, value) in [("--rollout", &self.rollout), ("--answers", &self.answers)] {
            base.push_str(
                &value.as_ref().map_or_else(String::new, |value| format!(" {flag} {}", shell(value))),
            );
        }
        for part in self.replaying.typed().into_iter().chain(self.inputs.typed()) {
            base.push(' ');
            base.push_str(&part);
        }
        let mut again = format!("{base} --seed {}", trace.run.seed);
        if trace.run.number > 0 {
            again.push_str(&format!(" --run {}", trace.run.number));
        }
        let next = if self.svg.is_some() {
            Vec::new()
        } else {
            vec![Suggestion { command: format!("{again} --svg run.svg"), purpose: "a picture of it".into() }]
        };
        Commands { again: Some(again), next }
    }
}

/// Why a file has no scenario to play for manifests.
fn no_scenario(file: &str, only: Option<&str>, program: &Program, own: usize) -> String {
    let outside = program.scenarios.iter().filter(|scenario| scenario.rollout >= own);
    let names: Vec<String> = outside.map(|scenario| format!("  --only {}", quoted(&scenario.name))).collect();
    match only {
        Some(only) if !names.is_empty() => {
            format!(
                "`{file}` has no scenario {} for the manifests; it has\n{}",
                quoted(only),
                names.join("\n")
            )
        }
        _ => format!("`{file}` has no scenario for the Rollout"),
    }
}

/// All traces as one object, so that one scenario and several have the same shape; `supplied` says that the file has no
/// scenario and the release played is Rollcast's own.
fn in_json(traces: &[Trace], supplied: bool) -> Result<String, serde_json::Error> {
    let texts: Result<Vec<String>, _> = traces.iter().map(json).collect();
    let texts: Vec<String> = texts?.iter().map(|text| text.trim_end().to_owned()).collect();
    let traces = texts.join(",\n");
    Ok(format!("{{\"version\":{VERSION},\n\"supplied\":{supplied},\n\"traces\":[\n{traces}\n]}}\n"))
}

/// A text in quotes for a shell: double ones as people type them, single ones around what a shell would read in those,
/// and escapes for what would steer the terminal on which it is shown.
pub(crate) fn quoted(text: &str) -> String {
    if text.chars().any(is_steering) {
        let escaped = text.chars().map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if !is_steering(c) => c.to_string(),
            c if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
            c => format!("\\u{:04x}", u32::from(c)),
        });
        format!("$'{}'", escaped.collect::<String>())
    } else if text.contains(['"', '\\', '$', '`', '!']) {
        format!("'{}'", text.replace('\'', "'\\''"))
    } else {
        format!("\"{text}\"")
    }
}

/// A word for a shell; in quotes only where it needs them.
pub(crate) fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_pasted_and_steers_nothing() {
        let cases = [
            ("a name", "\"a name\""),
            ("it's", "\"it's\""),
            ("for $5", "'for $5'"),
            ("it's $5!", r"'it'\''s $5!'"),
            ("\u{1b}[31mit's\ta \\ \u{202e}", r"$'\x1b[31mit\'s\x09a \\ \u202e'"),
        ];
        for (text, shown) in cases {
            assert_eq!(quoted(text), shown);
        }
        assert_eq!(
            (shell("a/b-c.roll"), shell("a b"), shell("")),
            ("a/b-c.roll".into(), "\"a b\"".into(), "\"\"".into())
        );
    }
}
