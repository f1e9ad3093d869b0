//! Releases of a `model` rollout played to their verdicts, silent and told.

use rollcast::condition::Value;
use rollcast::model::Fact;
use rollcast::model::analysis::{Analysis, AnalysisTemplate, Arg, ArgValue, Metric};
use rollcast::model::rollout::{
    Background, Canary, Istio, Pods, Port, PortTarget, Rollout, Split, Step, StepKind,
};
use rollcast::model::scenario::Action;
use rollcast::simulator::event::{Ask, Recorder, Silent, Surroundings};
use rollcast::simulator::play::{Release, Stage, play};
use rollcast::simulator::pods::{NewPod, PodChange};
use rollcast::simulator::trace::{Event, EventKind, Outcome};
use rollcast::simulator::verdict::Ending;
use rollcast::source::{FileId, Span};
use rollcast::unit::{Seconds, Weight};

fn fact<T>(value: T) -> Fact<T> {
    Fact::default(value, "test")
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn metric() -> Metric {
    Metric {
        name: "success-rate".into(),
        slo: 0,
        query: "q{{args.latest}}".into(),
        success_condition: Some("result[0] >= 0.95".into()),
        failure_condition: None,
        interval: fact(Seconds(30)),
        initial_delay: fact(Seconds(0)),
        count: Some(fact(4)),
        failure_limit: fact(1),
        inconclusive_limit: fact(0),
        consecutive_error_limit: fact(4),
        consecutive_success_limit: fact(0),
    }
}

#[expect(clippy::unwrap_used, reason = "the weights are constants below 101")]
fn rollout(split: Split) -> Rollout {
    let analysis = Analysis {
        templates: vec![0],
        args: vec![Arg { name: "latest".into(), value: ArgValue::LatestHash }],
    };
    let weight = |percent| StepKind::SetWeight(Weight::new(percent).unwrap());
    let steps = [
        weight(10),
        StepKind::Pause(Some(Seconds(120))),
        StepKind::Analysis(analysis),
        weight(50),
        StepKind::Pause(Some(Seconds(300))),
        weight(100),
    ];
    Rollout {
        name: "demo".into(),
        span: span(),
        namespace: fact("default".into()),
        labels: Vec::new(),
        replicas: fact(10),
        pods: Pods::Template {
            template: serde_json::json!({}),
            selector: Vec::new(),
            port: Port { name: "http".into(), number: 80, target: PortTarget::Number(8080) },
        },
        route: Istio {
            host: fact("demo".into()),
            gateways: Vec::new(),
            path_prefix: None,
            timeout: None,
            retries: None,
            split,
        },
        canary: Canary {
            steps: steps.into_iter().map(|kind| Step { kind, span: span() }).collect(),
            background: None,
        },
        templates: vec![AnalysisTemplate {
            name: "success-rate".into(),
            args: vec!["latest".into()],
            metrics: vec![metric()],
            dry_run: Vec::new(),
        }],
        slos: Vec::new(),
        prometheus: fact(String::new()),
    }
}

#[derive(Default)]
struct World {
    bad_from: u64,
    splits: Vec<(u64, u32)>,
    queries: Vec<String>,
    ready: i64,
}

impl Surroundings for World {
    fn split(&mut self, at: Seconds, canary: Weight) {
        self.splits.push((at.0, canary.percent()));
    }

    fn pod(&mut self, _: Seconds, revision: u64, _: u32, change: PodChange) {
        if revision == 2 {
            self.ready += match change {
                PodChange::Ready => 1,
                PodChange::Unready => -1,
                PodChange::Started | PodChange::Stopped => 0,
            };
        }
    }

    fn pod_start(&mut self, _: &NewPod) -> Seconds {
        Seconds(20)
    }

    fn measure(&mut self, ask: &Ask<'_>) -> Result<Value, String> {
        assert_eq!((ask.template, ask.metric, ask.latest, ask.stable), (0, 0, 2, 1));
        self.queries.push(ask.query.to_owned());
        let value = if ask.at.0 >= self.bad_from { 0.9 } else { 0.998 };
        Ok(Value::Floats(vec![value]))
    }
}

#[derive(Default)]
struct Told(Vec<Event>);

impl Recorder for Told {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

fn played(rollout: &Rollout, bad_from: u64, actions: &[(Seconds, Action)]) -> (Ending, World, Vec<Event>) {
    let mut world = World { bad_from, ..World::default() };
    let mut told = Told::default();
    let release = Release { rollout, actions, horizon: Seconds(3600) };
    let ending = play(&release, &mut world, &mut told);
    let mut other = World { bad_from, ..World::default() };
    let silent = Stage::new(rollout, actions, Seconds(3600)).play(&mut other, &mut Silent);
    assert_eq!(ending, silent);
    assert_eq!(world.splits, other.splits);
    (ending, world, told.0)
}

const NEVER: u64 = u64::MAX;

#[test]
fn a_good_canary_is_promoted() {
    let (ending, world, events) = played(&rollout(Split::Hosts), NEVER, &[]);
    // 20 s for the first pod, 120 s, 90 s of analysis, 20 s for four pods, 300 s, 20 s for the rest.
    assert_eq!(ending.outcome, Outcome::Promoted);
    assert_eq!(ending.at, Seconds(570));
    assert_eq!((ending.step, ending.weight, ending.peak_weight), (None, 100, 100));
    assert_eq!(ending.until, Seconds(600), "30 s until the old ReplicaSet is gone");
    assert_eq!(world.splits, [(0, 0), (20, 10), (250, 50), (570, 100)]);
    assert_eq!(world.queries, ["qrev2"; 4]);
    assert_eq!(world.ready, 10);
    let weights: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Weight { canary } => Some((event.at, canary)),
            _ => None,
        })
        .collect();
    assert_eq!(weights, [(20, 10), (250, 50), (570, 100), (570, 0)]);
}

#[test]
fn a_bad_canary_is_rolled_back_with_the_controllers_words() {
    let (ending, world, events) = played(&rollout(Split::Hosts), 160, &[]);
    assert_eq!(ending.outcome, Outcome::RolledBack);
    assert_eq!(ending.at, Seconds(200));
    assert_eq!((ending.step, ending.weight, ending.peak_weight), (Some(2), 10, 10));
    assert_eq!(
        ending.message,
        "Rollout aborted update to revision 2: Step-based analysis phase error/failed: \
         Metric \"success-rate\" assessed Failed due to failed (2) > failureLimit (1)"
    );
    assert_eq!(ending.metric.as_deref(), Some("success-rate"));
    assert_eq!(ending.value.as_deref(), Some("[0.9]"));
    assert_eq!(ending.until, Seconds(230), "30 s until the canary is gone");
    assert_eq!(world.splits.last(), Some(&(200, 0)));
    assert_eq!(world.ready, 1, "a pod that is stopped is not unready first");
    assert!(
        events
            .iter()
            .any(|event| matches!(&event.kind, EventKind::Aborted { message } if *message == ending.message))
    );
}

#[test]
fn subsets_wait_for_every_pod() {
    let (ending, world, _) = played(&rollout(Split::Subsets), NEVER, &[]);
    assert_eq!(ending.outcome, Outcome::Promoted);
    assert_eq!(ending.at, Seconds(570));
    assert_eq!(world.splits, [(0, 0), (20, 10), (250, 50), (570, 100)]);
}

#[test]
fn a_pause_without_an_end_waits_for_a_person() {
    let mut rollout = rollout(Split::Hosts);
    rollout.canary.steps[1].kind = StepKind::Pause(None);
    let (ending, ..) = played(&rollout, NEVER, &[]);
    assert_eq!((ending.outcome, ending.at), (Outcome::Paused, Seconds(20)));
    assert_eq!((ending.step, ending.weight), (Some(1), 10));
    assert_eq!(ending.message, "CanaryPauseStep");
    let (ending, ..) = played(&rollout, NEVER, &[(Seconds(100), Action::Promote)]);
    assert_eq!((ending.outcome, ending.at), (Outcome::Promoted, Seconds(530)));
    let (ending, ..) = played(&rollout, NEVER, &[(Seconds(100), Action::Abort)]);
    assert_eq!((ending.outcome, ending.at), (Outcome::RolledBack, Seconds(100)));
    assert_eq!(ending.message, "Rollout aborted update to revision 2");
}

#[test]
fn a_background_that_fails_aborts_at_its_first_look() {
    let mut rollout = rollout(Split::Hosts);
    let StepKind::Analysis(analysis) = rollout.canary.steps.remove(2).kind else {
        panic!("not an analysis");
    };
    rollout.templates[0].metrics[0].count = None;
    rollout.templates[0].metrics[0].failure_limit = fact(0);
    rollout.canary.background = Some(Background { starting_step: 1, analysis });
    let (ending, ..) = played(&rollout, 100, &[]);
    assert_eq!((ending.outcome, ending.at), (Outcome::RolledBack, Seconds(110)));
    assert_eq!(ending.step, Some(1));
}

#[test]
fn spans_beyond_all_bounds_are_played() {
    let mut rollout = rollout(Split::Hosts);
    rollout.canary.steps[1].kind = StepKind::Pause(Some(Seconds(u64::MAX)));
    rollout.templates[0].metrics[0].interval = fact(Seconds(u64::MAX));
    rollout.templates[0].metrics[0].initial_delay = fact(Seconds(u64::MAX));
    let late = [(Seconds(u64::MAX), Action::Promote)];
    let (ending, ..) = played(&rollout, NEVER, &late);
    assert_eq!(ending.outcome, Outcome::Paused);
    let (ending, ..) = played(&rollout, NEVER, &[(Seconds(100), Action::Promote)]);
    assert_eq!(ending.outcome, Outcome::Unfinished);
}

#[test]
#[ignore = "a measurement, to be run with --release"]
fn how_fast_silent_runs_are() {
    let rollout = rollout(Split::Hosts);
    for (name, bad_from) in [("good", NEVER), ("bad", 160)] {
        let mut stage = Stage::new(&rollout, &[], Seconds(3600));
        let begin = std::time::Duration::from_secs(1);
        let (mut runs, started) = (0_u32, clock());
        while clock().saturating_sub(started) < begin {
            let mut world = World { bad_from, ..World::default() };
            stage.play(&mut world, &mut Silent);
            runs += 1;
        }
        println!("{name}: {runs} runs a second");
    }
}

#[expect(clippy::disallowed_methods, reason = "the measurement is about wall time")]
fn clock() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
