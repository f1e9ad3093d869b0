//! What is wrong, as data: code, headline, labels, help and a computed repair.
//!
//! Enters: facts from every stage. Leaves: an ordered list in which each mistake stands once.
//! It deliberately knows no terminal and no format; rendering is the edge's.

mod code;

pub use code::Code;

use std::collections::BTreeSet;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Built, and probably not what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty.
    pub text: String,
}

/// A repair: replacing the span by the text mends the mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to do, in a few words: ``write `error-rate` ``.
    pub title: String,
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its number, hence its page and its severity.
    pub code: Code,
    /// One lower-case phrase that makes sense alone on a line.
    pub headline: String,
    /// The guilty place first, then the reasons.
    pub labels: Vec<Label>,
    /// One short piece of advice.
    pub help: Option<String>,
    /// The computed repair.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A mistake at its smallest guilty span; `label` says there what was found or expected.
    pub fn new(code: Code, headline: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        let labels = vec![Label { span, text: label.into() }];
        Self { code, headline: headline.into(), labels, help: None, fix: None }
    }

    /// Adds a reason elsewhere.
    #[must_use]
    pub fn because(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a repair.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { title: title.into(), span, replacement: replacement.into() });
        self
    }

    /// Where it is.
    pub fn span(&self) -> Span {
        self.labels.first().map_or_else(Span::default, |label| label.span)
    }

    /// Error or warning; the code decides.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// All that is wrong, each once.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    seen: BTreeSet<(Code, Span)>,
}

impl Diagnostics {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the same mistake stands at the same place already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.seen.insert((diagnostic.code, diagnostic.span())) {
            self.list.push(diagnostic);
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        others.into_iter().for_each(|other| self.push(other));
    }

    /// All so far, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// How many are errors.
    pub fn error_count(&self) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error).count()
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// So many mistakes of one program are reported: nobody reads more, and the first are those to repair first.
    pub const MOST: usize = 100;

    /// In source order, errors before warnings at one place; of more than [`Self::MOST`] the first errors, and warnings
    /// only where they leave room.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        let place = |diagnostic: &Diagnostic| (diagnostic.span(), diagnostic.severity(), diagnostic.code);
        if self.list.len() > Self::MOST {
            self.list.sort_by_key(|diagnostic| (diagnostic.severity(), diagnostic.span(), diagnostic.code));
            self.list.truncate(Self::MOST);
        }
        self.list.sort_by_key(place);
        self.list
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The candidate nearest to a misspelt word, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().count() {
        0..=1 => 0,
        2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let scored = candidates.into_iter().map(|candidate| (edit_distance(word, candidate), candidate));
    scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
}

/// Levenshtein distance with adjacent swaps counted as one, over characters; long words are cut at 64.
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best =
                (cell(&row, j) + usize::from(a != b)).min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(cell(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_word_is_found_and_the_far_one_is_not() {
        let words = ["error-rate", "success-rate", "latency-p95"];
        assert_eq!(nearest("eror-rate", words), Some("error-rate"));
        assert_eq!(nearest("sucess-rte", words), Some("success-rate"));
        assert_eq!(nearest("availability", words), None);
        assert_eq!(edit_distance("ab", "ba"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
    }

    #[test]
    fn of_very_many_the_first_errors_are_kept() {
        let mut diagnostics = Diagnostics::new();
        let at = |code, at| Diagnostic::new(code, "x", Span::new(crate::source::FileId(0), at, at + 1), "");
        (0..300).for_each(|place| diagnostics.push(at(Code::UnusedSlo, place)));
        (300..390).for_each(|place| diagnostics.push(at(Code::UnknownSlo, place)));
        let kept = diagnostics.into_sorted();
        assert_eq!(kept.len(), Diagnostics::MOST);
        assert_eq!(kept.iter().filter(|one| one.severity() == Severity::Error).count(), 90);
        assert_eq!(kept.first().map(|one| one.span().start), Some(0));
    }

    #[test]
    fn one_mistake_one_report() {
        let mut diagnostics = Diagnostics::new();
        let span = Span::new(crate::source::FileId(0), 3, 4);
        diagnostics.push(Diagnostic::new(Code::UnknownStatement, "a", span, ""));
        diagnostics.push(Diagnostic::new(Code::UnknownStatement, "b", span, ""));
        assert_eq!(diagnostics.into_sorted().len(), 1);
    }
}
