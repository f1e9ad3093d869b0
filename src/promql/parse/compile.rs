//! Compiled regular expressions, within what those of one query may take together.
//!
//! Enters: patterns in Go's syntax. Leaves: patterns that match whole values; each is compiled once, and then shared.
//! It deliberately knows no syntax: `pattern` translates.

use regex::{Regex, RegexBuilder};

use super::pattern::{fault, translate};

/// Bytes that the compiled patterns of a query may take: what is compiled in about a fifth of a second.
const ALL: usize = 24 << 20;

/// Bytes that one may take. What a pattern takes is only known once it is compiled, hence the least of these that does
/// is counted.
const SIZES: [usize; 4] = [8 << 10, 128 << 10, 1 << 20, 10 << 20];

/// Bytes counted for what may be a class: it takes long to read, even where the pattern turns out too large.
const CLASS: usize = 4 << 10;

/// A compiled pattern. Two are equal if their texts are.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// What it was compiled to.
    pub fn regex(&self) -> &Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// Compiles the patterns of a query.
#[derive(Debug)]
pub(in super::super) struct Compiler {
    left: usize,
}

impl Default for Compiler {
    fn default() -> Self {
        Self { left: ALL }
    }
}

impl Compiler {
    /// The pattern, to match whole label values as Prometheus does: `.` matches newlines too.
    ///
    /// # Errors
    /// What Go says against the pattern; what Rust says where it knows less than Go, such as surrogates; and that the
    /// patterns of the query are too large.
    pub(in super::super) fn compile(&mut self, pattern: &str) -> Result<Pattern, String> {
        let translated = format!("^(?s:{})$", translate(pattern)?);
        let classes = translated.matches(['[', 'p', 'P']).count();
        self.left = self.left.saturating_sub(classes * CLASS);
        for size in SIZES {
            let Some(left) = self.left.checked_sub(size) else {
                let reason = format!("patterns of the query exceed size limit of {ALL} bytes");
                return Err(fault(&reason, pattern));
            };
            self.left = left;
            match RegexBuilder::new(&translated).size_limit(size).build() {
                Ok(regex) => return Ok(Pattern(regex)),
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => {
                    let text = error.to_string();
                    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    return Err(fault(reason, pattern));
                }
            }
        }
        let [.., most] = SIZES;
        Err(fault(&format!("pattern exceeds size limit of {most} bytes"), pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_a_query_have_a_bound_together() {
        let mut compiler = Compiler::default();
        let compiled = (0..8_000).take_while(|n| compiler.compile(&format!("a{n}")).is_ok()).count();
        assert!((2_000..8_000).contains(&compiled), "{compiled}");
        let error = Compiler::default().compile(r"(\pL{1000})+").unwrap_err();
        assert!(error.contains("pattern exceeds size limit of 10485760 bytes"), "{error}");
    }
}
