//! Manifests that others wrote: files and folders to Rollouts that can be played.
//!
//! Enters: paths. Leaves: subjects of simulations by name; what is wrong with the manifests goes to standard error.
//! It deliberately decides nothing about a Rollout: `import` reads, `simulator` plays.

use super::console::{Console, ExitStatus};
use super::files::{Disk, manifests, read_stdin};
use crate::diagnostic::{Code, Severity, nearest};
use crate::import::{self, ImportedRollout, Objects, Problem};
use crate::model::compile::Files as _;
use crate::report::text::{clean, counted};
use crate::simulator::plain::Plain;
use crate::simulator::subject::Subject;

/// Rollouts by name, in the order of their documents.
#[derive(Debug, Default)]
pub(crate) struct Rollouts {
    list: Vec<(String, Subject)>,
    problems: Vec<Problem>,
}

/// Whether a path names manifests rather than a program.
pub(crate) fn is_manifest(path: &str) -> bool {
    let path = std::path::Path::new(path);
    path.extension().is_none_or(|extension| extension != "roll")
}

/// Reads all manifests.
///
/// # Errors
/// The status, once what is wrong was said.
pub(crate) fn read(paths: &[String], console: &Console) -> Result<Rollouts, ExitStatus> {
    let mut objects = Objects::default();
    for path in paths {
        if path == "-" {
            let text = read_stdin().map_err(|fault| console.unreadable("standard input", &fault))?;
            objects.read_text("standard input", &text);
            continue;
        }
        let files = manifests(path).map_err(|fault| console.unreadable(path, &fault))?;
        if files.is_empty() {
            return Err(console.could_not_run(&format!("there is no manifest below `{path}`")));
        }
        for file in files {
            let text = Disk.read(&file).map_err(|fault| console.unreadable(&file, &fault))?;
            objects.read_text(&file, &text);
        }
    }
    let imported = import::read(&objects);
    say(&imported.problems, console);
    let ignored: Vec<String> = objects
        .ignored
        .iter()
        .map(|(kind, count)| counted(*count as u64, kind, &format!("{kind}s")))
        .collect();
    if !ignored.is_empty() {
        console.err(&format!("not read: {}\n", clean(&ignored.join(", "))));
    }
    let broken =
        |problem: &Problem| problem.code.severity() == Severity::Error && problem.code != Code::NotSimulated;
    if imported.problems.iter().any(broken) {
        return Err(ExitStatus::No);
    }
    let list = imported.rollouts.into_iter().map(|rollout| (rollout.name.clone(), plain(rollout).subject()));
    Ok(Rollouts { list: list.collect(), problems: imported.problems })
}

/// The Rollouts of the manifests that are named beside programs, if any are.
///
/// # Errors
/// The status, once what is wrong was said.
pub(crate) fn beside(paths: &[String], console: &Console) -> Result<Rollouts, ExitStatus> {
    if paths.is_empty() { Ok(Rollouts::default()) } else { read(paths, console) }
}

fn plain(rollout: ImportedRollout) -> Plain {
    let labels = &rollout.labels;
    let selects = |selector: &[(String, String)]| {
        !selector.is_empty() && selector.iter().all(|pair| labels.contains(pair))
    };
    let service = rollout.services.iter().find(|service| selects(&service.selector));
    let service = service.map(|service| service.name.clone());
    let ImportedRollout { namespace, spec, cluster, analyses, .. } = rollout;
    Plain { namespace, spec, cluster, analyses, service }
}

fn say(problems: &[Problem], console: &Console) {
    for problem in problems {
        let look = &console.error_look;
        let sign = match problem.code.severity() {
            Severity::Error => look.red(&format!("error[{}]:", problem.code.id())),
            Severity::Warning => {
                look.paint(crate::report::Ink::Yellow, &format!("warning[{}]:", problem.code.id()))
            }
        };
        console.err(&format!("{sign} {}\n", clean(&problem.to_string())));
    }
}

impl Rollouts {
    /// Names, for scenarios to be for.
    pub(crate) fn names(&self) -> Vec<String> {
        self.list.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The Rollout of this number among the names.
    pub(crate) fn at(&self, at: usize) -> Option<&Subject> {
        self.list.get(at).map(|(_, subject)| subject)
    }

    /// The only Rollout, or the one that is named.
    ///
    /// # Errors
    /// Why there is none, or not one, and the exit status that goes with it.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Result<usize, (ExitStatus, String)> {
        let names: Vec<&str> = self.list.iter().map(|(name, _)| name.as_str()).collect();
        let list = || format!("they have\n  {}", names.join("\n  "));
        match (name, names.as_slice()) {
            (_, []) if self.problems.iter().any(|problem| problem.code == Code::NotSimulated) => {
                Err((ExitStatus::No, "none of the Rollouts can be simulated".to_owned()))
            }
            (_, []) => Err((ExitStatus::CouldNotRun, "there is no Rollout among the manifests".to_owned())),
            (None, [_]) => Ok(0),
            (None, _) => {
                Err((ExitStatus::CouldNotRun, format!("choose a Rollout with `--rollout NAME`; {}", list())))
            }
            (Some(name), _) => names.iter().position(|known| *known == name).ok_or_else(|| {
                let advice = nearest(name, names.iter().copied());
                let advice = advice.map_or_else(list, |near| format!("did you mean `{near}`?"));
                (ExitStatus::CouldNotRun, format!("the manifests have no Rollout `{name}`; {advice}"))
            }),
        }
    }
}

/// What no synthetic world, or no recorded one, can answer of a subject, in words; nothing where it answers all.
pub(crate) fn unanswerable(subject: &Subject, recorded: bool) -> Option<String> {
    let gaps = if recorded { subject.foreign() } else { subject.gaps() };
    if gaps.is_empty() || subject.spec.refused.is_some() {
        return None;
    }
    let lines = gaps.iter().map(|gap| {
        let query = gap.query.split_whitespace().collect::<Vec<_>>().join(" ");
        let query = if query.is_empty() { query } else { format!("\n      {}", clean(&query)) };
        format!("  {}: {}{query}", clean(&gap.metric), clean(&gap.why))
    });
    let lines: Vec<String> = lines.collect();
    let series =
        if gaps.iter().all(|gap| gap.foreign) { "" } else { ", `--replay FILE` series that were recorded" };
    let world = if recorded { "recorded" } else { "synthetic" };
    Some(format!(
        "no {world} world can answer\n{}\n`--answers FILE` gives what was measured{series}",
        lines.join("\n")
    ))
}
