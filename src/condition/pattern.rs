//! Go's regular expressions on Rust's engine: a pattern of RE2's syntax in, a matcher out.
//!
//! Enters: a pattern of RE2's syntax. Leaves: a matcher, or Go's error.
//! It deliberately knows nothing of conditions.
//! Source: Go 1.26, regexp/syntax.

use regex::bytes::{Regex, RegexBuilder};

/// Largest compiled pattern, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// Compiles a pattern. The error is Go's text where the cause is a common one.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&translate(pattern))
        .size_limit(MAX_COMPILED)
        .nest_limit(100)
        .build()
        .map_err(|error| format!("error parsing regexp: {}", explain(pattern, &error.to_string())))
}

fn explain(pattern: &str, error: &str) -> String {
    let causes = [
        ("unclosed group", "missing closing )"),
        ("unopened group", "unexpected )"),
        ("unclosed character class", "missing closing ]"),
        ("repetition operator missing", "missing argument to repetition operator"),
        ("invalid character class range", "invalid character class range"),
        ("unrecognized escape sequence", "invalid escape sequence"),
        ("look-around", "invalid or unsupported Perl syntax"),
    ];
    let cause = causes.iter().find(|(ours, _)| error.contains(ours)).map(|(_, go)| *go);
    let operator = pattern.chars().find(|c| "*+?".contains(*c)).map(String::from);
    let blamed = match cause {
        Some("missing argument to repetition operator") => operator.unwrap_or_default(),
        Some("missing closing ]") => {
            pattern.rfind('[').and_then(|at| pattern.get(at..)).unwrap_or(pattern).to_owned()
        }
        _ => pattern.to_owned(),
    };
    format!("{}: `{blamed}`", cause.unwrap_or("invalid pattern"))
}

/// Spells what Go restricts to ASCII as such, and what Rust adds to classes as plain characters.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(kind) = chars.next() else {
                    out.push('\\');
                    break;
                };
                match (kind, class) {
                    ('d', true) => out.push_str("0-9"),
                    ('w', true) => out.push_str("0-9A-Za-z_"),
                    ('s', true) => out.push_str("\\t\\n\\f\\r "),
                    ('d', false) => out.push_str("[0-9]"),
                    ('w', false) => out.push_str("[0-9A-Za-z_]"),
                    ('s', false) => out.push_str("[\\t\\n\\f\\r ]"),
                    ('D', false) => out.push_str("[^0-9]"),
                    ('W', false) => out.push_str("[^0-9A-Za-z_]"),
                    ('S', false) => out.push_str("[^\\t\\n\\f\\r ]"),
                    ('b', false) => out.push_str("(?-u:\\b)"),
                    ('B', false) => out.push_str("(?-u:\\B)"),
                    _ => {
                        out.push('\\');
                        out.push(kind);
                    }
                }
            }
            '[' if !class => {
                class = true;
                out.push('[');
                for first in ['^', ']'] {
                    if chars.peek() == Some(&first) {
                        chars.next();
                        if first == ']' {
                            out.push('\\');
                        }
                        out.push(first);
                    }
                }
            }
            '[' if chars.peek() == Some(&':') => out.push('['),
            '[' => out.push_str("\\["),
            '&' | '~' if class => {
                out.push('\\');
                out.push(c);
            }
            ']' if class => {
                // The end of `[:alpha:]` is not the end of the class around it.
                class = out.ends_with(':') && out.rfind("[:").is_some_and(|at| at + 2 < out.len());
                out.push(']');
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii_and_sets_are_plain() {
        assert!(!compile(r"^\d$").unwrap().is_match("٣".as_bytes()));
        assert!(compile(r"^[a&&b]+$").unwrap().is_match(b"a&b"));
        assert!(compile(r"^[[:alpha:]]+$").unwrap().is_match(b"ab"));
        assert!(compile(r"^[]a]+$").unwrap().is_match(b"]a"));
    }

    #[test]
    fn a_broken_pattern_is_explained_as_go_does() {
        assert_eq!(compile("(").unwrap_err(), "error parsing regexp: missing closing ): `(`");
    }
}
