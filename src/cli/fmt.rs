//! `rollcast fmt`: formats programs in place, shows what would change, or only says whether anything would.
//!
//! Enters: paths or standard input. Leaves: formatted files, a diff, or an exit status.
//! It deliberately formats files that do not check; only text that is no text is refused.

use similar::TextDiff;

use super::console::{Console, ExitStatus};
use super::files::{Disk, Planned, read_stdin, write_all};
use super::programs;
use super::simulate::shell;
use crate::formatter;
use crate::model::compile::Files;

/// Arguments of `fmt`.
#[derive(Debug, clap::Args)]
pub(crate) struct Fmt {
    /// Programs, or folders to look for `.roll` files in; `-` or nothing is standard input.
    paths: Vec<String>,
    /// Write nothing; exit with 1 when a file would change.
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change, and exit with 1 when anything would.
    #[arg(long)]
    diff: bool,
}

impl Fmt {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        if self.paths.is_empty() || self.paths == ["-"] {
            return match read_stdin() {
                Ok(text) => self.standard_input(&text, console),
                Err(fault) => console.unreadable("-", &fault),
            };
        }
        if self.paths.iter().any(|path| path == "-") {
            return console.could_not_run("`-` is standard input and stands alone");
        }
        let mut planned = Vec::new();
        let (files, mut status) = programs(&self.paths, console);
        for file in &files {
            match Disk.read(file) {
                Ok(text) => planned.extend(changed(file, &text)),
                Err(fault) => status = status.max(console.unreadable(file, &fault)),
            }
        }
        if status != ExitStatus::Yes {
            return status;
        }
        if self.check || self.diff {
            return self.differ(&planned, files.len(), console);
        }
        let plans: Vec<Planned> = planned.into_iter().map(|(_, plan)| plan).collect();
        match write_all(&plans) {
            Ok(()) => ExitStatus::Yes,
            Err((path, why)) => console.could_not_run(&format!("cannot write `{}`: {why}", path.display())),
        }
    }

    fn standard_input(&self, text: &str, console: &mut Console) -> ExitStatus {
        let formatted = formatter::format(text);
        if self.diff {
            console.out(&diff("standard input", text, &formatted));
        } else if !self.check {
            console.out(&formatted);
            return ExitStatus::Yes;
        }
        if formatted == text { ExitStatus::Yes } else { ExitStatus::No }
    }

    fn differ(&self, planned: &[(String, Planned)], count: usize, console: &mut Console) -> ExitStatus {
        for (before, plan) in planned {
            let name = plan.path.display().to_string();
            if self.diff {
                console.out(&diff(&name, before, &plan.text));
            } else {
                console.out(&format!("{name}\n"));
            }
        }
        if planned.is_empty() {
            return ExitStatus::Yes;
        }
        let paths: Vec<String> = self.paths.iter().map(|path| shell(path)).collect();
        let of = if count == 1 { "1 file".to_owned() } else { format!("{} of {count} files", planned.len()) };
        let object = if planned.len() == 1 { "it" } else { "them" };
        console.err(&format!("{of} would change; `rollcast fmt {}` formats {object}\n", paths.join(" ")));
        ExitStatus::No
    }
}

fn changed(path: &str, text: &str) -> Option<(String, Planned)> {
    let formatted = formatter::format(text);
    (formatted != text).then(|| (text.to_owned(), Planned { path: path.into(), text: formatted }))
}

/// A unified diff, as git and kubectl show it.
pub(crate) fn diff(name: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().header(name, name).to_string()
}
