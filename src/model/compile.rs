//! From a root file to a program: files are read through what the caller passes in, imports followed, names bound.
//!
//! Enters: a root's name, a [`Files`] that reads, the environment and settings asked for. Leaves: [`Compiled`].
//! It deliberately knows no file system; `Files` says what a path holds, and paths are joined as text.

use std::collections::BTreeMap;

use super::Program;
use super::resolve::{self, Unit};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::syntax::{self, tree};

/// Reads the files that a program names.
pub trait Files {
    /// The text of a file, or why there is none.
    fn read(&self, path: &str) -> Result<String, Fault>;
}

/// Why a file gives no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is there.
    Missing,
    /// It is a directory.
    Directory,
    /// It is not UTF-8; the offset of the first bad byte.
    NotText(usize),
    /// It is larger than any program needs; the bound in bytes.
    TooLarge(u64),
    /// The system refused, in its own words.
    Refused(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => write!(f, "there is no such file"),
            Self::Directory => write!(f, "it is a directory"),
            Self::NotText(at) => write!(f, "it is not UTF-8 text (byte {at})"),
            Self::TooLarge(bound) => write!(f, "it is larger than {} KiB", bound / 1024),
            Self::Refused(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}

/// What is asked for besides the file itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--env NAME`
    pub env: Option<String>,
    /// `--set PARAM=VALUE`, in order.
    pub settings: Vec<(String, String)>,
    /// Rollouts known from manifests, which scenarios may be for; their indices go on behind the program's own.
    pub outside: Vec<String>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Compiled {
    /// All files read, for rendering.
    pub sources: Sources,
    /// The program as far as it could be resolved; complete when there is no error.
    pub program: Program,
    /// All that is wrong, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether anything keeps it from being built.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity() == crate::diagnostic::Severity::Error)
    }
}

/// Compiles one root file.
///
/// # Errors
/// The fault of the root file itself; everything else is among the diagnostics.
pub fn compile(root: &str, files: &dyn Files, options: &Options) -> Result<Compiled, Fault> {
    compile_among(&mut Sources::new(), root, files, options)
}

/// Compiles one root file among others: `sources` keeps the files of all, so that one report can show them. On success
/// the sources are in what comes back.
///
/// # Errors
/// The fault of the root file itself; then `sources` is as it was.
pub fn compile_among(
    sources: &mut Sources,
    root: &str,
    files: &dyn Files,
    options: &Options,
) -> Result<Compiled, Fault> {
    let text = files.read(root)?;
    let sources = std::mem::take(sources);
    let mut loader = Loader { files, sources, diagnostics: Diagnostics::new(), loaded: BTreeMap::new() };
    let mut order = Vec::new();
    loader.load(root, text, &mut vec![root.to_owned()], &mut order);
    let Loader { mut sources, mut diagnostics, .. } = loader;
    let settings = Settings::parse(options, &mut sources, &mut diagnostics);
    let program = resolve::program(&order, &settings, files, &sources, &mut diagnostics);
    Ok(Compiled { sources, program, diagnostics: diagnostics.into_sorted() })
}

/// `--env` and `--set` as sources of their own, so that mistakes in them have a place.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) env: Option<(String, Span)>,
    pub(crate) params: Vec<tree::Param>,
    pub(crate) outside: Vec<String>,
}

impl Settings {
    fn parse(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Self {
        let env = options.env.as_ref().map(|name| {
            let file = sources.add(SourceFile::new("--env", name.clone()));
            (name.clone(), Span::new(file, 0, name.len()))
        });
        let mut params = Vec::new();
        for (name, value) in &options.settings {
            let text = format!("param {name} = {value}");
            let file = sources.add(SourceFile::new("--set", text.clone()));
            let parsed = syntax::parse(file, &text);
            let mut found = parsed.tree.items.into_iter().filter_map(|item| match item {
                tree::Item::Param(param) => Some(param),
                _ => None,
            });
            params.extend(found.next());
            diagnostics.extend(parsed.diagnostics);
        }
        Self { env, params, outside: options.outside.clone() }
    }
}

/// A file with its imports before it.
pub(crate) struct LoadedFile {
    pub(crate) path: String,
    pub(crate) tree: tree::File,
    /// Whether it is the file that was asked for.
    pub(crate) is_root: bool,
}

struct Loader<'a> {
    files: &'a dyn Files,
    sources: Sources,
    diagnostics: Diagnostics,
    loaded: BTreeMap<String, FileId>,
}

impl Loader<'_> {
    /// Parses a file and, first, all that it imports; `trail` is the chain of importers, `path` its last.
    fn load(&mut self, path: &str, text: String, trail: &mut Vec<String>, order: &mut Vec<LoadedFile>) {
        let parsed = {
            let id = self.sources.add(SourceFile::new(path, text));
            self.loaded.insert(path.to_owned(), id);
            let text = self.sources.get(id).map_or("", |file| file.text.as_str());
            syntax::parse(id, text)
        };
        self.diagnostics.extend(parsed.diagnostics);
        for item in &parsed.tree.items {
            if let tree::Item::Import(name) = item {
                self.import(path, name, trail, order);
            }
        }
        order.push(LoadedFile { path: path.to_owned(), tree: parsed.tree, is_root: trail.len() == 1 });
    }

    fn import(
        &mut self,
        from: &str,
        name: &tree::Name,
        trail: &mut Vec<String>,
        order: &mut Vec<LoadedFile>,
    ) {
        let target = join(from, &name.value);
        if let Some(start) = trail.iter().position(|path| *path == target) {
            let mut circle: Vec<&str> = trail.iter().skip(start).map(String::as_str).collect();
            circle.push(&target);
            let headline = format!("`{target}` imports itself");
            let label = format!("the circle is {}", circle.join(" → "));
            self.diagnostics.push(
                Diagnostic::new(Code::ImportCycle, headline, name.span, label)
                    .help("move what both files need into a third one that imports neither"),
            );
            return;
        }
        if self.loaded.contains_key(&target) {
            return;
        }
        // Deep chains are refused rather than followed: each level costs stack.
        if trail.len() > 32 {
            let headline = "imports go deeper than 32 files";
            self.diagnostics.push(Diagnostic::new(Code::TooDeep, headline, name.span, "this is the 33rd"));
            return;
        }
        match self.files.read(&target) {
            Ok(text) => {
                trail.push(target.clone());
                self.load(&target, text, trail, order);
                trail.pop();
            }
            Err(fault) => self.diagnostics.push(import_fault(name, &target, &fault)),
        }
    }
}

fn import_fault(name: &tree::Name, target: &str, fault: &Fault) -> Diagnostic {
    if *fault == Fault::Missing {
        let headline = format!("`{}` cannot be found", name.value);
        return Diagnostic::new(Code::ImportMissing, headline, name.span, format!("looked for `{target}`"))
            .help("imports are looked up beside the file that imports");
    }
    let headline = format!("`{}` cannot be imported: {fault}", name.value);
    let report = Diagnostic::new(Code::ImportUnreadable, headline, name.span, format!("this is `{target}`"));
    if *fault == Fault::Directory {
        return report
            .help(format!("name a file in it: `import \"{}/….roll\"`", name.value.trim_end_matches('/')));
    }
    report
}

/// A path named in a file, as seen from where that file's own path is seen from; `..` is resolved as text.
pub(crate) fn join(from: &str, name: &str) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let rooted = from.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

/// The unit that a `: unit` names.
pub(crate) fn declared_unit(name: &str) -> Option<Unit> {
    Some(match name {
        "ratio" => Unit::Ratio,
        "duration" => Unit::Duration,
        "rate" => Unit::Rate,
        "count" => Unit::Count,
        "text" => Unit::Text,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_beside_the_importer() {
        assert_eq!(join("examples/a.roll", "slos.roll"), "examples/slos.roll");
        assert_eq!(join("a.roll", "slos.roll"), "slos.roll");
        assert_eq!(join("x/y/a.roll", "../slos.roll"), "x/slos.roll");
        assert_eq!(join("/x/a.roll", "./b/slos.roll"), "/x/b/slos.roll");
        assert_eq!(join("a.roll", "../../slos.roll"), "../../slos.roll");
    }
}
