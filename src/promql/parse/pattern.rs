//! Regular expressions of Go, for Rust.
//!
//! Enters: a pattern in Go's syntax (RE2). Leaves: a compiled pattern that matches whole values.
//! It deliberately covers syntax only: both engines match in linear time and agree on what a pattern means.

use regex::Regex;

/// The pattern, to match whole label values as Prometheus does: `.` matches newlines too.
///
/// # Errors
/// What Go says against the pattern.
pub fn anchored(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?s:{pattern})$")).map_err(|error| format!("error parsing regexp: {error}"))
}
