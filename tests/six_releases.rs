//! Six releases on a real cluster, as recorded, are as the simulator says.
//!
//! Enters: the plays of `tests/cluster/six`: manifests, what is done and answered when, for `rollcast simulate` and for the
//! oracle of Argo Rollouts, the oracle's trace, and the transitions that `tests/cluster/six_releases` saw on a cluster. Leaves: the simulator's traces, in the oracle's form; whether they are the
//! oracle's; and whether `tests/cluster/six_compare.py` finds the recorded transitions in them, which is skipped without python3.
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads its plays, and is told by the environment where traces go"
)]

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use serde_json::{Value, json};

    use crate::support::oracle::{self, compare::compare};

    /// The second of the release, for version 1 to be there before; `six_compare.py` has it, too.
    const RELEASE: i64 = 60;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster")
    }

    fn plays() -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder().join("six")).unwrap();
        let mut plays: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        plays.sort();
        plays
    }

    fn later(mut entry: Value) -> Value {
        entry["at"] = json!(entry["at"].as_i64().unwrap() + RELEASE);
        entry
    }

    fn each(list: &Value, change: impl Fn(Value) -> Value) -> Vec<Value> {
        list.as_array().unwrap().iter().cloned().map(change).collect()
    }

    /// A play as a scenario of the oracle of Argo Rollouts.
    fn scenario(play: &Path) -> Value {
        let script: Value = serde_json::from_slice(&std::fs::read(play.join("play.json")).unwrap()).unwrap();
        let manifests = std::fs::read_to_string(play.join("rollout.yaml")).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&manifests).unwrap();
        let mut actions = vec![json!({"at": RELEASE, "do": "setImage", "image": "app:2"})];
        actions.extend(each(&script["actions"], later));
        let answers = each(
            &script["answers"],
            |answer| json!({"query": answer["query"], "points": each(&answer["points"], later)}),
        );
        json!({
            "name": play.file_name().unwrap().to_str().unwrap(),
            "until": RELEASE + script["until"].as_i64().unwrap(),
            "pods": script["pods"],
            "actions": actions,
            "answers": answers,
            "objects": objects,
        })
    }

    /// What `rollcast simulate` tells of a play; ROLLCAST names another binary than the one that is tested.
    fn told(play: &Path) -> Value {
        let rollcast =
            std::env::var("ROLLCAST").unwrap_or_else(|_| env!("CARGO_BIN_EXE_rollcast").to_owned());
        let mut command = Command::new(rollcast);
        command.arg("simulate").arg(play.join("rollout.yaml"));
        command.arg("--scenario").arg(play.join("scenario.roll"));
        command.arg("--answers").arg(play.join("answers.json")).args(["--format", "json"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["traces"][0].take()
    }

    /// Writes the trace of each play, and the scenario of which it is.
    fn write_traces(to: &Path) {
        for play in plays() {
            let scenario = scenario(&play);
            let name = scenario["name"].as_str().unwrap();
            std::fs::write(to.join(format!("{name}.json")), scenario.to_string()).unwrap();
            let trace = oracle::play(&scenario).unwrap_or_else(|why| panic!("{name}: {why}"));
            let lines: Vec<String> = trace.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(to.join(format!("{name}.simulated.jsonl")), lines.concat()).unwrap();
            std::fs::write(to.join(format!("{name}.events.json")), told(&play).to_string()).unwrap();
        }
    }

    #[test]
    fn the_oracle_plays_them_alike() {
        for play in plays() {
            let text = std::fs::read_to_string(play.join("oracle.trace.jsonl")).unwrap();
            let expected: Vec<Value> =
                text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
            let trace = oracle::play(&scenario(&play)).unwrap();
            if let Some(difference) = compare(&expected, &trace) {
                let (place, oracle, ours) = (difference.place, difference.oracle, difference.ours);
                panic!("{}: {place}\noracle {oracle}\nours   {ours}", play.display());
            }
        }
    }

    #[test]
    fn recorded_releases_are_as_simulated() {
        let work = tempfile::tempdir().unwrap();
        write_traces(work.path());
        for play in plays() {
            let name = play.file_name().unwrap().to_str().unwrap();
            std::fs::copy(play.join("real.jsonl"), work.path().join(format!("{name}.real.jsonl"))).unwrap();
        }
        let Ok(compared) =
            Command::new("python3").arg(folder().join("six_compare.py")).arg(work.path()).output()
        else {
            println!("skipped: no python3");
            return;
        };
        let table = String::from_utf8_lossy(&compared.stdout);
        assert!(compared.status.success(), "{table}{}", String::from_utf8_lossy(&compared.stderr));
        println!("{}", table.lines().last().unwrap_or_default());
    }

    #[test]
    #[ignore = "writes what tests/cluster/six_releases asks for"]
    fn writes_traces() {
        let to = std::env::var("ROLLCAST_TRACES").expect("ROLLCAST_TRACES names a folder");
        write_traces(Path::new(&to));
    }
}
