//! `rollcast check`: all that is wrong with one or more programs.
//!
//! Enters: paths. Leaves: diagnostics in the form asked for, and whether any is an error.
//! It deliberately goes on to the next file after a broken one.

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::{Disk, programs};
use crate::model::compile::compile;
use crate::report::diagnostics;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Files or folders.
    #[arg(required = true)]
    paths: Vec<String>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    inputs: Inputs,
}

/// Forms of diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With the source, for people.
    Human,
    /// One object a line.
    Json,
    /// GitHub's workflow commands.
    Github,
}

impl Check {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let mut status = ExitStatus::Yes;
        let mut all = Vec::new();
        let mut files = 0;
        for path in &self.paths {
            let found = match programs(path) {
                Ok(found) => found,
                Err(fault) => {
                    status = status.max(console.unreadable(path, &fault));
                    continue;
                }
            };
            if found.is_empty() {
                console.err(&format!("no `.roll` file below `{path}`\n"));
            }
            for file in found {
                match compile(&file, &Disk, &self.inputs.options()) {
                    Ok(compiled) => {
                        files += 1;
                        if compiled.has_errors() {
                            status = status.max(ExitStatus::No);
                        }
                        self.show(&compiled, console);
                        all.extend(compiled.diagnostics);
                    }
                    Err(fault) => status = status.max(console.unreadable(&file, &fault)),
                }
            }
        }
        if self.format == Format::Human {
            console.out(&diagnostics::summary(&all, files));
        }
        status
    }

    fn show(&self, compiled: &crate::model::compile::Compiled, console: &mut Console) {
        let (list, sources) = (&compiled.diagnostics, &compiled.sources);
        let text = match self.format {
            Format::Human => diagnostics::human(list, sources, console.look),
            Format::Json => diagnostics::json(list, sources),
            Format::Github => diagnostics::github(list, sources),
        };
        console.out(&text);
    }
}
