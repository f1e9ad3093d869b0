//! Traces of scenarios that others want to compare with something else, such as tests/cluster/six_releases with a cluster.
//!
//! Enters: the scenarios `NAME.json`, in the form of the oracle of Argo Rollouts, of the folder that ROLLCAST_SCENARIOS names.
//! Leaves: `NAME.simulated.jsonl` beside each. It compares nothing, and does nothing unless it is asked for.
#![expect(clippy::disallowed_methods, reason = "the folder is named by the environment, as in all tests of recordings")]

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::support::oracle;

    #[test]
    #[ignore = "writes files for tests/cluster/six_releases"]
    fn writes_the_traces_of_a_folder() {
        let folder = std::env::var("ROLLCAST_SCENARIOS").expect("ROLLCAST_SCENARIOS names a folder");
        let mut names: Vec<_> = std::fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        names.sort();
        assert!(!names.is_empty(), "no scenario in {folder}");
        for path in names {
            let scenario = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let trace = oracle::play(&scenario).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            let lines: Vec<String> = trace.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(path.with_extension("simulated.jsonl"), lines.concat()).unwrap();
        }
    }
}
