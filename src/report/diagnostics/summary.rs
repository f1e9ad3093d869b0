//! The line that ends the output of `check`.
//!
//! Enters: diagnostics and how many files were read. Leaves: `2 errors, 1 warning in 3 files`.
//! It deliberately knows no exit status.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Severity};

use super::super::text::counted;

/// `1 error in 1 file`, `2 errors, 1 warning in 3 files`, `no errors, 1 warning in 1 file`, `5 files, no errors`. The
/// files are those with mistakes; `read` counts all, for the case that nothing is wrong. No line break.
pub fn summary(diagnostics: &[Diagnostic], read: usize) -> String {
    let count = |severity| diagnostics.iter().filter(|one| one.severity() == severity).count() as u64;
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings == 0 {
        return format!("{}, no errors", counted(read as u64, "file", "files"));
    }
    let files: BTreeSet<_> = diagnostics.iter().map(|one| one.span().file).collect();
    let mut parts = Vec::new();
    if errors == 0 {
        parts.push("no errors".to_owned());
    } else {
        parts.push(counted(errors, "error", "errors"));
    }
    if warnings > 0 {
        parts.push(counted(warnings, "warning", "warnings"));
    }
    format!("{} in {}", parts.join(", "), counted(files.len() as u64, "file", "files"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::{FileId, Span};

    #[test]
    fn it_counts_what_is_wrong_and_where() {
        let at = |code, file| Diagnostic::new(code, "x", Span::new(FileId(file), 0, 1), "");
        let (error, warning) = (Code::UnknownSlo, Code::UnusedSlo);
        assert_eq!(summary(&[], 5), "5 files, no errors");
        assert_eq!(summary(&[], 1), "1 file, no errors");
        assert_eq!(summary(&[at(error, 0)], 5), "1 error in 1 file");
        assert_eq!(summary(&[at(warning, 0)], 1), "no errors, 1 warning in 1 file");
        let mixed = [at(error, 0), at(error, 1), at(warning, 2)];
        assert_eq!(summary(&mixed, 9), "2 errors, 1 warning in 3 files");
    }
}
