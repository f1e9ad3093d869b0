//! `rollcast simulate`: one rollout against its scenarios, in detail.
//!
//! Enters: a program, perhaps a scenario's name, a seed and a run. Leaves: timelines, traces or a picture.
//! It deliberately judges nothing: a rollback is an answer, and the status is 0.

use std::path::PathBuf;

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::{Disk, Planned, spare_programs, write_all};
use super::replay::{Library, Replaying};
use crate::diagnostic::nearest;
use crate::model::Program;
use crate::model::compile::compile;
use crate::model::scenario::Scenario;
use crate::report::text::is_steering;
use crate::report::{Commands, Suggestion, json, svg, timeline};
use crate::simulator::Simulation;
use crate::simulator::replay::Recorded;
use crate::simulator::trace::{Trace, VERSION};

pub(super) const EXAMPLES: &str = "\
Examples:
  rollcast simulate checkout.roll
  rollcast simulate checkout.roll --scenario \"five times the errors\" --svg run.svg
  rollcast simulate checkout.roll --env production --set soak=1m --format json";

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// The program.
    file: String,
    /// Only this scenario, by its whole name; otherwise every scenario of the file in order.
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
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

impl Simulate {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let mut compiled = match compile(&self.file, &Disk, &self.inputs.options()) {
            Ok(compiled) => compiled,
            Err(fault) => return console.unreadable(&self.file, &fault),
        };
        if console.refuse(&compiled) {
            return ExitStatus::No;
        }
        let (mut scenarios, supplied) = match self.chosen(&compiled.program) {
            Ok(chosen) => chosen,
            Err(why) => return console.could_not_run(&why),
        };
        self.replaying.stand_in(&mut scenarios, &mut compiled.sources);
        let (worlds, found) = Library::default().of(&compiled.program, &scenarios, &compiled.sources);
        compiled.diagnostics = found;
        if console.refuse(&compiled) {
            return ExitStatus::No;
        }
        let program = &compiled.program;
        if self.svg.is_some() && scenarios.len() > 1 {
            let names: Vec<String> =
                scenarios.iter().map(|scenario| format!("  --scenario {}", quoted(&scenario.name))).collect();
            let why = format!(
                "`--svg` draws one scenario, and `{}` has {}; choose with\n{}",
                self.file,
                scenarios.len(),
                names.join("\n")
            );
            return console.could_not_run(&why);
        }
        if let Some(Err(why)) = self.svg.as_deref().map(spare_programs) {
            return console.could_not_run(&why);
        }
        let mut traces = Vec::new();
        for (scenario, world) in scenarios.iter().zip(&worlds) {
            match self.play(program, scenario, world.as_ref()) {
                Ok(trace) => traces.push(trace),
                Err(why) => return console.could_not_run(&why),
            }
        }
        if let Some(path) = &self.svg {
            let texts = traces.iter().map(|trace| Planned { path: path.clone(), text: svg(trace) });
            if let Err((path, why)) = write_all(&texts.collect::<Vec<_>>()) {
                return console.could_not_run(&format!("cannot write `{}`: {why}", path.display()));
            }
        }
        self.show(&traces, supplied, console)
    }

    /// The scenarios to play, and whether Rollcast supplied them because the file has none.
    fn chosen(&self, program: &Program) -> Result<(Vec<Scenario>, bool), String> {
        if program.rollouts.is_empty() {
            return Err(format!("`{}` declares no rollout, so there is nothing to play", self.file));
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
            return Err(format!("`{}` has no scenario {}; {advice}", self.file, quoted(name)));
        }
        if program.scenarios.is_empty() {
            return Ok(((0..program.rollouts.len()).map(Scenario::healthy).collect(), true));
        }
        Ok((program.scenarios.clone(), false))
    }

    fn play(
        &self,
        program: &Program,
        scenario: &Scenario,
        world: Option<&Recorded>,
    ) -> Result<Trace, String> {
        let rollout = program.rollouts.get(scenario.rollout).ok_or("the scenario's rollout is missing")?;
        let mut scenario = scenario.clone();
        scenario.seed = self.seed.unwrap_or(scenario.seed);
        let simulation = Simulation::new(rollout, &scenario)?;
        Ok(match world {
            Some(world) => simulation.replaying(world).trace(self.run),
            None => { simulation }.trace(self.run),
        })
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
        if supplied {
            console.out("\nthe file has no scenario: this is a healthy release at 50 requests a second\n");
        }
        ExitStatus::Yes
    }

    /// What to type next; as typed now where that makes a difference.
    fn commands(&self, trace: &Trace, supplied: bool) -> Commands {
        let mut base = format!("rollcast simulate {}", shell(&self.file));
        if !supplied {
            base.push_str(&format!(" --scenario {}", quoted(&trace.run.scenario)));
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
