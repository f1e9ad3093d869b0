//! The language's notation: text to a typed tree with spans, never failing.
//!
//! Enters: the text of one `.roll` file. Leaves: what could be read of it and what is wrong with the rest.
//! It deliberately knows no names, no defaults and no other file.

mod action;
mod braces;
mod build;
mod context;
mod diagnose;
mod expectation;
mod grammar;
mod item;
pub(crate) mod outline;
mod replay;
mod rollout;
mod scan;
mod scenario;
mod slo;
pub mod tree;
mod value;
mod words;

use pest::Parser;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

use build::Builder;
use grammar::{Grammar, Rule};
use scan::Scan;

/// Larger files are refused: 1 MiB.
pub const BYTES_MAX: usize = 1 << 20;

/// What a text says, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Parse {
    /// All that could be read.
    pub tree: tree::File,
    /// What could not; at most a hundred and a few.
    pub diagnostics: Diagnostics,
    /// Where statements stood that are absent from the tree, because they are broken or wait for a later version. What
    /// an item of the file lacks may have stood there, so that its lack is no second mistake.
    pub broken: Vec<Span>,
}

impl Parse {
    /// Whether something within a place is absent from the tree.
    pub fn is_broken(&self, within: Span) -> bool {
        self.broken.iter().any(|broken| {
            broken.file == within.file && within.start <= broken.start && broken.end <= within.end
        })
    }
}

/// Reads a file. It never fails: what cannot be read is absent from the tree and stands among the diagnostics.
pub fn parse(file: FileId, text: &str) -> Parse {
    read(file, text, true)
}

/// The tree without places, so that two texts can be compared for what they say.
pub(crate) fn meaning(text: &str) -> Parse {
    read(FileId::default(), text, false)
}

fn read(file: FileId, text: &str, spans: bool) -> Parse {
    if text.len() > BYTES_MAX {
        return too_large(file, text.len());
    }
    let scan = Scan::new(file, text);
    if scan.too_deep {
        let mut parse = Parse::default();
        parse.diagnostics.extend(scan.problems);
        return parse;
    }
    let mut builder = Builder::new(file, text, &scan, spans);
    let mut tree = tree::File::default();
    match Grammar::parse(Rule::file, &scan.text) {
        Ok(mut pairs) => {
            if let Some(root) = pairs.next() {
                tree.items = builder.items(root);
            }
        }
        Err(error) => builder.unreadable(&error),
    }
    let broken = std::mem::take(&mut builder.broken);
    let diagnostics = builder.finish();
    Parse { tree, diagnostics, broken }
}

fn too_large(file: FileId, length: usize) -> Parse {
    let mut parse = Parse::default();
    parse.diagnostics.push(Diagnostic::new(
        Code::TooLarge,
        format!("the file has {length} bytes, more than the {BYTES_MAX} that are read"),
        Span::new(file, 0, 0),
        "",
    ));
    parse
}
