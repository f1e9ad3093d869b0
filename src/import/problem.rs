//! What is wrong with manifests: which object, which field, what and where.
//!
//! Enters and leaves: values. It deliberately renders nothing; the edge does.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Code;

/// Where a document stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as it was named.
    pub file: Arc<str>,
    /// The document's first line, from 1; 0 where it has none.
    pub line: u32,
    /// The document's number in its file, from 1.
    pub document: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort it is, and how bad.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// `Rollout/shop`; empty where the document is none.
    pub object: String,
    /// `spec.strategy.canary.steps[0].plugin`; empty where it is the whole object.
    pub path: String,
    /// What, a phrase without a full stop.
    pub message: String,
}

impl Problem {
    pub(super) fn new(code: Code, place: Place, object: &str, message: &str) -> Self {
        Self { code, place, object: object.to_owned(), path: String::new(), message: message.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.place)?;
        // Where the message names the field itself, it need not be named twice.
        let path = if self.message.contains(&self.path) { "" } else { &self.path };
        for part in [&self.object, path] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        let colon = if self.object.is_empty() { "" } else { ":" };
        write!(f, "{colon} {}", self.message)
    }
}

/// A feature that is not simulated, and where a Rollout or template asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The field.
    pub path: String,
    /// The feature, a phrase.
    pub feature: String,
}

impl Unsupported {
    pub(super) fn new(path: impl Into<String>, feature: impl Into<String>) -> Self {
        Self { path: path.into(), feature: feature.into() }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.feature)
    }
}
