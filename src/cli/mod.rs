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
mod query;
mod recordings;
mod simulate;
mod test;

use clap::{Parser, Subcommand};

pub use console::ExitStatus;
use console::{Color, Console};

/// Forecast rollouts: from one `.roll` file the manifests for Git, and what the controller will do with them.
#[derive(Debug, Parser)]
#[command(name = "rollcast", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a rollout against its scenarios and show what the controller does, and why.
    Simulate(simulate::Simulate),
    /// Run the expectations of every scenario.
    Test(test::Test),
    /// Make the manifests.
    Build(build::Build),
    /// Say all that is wrong.
    Check(check::Check),
    /// Format programs.
    Fmt(fmt::Fmt),
    /// Evaluate PromQL over recorded series, as Prometheus would.
    Query(query::Query),
    /// Show a code's page, or every default of a program beside its source.
    Explain(explain::Explain),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What programs are compiled with.
#[derive(Debug, clap::Args)]
struct Inputs {
    /// Values of params in this environment.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The value of one param; wins over the environment. May be repeated.
    #[arg(long = "set", value_name = "PARAM=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

impl Inputs {
    fn options(&self) -> crate::model::compile::Options {
        crate::model::compile::Options { env: self.env.clone(), settings: self.settings.clone() }
    }

    /// The same as arguments, for commands that are shown.
    fn typed(&self) -> Vec<String> {
        let env = self.env.iter().map(|env| format!("--env {}", simulate::shell(env)));
        let set = self.settings.iter().map(|(name, value)| format!("--set {}", simulate::shell(&format!("{name}={value}"))));
        env.chain(set).collect()
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected PARAM=VALUE, such as `replicas=40`")?;
    let name = name.trim();
    let fine = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fine { Ok((name.to_owned(), value.trim().to_owned())) } else { Err(format!("`{name}` is no param's name")) }
}

/// Runs the program with the process' own arguments and streams.
pub fn main() -> ExitStatus {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers and go to standard output; the rest is a mistake of the call.
            let asked = !error.use_stderr();
            return if error.print().is_ok() && asked { ExitStatus::Yes } else { ExitStatus::CouldNotRun };
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
