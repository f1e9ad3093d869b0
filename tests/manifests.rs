//! Manifests that others wrote: each Rollout simulates, or is refused with the controller's message or a named feature.
//!
//! Enters: the folder `ROLLCAST_MANIFESTS` (unless it is set, `shared/data/manifests` beside the repository), with
//! `INDEX.tsv` and `SCHEMA.tsv`, and `tests/import/manifests.tsv`: what the real tools say of the same Rollouts, which
//! `tests/import/record-manifests` writes. Leaves: a table of outcomes, each difference, and `N passed, N failed`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rollcast::condition;
use rollcast::diagnostic::{Code, Severity};
use rollcast::import::{self, ImportedRollout, Objects};
use rollcast::model::argo::{Provider, Template};
use rollcast::simulator::Action;
use rollcast::simulator::event::{Ask, Recorder, State, Surroundings};
use rollcast::simulator::play::Player;
use rollcast::simulator::pods::{NewPod, PodChange};
use rollcast::simulator::trace;
use rollcast::unit::{Seconds, Weight};

const RECORDED: &str = include_str!("import/manifests.tsv");

#[expect(clippy::disallowed_methods, reason = "a test asks where its data are")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var("ROLLCAST_MANIFESTS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/manifests"),
        PathBuf::from,
    );
    folder.join("INDEX.tsv").exists().then_some(folder)
}

#[expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads its data")]
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The rows of a table below its headline.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

/// Pods are ready at once, every query has an empty answer, and what others measure is good.
struct Empty;

impl Surroundings for Empty {
    fn split(&mut self, _: Seconds, _: Weight) {}
    fn pod(&mut self, _: Seconds, _: u64, _: u32, _: PodChange) {}
    fn pod_start(&mut self, _: &NewPod) -> Seconds {
        Seconds(0)
    }
    fn measure(&mut self, ask: &Ask<'_>) -> Result<condition::Value, String> {
        if let Provider::Other(_) = ask.provider {
            return Ok(condition::Value::String("successful".into()));
        }
        Ok(condition::Value::Floats(Vec::new()))
    }
}

/// The status last seen.
#[derive(Default)]
struct Last(String);

impl Recorder for Last {
    fn event(&mut self, _: trace::Event) {}
    fn settled(&mut self, _: Seconds, state: &State<'_>) {
        let status = &state.store.rollout.status;
        self.0 = format!("{:?} {}", status.phase, status.message.spell(&state.store.rollout.spec.name));
    }
    fn unsettled(&mut self, at: Seconds) {
        self.0 = format!("never comes to rest in second {}", at.0);
    }
}

/// What becomes of a Rollout whose second revision is applied after ten minutes, an hour later.
fn play(rollout: ImportedRollout) -> String {
    let mut last = Last::default();
    let mut player = Player::new(rollout.spec, &rollout.cluster, rollout.analyses);
    player.play(&mut Empty, &mut last, &[(600, Action::Template(Template(1)))], 4200);
    last.0
}

/// The objects of a file, then those beside it that it does not have itself.
fn objects(folder: &Path, name: &str, beside: &[&str]) -> (Objects, usize) {
    let mut all = Objects::default();
    all.read_text(name, &text(&folder.join(name)));
    let own = all.list.len();
    for other in beside {
        let mut others = Objects::default();
        others.read_text(other, &text(&folder.join(other)));
        for object in others.list {
            let same = |known: &import::Object| known.title() == object.title();
            if !all.list.iter().any(same) {
                all.list.push(object);
            }
        }
    }
    (all, own)
}

struct Outcome {
    file: String,
    rollout: String,
    kind: &'static str,
    said: String,
}

/// The outcome of every Rollout of a file, and whatever else is wrong with the file.
fn outcomes(folder: &Path, name: &str, beside: &[&str]) -> Vec<Outcome> {
    let (objects, _) = objects(folder, name, beside);
    let imported = import::read(&objects);
    let outcome = |rollout: &str, kind, said: String| Outcome {
        file: name.to_owned(),
        rollout: rollout.to_owned(),
        kind,
        said,
    };
    let mut found = Vec::new();
    for rollout in imported.rollouts.into_iter().filter(|rollout| &*rollout.place.file == name) {
        let title = rollout.name.clone();
        found.push(match rollout.spec.refused.clone() {
            Some(reason) => {
                let status = play(rollout);
                assert!(status.contains(&*reason), "{title}: {status}");
                outcome(&title, "refused", reason.to_string())
            }
            None => outcome(&title, "simulated", play(rollout)),
        });
    }
    for problem in imported.problems.iter().filter(|problem| &*problem.place.file == name) {
        let title = problem.object.strip_prefix("Rollout/").unwrap_or("");
        let kind = match problem.code {
            Code::NotSimulated => "unsupported",
            Code::ManifestField => "dropped",
            code if code.severity() == Severity::Warning => continue,
            _ => "error",
        };
        found.push(outcome(
            title,
            kind,
            format!("[{}] {} {}", problem.code.id(), problem.path, problem.message),
        ));
    }
    found
}

/// Why an outcome is wrong, if it is.
fn wrong(outcome: &Outcome, accepted: bool, controller: Option<&str>) -> Option<String> {
    let controller = controller.filter(|said| !said.starts_with('['));
    match (outcome.kind, controller) {
        ("simulated", Some("valid") | None) | ("refused", None) => None,
        ("refused", Some(said)) if said == outcome.said => None,
        // What is not simulated is only looked at after validation.
        ("unsupported", Some("valid") | None) if outcome.said.len() > 20 => None,
        ("error" | "dropped", _) if !accepted => None,
        (_, said) => Some(format!("the controller: {}", said.unwrap_or("nothing"))),
    }
}

#[test]
fn every_rollout_simulates_or_is_refused_with_a_reason() {
    let Some(folder) = folder() else {
        println!("SKIPPED: no manifests; set ROLLCAST_MANIFESTS to their folder");
        return;
    };
    let (index, schema) = (text(&folder.join("INDEX.tsv")), text(&folder.join("SCHEMA.tsv")));
    let place =
        |row: &[&str]| (row[0].to_owned(), row[1].rsplit_once('/').map_or("", |(to, _)| to).to_owned());
    let mut sets: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for row in rows(&index) {
        sets.entry(place(&row)).or_default().push(row[3]);
    }
    let refused: Vec<&str> = rows(&schema).iter().filter(|row| row[2] != "ok").map(|row| row[0]).collect();
    let recorded = rows(RECORDED);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut passed, mut failed) = (0, 0);
    for files in sets.values_mut() {
        files.sort_unstable();
        for name in files.iter() {
            let beside: Vec<&str> = files.iter().copied().filter(|other| other != name).collect();
            for outcome in outcomes(&folder, name, &beside) {
                let row = recorded.iter().find(|row| row[0] == outcome.file && row[1] == outcome.rollout);
                let verdict = wrong(&outcome, !refused.contains(name), row.map(|row| row[3]));
                let short: String = outcome.said.chars().take(160).collect();
                println!("{:11} {} ({}): {short}", outcome.kind, outcome.rollout, outcome.file);
                *counts.entry(outcome.kind).or_default() += 1;
                match verdict {
                    None => passed += 1,
                    Some(why) => {
                        failed += 1;
                        println!("  WRONG: {why}");
                    }
                }
            }
        }
    }
    println!("{counts:?}");
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
    assert!(passed >= recorded.len(), "Rollouts are missing");
}
