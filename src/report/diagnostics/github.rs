//! Diagnostics as GitHub's workflow commands, which annotate the lines of a pull request.
//!
//! Enters: diagnostics and sources. Leaves: one `::error …::…` line each.
//! Source: GitHub Actions, "Workflow commands", and the escaping of actions/toolkit, packages/core/src/command.ts.
//! It deliberately knows no GitHub: whether these lines are wanted is the caller's question.

use std::fmt::Write as _;

use crate::diagnostic::Diagnostic;
use crate::source::Sources;

use super::place::place;

/// One line each.
pub fn github(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|diagnostic| command(diagnostic, sources)).collect()
}

fn command(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = place(sources, diagnostic.span());
    let word = diagnostic.severity().word();
    let mut text = format!("::{word} file={},line={}", property(&place.file), place.start.line);
    let _ = write!(text, ",endLine={},col={}", place.end.line, place.start.column);
    // GitHub refuses an end column where the annotation spans lines.
    if place.end.line == place.start.line && place.end.column > place.start.column {
        let _ = write!(text, ",endColumn={}", place.end.column);
    }
    let _ =
        writeln!(text, ",title={}::{}", property(diagnostic.code.id()), message(&words(diagnostic, sources)));
    text
}

/// All that the human form says, without its picture.
fn words(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut text = diagnostic.headline.clone();
    for (at, label) in diagnostic.labels.iter().enumerate().filter(|(_, label)| !label.text.is_empty()) {
        let place = if at == 0 { String::new() } else { format!("{}: ", sources.place(label.span)) };
        let _ = write!(text, "\n{place}{}", label.text);
    }
    let help = diagnostic.help.as_deref().or(diagnostic.fix.as_ref().map(|fix| fix.title.as_str()));
    if let Some(help) = help {
        let _ = write!(text, "\nhelp: {help}");
    }
    text
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_end_the_command_or_begin_another() {
        assert_eq!(property("a,b:c%\n::error"), "a%2Cb%3Ac%25%0A%3A%3Aerror");
        assert_eq!(message("95%\r\n::error::x"), "95%25%0D%0A::error::x");
    }
}
