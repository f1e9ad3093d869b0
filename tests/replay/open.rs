//! Open loop: a recording of a simulated release, played again, is that release, value for value.

use rollcast::diagnostic::Code;
use rollcast::model::replay::Stands;
use rollcast::model::scenario::Scenario;
use rollcast::series::{Format, Series, is_stale, read};
use rollcast::simulator::EPOCH_MS;
use rollcast::simulator::trace::{Outcome, SeriesOrigin};

use super::support::{
    ask, example, from_epoch, measurements, prepared, program, simulation, through_a_file, waits_for_somebody,
};

/// Plays every scenario of an example, and its recording after it; counts measurements.
fn twice(name: &str, other_split: bool) -> usize {
    let program = example(name, other_split);
    let mut scenarios = program.scenarios.clone();
    if scenarios.is_empty() {
        scenarios.push(Scenario::healthy(0));
    }
    let mut count = 0;
    for scenario in
        scenarios.iter().filter(|scenario| scenario.world.scrape.is_some() && scenario.replay.is_none())
    {
        let mut synthetic = simulation(&program, scenario);
        let first = synthetic.trace(5);
        let series = synthetic.series();
        // In the order of a Prometheus that holds it in memory, and in that of one that reads it from disk.
        for series in [through_a_file(&series), series] {
            let replay = from_epoch(Stands::ForCanary);
            let recorded = prepared(&program, scenario, &series, &replay).unwrap();
            let again = simulation(&program, scenario).replaying(&recorded).trace(5);
            let place = format!("{name}: {}", scenario.name);
            assert_eq!(measurements(&first.events), measurements(&again.events), "{place}");
            assert_eq!(first.events, again.events, "{place}");
            assert_eq!(first.verdict, again.verdict, "{place}");
            assert_eq!(first.signals, again.signals, "{place}");
            assert_eq!(again.run.series, SeriesOrigin::OpenLoop);
            count += measurements(&again.events).len();
        }
    }
    count
}

#[test]
fn every_example_replays_to_itself() {
    let mut count = 0;
    for name in ["canary-demo", "checkout", "first", "ledger", "search"] {
        for other_split in [false, true] {
            count += twice(name, other_split);
        }
    }
    assert!(count > 1000, "{count} measurements are too few to tell anything");
}

/// The recording of a release that fails one request in ten, with pods of other hashes.
fn incident(split: &str, hashes: [&str; 2]) -> (rollcast::model::Program, Vec<Series>) {
    let text = format!(
        "rollout shop {{
  pods {{ image \"shop:1\"  port http 80 }}
  route istio {split} {{ host shop }}
  slo error-rate < 1% over 1m
  canary {{
    10% for 5m
    50% for 5m
  }}
  analyze error-rate in background from 10%
}}
scenario \"it fails\" for shop {{
  canary {{ errors 10% }}
  expect rollback
}}
"
    );
    let program = program(&text);
    let mut simulation = simulation(&program, &program.scenarios[0]);
    simulation.trace(0);
    let mut series = simulation.series();
    for (name, value) in series.iter_mut().flat_map(|series| &mut series.labels) {
        if name == "pod" {
            *value = value
                .replace("-rev1-", &format!("-{}-", hashes[0]))
                .replace("-rev2-", &format!("-{}-", hashes[1]));
        }
    }
    (program, through_a_file(&series))
}

#[test]
fn the_later_hash_is_the_canarys_and_the_release_begins_with_it() {
    for (split, hash) in [("subsets", Some("5c9f7d".to_owned())), ("", None)] {
        let (program, series) = incident(split, ["7d8b6f", "5c9f7d"]);
        let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
        let trace = simulation(&program, &program.scenarios[0]).replaying(&recorded).trace(0);
        assert_eq!(trace.run.series, SeriesOrigin::OpenLoop, "{split}");
        let recording = trace.run.recording.unwrap();
        assert_eq!(recording.canary_hash, hash, "{split}");
        assert!(recording.begins < -300 && recording.from_because.contains("first series"), "{recording:?}");
        assert_eq!(trace.verdict.outcome, Outcome::RolledBack, "{split}");
        // What was recorded until then, whatever the weights here.
        let totals = trace.totals;
        assert!(
            totals.exposed > 0 && totals.exposed < totals.requests && totals.exposed_failed > 0,
            "{totals:?}"
        );
    }
}

#[test]
fn hashes_can_be_named_and_must_be_there() {
    let (program, series) = incident("subsets", ["7d8b6f", "5c9f7d"]);
    let scenario = &program.scenarios[0];
    let mut replay = ask(None, None);
    let named =
        |hash: &str| Some(rollcast::source::Spanned::new(hash.to_owned(), rollcast::source::Span::default()));
    replay.canary_hash = named("7d8b6f");
    let recorded = prepared(&program, scenario, &series, &replay).unwrap();
    let trace = simulation(&program, scenario).replaying(&recorded).trace(0);
    assert_eq!(trace.run.recording.unwrap().canary_hash.as_deref(), Some("7d8b6f"));
    replay.canary_hash = named("nobody");
    let refusal = prepared(&program, scenario, &series, &replay).unwrap_err();
    assert_eq!(refusal.code, Code::AmbiguousRecording);
    assert!(refusal.found.contains("`5c9f7d` from 2023-11-14T"), "{refusal:?}");
}

#[test]
fn three_hashes_are_ambiguous() {
    let (program, mut series) = incident("subsets", ["7d8b6f", "5c9f7d"]);
    let mut third = series[0].clone();
    third.labels.iter_mut().find(|(name, _)| name == "pod").unwrap().1 = "shop-66aa77-x7k2p".into();
    series.push(third);
    let refusal = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap_err();
    assert_eq!(refusal.code, Code::AmbiguousRecording);
    for hash in ["7d8b6f", "5c9f7d", "66aa77"] {
        assert!(refusal.found.contains(hash), "{refusal:?}");
    }
    // Traffic has no canary, so that it may have any number of versions.
    assert!(prepared(&program, &program.scenarios[0], &series, &ask(Some(Stands::ForTraffic), None)).is_ok());
}

#[test]
fn what_is_left_over_of_an_earlier_canary_is_no_canary() {
    let (program, mut series) = incident("", ["7d8b6f", "5c9f7d"]);
    let first = series.iter().filter_map(|series| series.samples.first()).map(|(at, _)| *at).min().unwrap();
    for series in &mut series {
        if series.labels.iter().any(|(_, value)| value == "shop-canary") {
            let last = series.samples.last().unwrap().1;
            series.samples = (0..40).map(|at| (first + at * 15_000, last)).collect();
        }
    }
    let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
    assert_eq!(recorded.stands(), Stands::ForTraffic);
}

#[test]
fn a_recording_of_somebody_else_is_refused() {
    let (program, _) = incident("", ["a", "b"]);
    let (_, series) = {
        let other = super::support::example("search", false);
        let mut simulation = simulation(&other, &other.scenarios[0]);
        simulation.trace(0);
        (other, through_a_file(&simulation.series()))
    };
    let refusal = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap_err();
    assert_eq!(refusal.code, Code::ForeignRecording);
    assert!(refusal.found.contains("search-canary"), "{refusal:?}");
    assert!(refusal.help.contains("shop-canary") && refusal.help.contains("shop-stable"), "{refusal:?}");
    // Forced, it still has nothing to answer with.
    let refusal =
        prepared(&program, &program.scenarios[0], &series, &ask(Some(Stands::ForCanary), None)).unwrap_err();
    assert_eq!(refusal.code, Code::ForeignRecording);
    let refusal = prepared(&program, &program.scenarios[0], &[], &ask(None, None)).unwrap_err();
    assert_eq!(refusal.code, Code::UnreadableRecording);
}

#[test]
fn after_the_recording_there_is_no_data() {
    let (program, mut series) = incident("", ["7d8b6f", "5c9f7d"]);
    // A minute and a half of the release, of which nothing failed.
    for series in &mut series {
        series.samples.retain(|(at, _)| *at <= EPOCH_MS + 90_000);
    }
    series.retain(|series| {
        !series.samples.is_empty() && !series.labels.iter().any(|(_, value)| value == "503")
    });
    let replay = from_epoch(Stands::ForCanary);
    let recorded = prepared(&program, &program.scenarios[0], &series, &replay).unwrap();
    let trace = simulation(&program, &program.scenarios[0]).replaying(&recorded).trace(0);
    assert!((75..=90).contains(&trace.run.recording.as_ref().unwrap().ends));
    let lines = measurements(&trace.events);
    assert!(lines.iter().any(|line| line.contains("[0] Successful")), "{lines:#?}");
    let late = lines.iter().filter(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap() > 150);
    assert!(
        late.clone().count() > 0 && late.clone().all(|line| line.contains("[] Inconclusive")),
        "{lines:#?}"
    );
    assert!(waits_for_somebody(&trace), "{:?}", trace.verdict);
}

#[test]
fn the_release_begins_where_something_is_recorded() {
    let (program, series) = incident("", ["7d8b6f", "5c9f7d"]);
    let at = |from| prepared(&program, &program.scenarios[0], &series, &ask(None, Some(from)));
    assert!(at(EPOCH_MS).is_ok());
    for from in [0, EPOCH_MS + 86_400_000] {
        assert_eq!(at(from).unwrap_err().code, Code::RecordingStart);
    }
}

#[test]
fn openmetrics_says_the_same_where_nothing_goes_stale() {
    let (program, series) = incident("", ["7d8b6f", "5c9f7d"]);
    let mut text = String::new();
    for series in &series {
        let labels: Vec<String> =
            series.labels[1..].iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        for (at, value) in series.samples.iter().filter(|(_, value)| !is_stale(*value)) {
            let (name, labels) = (&series.labels[0].1, labels.join(","));
            text.push_str(&format!("{name}{{{labels}}} {value} {}\n", *at as f64 / 1000.0));
        }
    }
    text.push_str("# EOF\n");
    let replay = from_epoch(Stands::ForCanary);
    let play = |series: &[Series]| {
        let recorded = prepared(&program, &program.scenarios[0], series, &replay).unwrap();
        simulation(&program, &program.scenarios[0]).replaying(&recorded).trace(0)
    };
    assert!(series.iter().flat_map(|series| &series.samples).all(|(_, value)| !is_stale(*value)));
    assert_eq!(play(&read(text.as_bytes(), Format::OpenMetrics).unwrap()), play(&series));
}
