//! Recordings are read as Prometheus reads them.
//!
//! Enters: random recordings that the oracle makes, from the binary that ROLLCAST_PROMQL_ORACLE names. Leaves: a count of
//! those whose every sample is the same bit by bit in Prometheus' engine.
#![expect(
    clippy::disallowed_methods,
    reason = "this test finds its oracle by the environment and says what it counted"
)]

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::process::Command;

    use rollcast::series::{Format, Series, is_stale, read};
    use serde_json::Value;

    /// Labels to samples: time in milliseconds and bits, all NaNs alike, without staleness markers.
    type Contents = BTreeMap<BTreeMap<String, String>, Vec<(i64, u64)>>;

    fn bits(value: f64) -> u64 {
        if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
    }

    fn contents(all: &[Series]) -> Contents {
        let samples = |series: &Series| -> Vec<(i64, u64)> {
            let plain = series.samples.iter().filter(|(_, value)| !is_stale(*value));
            plain.map(|(at, value)| (*at, bits(*value))).collect()
        };
        let all = all.iter().map(|series| (series.labels.iter().cloned().collect(), samples(series)));
        all.filter(|(_, samples): &(_, Vec<_>)| !samples.is_empty()).collect()
    }

    /// What the oracle has of the recording: every series over all time.
    fn oracle(binary: &str, series: &Path, end: i64) -> Contents {
        let queries = series.with_file_name("all.jsonl");
        let query = format!("{{\"expr\":\"{{__name__=~\\\".+\\\"}}[100y]\",\"at\":{}}}\n", end / 1000 + 1);
        std::fs::write(&queries, query).unwrap();
        let output = Command::new(binary)
            .args(["eval", "--series"])
            .arg(series)
            .arg("--queries")
            .arg(&queries)
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let result = answer["result"].as_array().unwrap();
        let element = |element: &Value| {
            let labels: BTreeMap<String, String> = serde_json::from_value(element["labels"].clone()).unwrap();
            let values = element["values"].as_array().unwrap().iter().map(|value| {
                let millis = (value[0].as_f64().unwrap() * 1000.0).round() as i64;
                let found = f64::from_bits(u64::from_str_radix(value[2].as_str().unwrap(), 16).unwrap());
                (millis, bits(found))
            });
            (labels, values.collect())
        };
        result.iter().map(element).collect()
    }

    #[test]
    fn recordings_are_read_as_prometheus_reads_them() {
        let Ok(binary) = std::env::var("ROLLCAST_PROMQL_ORACLE") else {
            println!("skipped: set ROLLCAST_PROMQL_ORACLE to the oracle of PromQL");
            return;
        };
        let out = tempfile::tempdir().unwrap();
        let made = Command::new(&binary)
            .args(["gen", "--seed", "7", "--count", "200", "--out"])
            .arg(out.path())
            .status()
            .unwrap();
        assert!(made.success());
        let (mut compared, mut samples) = ([0, 0], 0);
        for case in std::fs::read_dir(out.path()).unwrap() {
            let case = case.unwrap().path();
            for (index, name) in ["series.json", "series.om"].into_iter().enumerate() {
                let path = case.join(name);
                let Ok(text) = std::fs::read(&path) else { continue };
                assert_eq!(
                    Format::detect("recording", &text),
                    Format::detect(name, &[]),
                    "{}",
                    path.display()
                );
                let all = read(&text, Format::detect(name, &text)).unwrap();
                let end = all.iter().filter_map(|series| series.samples.last()).map(|(at, _)| *at).max();
                let ours = contents(&all);
                let theirs = oracle(&binary, &path, end.unwrap_or(0));
                let differing = ours.iter().find(|(labels, samples)| theirs.get(*labels) != Some(samples));
                if let Some((labels, samples)) = differing {
                    panic!("{}: {labels:?}\n{samples:?}\n{:?}", path.display(), theirs.get(labels));
                }
                assert_eq!(ours.len(), theirs.len(), "{}", path.display());
                compared[index] += 1;
                samples += ours.values().map(Vec::len).sum::<usize>();
            }
        }
        println!("{} JSON and {} OpenMetrics recordings equal, {samples} samples", compared[0], compared[1]);
        assert!(compared.iter().all(|count| *count > 0));
    }
}
