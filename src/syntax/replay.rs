//! The clause that puts a recording in the place of the world.
//!
//! Enters: the parts of a clause. Leaves: [`Replay`]. It deliberately opens no recording, and reads no instant.

use crate::diagnostic::{Code, Diagnostic};

use super::build::{Builder, Parts, extent};
use super::grammar::Rule;
use super::tree::{Name, Replay, Stands};

impl<'t> Builder<'t> {
    /// `replay "night.om" as traffic from "2024-11-02T10:00:00Z"`
    pub(super) fn replay(&mut self, parts: &Parts<'t>) -> Option<Replay> {
        for option in [Rule::stands, Rule::replay_from, Rule::canary_hash, Rule::stable_hash] {
            self.one_of(parts, option)?;
        }
        let path = self.string(&parts.first(Rule::string)?);
        let stands = parts.first(Rule::stands).and_then(|stands| {
            let word = stands.into_inner().last()?;
            let value =
                if word.as_rule() == Rule::kw_traffic { Stands::ForTraffic } else { Stands::ForCanary };
            Some(self.spanned(value, &word))
        });
        let text = |rule| -> Option<Name> {
            parts.first(rule).and_then(|part| part.into_inner().last()).map(|text| self.string(&text))
        };
        Some(Replay {
            path,
            stands,
            from: text(Rule::replay_from),
            canary_hash: text(Rule::canary_hash),
            stable_hash: text(Rule::stable_hash),
        })
    }

    /// Options stand in any order, and each once.
    fn one_of(&mut self, parts: &Parts<'t>, rule: Rule) -> Option<()> {
        let mut options = parts.all(rule);
        let (Some(first), Some(second)) = (options.next(), options.next()) else { return Some(()) };
        let word = self.text(&second).split_whitespace().next().unwrap_or("");
        let (first, second) = (self.place(&extent(&first)), self.place(&extent(&second)));
        let headline = format!("`{word}` is said twice of one recording");
        let report = Diagnostic::new(Code::MalformedStatement, headline, second, "the second time here");
        self.report(report.because(first, "the first time here"));
        None
    }
}
