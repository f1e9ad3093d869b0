//! Label matchers, compiled.
//!
//! Enters: matchers as parsed. Leaves: whether a label set is selected, or why a regular expression is invalid.
//! It deliberately knows no store: who asks decides which series to ask about.

use regex::Regex;

use super::ast::{MatchOp, Matcher};
use super::labels::Labels;
use super::parse::anchored;

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
    Regex(Regex),
    NotRegex(Regex),
}

impl CompiledMatcher {
    pub(crate) fn new(matcher: &Matcher) -> Result<Self, String> {
        let test = match matcher.op {
            MatchOp::Equal => Test::Equal(matcher.value.clone()),
            MatchOp::NotEqual => Test::NotEqual(matcher.value.clone()),
            MatchOp::Regex => Test::Regex(anchored(&matcher.value)?),
            MatchOp::NotRegex => Test::NotRegex(anchored(&matcher.value)?),
        };
        Ok(Self { label: matcher.label.clone(), test })
    }

    /// Whether the label set passes; a label that is missing counts as empty.
    pub(crate) fn accepts(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Regex(regex) => regex.is_match(value),
            Test::NotRegex(regex) => !regex.is_match(value),
        }
    }
}
