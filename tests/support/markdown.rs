//! Fenced blocks of the book's pages, and the programs that they make.
//!
//! Enters: the text of a page. Leaves: its blocks, each with the heading above it, and [`Program`]s of one root file and
//! the files beside it. It deliberately reads no other Markdown.

use std::collections::BTreeMap;

use rollcast::model::compile::{Compiled, Fault, Files, Options, compile};

/// The name of a program's root file where its block gives none.
pub(crate) const ROOT: &str = "main.roll";

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The nearest heading above it, without its signs.
    pub(crate) heading: String,
    /// What stands after the fence: `roll file=slos.roll`.
    pub(crate) info: String,
    /// What it holds.
    pub(crate) text: String,
    /// The line of its fence, from 1.
    pub(crate) line: usize,
}

impl Block {
    /// The first word after the fence.
    pub(crate) fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or("")
    }

    /// The value of `key=value` after the language.
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        self.info.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

/// The fenced blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => found.push(block),
            (Some(info), None) => {
                let (heading, info) = (heading.clone(), info.trim().to_owned());
                open = Some(Block { heading, info, text: String::new(), line: at + 1 });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {
                if let Some(title) = line.strip_prefix('#') {
                    title.trim_start_matches('#').trim().clone_into(&mut heading);
                }
            }
        }
    }
    assert!(open.is_none(), "a fence is never closed");
    found
}

/// Files by name; a folder is what a name goes on from with a slash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    /// Name and text.
    pub(crate) files: BTreeMap<String, String>,
}

impl Files for Program {
    fn read(&self, path: &str) -> Result<String, Fault> {
        let folder = format!("{path}/");
        match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None if self.files.keys().any(|name| name.starts_with(&folder)) => Err(Fault::Directory),
            None => Err(Fault::Missing),
        }
    }
}

impl Program {
    /// The program of one block and the files that stand beside it.
    pub(crate) fn of<'a>(root: &Block, others: impl IntoIterator<Item = &'a Block>) -> Self {
        let mut files = BTreeMap::from([(ROOT.to_owned(), root.text.clone())]);
        for other in others {
            if let Some(name) = other.attribute("file") {
                files.insert(name.to_owned(), other.text.clone());
            }
        }
        Self { files }
    }

    /// Compiles [`ROOT`].
    pub(crate) fn compile(&self) -> Compiled {
        compile(ROOT, self, &Options::default()).unwrap()
    }
}

/// The codes of a compiled program, in the order of its diagnostics.
pub(crate) fn codes(compiled: &Compiled) -> Vec<&'static str> {
    compiled.diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect()
}

/// All that was said, a line each, for messages of tests.
pub(crate) fn said(compiled: &Compiled) -> String {
    let line = |diagnostic: &rollcast::diagnostic::Diagnostic| {
        let place = compiled.sources.place(diagnostic.span());
        format!("  {place}: {} {}\n", diagnostic.code.id(), diagnostic.headline)
    };
    compiled.diagnostics.iter().map(line).collect()
}
