//! Recordings of a real Prometheus give the same measurements here as they gave there.
//!
//! Enters: the folders of `tests/recordings`, each with what a Prometheus scraped, the manifests of a release, and what the
//! real controller measured. Leaves: whether each answer is the same bit by bit, and each run of an analysis the same
//! measurement by measurement.
#![expect(clippy::disallowed_methods, reason = "a test reads its recordings and says what it counted")]

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use rollcast::promql::{self, Answer, Labels, Mode, Options, Plan, Store};
    use rollcast::series::{Format, decompress, read};
    use serde_json::{Value, json};

    const LIMIT: usize = 64 << 20;

    /// Folder, and the contents of `measurements.json`.
    fn recordings() -> Vec<(PathBuf, Value)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.retain(|folder| folder.join("measurements.json").exists());
        folders.sort();
        let read = |folder: PathBuf| {
            let text = std::fs::read(folder.join("measurements.json")).unwrap();
            (folder, serde_json::from_slice(&text).unwrap())
        };
        folders.into_iter().map(read).collect()
    }

    fn store(folder: &Path) -> Store {
        let packed = std::fs::read(folder.join("series.json.gz")).unwrap();
        let text = decompress(&packed, LIMIT).unwrap();
        let mut store = Store::new();
        for series in read(&text, Format::detect("series.json.gz", &text)).unwrap() {
            let id = store.add_series(Labels::new(series.labels));
            for (millis, value) in series.samples {
                store.append(id, millis, value).unwrap();
            }
        }
        store
    }

    /// The bits of a value as Prometheus writes it; NaNs are all one, since the answer does not tell them apart.
    fn bits(value: &Value) -> u64 {
        plain(value.as_str().unwrap().replace("Inf", "inf").parse().unwrap())
    }

    fn plain(value: f64) -> u64 {
        if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
    }

    /// Labels and bits, in the order of the answer.
    type Elements = Vec<(Value, u64)>;

    fn theirs(data: &Value) -> Elements {
        if data["resultType"] == "scalar" {
            return vec![(json!("scalar"), bits(&data["result"][1]))];
        }
        assert_eq!(data["resultType"], "vector");
        let element = |element: &Value| (sorted(&element["metric"]), bits(&element["value"][1]));
        data["result"].as_array().unwrap().iter().map(element).collect()
    }

    fn sorted(labels: &Value) -> Value {
        let mut pairs: Vec<_> = labels.as_object().unwrap().iter().collect();
        pairs.sort();
        json!(pairs)
    }

    fn ours(answer: &Answer<'_>) -> Elements {
        match answer {
            Answer::Scalar(value) => vec![(json!("scalar"), plain(*value))],
            Answer::Vector(samples) => {
                let labels = |labels: &Labels| json!(labels.iter().collect::<Vec<_>>());
                samples.iter().map(|sample| (labels(sample.labels), plain(sample.value))).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn answers_are_the_real_ones_bit_by_bit() {
        let mut compared = 0;
        for (folder, recorded) in recordings() {
            let store = store(&folder);
            for answer in recorded["answers"].as_array().unwrap() {
                let (query, at) = (answer["query"].as_str().unwrap(), answer["at"].as_i64().unwrap());
                let expr = promql::parse(query, Mode::Server).unwrap();
                let mut plan = Plan::new(&expr, &store, &Options::default()).unwrap();
                let found = ours(&plan.evaluate(&store, at * 1000).unwrap());
                assert_eq!(found, theirs(&answer["data"]), "{} at {at}: {query}", folder.display());
                compared += 1;
            }
        }
        println!("{compared} answers equal bit by bit");
        assert!(compared > 0);
    }
}
