//! Runs built by hand, with numbers as a real cluster would show them: one rolled back, one promoted, one paused.

use rollcast::simulator::trace::{
    Event, EventKind, Outcome, Run, SeriesOrigin, SignalTrack, SloBound, Totals, Trace, Unit, Verdict,
};

fn slo(
    name: &str,
    unit: Unit,
    comparison: &'static str,
    threshold: f64,
    window: u64,
    failure_limit: u32,
) -> SloBound {
    SloBound { name: name.into(), unit, comparison, threshold, window, failure_limit, condition: None }
}

fn run(scenario: &str, steps: &[&str], slos: Vec<SloBound>) -> Run {
    Run {
        rollout: "canary-demo".into(),
        namespace: "demo".into(),
        scenario: scenario.into(),
        seed: 1,
        number: 0,
        controller: "1.9.1",
        prometheus: 3,
        answers: None,
        replicas: 10,
        route: "istio by host".into(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        slos,
        series: SeriesOrigin::Synthetic,
        recording: None,
    }
}

/// Events are pushed as the controllers would.
struct Events(Vec<Event>);

impl Events {
    fn push(&mut self, at: u64, kind: EventKind) {
        self.0.push(Event { at, kind });
    }

    fn step(&mut self, at: u64, index: u32) {
        self.push(at, EventKind::Step { index });
    }

    fn weight(&mut self, at: u64, canary: u32) {
        self.push(at, EventKind::Weight { canary });
    }

    fn scaled(&mut self, at: u64, revision: u64, from: u32, to: u32) {
        self.push(at, EventKind::Scaled { revision, from, to });
    }

    fn available(&mut self, at: u64, revision: u64, available: u32, wanted: u32) {
        self.push(at, EventKind::Available { revision, available, wanted });
    }

    fn starts(&mut self, at: u64, name: &str, kind: &str, step: Option<u32>) {
        self.push(at, EventKind::RunStarted { name: name.into(), kind: kind.into(), step });
    }

    fn ends(&mut self, at: u64, name: &str, phase: &str, message: &str) {
        self.push(
            at,
            EventKind::RunEnded { name: name.into(), phase: phase.into(), message: message.into() },
        );
    }

    fn phase(&mut self, at: u64, phase: &str, message: &str) {
        self.push(at, EventKind::Phase { phase: phase.into(), message: message.into() });
    }

    fn paused(&mut self, at: u64, reason: &str, until: Option<u64>) {
        self.push(at, EventKind::Paused { reason: reason.into(), until });
    }

    /// `counts` are the failed and the inconclusive measurements so far.
    fn measured(&mut self, at: u64, run: &str, metric: &str, value: &str, phase: &str, counts: (u32, u32)) {
        let message = if phase == "Error" { value } else { "" };
        let value = if phase == "Error" { "" } else { value };
        self.push(
            at,
            EventKind::Measurement {
                name: run.into(),
                metric: metric.into(),
                query: format!("query of {metric}"),
                value: value.into(),
                phase: phase.into(),
                message: message.into(),
                dry_run: false,
                failed: counts.0,
                inconclusive: counts.1,
            },
        );
    }
}

/// Numbers around one, always the same.
fn noise(at: u64, salt: u64) -> f64 {
    let mixed = (at + 1)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(salt.wrapping_mul(1_442_695_040_888_963_407));
    let share = ((mixed >> 33) % 1000) as f64 / 1000.0;
    0.8 + 0.4 * share
}

fn track(
    slo: &str,
    end: u64,
    canary: impl Fn(u64) -> Option<f64>,
    stable: impl Fn(u64) -> Option<f64>,
) -> SignalTrack {
    let at: Vec<u64> = (0..=end / 10).map(|tick| tick * 10).collect();
    let canary = at.iter().map(|at| canary(*at)).collect();
    let stable = at.iter().map(|at| stable(*at)).collect();
    SignalTrack { slo: slo.into(), at, canary, stable }
}

fn canary_demo_slos() -> Vec<SloBound> {
    vec![
        slo("success-rate", Unit::Ratio, ">=", 0.95, 120, 0),
        slo("latency-p95", Unit::Latency, "<", 500.0, 300, 1),
        slo("error-rate", Unit::Ratio, "<", 0.01, 60, 0),
    ]
}

const STEPS: [&str; 8] = ["10%", "for 2m", "analyze success-rate", "30%", "for 2m", "50%", "for 5m", "100%"];

const FAILED: &str = "Metric \"error-rate\" assessed Failed due to failed (1) > failureLimit (0)";

fn abort_message() -> String {
    format!("Background analysis phase error/failed: {FAILED}")
}

fn rolled_back_events() -> Vec<Event> {
    let mut events = Events(Vec::new());
    let background = "canary-demo-7c9d8f6b5-2";
    events.push(0, EventKind::Applied { revision: 2 });
    events.step(0, 0);
    events.scaled(0, 2, 0, 1);
    events.phase(0, "Progressing", "more replicas need to be updated");
    events.available(20, 2, 1, 1);
    events.weight(20, 10);
    events.step(20, 1);
    events.paused(20, "CanaryPauseStep", Some(140));
    events.phase(20, "Paused", "CanaryPauseStep");
    events.starts(20, background, "Background", None);
    events.measured(30, background, "error-rate", "[]", "Successful", (0, 0));
    events.measured(30, background, "latency-p95", "[]", "Successful", (0, 0));
    events.measured(60, background, "latency-p95", "[211.4]", "Successful", (0, 0));
    events.measured(60, background, "error-rate", "[0.0957142857]", "Failed", (1, 0));
    let abort = abort_message();
    events.ends(60, background, "Failed", FAILED);
    events.push(60, EventKind::Aborted { message: abort.clone() });
    events.weight(60, 0);
    events.step(60, 0);
    events.phase(60, "Degraded", &format!("RolloutAborted: Rollout aborted update to revision 2: {abort}"));
    events.scaled(90, 2, 1, 0);
    events.available(90, 2, 0, 0);
    events.0
}

/// The release that fails one request in ten: the background analysis ends it after a minute.
pub(crate) fn rolled_back() -> Trace {
    let rises = |at: u64| (at >= 30).then(|| 0.0957 * noise(at, 1));
    Trace {
        notes: Vec::new(),
        run: run("a release that fails one request in ten", &STEPS, canary_demo_slos()),
        verdict: Verdict {
            outcome: Outcome::RolledBack,
            at: 60,
            step: Some(1),
            weight: 10,
            peak_weight: 10,
            message: abort_message(),
            metric: Some("error-rate".into()),
            value: Some("[0.0957142857]".into()),
        },
        totals: Totals {
            requests: 3_000,
            failed: 22,
            exposed: 198,
            exposed_failed: 19,
            expected_without: 0.2,
        },
        events: rolled_back_events(),
        signals: vec![
            track("error-rate", 90, |at| rises(at).filter(|_| at <= 60), |at| Some(0.001 * noise(at, 2))),
            track(
                "latency-p95",
                90,
                |at| (30..=60).contains(&at).then(|| 208.0 * noise(at, 3)),
                |at| Some(194.0 * noise(at, 4)),
            ),
        ],
    }
}

fn promoted_events() -> Vec<Event> {
    let mut events = Events(Vec::new());
    let background = "canary-demo-5f6c7d8e9-3";
    events.push(0, EventKind::Applied { revision: 3 });
    events.step(0, 0);
    events.scaled(0, 3, 0, 1);
    events.available(25, 3, 1, 1);
    events.weight(25, 10);
    events.step(25, 1);
    events.paused(25, "CanaryPauseStep", Some(145));
    events.starts(25, background, "Background", None);
    measure_background(&mut events, background, 55, 145, 0);
    events.step(145, 2);
    events.starts(145, "canary-demo-5f6c7d8e9-3-2", "Step", Some(2));
    for (at, value) in [(145, "[0.9983]"), (175, "[0.9991]"), (205, "[0.9979]")] {
        events.measured(at, "canary-demo-5f6c7d8e9-3-2", "success-rate", value, "Successful", (0, 0));
        measure_background(&mut events, background, at + 10, at + 30, 0);
    }
    events.ends(206, "canary-demo-5f6c7d8e9-3-2", "Successful", "");
    events.step(206, 3);
    events.scaled(206, 3, 1, 3);
    events.available(231, 3, 2, 3);
    events.available(238, 3, 3, 3);
    events.weight(238, 30);
    events.step(238, 4);
    events.paused(238, "CanaryPauseStep", Some(358));
    measure_background(&mut events, background, 245, 300, 0);
    events.measured(305, background, "latency-p95", "[512.6]", "Failed", (1, 0));
    measure_background(&mut events, background, 335, 358, 1);
    events.step(358, 5);
    events.scaled(358, 3, 3, 5);
    events.available(381, 3, 4, 5);
    events.available(384, 3, 5, 5);
    events.weight(384, 50);
    events.step(384, 6);
    events.paused(384, "CanaryPauseStep", Some(684));
    measure_background(&mut events, background, 395, 500, 1);
    let refused = "Post \"http://prometheus.monitoring:9090/api/v1/query\": dial tcp 10.96.14.3:9090: connect: connection refused";
    events.measured(515, background, "error-rate", refused, "Error", (0, 0));
    measure_background(&mut events, background, 545, 684, 1);
    events.step(684, 7);
    events.scaled(684, 3, 5, 10);
    for (at, available) in [(705, 6), (707, 8), (712, 9), (716, 10)] {
        events.available(at, 3, available, 10);
    }
    events.weight(716, 100);
    events.step(716, 8);
    events.ends(717, background, "Successful", "Run Terminated");
    events.push(717, EventKind::Promoted { revision: 3 });
    events.phase(717, "Healthy", "");
    events.weight(717, 0);
    events.scaled(747, 2, 10, 0);
    events.0
}

/// A healthy release with one tolerated failure and one scrape that did not answer.
pub(crate) fn promoted() -> Trace {
    let bump = |at: u64| if (280..330).contains(&at) { 260.0 } else { 0.0 };
    Trace {
        notes: Vec::new(),
        run: run("healthy, on a busy afternoon", &STEPS, canary_demo_slos()),
        verdict: Verdict {
            outcome: Outcome::Promoted,
            at: 717,
            step: None,
            weight: 100,
            peak_weight: 100,
            message: String::new(),
            metric: None,
            value: None,
        },
        totals: Totals {
            requests: 143_400,
            failed: 139,
            exposed: 43_112,
            exposed_failed: 41,
            expected_without: 43.1,
        },
        events: promoted_events(),
        signals: vec![
            track(
                "success-rate",
                750,
                |at| (50..=720).contains(&at).then(|| 1.0 - 0.0016 * noise(at, 5)),
                |at| Some(1.0 - 0.0012 * noise(at, 6)),
            ),
            track(
                "latency-p95",
                750,
                |at| (50..=720).contains(&at).then(|| 221.0 * noise(at, 7) + bump(at)),
                |at| Some(205.0 * noise(at, 8)),
            ),
            track(
                "error-rate",
                750,
                |at| (50..=720).contains(&at).then(|| 0.0016 * noise(at, 9)),
                |at| Some(0.0012 * noise(at, 10)),
            ),
        ],
    }
}

fn measure_background(events: &mut Events, run: &str, from: u64, to: u64, failed: u32) {
    let mut at = from;
    while at < to {
        let errors = format!("[{:.5}]", 0.0016 * noise(at, 9));
        let latency = format!("[{:.1}]", 221.0 * noise(at, 7));
        events.measured(at, run, "error-rate", &errors, "Successful", (0, 0));
        events.measured(at, run, "latency-p95", &latency, "Successful", (failed, 0));
        at += 30;
    }
}

/// At night there is too little traffic for a verdict, and the slo says that no data pauses.
pub(crate) fn paused() -> Trace {
    let mut events = Events(Vec::new());
    let step = "checkout-68d4c9f7b-12-2";
    events.push(0, EventKind::Applied { revision: 12 });
    events.step(0, 0);
    events.scaled(0, 12, 0, 1);
    events.available(41, 12, 1, 1);
    events.weight(41, 5);
    events.step(41, 1);
    events.paused(41, "CanaryPauseStep", Some(341));
    events.available(130, 12, 0, 1);
    events.available(162, 12, 1, 1);
    events.step(341, 2);
    events.starts(341, step, "Step", Some(2));
    events.measured(341, step, "error-rate", "[0.0]", "Successful", (0, 0));
    events.measured(401, step, "error-rate", "[NaN]", "Inconclusive", (0, 1));
    let message =
        "Metric \"error-rate\" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)";
    events.ends(401, step, "Inconclusive", message);
    events.paused(401, "InconclusiveAnalysisRun", None);
    events.phase(401, "Paused", "InconclusiveAnalysisRun");
    let mut run = run(
        "four in the morning",
        &["5%", "for 5m", "analyze error-rate", "until promoted", "100%"],
        vec![slo("error-rate", Unit::Ratio, "<", 0.005, 300, 1)],
    );
    run.rollout = "checkout".into();
    run.namespace = "shop".into();
    run.seed = 7;
    run.number = 113;
    run.replicas = 4;
    Trace {
        notes: Vec::new(),
        run,
        verdict: Verdict {
            outcome: Outcome::Paused,
            at: 401,
            step: Some(2),
            weight: 5,
            peak_weight: 5,
            message: "InconclusiveAnalysisRun".into(),
            metric: Some("error-rate".into()),
            value: Some("[NaN]".into()),
        },
        totals: Totals { requests: 212, failed: 0, exposed: 9, exposed_failed: 0, expected_without: 0.009 },
        events: events.0,
        signals: vec![track(
            "error-rate",
            400,
            |at| (60..300).contains(&at).then_some(0.0),
            |at| Some(0.001 * noise(at, 11)),
        )],
    }
}
