//! `rollcast check`: all that is wrong with one or more programs.
//!
//! Enters: paths. Leaves: diagnostics in the form asked for, and whether any is an error.
//! It deliberately goes on to the next file after a broken one.

use std::collections::BTreeSet;

use super::console::{Console, ExitStatus, for_people};
use super::files::Disk;
use super::manifests::{self, Rollouts};
use super::replay::{self, Library};
use super::{Inputs, programs};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::compile::{Compiled, Fault, Options, compile_among};
use crate::report::diagnostics;
use crate::source::{SourceFile, Sources, Span};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Programs, or folders to look for `.roll` files in.
    #[arg(required = true)]
    paths: Vec<String>,
    /// Manifests that others wrote, for whose Rollouts the programs may have scenarios; may be repeated.
    #[arg(long, value_name = "PATH")]
    manifests: Vec<String>,
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
    /// An array, one object a line.
    Json,
    /// GitHub's workflow commands.
    Github,
}

impl Check {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let rollouts = match manifests::beside(&self.manifests, console) {
            Ok(rollouts) => rollouts,
            Err(status) => return status,
        };
        let mut found = Found { rollouts, ..Found::default() };
        let (files, mut status) = programs(&self.paths, console);
        for file in files {
            status = status.max(self.one(&file, &mut found, console));
        }
        // Machines always get a document; people are not told "no errors" of what could not be read.
        if self.format != Format::Human || !found.list.is_empty() || status == ExitStatus::Yes {
            let (list, sources) = (&found.list, &found.sources);
            console.out(&match self.format {
                Format::Human => for_people(list, sources, found.files, &console.look),
                Format::Json => diagnostics::json(list, sources),
                Format::Github => diagnostics::github(list, sources),
            });
        }
        status
    }

    fn one(&self, file: &str, found: &mut Found, console: &Console) -> ExitStatus {
        let options = Options { outside: found.rollouts.names(), ..self.inputs.options() };
        match compile_among(&mut found.sources, file, &Disk, &options) {
            Ok(mut compiled) => {
                replay::check(&mut found.library, &found.rollouts, &mut compiled);
                let broken = compiled.has_errors();
                console.mention_most(&compiled);
                found.add(compiled);
                if broken { ExitStatus::No } else { ExitStatus::Yes }
            }
            Err(fault) => {
                found.unreadable(file, &fault, self.format);
                console.unreadable(file, &fault)
            }
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
    library: Library,
    rollouts: Rollouts,
}

impl Found {
    /// What is no program has nothing to show to people, but machines want every finding with a code.
    fn unreadable(&mut self, file: &str, fault: &Fault, format: Format) {
        let code = match fault {
            Fault::NotText(_) => Code::NotText,
            Fault::TooLarge(_) => Code::TooLarge,
            _ => return,
        };
        if format != Format::Human {
            let source = self.sources.add(SourceFile::new(file, ""));
            let headline = format!("`{file}` cannot be read: {fault}");
            self.list.push(Diagnostic::new(code, headline, Span::new(source, 0, 0), "this file"));
        }
    }

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
