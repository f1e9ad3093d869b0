//! What was lost before resolution: statements that could not be read and imports that could not be followed.
//!
//! Enters: the diagnostics of reading, and the sources. Leaves: answers to "may this be missing because of that?", by
//! which what only follows from another mistake is silent. It deliberately reports nothing.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostics};
use crate::source::{Sources, Span};

/// Everything that is wrong already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage {
    /// Where, in source order.
    places: Vec<Span>,
    /// The words of the damaged lines.
    words: BTreeSet<String>,
    /// Whether a whole file is missing, so that any name may have been declared there.
    file: bool,
}

impl Damage {
    /// Of all that reading reported.
    pub(crate) fn of(diagnostics: &Diagnostics, sources: &Sources) -> Self {
        let mut damage = Self::default();
        for diagnostic in diagnostics.iter() {
            let missing = [
                Code::ImportMissing,
                Code::ImportCycle,
                Code::ImportUnreadable,
                Code::TooDeep,
                Code::TooLarge,
                Code::NotText,
            ];
            damage.file |= missing.contains(&diagnostic.code);
            let span = diagnostic.span();
            damage.places.push(span);
            let (line, at) = line_of(span, sources);
            damage.words.extend(words(line));
            // What the line would say once it is repaired: `error–rate` declares `error-rate`.
            if let Some(fix) = diagnostic.fix.as_ref().filter(|fix| fix.span == span) {
                let part = span.range();
                let (from, to) = (part.start.saturating_sub(at), part.end.saturating_sub(at));
                if let (Some(head), Some(tail)) = (line.get(..from), line.get(to..)) {
                    damage.words.extend(words(&format!("{head}{}{tail}", fix.replacement)));
                }
            }
        }
        damage.places.sort_unstable();
        damage
    }

    /// Whether something could not be read inside a span.
    pub(crate) fn within(&self, span: Span) -> bool {
        self.places
            .iter()
            .any(|place| place.file == span.file && span.start <= place.start && place.start <= span.end)
    }

    /// Whether a name may have been declared by what was lost.
    pub(crate) fn explains(&self, name: &str) -> bool {
        self.file || self.words.contains(name)
    }

    /// Whether a whole file is missing.
    pub(crate) fn lacks_a_file(&self) -> bool {
        self.file
    }
}

/// The text of the line on which a span begins, and where that line begins.
fn line_of(span: Span, sources: &Sources) -> (&str, usize) {
    let text = sources.get(span.file).map_or("", |file| file.text.as_str());
    let (before, after) = text.split_at_checked(span.start as usize).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |length| before.len() + length);
    (text.get(start..end).unwrap_or(""), start)
}

fn words(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.split(move |c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::source::{FileId, SourceFile};

    #[test]
    fn the_words_of_a_broken_line_explain_what_is_missing() {
        let mut sources = Sources::new();
        let file = sources.add(SourceFile::new("a", "param a = 1\nparm soak-time = 2m\nparam b = 2\n"));
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(Diagnostic::new(Code::UnknownStatement, "", Span::new(file, 12, 16), ""));
        let damage = Damage::of(&diagnostics, &sources);
        assert!(damage.explains("soak-time") && !damage.explains("a") && !damage.explains("b"));
        assert!(damage.within(Span::new(file, 10, 14)) && !damage.within(Span::new(file, 0, 11)));
        assert!(!damage.within(Span::new(FileId(7), 0, 100)));
    }
}
