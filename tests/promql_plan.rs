//! Plans over a store that changes: a plan that has been anywhere answers like one that is new.
//!
//! Enters: stores made here. Leaves: nothing but verdicts. It deliberately compares plans with plans; that they agree with
//! Prometheus is the business of `promql_oracle`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use rollcast::promql::{Answer, Budget, Labels, Mode, Options, Plan, STALE, SeriesId, Store, parse};

fn labels(name: &str, pod: usize) -> Labels {
    Labels::new([
        ("__name__", name),
        ("pod", &format!("p{pod}")),
        ("le", ["1", "5", "+Inf"].get(pod % 3).unwrap()),
    ])
}

fn plan(query: &str, store: &Store, options: &Options) -> Plan {
    Plan::new(&parse(query, Mode::Test).unwrap(), store, options).unwrap()
}

/// Elements that can be compared: labels, and instants with bits.
type Elements = Vec<(String, Vec<(i64, u64)>)>;

/// An answer that can be compared, or the error.
fn answer(plan: &mut Plan, store: &Store, t: i64) -> Result<Elements, String> {
    let bits = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    match plan.evaluate(store, t) {
        Err(error) => Err(error.message),
        Ok(Answer::Scalar(value)) => Ok(vec![(String::new(), vec![(0, bits(value))])]),
        Ok(Answer::String(text)) => Ok(vec![(text.to_owned(), Vec::new())]),
        Ok(Answer::Vector(samples)) => {
            Ok(samples.iter().map(|s| (s.labels.to_string(), vec![(0, bits(s.value))])).collect())
        }
        Ok(Answer::Matrix(series)) => {
            let points = |points: &[(i64, f64)]| points.iter().map(|p| (p.0, bits(p.1))).collect();
            Ok(series.iter().map(|s| (s.labels.to_string(), points(&s.points))).collect())
        }
    }
}

fn count(plan: &mut Plan, store: &Store, t: i64) -> usize {
    answer(plan, store, t).unwrap().len()
}

const QUERIES: &[&str] = &[
    "a_total",
    "sum(rate(a_total[1m]))",
    "sum by (pod) (increase(a_total[2m])) / on (pod) group_left sum by (pod) (b)",
    "histogram_quantile(0.9, sum by (le) (rate(a_total[2m])))",
    "topk(2, b) or a_total offset 30s",
    "quantile_over_time(scalar(b{pod=\"p0\"}), b[3m])",
    "max_over_time(sum(rate(a_total[1m]))[4m:30s])",
    "sum_over_time((b or vector(1))[2m:15s] offset 15s)",
    "rate(sum_over_time(b[1m])[5m:20s] @ 1000)",
    "deriv(b[2m]) + ignoring (le) avg by (pod) (b offset -30s)",
    "count_values(\"v\", round(b, 10))",
    "label_replace(b, \"pod\", \"x$1\", \"pod\", \"p(.)\") unless b > 50",
    "stddev(b) - scalar(count(a_total))",
    "absent(b{pod=\"p1\"})",
    "b[1m]",
    "resets(a_total[3m]) >= bool 1",
    "sort_desc(changes(b[2m]))",
    "min_over_time(b[2m:] @ end())",
];

/// What may happen between evaluations.
#[derive(Clone, Debug)]
enum Event {
    /// All series get a sample, so many seconds later; of series with the number, none, or a staleness marker.
    Scrape {
        later: u8,
        lost: u8,
        ended: bool,
    },
    /// So many seconds before or after the last scrape.
    Ask(i16),
    NewPod,
    Clear,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (1..60_u8, 0..12_u8, any::<bool>()).prop_map(|(later, lost, ended)| Event::Scrape { later, lost, ended }),
        5 => (-400..60_i16).prop_map(Event::Ask),
        1 => Just(Event::NewPod),
        1 => Just(Event::Clear),
    ];
    proptest::collection::vec(event, 1..60)
}

fn replay(query: &str, events: &[Event], options: &Options) -> Result<(), TestCaseError> {
    let mut store = Store::new();
    let mut ids: Vec<(SeriesId, bool)> = Vec::new();
    let mut old = plan(query, &store, options);
    let (mut now, mut pods, mut value) = (900_000_i64, 0, 0.0);
    for event in events {
        match event {
            Event::NewPod => {
                ids.push((store.add_series(labels("a_total", pods)), true));
                ids.push((store.add_series(labels("b", pods)), false));
                pods += 1;
            }
            Event::Clear => {
                store.clear_samples();
                now = 900_000;
            }
            Event::Scrape { later, lost, ended } => {
                now += i64::from(*later) * 1000;
                for (i, (id, counter)) in ids.iter().enumerate() {
                    value = (value * 31.0 + 7.0) % 97.0;
                    if i == usize::from(*lost) {
                        if *ended {
                            store.append(*id, now, STALE).unwrap();
                        }
                        continue;
                    }
                    let base = if *counter { (now / 1000 % 300) as f64 * 10.0 } else { 0.0 };
                    store.append(*id, now, base + value).unwrap();
                }
            }
            Event::Ask(at) => {
                let t = now + i64::from(*at) * 1000;
                let mut new = plan(query, &store, options);
                let (mut known, mut fresh) = (answer(&mut old, &store, t), answer(&mut new, &store, t));
                if query.contains(':') {
                    // The order of what a subquery yields is an accident in Prometheus too.
                    known.iter_mut().chain(&mut fresh).for_each(|elements| elements.sort());
                }
                prop_assert_eq!(known, fresh, "{} at {}", query, t);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_has_been_anywhere_answers_like_a_new_one(query in 0..QUERIES.len(), events in events(), closed: bool) {
        let options = Options { closed_ranges: closed, ..Options::default() };
        replay(QUERIES.get(query).unwrap(), &events, &options)?;
    }
}

/// A store with one series, sampled every 15 s from 0 to 10 minutes.
fn steady() -> (Store, SeriesId) {
    let mut store = Store::new();
    let id = store.add_series(labels("a_total", 0));
    for i in 0..=40 {
        store.append(id, 15_000 * i, 30.0 * i as f64).unwrap();
    }
    (store, id)
}

#[test]
fn ranges_are_left_open_or_closed() {
    let (store, _) = steady();
    for (closed_ranges, wanted) in [(false, 4.0), (true, 5.0)] {
        let options = Options { closed_ranges, ..Options::default() };
        let mut plan = plan("scalar(count_over_time(a_total[1m]))", &store, &options);
        assert!(matches!(plan.evaluate(&store, 300_000), Ok(Answer::Scalar(count)) if count == wanted));
    }
}

#[test]
fn a_plan_says_what_it_reads_and_takes_in_what_comes() {
    let (mut store, id) = steady();
    let mut plan =
        plan("sum by (pod) (rate(a_total[1m])) or max_over_time(b[1m:15s])", &store, &Options::default());
    assert_eq!(plan.series(), [id]);
    assert_eq!(count(&mut plan, &store, 600_000), 1);
    store.add_series(labels("c", 0));
    let b = store.add_series(labels("b", 1));
    store.append(b, 590_000, 1.0).unwrap();
    assert_eq!(count(&mut plan, &store, 600_000), 2);
    assert_eq!(plan.series(), [id, b]);
}

#[test]
fn lookback_can_be_set() {
    let (store, _) = steady();
    let options = Options { lookback_ms: 20_000, ..Options::default() };
    let mut plan = plan("a_total", &store, &options);
    assert_eq!(count(&mut plan, &store, 619_999), 1);
    assert_eq!(count(&mut plan, &store, 620_000), 0);
}

#[test]
fn budgets_end_queries() {
    let (store, _) = steady();
    let bounded = |samples, steps| Options { budget: Some(Budget { samples, steps }), ..Options::default() };
    let mut few = plan("a_total", &store, &bounded(20, 1_000_000));
    assert!(few.evaluate_range(&store, 0, 600_000, 1000).unwrap_err().message.contains("too many samples"));
    let mut long = plan("sum_over_time(nothing[100y:1ms])", &store, &bounded(1_000_000, 100_000));
    assert!(long.evaluate(&store, 600_000).unwrap_err().message.contains("steps"));
    let mut wide = plan("sum_over_time(vector(1)[1h:1ms])", &store, &bounded(10_000, u64::MAX));
    assert!(wide.evaluate(&store, 600_000).unwrap_err().message.contains("too many samples"));
}

#[test]
fn budgets_grow_with_what_there_is_to_read() {
    let month = 30 * 5_760 * 1_000;
    assert!(Budget::new(month, 1).steps > 20 * month, "a subquery at every scrape, each over five minutes");
    assert!(Budget::new(2_000, 11_000).steps < 100_000_000, "some hundred milliseconds");
    assert_eq!(Budget::new(2_000, 11_000), Budget::new(2_000, u64::MAX));
    assert!(Budget::new(u64::MAX, u64::MAX).steps == u64::MAX);
}

/// Windows that overlap are held once, however many instants look at them.
#[test]
fn what_a_subquery_keeps_is_counted_once() {
    let (store, _) = steady();
    let options = Options { budget: Some(Budget { samples: 20_000, steps: u64::MAX }), ..Options::default() };
    let mut sliding = plan("max_over_time(vector(time())[1000s:1s])", &store, &options);
    let series = sliding.evaluate_range(&store, 2_000_000, 6_000_000, 1_000).unwrap();
    assert_eq!(series.first().unwrap().points.len(), 4_001);
    for t in (8_000_000..9_000_000).step_by(100_000) {
        assert_eq!(count(&mut sliding, &store, t), 1);
    }
}

/// Texts that double at each call, and label sets without end: neither may fill the memory.
#[test]
fn labels_are_held_to_the_budget() {
    let (store, _) = steady();
    let join = "label_join(".repeat(60) + "a_total" + &", \"pod\", \"-\", \"pod\", \"pod\")".repeat(60);
    let replace =
        "label_replace(".repeat(30) + "a_total" + &", \"pod\", \"$1$1$1\", \"pod\", \"(.*)\")".repeat(30);
    for query in [join.as_str(), &replace, "count_over_time(count_values(\"v\", vector(time()))[1y:1ms])"] {
        let error = plan(query, &store, &Options::default()).evaluate(&store, 600_000).unwrap_err();
        assert!(error.message.contains("in query execution"), "{}", error.message);
    }
}

#[test]
fn what_is_not_supported_is_refused_with_its_place() {
    let store = Store::new();
    for query in ["1 + sum(histogram_count(x))", "histogram_avg(rate(x[5m]))", "rate(x[5m] smoothed)"] {
        let tree = parse(query, Mode::Test).unwrap();
        let error = Plan::new(&tree, &store, &Options::default()).unwrap_err();
        assert!(error.message.contains("not supported"), "{}", error.message);
        assert!(error.span.end > error.span.start);
    }
}

#[test]
fn no_instant_overflows() {
    let (store, _) = steady();
    for query in QUERIES {
        let mut plan = plan(query, &store, &Options::default());
        for t in [i64::MIN, i64::MAX, 1 << 53, -(1 << 53), (1 << 53) + 1, 0, -1] {
            let _ = plan.evaluate(&store, t);
            let _ = plan.evaluate_range(&store, t, t.saturating_add(100_000), 7_000);
            let _ = plan.evaluate_range(&store, t, t.saturating_add(2), i64::MAX);
        }
    }
}
