//! Label matchers, compiled.
//!
//! Enters: matchers as parsed. Leaves: whether a label set is selected.
//! It deliberately knows no store: who asks decides which series to ask about.

use super::ast::{MatchOp, Matcher};
use super::labels::Labels;
use super::parse::Pattern;

/// A matcher ready to be asked often.
#[derive(Clone, Debug)]
pub(crate) struct CompiledMatcher {
    label: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal(String),
    NotEqual(String),
    Regex(Pattern),
    NotRegex(Pattern),
}

impl CompiledMatcher {
    pub(crate) fn new(matcher: &Matcher) -> Self {
        let value = || matcher.value.clone();
        let test = match (matcher.op, &matcher.pattern) {
            (MatchOp::Regex, Some(pattern)) => Test::Regex(pattern.clone()),
            (MatchOp::NotRegex, Some(pattern)) => Test::NotRegex(pattern.clone()),
            (MatchOp::Equal | MatchOp::Regex, _) => Test::Equal(value()),
            (MatchOp::NotEqual | MatchOp::NotRegex, _) => Test::NotEqual(value()),
        };
        Self { label: matcher.label.clone(), test }
    }

    /// Whether the label set passes; a label that is missing counts as empty.
    pub(crate) fn accepts(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Regex(pattern) => pattern.regex().is_match(value),
            Test::NotRegex(pattern) => !pattern.regex().is_match(value),
        }
    }
}
