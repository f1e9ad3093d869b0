//! What measurements make of a metric, and metrics of a run.
//!
//! Enters: counters and limits. Leaves: phases and the message that says which limit was exceeded.
//! It deliberately takes no measurement. Source: Argo Rollouts v1.9.1, analysis/analysis.go, `assessRunStatus`,
//! `assessMetricStatus`, `assessMetricFailureInconclusiveOrError`.

use std::sync::Arc;

use super::{emit, emit_completion};
use crate::simulator::core::Core;
use crate::simulator::event::Recorder;
use crate::simulator::objects::run::{Metric, MetricResult, Phase, RunId, RunSpec};
use crate::simulator::text::{Assessed, Excess, Text};

/// Errors on end that are tolerated unless a metric says otherwise. Source: utils/defaults/defaults.go.
const CONSECUTIVE_ERRORS: i64 = 4;

/// What is known of the worst metric so far.
struct Worst {
    phase: Phase,
    message: Text,
    everything_completed: bool,
}

/// Assesses a run; says whether its status changed.
pub(super) fn assess(core: &mut Core, recorder: &mut dyn Recorder, id: RunId, spec: &RunSpec) -> bool {
    let now = core.second();
    let Some(run) = core.store.run_mut(id) else {
        return false;
    };
    let terminating = run.terminating();
    let mut changed = run.started_at.is_none();
    run.started_at.get_or_insert(now);
    let mut worst = Worst {
        phase: Phase::None,
        message: if run.terminate { Text::Fixed("Run Terminated") } else { Text::Empty },
        everything_completed: true,
    };
    for (at, metric) in spec.metrics.iter().enumerate() {
        changed |= assess_metric(core, recorder, id, (at, metric), terminating, &mut worst);
    }
    let (phase, message) = if terminating {
        let phase = if worst.phase == Phase::None { Phase::Successful } else { worst.phase };
        (phase, worst.message)
    } else if !worst.everything_completed || worst.phase == Phase::None {
        (Phase::Running, Text::Empty)
    } else {
        (worst.phase, worst.message)
    };
    let Some(run) = core.store.run_mut(id) else {
        return changed;
    };
    if run.phase != phase {
        changed = true;
        run.phase = phase;
        run.message = message;
        if phase.completed() {
            run.completed_at.get_or_insert(now);
            emit_completion(core, recorder, id);
        }
    }
    changed
}

fn assess_metric(
    core: &mut Core,
    recorder: &mut dyn Recorder,
    id: RunId,
    (at, metric): (usize, &Metric),
    terminating: bool,
    worst: &mut Worst,
) -> bool {
    let Some(result) =
        core.store.run_mut(id).and_then(|run| run.results.get_mut(at)).and_then(Option::as_mut)
    else {
        worst.everything_completed = false;
        return false;
    };
    let phase = metric_phase(metric, result, terminating);
    let changed = result.phase != phase;
    if changed {
        if let Some(last) = result.measurements.last() {
            result.message = last.message.clone();
        }
        result.phase = phase;
    }
    if phase.completed() {
        let excess = excess(metric, result).map(|(_, excess)| excess);
        if metric.dry_run {
            if worst.phase == Phase::None {
                worst.phase = Phase::Successful;
            }
            if let Some(excess) = excess {
                result.message = assessed(None, phase, excess, Text::Empty);
            }
        } else if worst.phase == Phase::None || phase.badness() > worst.phase.badness() {
            worst.phase = phase;
            if let Some(excess) = excess {
                let name = Some(Arc::clone(&metric.name));
                worst.message = assessed(name, phase, excess, result.message.clone());
            }
        }
        if changed && let Some(run) = core.store.run(id) {
            emit(
                core,
                recorder,
                run,
                phase,
                || format!("Metric{phase}"),
                || format!("Metric '{}' Completed. Result: {phase}", metric.name),
            );
        }
    } else {
        worst.everything_completed = false;
    }
    changed
}

fn assessed(metric: Option<Arc<str>>, phase: Phase, excess: Excess, error: Text) -> Text {
    Text::Assessed(Arc::new(Assessed { metric, phase, excess, error }))
}

fn metric_phase(metric: &Metric, result: &MetricResult, terminating: bool) -> Phase {
    if result.phase.completed() {
        return result.phase;
    }
    if result.measurements.is_empty() {
        return if terminating { Phase::Successful } else { Phase::Pending };
    }
    if let Some((phase, _)) = excess(metric, result) {
        return phase;
    }
    let spec = &metric.spec;
    let successes = spec.consecutive_success_limit.unwrap_or(0);
    if successes > 0 && result.consecutive_success >= successes {
        return Phase::Successful;
    }
    if spec.effective_count().is_some_and(|count| result.count >= count) {
        return match (successes > 0, spec.failure_limit.unwrap_or(0) >= 0) {
            (true, true) => Phase::Inconclusive,
            (true, false) => Phase::Failed,
            (false, _) => Phase::Successful,
        };
    }
    if terminating { Phase::Successful } else { Phase::Running }
}

/// The limit that is exceeded; of several the last one wins.
fn excess(metric: &Metric, result: &MetricResult) -> Option<(Phase, Excess)> {
    let spec = &metric.spec;
    let mut found = None;
    let failures = spec.failure_limit.unwrap_or(0);
    if failures >= 0 && result.failed > failures {
        found = Some((
            Phase::Failed,
            Excess { counter: "failed", count: result.failed, limit: "failureLimit", bound: failures },
        ));
    }
    let inconclusive = spec.inconclusive_limit.unwrap_or(0);
    if result.inconclusive > inconclusive {
        found = Some((
            Phase::Inconclusive,
            Excess {
                counter: "inconclusive",
                count: result.inconclusive,
                limit: "inconclusiveLimit",
                bound: inconclusive,
            },
        ));
    }
    let errors = spec.consecutive_error_limit.unwrap_or(CONSECUTIVE_ERRORS);
    if result.consecutive_error > errors {
        found = Some((
            Phase::Error,
            Excess {
                counter: "consecutiveErrors",
                count: result.consecutive_error,
                limit: "consecutiveErrorLimit",
                bound: errors,
            },
        ));
    }
    found
}
