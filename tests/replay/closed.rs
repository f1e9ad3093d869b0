//! Closed loop: recorded traffic is the load, and the canary is that and a fault.

use rollcast::diagnostic::Code;
use rollcast::model::Program;
use rollcast::model::replay::Stands;
use rollcast::model::scenario;
use rollcast::promql::Store;
use rollcast::series::{Format, STALE_BITS, Series, query_json, read};
use rollcast::simulator::trace::{EventKind, Outcome, SeriesOrigin};
use rollcast::simulator::world::{Frame, Needs, Scene, World};
use rollcast::unit::{Rate, Ratio, Seconds};

use super::support::{ask, prepared, program, simulation, through_a_file, waits_for_somebody};

const EPOCH: i64 = 1_730_000_000_000;

fn shop(split: &str, canary: &str) -> Program {
    program(&format!(
        "rollout shop {{
  pods {{ image \"shop:1\"  port http 80 }}
  route istio {split} {{ host shop }}
  slo error-rate < 1% over 1m
  slo latency-p95 < 500ms over 2m
  canary {{
    10% for 3m
    50% for 3m
  }}
  analyze error-rate, latency-p95 in background from 10%
}}
scenario \"recorded\" for shop {{
  {canary}
  expect promote
}}
"
    ))
}

/// Forty minutes of ordinary traffic.
fn traffic(program: &Program, rate: f64) -> Vec<Series> {
    let scene = Scene::of(&program.rollouts[0]);
    let mut healthy = scenario::World::healthy();
    healthy.traffic = Rate(rate);
    healthy.stable.errors = Ratio(0.002);
    let needs = Needs { requests: true, latency: true };
    let frame = Frame { epoch_ms: EPOCH, history: Seconds(0), needs };
    let (mut world, mut store) = (World::new(scene, &healthy, frame, 11, 0), Store::new());
    world.advance(2_400_000, &mut store);
    let ids = (0..u32::try_from(store.len()).unwrap()).map(rollcast::promql::SeriesId);
    let all = ids.map(|id| {
        let labels =
            store.labels(id).unwrap().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Series { labels: labels.collect(), samples: store.samples(id) }
    });
    through_a_file(&all.filter(|series| !series.samples.is_empty()).collect::<Vec<_>>())
}

#[test]
fn a_canary_like_the_recording_is_promoted_and_a_faulty_one_is_not() {
    for split in ["", "subsets"] {
        for (canary, outcome, metric) in [
            ("", Outcome::Promoted, None),
            ("canary { errors 10% }", Outcome::RolledBack, Some("error-rate")),
            ("canary { latency p95 2s from 1m }", Outcome::RolledBack, Some("latency-p95")),
            ("canary { errors ramps 0% to 20% over 5m }", Outcome::RolledBack, Some("error-rate")),
        ] {
            let program = shop(split, canary);
            let series = traffic(&program, 60.0);
            let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
            assert_eq!(recorded.stands(), Stands::ForTraffic);
            let trace = simulation(&program, &program.scenarios[0]).replaying(&recorded).trace(0);
            assert_eq!(trace.run.series, SeriesOrigin::ClosedLoop);
            assert_eq!(trace.verdict.outcome, outcome, "{split} {canary}: {:?}", trace.verdict);
            assert_eq!(trace.verdict.metric.as_deref().filter(|_| outcome == Outcome::RolledBack), metric);
            let recording = trace.run.recording.unwrap();
            assert_eq!(recording.from_because, "the longest window before it is recorded");
            assert!((-121..=-118).contains(&recording.begins), "{recording:?}");
            let totals = trace.totals;
            // 60 a second, of which chance has its part.
            let rate = totals.requests as f64 / trace.verdict.at as f64;
            assert!((rate - 60.0).abs() < 4.0, "{rate}");
            assert!(totals.exposed > 0 && totals.exposed < totals.requests);
        }
    }
}

#[test]
fn a_run_depends_on_its_number_alone() {
    let program = shop("subsets", "canary { errors 2% }");
    let series = traffic(&program, 30.0);
    let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
    let mut first = simulation(&program, &program.scenarios[0]).replaying(&recorded);
    let (three, four) = (first.trace(3), first.ending(4));
    assert_eq!(three, first.trace(3));
    let mut fresh = simulation(&program, &program.scenarios[0]).replaying(&recorded);
    assert_eq!((fresh.ending(4), fresh.ending(3).totals), (four, three.totals));
    assert_ne!(fresh.ending(3), fresh.ending(4));
}

#[test]
fn stables_own_errors_and_codes_are_the_recordings() {
    let program = shop("", "");
    let mut series = traffic(&program, 60.0);
    for (name, value) in series.iter_mut().flat_map(|series| &mut series.labels) {
        if name == "response_code" && value == "503" {
            *value = "500".into();
        }
    }
    let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
    let mut simulation = simulation(&program, &program.scenarios[0]).replaying(&recorded);
    simulation.trace(0);
    let label = |series: &Series, name: &str| {
        series.labels.iter().find(|(own, _)| own == name).map_or(String::new(), |(_, value)| value.clone())
    };
    let written = simulation.series();
    let codes: std::collections::BTreeSet<String> =
        written.iter().map(|series| label(series, "response_code")).collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["200", "500"]);
    let services: std::collections::BTreeSet<String> =
        written.iter().map(|series| label(series, "destination_service_name")).collect();
    assert_eq!(services.into_iter().collect::<Vec<_>>(), ["shop-canary", "shop-stable"]);
}

#[test]
fn resets_gaps_and_staleness_lose_no_request() {
    let text = "load 15s
  istio_requests_total{reporter=\"source\",destination_service_namespace=\"default\",destination_service_name=\"shop-stable\",response_code=\"200\"} 0+100x19 stale _x9 2000+100x20 50+100x60
";
    let program = program(
        "rollout shop {
  pods { image \"shop:1\"  port http 80 }
  route istio { host shop }
  slo error-rate < 1% over 1m
  canary {
    10% for 5m
  }
  analyze error-rate in background from 10%
}
scenario \"recorded\" for shop {
  expect promote
}
",
    );
    let series = read(text.as_bytes(), Format::Load).unwrap();
    assert!(series[0].samples.iter().any(|(_, value)| value.to_bits() == STALE_BITS));
    let again = read(query_json(&series).as_bytes(), Format::Query).unwrap();
    assert_eq!(again[0].samples.len(), series[0].samples.len());
    let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, Some(0))).unwrap();
    let mut simulation = simulation(&program, &program.scenarios[0]).replaying(&recorded);
    let trace = simulation.trace(0);
    assert_eq!(trace.verdict.outcome, Outcome::Promoted, "{:?}", trace.verdict);
    // 100 a scrape, over a gap of eleven as over one, and 50 after the reset: by the verdict within one scrape of it.
    let expected = trace.verdict.at as f64 / 15.0 * 100.0;
    assert!(
        (trace.totals.requests as f64 - expected).abs() < 1_100.0,
        "{} {expected}",
        trace.totals.requests
    );
    // Played to its end, every increase of the recording is on one of the sides.
    let counted: f64 = simulation
        .series()
        .iter()
        .filter(|series| series.labels.iter().any(|(_, value)| value == "istio_requests_total"))
        .filter_map(|series| series.samples.last())
        .map(|(_, value)| *value)
        .sum();
    assert!(counted > 0.0);
}

#[test]
fn what_recorded_traffic_cannot_be_is_said() {
    let program = shop("", "");
    let series = traffic(&program, 20.0);
    let refusal =
        |series: &[Series]| prepared(&program, &program.scenarios[0], series, &ask(None, None)).unwrap_err();
    let has = |series: &Series, text: &str| series.labels.iter().any(|(_, value)| value.contains(text));
    // No histogram, although a query reads latencies.
    let bare: Vec<Series> = series.iter().filter(|series| !has(series, "duration")).cloned().collect();
    assert_eq!(refusal(&bare).code, Code::UnsupportedFamily);
    // No counter.
    let bare: Vec<Series> =
        series.iter().filter(|series| !has(series, "istio_requests_total")).cloned().collect();
    assert_eq!(refusal(&bare).code, Code::ForeignRecording);
    // Buckets of somebody else's.
    let mut other = series.clone();
    for (name, value) in other.iter_mut().flat_map(|series| &mut series.labels) {
        if name == "le" && value == "250.0" {
            *value = "300".into();
        }
    }
    assert_eq!(refusal(&other).code, Code::UnsupportedFamily);
    // Too short for the longest window.
    let mut short = series.clone();
    for series in &mut short {
        series.samples.retain(|(at, _)| *at < EPOCH + 60_000);
    }
    assert_eq!(refusal(&short).code, Code::RecordingStart);
    // Another family.
    let text = "rollout shop {
  pods { image \"shop:1\"  port http 80 }
  route istio { host shop }
  metric queue = promql `max(queue_depth{namespace=\"default\",${canary}})`
  slo queue < 100
  canary {
    10% for 5m
  }
  analyze queue in background
}
scenario \"recorded\" for shop {
  expect promote
}
";
    let own = super::support::program(text);
    let refusal = prepared(&own, &own.scenarios[0], &series, &ask(None, None)).unwrap_err();
    assert_eq!(refusal.code, Code::UnsupportedFamily);
    assert!(refusal.headline.contains("`queue_depth`"), "{refusal:?}");
}

#[test]
fn after_the_recording_nothing_is_scraped() {
    let program = shop("", "");
    let mut series = traffic(&program, 60.0);
    for series in &mut series {
        series.samples.retain(|(at, _)| *at <= EPOCH + 300_000);
    }
    let recorded = prepared(&program, &program.scenarios[0], &series, &ask(None, None)).unwrap();
    let mut simulation = simulation(&program, &program.scenarios[0]).replaying(&recorded);
    let trace = simulation.trace(0);
    let ends = trace.run.recording.as_ref().unwrap().ends;
    let late = trace.events.iter().filter(|event| event.at > ends + 120);
    let values: Vec<&str> = late
        .filter_map(|event| match &event.kind {
            EventKind::Measurement { value, .. } => Some(value.as_str()),
            _ => None,
        })
        .collect();
    assert!(!values.is_empty() && values.iter().all(|value| *value == "[]"), "{ends}: {values:?}");
    assert!(waits_for_somebody(&trace), "{:?}", trace.verdict);
}
