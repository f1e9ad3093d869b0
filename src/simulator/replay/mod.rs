//! Recorded worlds: series that were, in the place of series that might be.
//!
//! Enters: series, what is released, and what is asked of the recording. Leaves: [`Recorded`], ready to be played, or why it
//! cannot be. A recording of a past canary answers queries and reacts to nothing (open loop); one of ordinary traffic is the
//! load, of which weights give the canary its share (closed loop). It deliberately opens no files, and never takes series for
//! a canary's that are not.

mod hashes;
mod load;
mod open;
mod reads;
mod sides;

#[cfg(test)]
pub(crate) use load::{Interval, Stream};
pub(crate) use load::{Load, SLOTS};
pub(crate) use open::Past;

use std::sync::Arc;

use super::subject::Subject;
use super::trace::{RecordingUse, SeriesOrigin};
use crate::diagnostic::Code;
use crate::model::replay::{Replay, Stands};
use crate::series::Series;
use crate::unit::instant::instant_text;
use hashes::Hashes;
use sides::Sides;

/// A recording that is ready to be played with one rollout. Cloning copies pointers.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub(super) kind: Kind,
    pub(super) about: RecordingUse,
    /// What is odd about it, for people, with the code.
    pub warnings: Vec<Refusal>,
}

/// For what the recording stands.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The canary's and stable's own series.
    Open(Arc<Past>),
    /// The load and stable's behaviour.
    Closed(Arc<Load>),
}

impl Recorded {
    /// For what it stands.
    pub fn stands(&self) -> Stands {
        match self.kind {
            Kind::Open(_) => Stands::ForCanary,
            Kind::Closed(_) => Stands::ForTraffic,
        }
    }

    /// The last second of a run that is recorded.
    pub fn ends(&self) -> u64 {
        self.about.ends
    }

    pub(super) fn origin(&self) -> SeriesOrigin {
        match self.kind {
            Kind::Open(_) => SeriesOrigin::OpenLoop,
            Kind::Closed(_) => SeriesOrigin::ClosedLoop,
        }
    }
}

/// Why a recording cannot be played, or what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its code.
    pub code: Code,
    /// One phrase.
    pub headline: String,
    /// What was found, for the place where the recording is named.
    pub found: String,
    /// What may be done.
    pub help: String,
}

impl Refusal {
    fn new(
        code: Code,
        headline: impl Into<String>,
        found: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code, headline: headline.into(), found: found.into(), help: help.into() }
    }
}

/// The instants of a recording, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
struct Extent {
    first: i64,
    last: i64,
}

impl Extent {
    fn of(series: &[Series]) -> Option<Self> {
        let firsts = series.iter().filter_map(|series| series.samples.first());
        let lasts = series.iter().filter_map(|series| series.samples.last());
        let first = firsts.map(|(at, _)| *at).min()?;
        let last = lasts.map(|(at, _)| *at).max()?;
        Some(Self { first, last })
    }
}

/// Makes a recording ready; `name` is what people call it. The series come in the order in which they are added up.
///
/// # Errors
/// Why it cannot be played with this rollout.
pub fn prepare(
    name: &str,
    series: &[Series],
    subject: &Subject,
    replay: &Replay,
) -> Result<Recorded, Refusal> {
    let Some(extent) = Extent::of(series) else {
        return Err(Refusal::new(
            Code::UnreadableRecording,
            format!("`{name}` holds no sample"),
            "nothing is recorded here",
            "every line of a recording has a value and a timestamp",
        ));
    };
    let hashes = Hashes::find(series, subject, replay)?;
    let series = hashes.relabelled(series, &subject.scene);
    let sides = Sides::of(&series, &subject.scene, extent, &hashes);
    let stands = match replay.stands {
        Some(stands) => stands,
        None => sides.decide(name, &series, &subject.scene, &hashes)?,
    };
    let longest = subject.lookback.millis().0 - crate::promql::Options::default().lookback_ms;
    let (origin, why) = start(replay, extent, stands, &sides, longest.max(0))?;
    let (kind, warnings) = match stands {
        Stands::ForCanary => {
            let past = Past::new(&series, &sides, origin)?;
            let warnings = reads::unread(name, &past.store, subject)?;
            (Kind::Open(Arc::new(past)), warnings)
        }
        Stands::ForTraffic => {
            reads::only_istio(subject)?;
            let load = Load::new(name, &series, &sides, subject, (origin, extent.last))?;
            (Kind::Closed(Arc::new(load)), Vec::new())
        }
    };
    let about = RecordingUse {
        name: name.to_owned(),
        from: instant_text(origin),
        from_because: why,
        begins: (extent.first - origin).div_euclid(1000),
        ends: u64::try_from((extent.last - origin).div_euclid(1000)).unwrap_or(0),
        canary_hash: hashes.canary.clone(),
        stable_hash: hashes.stable.clone(),
    };
    Ok(Recorded { kind, about, warnings })
}

/// The first whole second at or after an instant.
fn whole_second(at: i64) -> i64 {
    at.div_euclid(1000).saturating_add(i64::from(at.rem_euclid(1000) > 0)).saturating_mul(1000)
}

/// Second 0 of the release, and why it is that.
fn start(
    replay: &Replay,
    extent: Extent,
    stands: Stands,
    sides: &Sides,
    longest: i64,
) -> Result<(i64, String), Refusal> {
    let spans =
        || format!("the recording goes from {} to {}", instant_text(extent.first), instant_text(extent.last));
    if let Some(from) = &replay.from {
        if (extent.first..=extent.last).contains(&from.value) {
            return Ok((from.value, "as asked".to_owned()));
        }
        let headline = format!("nothing is recorded at {}", instant_text(from.value));
        let help = "`from` is the instant at which the release is applied";
        return Err(Refusal::new(Code::RecordingStart, headline, spans(), help));
    }
    if let (Stands::ForCanary, Some(began)) = (stands, sides.canary_began) {
        return Ok((whole_second(began), "the canary's first series begins there".to_owned()));
    }
    let at = whole_second(extent.first.saturating_add(longest));
    if at > extent.last {
        let headline = "the recording is shorter than the longest window of a query";
        let help = "record more, or say `from` and let the first queries see less";
        return Err(Refusal::new(Code::RecordingStart, headline, spans(), help));
    }
    Ok((at, "the longest window before it is recorded".to_owned()))
}
