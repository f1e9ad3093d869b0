//! `rollcast check`: all that is wrong with one or more programs.
//!
//! Enters: paths. Leaves: diagnostics in the form asked for, and whether any is an error.
//! It deliberately goes on to the next file after a broken one.

use std::collections::BTreeSet;

use super::Inputs;
use super::console::{Console, ExitStatus};
use super::files::{Disk, programs};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::compile::{Compiled, compile_among};
use crate::report::diagnostics;
use crate::source::Sources;

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
        let mut found = Found::default();
        for path in &self.paths {
            match programs(path) {
                Ok(files) if files.is_empty() => console.err(&format!("no `.roll` file below `{path}`\n")),
                Ok(files) => {
                    for file in files {
                        status = status.max(self.one(&file, &mut found, console));
                    }
                }
                Err(fault) => status = status.max(console.unreadable(path, &fault)),
            }
        }
        if found.files > 0 || status == ExitStatus::Yes {
            let (list, sources) = (&found.list, &found.sources);
            console.out(&match self.format {
                Format::Human => diagnostics::human(list, sources, found.files, &console.look),
                Format::Json => diagnostics::json(list, sources),
                Format::Github => diagnostics::github(list, sources),
            });
        }
        status
    }

    fn one(&self, file: &str, found: &mut Found, console: &Console) -> ExitStatus {
        match compile_among(&mut found.sources, file, &Disk, &self.inputs.options()) {
            Ok(compiled) => {
                let broken = compiled.has_errors();
                found.add(compiled);
                if broken { ExitStatus::No } else { ExitStatus::Yes }
            }
            Err(fault) => console.unreadable(file, &fault),
        }
    }
}

/// What was found in all files; what several files import is reported once.
#[derive(Debug, Default)]
struct Found {
    sources: Sources,
    list: Vec<Diagnostic>,
    seen: BTreeSet<(Code, String)>,
    files: usize,
}

impl Found {
    fn add(&mut self, compiled: Compiled) {
        self.files += 1;
        self.sources = compiled.sources;
        for diagnostic in compiled.diagnostics {
            if self.seen.insert((diagnostic.code, self.sources.place(diagnostic.span()))) {
                self.list.push(diagnostic);
            }
        }
    }
}
