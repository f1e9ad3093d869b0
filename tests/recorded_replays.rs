//! Recordings of a real Prometheus give the same measurements here as they gave there.
//!
//! Enters: the folders of `tests/recordings`, each with what a Prometheus scraped, the manifests of a release, and what the
//! real controller measured. Leaves: whether each answer is the same bit by bit, and each run of an analysis the same
//! measurement by measurement.
#![expect(clippy::disallowed_methods, reason = "a test reads its recordings and says what it counted")]

#[cfg(test)]
#[expect(dead_code, reason = "of the oracle's scenarios only the manifests are read here")]
mod support;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use rollcast::condition;
    use rollcast::promql::{self, Answer, Labels, Mode, Options, Plan, Store};
    use rollcast::series::{Format, decompress, read};
    use rollcast::simulator::event::{Ask, Surroundings};
    use rollcast::simulator::play::Player;
    use rollcast::simulator::pods::{NewPod, PodChange};
    use rollcast::unit::{Seconds, Weight};
    use serde_json::{Value, json};

    use crate::support::oracle::{self, writer::Writer};

    const LIMIT: usize = 64 << 20;

    /// Folder, and the contents of `measurements.json`.
    fn recordings() -> Vec<(PathBuf, Value)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
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
        pairs.sort_by_key(|(name, _)| name.as_str());
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

    /// The second of the release; before it version 1 comes up.
    const RELEASE: u64 = 60;

    /// Prometheus with what was recorded, and pods that are there at once.
    struct Recorded {
        store: Store,
        /// The Unix second of second 0.
        epoch: i64,
    }

    impl Surroundings for Recorded {
        fn split(&mut self, _: Seconds, _: Weight) {}

        fn pod(&mut self, _: Seconds, _: u64, _: u32, _: PodChange) {}

        fn pod_start(&mut self, _: &NewPod) -> Seconds {
            Seconds(0)
        }

        fn measure(&mut self, ask: &Ask<'_>) -> Result<condition::Value, String> {
            let expr = promql::parse(ask.query, Mode::Server).unwrap();
            let mut plan = Plan::new(&expr, &self.store, &Options::default()).unwrap();
            let at = self.epoch + i64::try_from(ask.at.0).unwrap();
            match plan.evaluate(&self.store, at * 1000).unwrap() {
                Answer::Scalar(value) => Ok(condition::Value::Float(value)),
                Answer::Vector(samples) => Ok(condition::Value::Floats(samples.values().to_vec())),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What `rollcast simulate` tells of the release over the recording: its events.
    fn told(folder: &Path, first: i64) -> Vec<Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcast"));
        command
            .arg("simulate")
            .arg(folder.join("rollout.yaml"))
            .arg("--replay")
            .arg(folder.join("series.json.gz"));
        command.args(["--replay-as", "canary", "--replay-from", &first.to_string(), "--format", "json"]);
        command.arg("--scenario").arg(folder.join("scenario.roll"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
        serde_json::from_value(told["traces"][0]["events"].take()).unwrap()
    }

    /// What the simulator makes of the release over the recording: the trace in the oracle's form.
    fn simulated(folder: &Path, first: i64) -> Vec<Value> {
        let manifests = std::fs::read_to_string(folder.join("rollout.yaml")).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&manifests).unwrap();
        let scenario = json!({
            "until": RELEASE + 240,
            "actions": [{"at": RELEASE, "do": "setImage", "image": "app:2"}],
            "objects": objects,
        });
        let read = oracle::read::read(&scenario).unwrap();
        let mut world = Recorded { store: store(folder), epoch: first - i64::try_from(RELEASE).unwrap() };
        let mut writer = Writer::new(read.action_names);
        let mut player = Player::new(read.spec, &read.cluster, read.analyses);
        player.play(&mut world, &mut writer, &read.actions, read.until);
        writer.finish(read.until)
    }

    /// The last that the trace says of a run's metric: its phase, message and counters, without its measurements.
    fn judged(trace: &[Value], run: &str, metric: &str) -> Value {
        let runs = trace.iter().rev().find(|line| line["runs"].get(run).is_some()).unwrap();
        let metrics = runs["runs"][run]["metrics"].as_array().unwrap();
        counters(metrics.iter().find(|each| each["name"] == metric).unwrap())
    }

    fn counters(metric: &Value) -> Value {
        let mut kept: Vec<_> = metric.as_object().unwrap().iter().collect();
        kept.retain(|(key, _)| !["name", "measurements"].contains(&key.as_str()));
        kept.sort_by_key(|(key, _)| key.as_str());
        json!(kept)
    }

    /// Measurements of a metric as text, with their Unix seconds.
    fn measured(events: &[Value], first: i64, run: &str, metric: &str) -> Vec<Value> {
        let wanted = |event: &&Value| {
            event["event"] == "measurement" && event["name"] == run && event["metric"] == metric
        };
        let row = |event: &Value| {
            json!([first + event["at"].as_i64().unwrap(), event["phase"], event["value"], event["message"]])
        };
        events.iter().filter(wanted).map(row).collect()
    }

    #[test]
    fn analyses_are_the_real_ones_measurement_by_measurement() {
        let (mut runs, mut measurements) = (0, 0);
        for (folder, recorded) in recordings() {
            let first = recorded["first"].as_i64().unwrap();
            let (events, trace) = (told(&folder, first), simulated(&folder, first));
            for run in recorded["runs"].as_array().unwrap() {
                let name = run["name"].as_str().unwrap();
                for (metric, result) in run["metrics"].as_object().unwrap() {
                    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
                    let theirs = result["measurements"].as_array().unwrap().iter().map(|each| {
                        json!([each["at"], each["phase"], text(&each["value"]), text(&each["message"])])
                    });
                    let theirs: Vec<Value> = theirs.collect();
                    let ours = measured(&events, first, name, metric);
                    assert_eq!(ours, theirs, "{}: {name}: {metric}", folder.display());
                    let place = format!("{}: {name}: {metric}", folder.display());
                    assert_eq!(judged(&trace, name, metric), counters(result), "{place}");
                    measurements += ours.len();
                }
                let end = events.iter().find(|event| event["event"] == "runEnded" && event["name"] == name);
                let end = end.map(|event| json!([event["phase"], event["message"]]));
                assert_eq!(end, Some(json!([run["phase"], run["message"]])), "{}: {name}", folder.display());
                runs += 1;
            }
            let state = events.iter().rev().find(|event| event["event"] == "phase");
            let state = state.map(|event| json!([event["phase"], event["message"]]));
            let theirs = &recorded["rollout"];
            assert_eq!(state, Some(json!([theirs["phase"], theirs["message"]])), "{}", folder.display());
        }
        println!("{runs} runs and {measurements} measurements equal");
        assert!(runs > 0);
    }
}
