//! What recorded series mean for a run, in words.
//!
//! Enters: a trace. Leaves: sentences; none where the series are the simulation's own.
//! It deliberately knows no layout and no recording but what the trace says of it.

use crate::simulator::trace::{EventKind, SeriesOrigin, Trace};
use crate::unit::Seconds;

use super::text::clean;

/// Where the series came from, what that means, and which recorded instant is 0:00.
pub(super) fn facts(trace: &Trace) -> Vec<String> {
    let Some(recording) = &trace.run.recording else { return Vec::new() };
    let name = clean(&recording.name);
    let meaning = match trace.run.series {
        SeriesOrigin::OpenLoop => {
            format!("open loop: {name} answers the queries; it does not react to these weights")
        }
        SeriesOrigin::ClosedLoop => {
            format!("closed loop: {name} is the load, of which the weights give the canary its share")
        }
        SeriesOrigin::Synthetic | SeriesOrigin::Answers => return Vec::new(),
    };
    let mut when = format!(
        "0:00 is {} ({}); recorded from {} before to {} after it",
        recording.from,
        clean(&recording.from_because),
        Seconds(recording.begins.unsigned_abs()),
        Seconds(recording.ends),
    );
    if let (Some(canary), Some(stable)) = (&recording.canary_hash, &recording.stable_hash) {
        when.push_str(&format!("; pods {} stand for rev2, {} for rev1", clean(canary), clean(stable)));
    }
    vec![meaning, when]
}

/// What is to be said where the run goes on after the recording.
pub(super) fn outlasted(trace: &Trace) -> Option<String> {
    let recording = trace.run.recording.as_ref()?;
    let measured = trace.events.iter().filter(|event| matches!(event.kind, EventKind::Measurement { .. }));
    let last = measured.map(|event| event.at).fold(trace.verdict.at, u64::max);
    (last > recording.ends).then(|| {
        let at = Seconds(recording.ends);
        format!("the recording ends at {at}; queries after that have no data")
    })
}
