//! What is wrong with a statement that the grammar could not read.
//!
//! Enters: the place of a broken node and of the statement before it. Leaves: one diagnostic, with a repair where one
//! can be computed. The node is read again by the grammar, alone, and how far that came says what was expected.
//! It deliberately knows no production; the grammar's rules say what they want by their names, and `words` spells them.

use std::ops::Range;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

use crate::diagnostic::{Code, Diagnostic, nearest};

use super::build::Builder;
use super::context::Context;
use super::grammar::{Grammar, Rule};
use super::words::{belongs_to, keywords, listed, phrases};

/// Longer lists stand in the headline alone.
const LABEL_MAX: usize = 80;

/// So many characters of a text are repeated in a headline.
const SHOWN_MAX: usize = 32;

/// How far the grammar came, and what it would have gone on with.
#[derive(Debug)]
struct Failure {
    /// A place in the text that the grammar reads.
    at: usize,
    expected: Vec<Rule>,
}

/// What stands where something else was expected.
#[derive(Debug)]
struct Found<'t> {
    /// Empty at the end of a line or a block.
    text: &'t str,
    place: Range<usize>,
    /// What ends there, where the text is empty.
    end: &'static str,
}

impl Found<'_> {
    fn phrase(&self) -> String {
        if self.text.is_empty() {
            self.end.to_owned()
        } else {
            format!("`{}`", self.text.chars().take(SHOWN_MAX).collect::<String>())
        }
    }
}

impl<'t> Builder<'t> {
    /// Says what is wrong with a broken node, unless `scan` has said it. Yes where the mistake belongs to the statement
    /// before, which then is as broken.
    pub(super) fn diagnose(
        &mut self,
        bad: &Range<usize>,
        before: Option<&Range<usize>>,
        context: Context,
    ) -> bool {
        let before = before.filter(|before| self.is_continued(before, bad));
        let start = before.map_or(bad.start, |before| before.start);
        let text = self.scan.text.get(bad.clone()).unwrap_or("");
        let head = text.find('{').map_or_else(|| self.with_blanks(bad.end), |at| bad.start + at);
        let whole = self.place(&(start..head)).range();
        let known = self.scan.problem_within(whole.start, whole.end).is_some();
        if !self.has_room() || known || self.lost_its_brace(bad.end) {
            return before.is_some();
        }
        let starts = expected_first(context);
        let alone = self.probe(bad.start, bad.end, context.probe());
        let alone = alone.filter(|failure| self.first_token(bad.start, failure.at) > bad.start);
        match alone {
            Some(failure) if !self.is_misspelt(bad, before.is_some(), &starts, context) => {
                self.report_expected(bad, &failure, context);
                false
            }
            _ => self.diagnose_beginning(bad, before, &starts, context),
        }
    }

    /// Whether a step that was read as a param's name is rather a word gone wrong.
    fn is_misspelt(&self, bad: &Range<usize>, continued: bool, starts: &[Rule], context: Context) -> bool {
        let word = self.found(bad.start, bad.end).text;
        let mut words = keywords(starts);
        let known = words.iter().any(|known| known == word);
        if continued {
            words.extend(keywords(&[Rule::kw_for]));
        }
        context == Context::Step && !known && similar(word, words.iter().map(String::as_str)).is_some()
    }

    /// The first word itself is wrong: it begins nothing here, or it goes on wrongly with the statement before.
    fn diagnose_beginning(
        &mut self,
        bad: &Range<usize>,
        before: Option<&Range<usize>>,
        starts: &[Rule],
        context: Context,
    ) -> bool {
        let found = self.found(bad.start, bad.end);
        let continued = before.and_then(|before| {
            self.probe(before.start, bad.end, context.probe()).filter(|failure| failure.at >= before.end)
        });
        if let (Some(mut failure), Some(before)) = (continued, before) {
            let going_on = keywords(&failure.expected);
            let starting = keywords(starts);
            let all = going_on.iter().chain(&starting).map(String::as_str);
            let near = similar(found.text, all);
            let spread = bad.start - before.end >= 2;
            // A word that the statement took before it broke off begins no other.
            let begins = failure.at <= bad.start && near.is_some_and(|near| !going_on.iter().any(|word| word == near));
            if !begins && (near.is_some() || !spread || failure.at > bad.start) {
                failure.at = failure.at.max(bad.start);
                self.report_expected(&(before.start..bad.end), &failure, context);
                return true;
            }
        }
        self.report_unknown(&found, bad, starts, context);
        false
    }

    /// Whether a `}` too many stands on the rest of a line, which then lacks a `{`.
    fn lost_its_brace(&self, at: usize) -> bool {
        let rest = self.scan.text.get(at..).unwrap_or("");
        let end = at + rest.find('\n').unwrap_or(rest.len());
        let line = self.place(&(at..end)).range();
        let mut problems = self.scan.problems_within(line);
        problems.any(|problem| problem.code == Code::StrayBrace)
    }

    /// The end of the blanks after a place.
    fn with_blanks(&self, at: usize) -> usize {
        let rest = self.scan.text.get(at..).unwrap_or("");
        at + rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len()
    }

    /// Whether a broken node stands on the line on which the statement before it ended, and that was no block.
    fn is_continued(&self, before: &Range<usize>, bad: &Range<usize>) -> bool {
        let text = self.scan.text.as_str();
        let block = text.get(before.clone()).is_some_and(|text| text.ends_with('}'));
        self.is_same_line(before.end, bad.start) && !block
    }

    fn report_unknown(&mut self, found: &Found<'t>, bad: &Range<usize>, starts: &[Rule], context: Context) {
        let span = self.place(&found.place);
        let what = context.noun();
        if !found.text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            let expected = listed(starts);
            self.report(Diagnostic::new(
                Code::MalformedStatement,
                format!("expected {what}, found {}", found.phrase()),
                span,
                format!("expected {expected}"),
            ));
            return;
        }
        let headline = format!("{} is not {what}", found.phrase());
        let words = keywords(starts);
        let home = Context::ALL.iter().filter(|other| **other != context).find(|other| {
            let probed = self.probe(bad.start, bad.end, other.probe());
            probed.is_none_or(|failure| self.first_token(bad.start, failure.at) > bad.start)
        });
        let label = format!("expected {}", listed(starts));
        let diagnostic = Diagnostic::new(Code::UnknownStatement, headline, span, label);
        let near = similar(found.text, words.iter().map(String::as_str));
        self.report(match (home, near) {
            (None, Some(near)) => {
                let title = format!("write `{near}`");
                diagnostic.help(title.clone()).fix(title, span, near)
            }
            (Some(home), _) => diagnostic.help(belongs_to(found.text, *home)),
            (None, None) => diagnostic,
        });
    }

    /// The statement in `whole` was good up to the failure.
    fn report_expected(&mut self, whole: &Range<usize>, failure: &Failure, context: Context) {
        let found = self.found(failure.at, whole.end);
        let subject = self.subject(whole, context);
        if self.report_superfluous(whole, &found, &subject)
            || self.report_unquoted(whole, failure.at, &subject)
            || self.report_severed(whole, &found)
        {
            return;
        }
        let expected = listed(&failure.expected);
        if found.text.is_empty() {
            let last = self.last_token(whole.start, failure.at);
            let after = self.scan.text.get(last.clone()).unwrap_or("");
            let after: String = after.chars().take(SHOWN_MAX).collect();
            let span = self.place(&last);
            self.report(Diagnostic::new(
                Code::MalformedStatement,
                format!("expected {expected} after `{after}`, found {}", found.end),
                span,
                format!("expected {expected} after this"),
            ));
            return;
        }
        let span = self.place(&found.place);
        let diagnostic = Diagnostic::new(
            Code::MalformedStatement,
            format!("expected {expected} in {subject}, found {}", found.phrase()),
            span,
            label(&expected),
        );
        self.report(match self.repair(whole, &found, &failure.expected) {
            Some(text) => {
                let title = format!("write `{text}`");
                diagnostic.help(title.clone()).fix(title, span, text)
            }
            None => diagnostic,
        });
    }

    /// What a statement is called: by its first word where that is a word of the language.
    fn subject(&self, whole: &Range<usize>, context: Context) -> String {
        let word = self.found(whole.start, whole.end).text;
        let starts = expected_first(context);
        if keywords(&starts).iter().any(|start| start == word) {
            // One word alone would say the opposite of something.
            let word = if word == "no" && context == Context::Modifier { "no data" } else { word };
            format!("`{word}`")
        } else {
            context.noun().to_owned()
        }
    }

    /// A sign between two words that are right without it, as in `replicas = 10`.
    fn report_superfluous(&mut self, whole: &Range<usize>, found: &Found<'t>, subject: &str) -> bool {
        let is_sign = |next| matches!(next, '=' | ':' | ',' | '/');
        let signs = !found.text.is_empty() && found.text.chars().all(is_sign);
        if !signs || !self.is_readable(whole, &found.place, " ") {
            return false;
        }
        let span = self.place(&found.place);
        self.report(
            Diagnostic::new(
                Code::StrayCharacter,
                format!("`{}` has no place in {subject}", found.text),
                span,
                "the statement is complete without it",
            )
            .fix("remove it", span, ""),
        );
        true
    }

    /// A word with signs in it that wants quotes, as in `image ghcr.io/acme/checkout:1.4.2`.
    fn report_unquoted(&mut self, whole: &Range<usize>, at: usize, subject: &str) -> bool {
        let text = self.scan.text.as_str();
        let is_part = |next: char| !next.is_whitespace() && !matches!(next, '"' | '{' | '}' | ',' | '#');
        let before = text.get(whole.start..at).unwrap_or("");
        let after = text.get(at..whole.end).unwrap_or("");
        let start = at - (before.len() - before.trim_end_matches(is_part).len());
        let end = at + (after.len() - after.trim_start_matches(is_part).len());
        let Some(word) = text.get(start..end).filter(|_| start < at && at < end) else {
            return false;
        };
        let quoted = format!("\"{word}\"");
        if !self.is_readable(whole, &(start..end), &quoted) {
            return false;
        }
        let span = self.place(&(start..end));
        let title = format!("write `{quoted}`");
        self.report(
            Diagnostic::new(
                Code::MalformedStatement,
                format!("expected a string in {subject}, found `{word}`"),
                span,
                "a word with such signs in it stands in quotes",
            )
            .help(title.clone())
            .fix(title, span, quoted),
        );
        true
    }

    /// A unit that a blank severs from its number, as in `5 %`.
    fn report_severed(&mut self, whole: &Range<usize>, found: &Found<'t>) -> bool {
        let number = self.last_token(whole.start, found.place.start);
        let text = self.scan.text.as_str();
        let digits = text.get(number.clone()).unwrap_or("");
        let is_number = !digits.is_empty() && digits.chars().all(|next| next.is_ascii_digit() || next == '.');
        let is_unit = matches!(found.text, "%" | "h" | "m" | "s" | "ms" | "/s");
        let joined = format!("{digits}{}", found.text);
        let place = number.start..found.place.end;
        if !is_number || !is_unit || !self.is_readable(whole, &place, &joined) {
            return false;
        }
        let span = self.place(&place);
        let title = format!("write `{joined}`");
        self.report(
            Diagnostic::new(
                Code::MalformedStatement,
                format!("a blank stands between `{digits}` and its unit `{}`", found.text),
                span,
                "expected one word",
            )
            .help(title.clone())
            .fix(title, span, joined),
        );
        true
    }

    /// What to write instead of what was found, where the statement can be read with it.
    fn repair(&self, whole: &Range<usize>, found: &Found<'t>, expected: &[Rule]) -> Option<String> {
        if found.text.is_empty() {
            return None;
        }
        let words = keywords(expected);
        let near = similar(found.text, words.iter().map(String::as_str)).map(str::to_owned);
        let turned = match found.text {
            "=<" => Some("<=".to_owned()),
            "=>" => Some(">=".to_owned()),
            _ => None,
        };
        let quoted = (expected == [Rule::string] && !found.text.starts_with('"'))
            .then(|| format!("\"{}\"", found.text));
        near.into_iter()
            .chain(turned)
            .chain(quoted)
            .find(|text| words.contains(text) || self.is_readable(whole, &found.place, text))
    }

    /// Whether a statement can be read when one part of it is replaced.
    fn is_readable(&self, whole: &Range<usize>, part: &Range<usize>, by: &str) -> bool {
        let text = self.scan.text.as_str();
        let (Some(head), Some(tail)) = (text.get(whole.start..part.start), text.get(part.end..whole.end))
        else {
            return false;
        };
        let mended = format!("{head}{by}{tail}");
        Context::ALL.iter().any(|context| failure(&mended, context.probe()).is_none())
    }

    /// Reads a part of the text as one statement; nothing where that succeeds.
    fn probe(&self, start: usize, end: usize, rule: Rule) -> Option<Failure> {
        let mut failure = failure(self.scan.text.get(start..end).unwrap_or(""), rule)?;
        failure.at += start;
        Some(failure)
    }

    /// Where the token stands that is at a place or after blanks.
    fn first_token(&self, start: usize, at: usize) -> usize {
        let between = self.scan.text.get(start..at).unwrap_or("");
        start + between.trim_end().len()
    }

    /// The token at a place, or nothing at the end of a line.
    fn found(&self, at: usize, end: usize) -> Found<'t> {
        let scan = self.scan;
        let text = scan.text.get(at..end).unwrap_or("");
        let blanks = text.len() - text.trim_start_matches([' ', '\t', '\r']).len();
        let text = text.get(blanks..).unwrap_or("");
        let text = text.get(..token_length(text)).unwrap_or("");
        let place = at + blanks..at + blanks + text.len();
        let after = self.with_blanks(end.max(place.end));
        let brace = self.place(&(after..after + 1));
        let closes = scan.text.get(after..after + 1) == Some("}") && brace.start < brace.end;
        let end = if closes { "`}`" } else { "the end of the line" };
        Found { text, place, end }
    }

    /// The last token before a place.
    fn last_token(&self, start: usize, at: usize) -> Range<usize> {
        let (mut next, mut last) = (start, start..start);
        while next < at {
            let found = self.found(next, at);
            if found.text.is_empty() {
                next = self.scan.text.get(next..at).map_or(at, |rest| {
                    let skipped = rest.len() - rest.trim_start().len();
                    next + skipped.max(1)
                });
            } else {
                next = found.place.end;
                last = found.place;
            }
        }
        last
    }
}

/// A label stands beside a line; what the headline has said at length is not said again.
fn label(expected: &str) -> String {
    if expected.chars().count() > LABEL_MAX {
        "none of these".to_owned()
    } else {
        format!("expected {expected}")
    }
}

/// The nearest word; of a word so short that any is near, one with the same beginning.
fn similar<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let short = word.chars().count() <= 3;
    let first = word.chars().next();
    nearest(word, candidates.filter(|candidate| !short || candidate.chars().next() == first))
}

/// Where a rule gives up on a text. A blank is put before it, because pest says only of rules that got somewhere which
/// of their parts were expected.
fn failure(text: &str, rule: Rule) -> Option<Failure> {
    let error = Grammar::parse(rule, &format!(" {text}")).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.saturating_sub(1),
    };
    let ErrorVariant::ParsingError { positives, .. } = error.variant else {
        return None;
    };
    let mut expected = positives;
    expected.retain(|rule| !phrases(*rule).is_empty());
    Some(Failure { at, expected })
}

/// With what statements begin.
fn expected_first(context: Context) -> Vec<Rule> {
    failure("?", context.probe()).map_or_else(Vec::new, |failure| failure.expected)
}

/// The length of the token that a text begins with; none at the end of a line or at a comment.
fn token_length(text: &str) -> usize {
    let run = |accept: fn(char) -> bool| text.find(|next| !accept(next)).unwrap_or(text.len());
    match text.chars().next() {
        None | Some('\n' | '#') => 0,
        Some('"') => {
            let line = text.lines().next().unwrap_or("");
            let inside = line.get(1..).unwrap_or("");
            inside.find('"').map_or(line.len(), |close| close + 2)
        }
        Some('/') if text.starts_with("/s") => 2,
        Some('<' | '>' | '=') => run(|next| matches!(next, '<' | '>' | '=')),
        Some(first) if first.is_ascii_alphanumeric() || first == '_' || first == '-' => {
            run(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-' | '.' | '/' | '%'))
        }
        Some(first) => first.len_utf8(),
    }
}
