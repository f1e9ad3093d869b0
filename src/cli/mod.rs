//! The commands: what was typed to calls and back to bytes.
//!
//! Enters: arguments and the standard streams. Leaves: an [`ExitStatus`].
//! It deliberately decides nothing about rollouts; each command is arguments, a call, and a print.

mod build;
mod check;
mod console;
mod explain;
mod files;
mod fmt;
mod manifests;
mod measured;
mod query;
mod recordings;
mod replay;
mod simulate;
mod test;

use clap::{Parser, Subcommand};

pub use console::ExitStatus;
use console::{Color, Console};

const AFTER_HELP: &str = "\
Exit status:
  0   yes, or done
  1   the program has errors, something differs, or a test said no
  2   it could not run: arguments, files
  70  a bug of Rollcast

Examples:
  rollcast simulate checkout.roll
  rollcast build checkout.roll -o manifests/
  rollcast test .";

/// Forecast rollouts: from one `.roll` file the manifests for Git, and what the controller will do with them.
#[derive(Debug, Parser)]
#[command(name = "rollcast", version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Arguments {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", display_order = 900)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a rollout against its scenarios and show what the controller does, and why.
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(simulate::Simulate),
    /// Play every scenario as often as it says and compare with what it expects.
    #[command(after_help = test::EXAMPLES)]
    Test(test::Test),
    /// Make the manifests of a program, to standard output, a file or a folder.
    #[command(after_help = build::EXAMPLES)]
    Build(build::Build),
    /// Say all that is wrong with programs; warnings do not change the exit status.
    Check(check::Check),
    /// Format programs in place, or standard input to standard output.
    Fmt(fmt::Fmt),
    /// Evaluate PromQL over recorded series, as Prometheus would.
    Query(query::Query),
    /// Show a code's page, or every default of a program beside its source.
    Explain(explain::Explain),
    /// Print the completions for a shell.
    #[command(after_help = "Example:\n  source <(rollcast completions bash)")]
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// What programs are compiled with.
#[derive(Debug, clap::Args)]
struct Inputs {
    /// Take the params' values from this `env` of the program.
    #[arg(long, value_name = "NAME", help_heading = "Params")]
    env: Option<String>,
    /// The value of one param, such as `replicas=40` or `soak=30s`; wins over `--env`, and may be repeated.
    #[arg(long = "set", value_name = "PARAM=VALUE", value_parser = setting, help_heading = "Params")]
    settings: Vec<(String, String)>,
}

impl Inputs {
    fn options(&self) -> crate::model::compile::Options {
        crate::model::compile::Options {
            env: self.env.clone(),
            settings: self.settings.clone(),
            ..Default::default()
        }
    }

    /// The same as arguments, for commands that are shown.
    fn typed(&self) -> Vec<String> {
        let env = self.env.iter().map(|env| format!("--env {}", simulate::shell(env)));
        let set = self
            .settings
            .iter()
            .map(|(name, value)| format!("--set {}", simulate::shell(&format!("{name}={value}"))));
        env.chain(set).collect()
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let example = "expected PARAM=VALUE, such as `replicas=40`";
    let (name, value) = text.split_once('=').ok_or(example)?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return Err(example.to_owned());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return Err(format!("`{name}` is no param's name"));
    }
    // A second line would be a second statement of the language.
    if value.chars().any(char::is_control) {
        return Err("a value is on one line".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// All programs that the paths name, each once, and how the listing ended: what has none is a mistake of the call,
/// because checking or testing nothing must not look like success.
fn programs(paths: &[String], console: &Console) -> (Vec<String>, ExitStatus) {
    let mut status = ExitStatus::Yes;
    let mut all: Vec<String> = Vec::new();
    for path in paths {
        match files::programs(path) {
            Ok(found) if found.is_empty() => {
                status =
                    status.max(console.could_not_run(&format!("there is no `.roll` file below `{path}`")));
            }
            Ok(found) => {
                for file in found {
                    let file = file.strip_prefix("./").unwrap_or(&file);
                    if !all.iter().any(|known| known == file) {
                        all.push(file.to_owned());
                    }
                }
            }
            Err(fault) => status = status.max(console.unreadable(path, &fault)),
        }
    }
    (all, status)
}

/// Runs the program with the process' own arguments and streams.
pub fn main() -> ExitStatus {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers and go to standard output; the rest is a mistake of the call.
            let asked = !error.use_stderr();
            // A reader that went away has read enough.
            let _ = error.print();
            return if asked { ExitStatus::Yes } else { ExitStatus::CouldNotRun };
        }
    };
    let mut console = Console::of_process(arguments.color);
    match &arguments.command {
        Command::Simulate(command) => command.run(&mut console),
        Command::Test(command) => command.run(&mut console),
        Command::Build(command) => command.run(&mut console),
        Command::Check(command) => command.run(&mut console),
        Command::Fmt(command) => command.run(&mut console),
        Command::Query(command) => command.run(&mut console),
        Command::Explain(command) => command.run(&mut console),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            let mut command = <Arguments as clap::CommandFactory>::command();
            clap_complete::generate(*shell, &mut command, "rollcast", &mut text);
            console.out(&String::from_utf8_lossy(&text));
            ExitStatus::Yes
        }
    }
}
