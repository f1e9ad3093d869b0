//! The AnalysisRun controller: when to measure, how to count, and what that makes of a run.
//!
//! Enters: runs and answers of the provider. Leaves: runs' statuses and the times at which they want to be looked at again.
//! It deliberately knows no Rollout. Source: Argo Rollouts v1.9.1, analysis/analysis.go.

pub(super) mod assess;
pub(super) mod judge;
pub(super) mod resolve;

use std::sync::Arc;

use super::clock::SECOND;
use super::core::Core;
use super::event::{Ask, Recorder, Surroundings, revision};
use super::objects::run::{Kind, Measurement, Metric, MetricResult, Phase, Run, RunId, RunSpec};
use super::objects::store::Change;
use super::text::Text;
use super::trace::EventKind;
use crate::condition;
use crate::model::argo::{NANOS, Provider};
use crate::unit::Seconds;

/// An error is followed by another try after this many seconds, whatever the interval says.
const ERROR_RETRY: i64 = 10;

/// Nanoseconds of a microsecond.
const MICRO: i64 = 1_000;

/// Reconciles one run.
pub(super) fn reconcile(
    core: &mut Core,
    around: &mut dyn Surroundings,
    recorder: &mut dyn Recorder,
    id: RunId,
) {
    let Some(run) = core.store.run(id) else {
        return;
    };
    if run.phase.completed() {
        return;
    }
    let before = run.phase;
    let spec = Arc::clone(&run.spec);
    let mut changed = true;
    if let Some(reason) = &spec.refused {
        if let Some(run) = core.store.run_mut(id) {
            run.phase = Phase::Error;
            run.message = Text::Owned(Arc::clone(reason));
        }
        emit_completion(core, recorder, id);
    } else {
        changed = measure_all(core, around, recorder, id, &spec);
        changed |= assess::assess(core, recorder, id, &spec);
        collect(core, id, &spec);
        if let Some(next) = next_time(core, id, &spec) {
            core.run_at(id, next);
        }
    }
    let after = core.store.run(id).map_or(before, |run| run.phase);
    if changed {
        core.store.changes.push(Change::Run(id, before != after));
    }
    if after.completed() {
        tell_end(core, recorder, id);
    }
}

fn tell_end(core: &Core, recorder: &mut dyn Recorder, id: RunId) {
    if let Some(run) = core.store.run(id) {
        let rollout = &core.store.rollout.spec.name;
        core.tell(recorder, || EventKind::RunEnded {
            name: run.name(rollout),
            phase: run.phase.name().to_owned(),
            message: run.message.spell(rollout),
        });
    }
}

/// Takes every measurement that is due; says whether there was one.
fn measure_all(
    core: &mut Core,
    around: &mut dyn Surroundings,
    recorder: &mut dyn Recorder,
    id: RunId,
    spec: &RunSpec,
) -> bool {
    let now = core.now;
    let mut any = false;
    for (at, metric) in spec.metrics.iter().enumerate() {
        let due = core.store.run(id).is_some_and(|run| is_due(run, at, metric, now));
        if due {
            measure(core, around, recorder, id, at, metric);
            any = true;
        }
    }
    any
}

/// Source: analysis/analysis.go, `generateMetricTasks`.
fn is_due(run: &Run, at: usize, metric: &Metric, now: i64) -> bool {
    let result = run.results.get(at).and_then(Option::as_ref);
    if result.is_some_and(|result| result.phase.completed()) || run.terminating() {
        return false;
    }
    let Some((result, last)) = result.and_then(|result| Some((result, result.measurements.last()?))) else {
        return match (metric.spec.initial_delay, run.started_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(delay), Some(started)) => after(started, delay) <= now,
        };
    };
    let reached = metric.spec.effective_count().is_some_and(|count| result.count >= count);
    // A reconcile takes its time, so that a moment that is reached counts as over.
    !reached && now >= after(last.at, gap(metric, last))
}

/// Nanoseconds between a measurement and the next.
fn gap(metric: &Metric, last: &Measurement) -> i64 {
    match metric.spec.interval {
        Some(interval) if last.phase != Phase::Error => interval,
        _ => ERROR_RETRY * NANOS,
    }
}

/// The microsecond that lies so many nanoseconds after a second.
fn after(second: i64, nanos: i64) -> i64 {
    let micros = nanos.div_euclid(MICRO) + i64::from(nanos.rem_euclid(MICRO) > 0);
    (second * SECOND).saturating_add(micros)
}

/// Seconds after the release was applied; none are before it.
fn outer(second: i64) -> Seconds {
    Seconds(u64::try_from(second).unwrap_or(0))
}

/// Milliseconds by which a measurement is behind its second, where the metric's own times are no whole seconds; what the
/// controllers' queues take otherwise is no time that anybody asked for.
fn millis(core: &Core, metric: &Metric) -> u16 {
    let times = [metric.spec.interval, metric.spec.initial_delay];
    if times.into_iter().flatten().all(|nanos| nanos % NANOS == 0) {
        return 0;
    }
    u16::try_from(core.now.rem_euclid(SECOND) / MICRO).unwrap_or(0)
}

/// How many measurements of a metric a run has taken, errors among them.
fn taken(run: &Run, at: usize) -> i64 {
    run.results.get(at).and_then(Option::as_ref).map_or(0, |result| result.count + result.error)
}

fn measure(
    core: &mut Core,
    around: &mut dyn Surroundings,
    recorder: &mut dyn Recorder,
    id: RunId,
    at: usize,
    metric: &Metric,
) {
    let now = core.second();
    let Some(run) = core.store.run(id) else {
        return;
    };
    let answer = around.measure(&Ask {
        provider: &metric.spec.provider,
        template: metric.spec.template,
        metric: metric.spec.index,
        name: &metric.spec.name,
        query: &metric.spec.query,
        before: u32::try_from(taken(run, at)).unwrap_or(u32::MAX),
        since: outer(run.started_at.unwrap_or(now) - core.epoch),
        at: outer(now - core.epoch),
        millis: millis(core, metric),
        latest: revision(run.hash),
        stable: run.stable.map_or(0, revision),
    });
    let answer = match (&metric.spec.provider, answer) {
        (Provider::Other(name), Ok(value)) => {
            judge::foreign(name, &value).ok_or_else(|| format!("there is no answer for {name}"))
        }
        (_, Ok(condition::Value::String(_))) => Err("Prometheus gives no phases".to_owned()),
        (_, answer) => answer,
    };
    let verdict = match &answer {
        Ok(value) => {
            judge::judge(&metric.spec.provider, value, metric.success.as_ref(), metric.failure.as_ref())
        }
        Err(error) => Err(error.clone()),
    };
    let mut measurement = Measurement { at: now, ..Measurement::default() };
    match verdict {
        Ok(phase) => {
            measurement.phase = phase;
            if let (false, Ok(value)) = (recorder.silent(), &answer) {
                measurement.value = Text::Owned(judge::spell(value).into());
            }
        }
        Err(error) => {
            measurement.phase = Phase::Error;
            measurement.message = Text::Owned(run.spec.masked(error).into());
        }
    }
    let told = (!recorder.silent()).then(|| measurement.clone());
    if let Some(run) = core.store.run_mut(id)
        && let Some(slot) = run.results.get_mut(at)
        && let Some(old) = record(slot, metric, measurement, answer.ok())
    {
        around.forget(old);
    }
    if let Some(measurement) = told {
        tell_measurement(core, recorder, id, at, metric, &measurement);
    }
}

/// Notes a measurement; gives back the value of the one before. Source: analysis/analysis.go, `runMeasurements`.
fn record(
    slot: &mut Option<MetricResult>,
    metric: &Metric,
    measurement: Measurement,
    value: Option<condition::Value>,
) -> Option<condition::Value> {
    let result = slot.get_or_insert_with(|| MetricResult {
        phase: Phase::Running,
        dry_run: metric.dry_run,
        ..MetricResult::default()
    });
    match measurement.phase {
        Phase::Successful => {
            result.successful += 1;
            result.count += 1;
            result.consecutive_error = 0;
            result.consecutive_success += 1;
        }
        Phase::Error => {
            result.error += 1;
            result.consecutive_error += 1;
            result.consecutive_success = 0;
        }
        phase => {
            if phase == Phase::Failed {
                result.failed += 1;
            } else {
                result.inconclusive += 1;
            }
            result.count += 1;
            result.consecutive_error = 0;
            result.consecutive_success = 0;
        }
    }
    result.measurements.push(measurement);
    std::mem::replace(&mut result.value, value)
}

fn tell_measurement(
    core: &Core,
    recorder: &mut dyn Recorder,
    id: RunId,
    at: usize,
    metric: &Metric,
    measurement: &Measurement,
) {
    let rollout = &core.store.rollout.spec.name;
    let Some(run) = core.store.run(id) else {
        return;
    };
    let Some(result) = run.results.get(at).and_then(Option::as_ref) else {
        return;
    };
    core.tell(recorder, || EventKind::Measurement {
        name: run.name(rollout),
        metric: metric.name.to_string(),
        query: run.spec.masked(metric.spec.query.clone()),
        value: measurement.value.spell(rollout),
        phase: measurement.phase.name().to_owned(),
        message: measurement.message.spell(rollout),
        dry_run: metric.dry_run,
        failed: u32::try_from(result.failed).unwrap_or(u32::MAX),
        inconclusive: u32::try_from(result.inconclusive).unwrap_or(u32::MAX),
    });
}

/// Emits that a run completed. Source: analysis/analysis.go, `recordAnalysisRunCompletionEvent`.
fn emit_completion(core: &Core, recorder: &mut dyn Recorder, id: RunId) {
    if let Some(run) = core.store.run(id) {
        let phase = run.phase;
        emit(
            core,
            recorder,
            run,
            phase,
            || format!("AnalysisRun{phase}"),
            || format!("Analysis Completed. Result: {phase}"),
        );
    }
}

fn emit(
    core: &Core,
    recorder: &mut dyn Recorder,
    run: &Run,
    phase: Phase,
    reason: impl FnOnce() -> String,
    message: impl FnOnce() -> String,
) {
    if !recorder.silent() {
        recorder.emitted(super::event::Emitted {
            object: format!("AnalysisRun/{}", run.name(&core.store.rollout.spec.name)),
            warning: matches!(phase, Phase::Error | Phase::Failed),
            reason: reason(),
            message: message(),
        });
    }
}

/// Drops measurements beyond those kept; counters stay.
fn collect(core: &mut Core, id: RunId, spec: &RunSpec) {
    let Some(run) = core.store.run_mut(id) else {
        return;
    };
    for (result, metric) in run.results.iter_mut().zip(&spec.metrics) {
        if let Some(result) = result {
            let surplus = result.measurements.len().saturating_sub(metric.keep);
            result.measurements.drain(..surplus);
        }
    }
}

/// When the run wants to be looked at again, in microseconds.
/// Source: analysis/analysis.go, `calculateNextReconcileTime`.
fn next_time(core: &Core, id: RunId, spec: &RunSpec) -> Option<i64> {
    let run = core.store.run(id)?;
    let times = spec.metrics.iter().enumerate().filter_map(|(at, metric)| {
        let result = run.results.get(at).and_then(Option::as_ref);
        if result.is_some_and(|result| result.phase.completed()) {
            return None;
        }
        let Some((result, last)) = result.and_then(|result| Some((result, result.measurements.last()?)))
        else {
            let started = run.started_at.unwrap_or_else(|| core.second());
            return metric.spec.initial_delay.map(|delay| after(started, delay));
        };
        let reached = metric.spec.effective_count().is_some_and(|count| result.count >= count);
        if reached {
            return None;
        }
        if last.phase == Phase::Error {
            Some(after(last.at, ERROR_RETRY * NANOS))
        } else {
            metric.spec.interval.map(|interval| after(last.at, interval))
        }
    });
    times.min()
}

/// What a run's status says of the metric that decided it: name and last value.
pub(super) fn decisive(run: &Run) -> Option<(String, Option<String>)> {
    let Text::Assessed(assessed) = &run.message else {
        return None;
    };
    let name = assessed.metric.as_ref()?;
    let at = run.spec.metrics.iter().position(|metric| metric.name == *name)?;
    let value = run
        .results
        .get(at)
        .and_then(Option::as_ref)
        .and_then(|result| result.value.as_ref())
        .map(judge::spell);
    Some((name.to_string(), value))
}

impl Kind {
    /// The step, where one made it.
    pub(super) fn step(self) -> Option<i64> {
        match self {
            Self::Step(index) => Some(index),
            _ => None,
        }
    }
}
