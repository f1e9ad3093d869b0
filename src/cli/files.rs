//! The disk: reading what programs name, and writing whole or not at all.
//!
//! Enters: paths. Leaves: texts, and files that are either as they were or entirely new.
//! It deliberately knows no format; what is written was complete before this file heard of it.
#![expect(clippy::disallowed_methods, reason = "this is the edge where files are touched")]

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::compile::{Fault, Files};

/// Larger than any program; what is larger is not read into memory.
const PROGRAM_MOST: u64 = 1024 * 1024;

/// Reads from the disk, relative to the current directory.
#[derive(Debug, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, Fault> {
        let bytes = read_bounded(Path::new(path), PROGRAM_MOST)?;
        String::from_utf8(bytes).map_err(|error| Fault::NotText(error.utf8_error().valid_up_to()))
    }
}

/// The bytes of a file of at most `most` bytes. Devices and pipes are read up to the bound.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    let about = std::fs::metadata(path).map_err(fault_of)?;
    if about.is_dir() {
        return Err(Fault::Directory);
    }
    if about.len() > most {
        return Err(Fault::TooLarge(most));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(fault_of)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(fault_of)?;
    if bytes.len() as u64 > most { Err(Fault::TooLarge(most)) } else { Ok(bytes) }
}

/// Standard input as text, bounded like a file.
pub(crate) fn read_stdin() -> Result<String, Fault> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(PROGRAM_MOST + 1).read_to_end(&mut bytes).map_err(fault_of)?;
    if bytes.len() as u64 > PROGRAM_MOST {
        return Err(Fault::TooLarge(PROGRAM_MOST));
    }
    String::from_utf8(bytes).map_err(|error| Fault::NotText(error.utf8_error().valid_up_to()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(crate) fn fault_of(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Fault::Missing,
        io::ErrorKind::IsADirectory => Fault::Directory,
        _ => Fault::Refused(plain(&error)),
    }
}

/// The system's words without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// A file to be written.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Refuses a path that belongs to a program, which no picture, report or manifest may replace.
///
/// # Errors
/// Why not, for people.
pub(crate) fn spare_programs(path: &Path) -> Result<(), String> {
    if path.extension().is_some_and(|extension| extension == "roll") {
        return Err(format!("`{}` is a program's name; choose another for what is written", path.display()));
    }
    Ok(())
}

/// Writes all files or none: every text is in a file under another name before the first takes its place. That they have
/// reached the disk is not waited for: a thousand files would take minutes, and all of it can be made again.
///
/// # Errors
/// The path that could not be written, and why; nothing has changed then.
pub(crate) fn write_all(planned: &[Planned]) -> Result<(), (PathBuf, String)> {
    let mut staged = Vec::new();
    for plan in planned {
        staged.push((stage(plan).map_err(|why| (plan.path.clone(), why))?, plan));
    }
    for (staged, plan) in staged {
        let done = match staged {
            Staged::File(file, target) => file.persist(target).map(|_| ()).map_err(|error| error.error),
            Staged::Stream => stream(plan),
        };
        done.map_err(|error| (plan.path.clone(), plain(&error)))?;
    }
    Ok(())
}

/// A text that is ready to take its place.
enum Staged {
    /// In a file beside the one whose place it takes.
    File(tempfile::NamedTempFile, PathBuf),
    /// For a device or a pipe, such as `/dev/stdout`, whose place no file may take.
    Stream,
}

fn stage(plan: &Planned) -> Result<Staged, String> {
    if plan.path.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if std::fs::metadata(&plan.path).is_ok_and(|about| !about.is_file()) {
        return Ok(Staged::Stream);
    }
    // What a link leads to is replaced, not the link.
    let target = std::fs::canonicalize(&plan.path).unwrap_or_else(|_| plan.path.clone());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(file) = folder.ancestors().find(|part| part.is_file()) {
        return Err(format!("`{}` is no directory", file.display()));
    }
    let staged = || {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".rollcast-").tempfile_in(folder)?;
        file.write_all(plan.text.as_bytes())?;
        keep_mode(&file, &target)?;
        Ok(file)
    };
    let file = staged().map_err(|error: io::Error| plain(&error))?;
    Ok(Staged::File(file, target))
}

fn stream(plan: &Planned) -> io::Result<()> {
    std::fs::OpenOptions::new().append(true).open(&plan.path)?.write_all(plan.text.as_bytes())
}

/// A replaced file keeps its mode; a new one gets what the umask leaves of 0666, as any program's files do.
#[cfg(unix)]
fn keep_mode(file: &tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0o644, |about| about.permissions().mode() & 0o777);
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_mode(_: &tempfile::NamedTempFile, _: &Path) -> io::Result<()> {
    Ok(())
}

/// All `.roll` files of a path: itself, or those below a folder, in the order of their names.
///
/// # Errors
/// Why the path or a folder below it cannot be listed.
pub(crate) fn programs(path: &str) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    if Path::new(path).is_dir() {
        walk(Path::new(path), &["roll"], &mut found, 0)?;
    } else {
        found.push(path.to_owned());
    }
    Ok(found)
}

/// All manifests of a path: itself, or the `.yaml`, `.yml` and `.json` files below a folder, in the order of their names.
///
/// # Errors
/// Why the path or a folder below it cannot be listed.
pub(crate) fn manifests(path: &str) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    if Path::new(path).is_dir() {
        walk(Path::new(path), &["yaml", "yml", "json"], &mut found, 0)?;
    } else {
        found.push(path.to_owned());
    }
    Ok(found)
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<String>, depth: usize) -> Result<(), Fault> {
    for entry in names_in(folder).map_err(fault_of)? {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or("");
        // Links to folders are not followed, as they may lead back here; pipes are not opened, as nobody may write to them.
        if entry.is_dir() && !entry.is_symlink() && !name.starts_with('.') && depth < 32 {
            walk(&entry, endings, found, depth + 1)?;
        } else if entry.is_file()
            && endings.iter().any(|ending| entry.extension().is_some_and(|own| own == *ending))
        {
            found.push(entry.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// What a folder holds, sorted.
///
/// # Errors
/// Why it cannot be listed.
pub(crate) fn names_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<_>> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = entries?;
    paths.sort();
    Ok(paths)
}

/// Removes a file that is no longer made.
pub(crate) fn remove(path: &Path) -> Result<(), (PathBuf, String)> {
    std::fs::remove_file(path).map_err(|error| (path.to_owned(), plain(&error)))
}
