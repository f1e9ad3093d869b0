//! Recordings of series: files, folders and standard input, read and merged.
//!
//! Enters: paths. Leaves: a store of samples, or the file, line and reason why there is none.
//! It deliberately knows no format; `series` does. One file is in memory at a time, with what has been read of those before.
#![expect(clippy::disallowed_methods, reason = "this is the edge where files are touched")]

use std::io::Read;
use std::path::{Path, PathBuf};

use super::files::{fault_of, read_bounded};
use crate::model::compile::Fault;
use crate::promql::{Labels, Store};
use crate::report::answer::{decimal, seconds};
use crate::series::{Format, MergeError, Merged, Series, decompress, place_of, read};

/// Most bytes of one recording, packed or unpacked.
const MOST: usize = 1 << 30;

/// How names of recordings end; `.gz` or `.zst` may follow.
pub(crate) const ENDINGS: &[&str] = &[".om", ".openmetrics", ".prom", ".txt", ".json", ".load"];

/// Why there are no series.
#[derive(Clone, Debug)]
pub(crate) enum RecordingError {
    /// A file or folder gives no bytes.
    Unreadable(String, Fault),
    /// A folder has no recording in it.
    Empty(String),
    /// What a file holds is wrong.
    Wrong(String),
}

/// All samples, and the time of the last, in milliseconds.
#[derive(Debug)]
pub(crate) struct Recordings {
    pub(crate) store: Store,
    pub(crate) last: Option<i64>,
}

/// Reads files, the recordings in folders, and standard input as `-`.
///
/// # Errors
/// The first file that cannot be read or merged.
pub(crate) fn recordings(paths: &[String]) -> Result<Recordings, RecordingError> {
    let merged = merged(paths)?;
    let last = merged.last();
    let mut store = Store::new();
    for series in merged.finish() {
        let id = store.add_series(Labels::new(series.labels));
        for (at, value) in series.samples {
            store.append(id, at, value).map_err(|error| RecordingError::Wrong(error.to_string()))?;
        }
    }
    Ok(Recordings { store, last })
}

/// The same as series, in the order in which they are added up.
///
/// # Errors
/// The first file that cannot be read or merged.
pub(crate) fn series(paths: &[String]) -> Result<Vec<Series>, RecordingError> {
    Ok(merged(paths)?.finish())
}

fn merged(paths: &[String]) -> Result<Merged, RecordingError> {
    let mut merged = Merged::new();
    for path in paths {
        if path == "-" {
            let bytes = standard_input()
                .map_err(|fault| RecordingError::Unreadable("standard input".to_owned(), fault))?;
            add(&mut merged, "standard input", &bytes)?;
            continue;
        }
        for file in files(path)? {
            let name = file.to_string_lossy();
            let bytes = read_bounded(&file, MOST as u64)
                .map_err(|fault| RecordingError::Unreadable(name.clone().into_owned(), fault))?;
            add(&mut merged, &name, &bytes)?;
        }
    }
    Ok(merged)
}

fn standard_input() -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let mut stream = std::io::stdin().lock().take(MOST as u64 + 1);
    stream.read_to_end(&mut bytes).map_err(fault_of)?;
    if bytes.len() > MOST { Err(Fault::TooLarge(MOST as u64)) } else { Ok(bytes) }
}

/// The file, or what a folder has of recordings.
fn files(path: &str) -> Result<Vec<PathBuf>, RecordingError> {
    if !Path::new(path).is_dir() {
        return Ok(vec![PathBuf::from(path)]);
    }
    let mut found = Vec::new();
    walk(Path::new(path), &mut found, 0)?;
    if found.is_empty() {
        return Err(RecordingError::Empty(path.to_owned()));
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) -> Result<(), RecordingError> {
    let unreadable = |error: std::io::Error| {
        RecordingError::Unreadable(folder.to_string_lossy().into_owned(), fault_of(error))
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for entry in entries {
        let name = entry.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
        if name.starts_with('.') {
            continue;
        }
        let bare = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        if entry.is_dir() && depth < 32 {
            walk(&entry, found, depth + 1)?;
        } else if entry.is_file() && ENDINGS.iter().any(|ending| bare.ends_with(ending)) {
            found.push(entry);
        }
    }
    Ok(())
}

/// Reads one recording and adds it to the others.
fn add(merged: &mut Merged, name: &str, bytes: &[u8]) -> Result<(), RecordingError> {
    let wrong = |why: &dyn std::fmt::Display| RecordingError::Wrong(format!("{name}: {why}"));
    let text = decompress(bytes, MOST).map_err(|error| wrong(&error))?;
    let format = Format::detect(name, &text);
    let series = read(&text, format).map_err(|error| {
        let column = error.column.map_or_else(String::new, |column| format!(":{column}"));
        RecordingError::Wrong(format!("{name}:{}{column}: {}", error.line, error.message))
    })?;
    merged.add(series).map_err(|error| match error {
        MergeError::Full(most) => wrong(&format!("with it, there are more than {most} samples in all")),
        MergeError::Conflict { labels, millis, values: (old, new) } => {
            let line = place_of(&text, format, &labels, millis);
            let line = line.map_or_else(String::new, |(line, _)| format!(":{line}"));
            let series = Labels::new(labels);
            let (old, new, at) = (decimal(old), decimal(new), seconds(millis));
            RecordingError::Wrong(format!(
                "{name}{line}: {series} is {new} at {at}, but {old} at the same time in what was read before"
            ))
        }
    })
}
