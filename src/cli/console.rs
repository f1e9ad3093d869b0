//! The standard streams and how they look: width, colour, character set; and exit statuses.
//!
//! Enters: the process' terminal and environment, read once. Leaves: [`Console`].
//! It deliberately knows no command.
#![expect(clippy::disallowed_methods, reason = "this is the edge where the environment is read")]

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::model::compile::{Compiled, Fault};
use crate::report::diagnostics;
use crate::report::style::Look;
use crate::report::text::clean;
use crate::source::Sources;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// Yes, or done.
    Yes,
    /// The program has errors, something differs, or a test said no.
    No,
    /// The tool could not run: arguments, files, network.
    CouldNotRun,
    /// A bug of ours.
    OurBug,
}

impl ExitStatus {
    /// The number for the operating system.
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::CouldNotRun => 2,
            Self::OurBug => 70,
        }
    }
}

/// `--color`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The text with the signs that we ourselves write in ASCII where the charset has no others; names that users wrote stay
/// as they are.
pub(crate) fn legible(text: &str, look: &Look) -> String {
    if look.unicode {
        return text.to_owned();
    }
    let sign = |c: char| match c {
        '…' => "...".to_owned(),
        '→' => "->".to_owned(),
        '≤' => "<=".to_owned(),
        '≥' => ">=".to_owned(),
        '“' | '”' => "\"".to_owned(),
        '‘' | '’' => "'".to_owned(),
        '–' | '—' | '−' => "-".to_owned(),
        '×' => "x".to_owned(),
        '\u{a0}' => " ".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(sign).collect()
}

/// Diagnostics with the source; what we say about it is legible, the source stays as it is.
pub(crate) fn for_people(list: &[Diagnostic], sources: &Sources, files: usize, look: &Look) -> String {
    let mut list = list.to_vec();
    for one in &mut list {
        one.headline = legible(&one.headline, look);
        one.help = one.help.as_ref().map(|help| legible(help, look));
        one.labels.iter_mut().for_each(|label| label.text = legible(&label.text, look));
        one.fix.iter_mut().for_each(|fix| fix.title = legible(&fix.title, look));
    }
    diagnostics::human(&list, sources, files, look)
}

/// The streams.
#[derive(Debug)]
pub(crate) struct Console {
    /// How standard output looks.
    pub(crate) look: Look,
    /// How standard error looks.
    pub(crate) error_look: Look,
    /// Whether progress may be drawn.
    pub(crate) progress: bool,
    closed: bool,
}

impl Console {
    pub(crate) fn of_process(color: Color) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !set("NO_COLOR") && !dumb,
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.or(terminal).unwrap_or(100).clamp(40, 100);
        let look = |terminal: bool| Look { width, colour: colour(terminal), unicode };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self { look: look(out), error_look: look(err), progress: err && !dumb, closed: false }
    }

    /// Writes to standard output. A reader that went away (`| head`) is no mistake: the rest is dropped.
    pub(crate) fn out(&mut self, text: &str) {
        if !self.closed {
            let mut stream = io::stdout().lock();
            self.closed = stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err();
        }
    }

    /// Writes to standard error.
    #[expect(clippy::unused_self, reason = "what is said goes through the console, whatever it keeps of it")]
    pub(crate) fn err(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says why the tool could not run.
    pub(crate) fn could_not_run(&self, message: &str) -> ExitStatus {
        let lines: Vec<String> = message.split('\n').map(clean).collect();
        let message = legible(&lines.join("\n"), &self.error_look);
        self.err(&format!("{} {message}\n", self.error_look.red("error:")));
        ExitStatus::CouldNotRun
    }

    /// Says what is wrong with something that has no place in a program.
    pub(crate) fn wrong(&self, code: Code, message: &str) -> ExitStatus {
        let lines: Vec<String> = message.split('\n').map(clean).collect();
        let message = legible(&lines.join("\n"), &self.error_look);
        let sign = self.error_look.red(&format!("error[{}]:", code.id()));
        self.err(&format!("{sign} {message}\n"));
        ExitStatus::No
    }

    /// Says why a file gives no program: it has none (2), or what it holds is none (1).
    pub(crate) fn unreadable(&self, path: &str, fault: &Fault) -> ExitStatus {
        let status = match fault {
            Fault::NotText(_) | Fault::TooLarge(_) => ExitStatus::No,
            _ => ExitStatus::CouldNotRun,
        };
        let code = match fault {
            Fault::NotText(_) => "[RC0110]",
            Fault::TooLarge(_) => "[RC0108]",
            _ => "",
        };
        let sign = self.error_look.red(&format!("error{code}:"));
        self.err(&format!("{sign} cannot read `{}`: {fault}\n", clean(path)));
        status
    }

    /// Says that there may be more mistakes than are shown.
    pub(crate) fn mention_most(&self, compiled: &Compiled) {
        if compiled.diagnostics.len() >= Diagnostics::MOST {
            self.err(&format!("only the first {} mistakes of a program are shown\n", Diagnostics::MOST));
        }
    }

    /// For commands that go on only without errors: reports them, and says whether there are any. Warnings alone are
    /// `check`'s business and not shown.
    pub(crate) fn refuse(&self, compiled: &Compiled) -> bool {
        if compiled.has_errors() {
            let errors: Vec<Diagnostic> =
                compiled.diagnostics.iter().filter(|d| d.severity() == Severity::Error).cloned().collect();
            self.err(&for_people(&errors, &compiled.sources, 1, &self.error_look));
            self.mention_most(compiled);
        }
        compiled.has_errors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_number() {
        let ends = [ExitStatus::Yes, ExitStatus::No, ExitStatus::CouldNotRun, ExitStatus::OurBug];
        assert_eq!(ends.map(ExitStatus::code), [0, 1, 2, 70]);
        assert_eq!(ExitStatus::No.max(ExitStatus::Yes), ExitStatus::No, "the worst of several files counts");
    }

    #[test]
    fn our_own_signs_have_ascii_forms() {
        let ascii = Look { unicode: false, ..Look::plain() };
        assert_eq!(legible("a … → “b” ≤ 3 × 4", &ascii), "a ... -> \"b\" <= 3 x 4");
        assert_eq!(legible("a …", &Look::plain()), "a …");
    }
}
