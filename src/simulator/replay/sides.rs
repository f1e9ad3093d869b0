//! Whose series a recording has: the canary's, stable's, or nobody's.
//!
//! Enters: series with the simulation's hashes, and who serves. Leaves: which series are whose, when the canary began, and
//! for what the recording stands. Series that never move are left over from earlier and make no canary.
//! It deliberately knows no query: the author's may read anything.

use std::collections::BTreeSet;

use super::super::world::{Scene, template_hash};
use super::hashes::{Hashes, label, of_pod};
use super::{Extent, Refusal};
use crate::diagnostic::Code;
use crate::model::replay::Stands;
use crate::model::rollout::Split;
use crate::model::scenario::WorldSide as Side;
use crate::series::{Series, is_stale};

/// Whose each series is, and when the canary's begin.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    /// In the order of the series.
    pub(super) of: Vec<Option<Side>>,
    /// Milliseconds since the epoch of the first sign of a canary.
    pub(super) canary_began: Option<i64>,
    stable_seen: bool,
}

impl Sides {
    pub(super) fn of(series: &[Series], scene: &Scene, extent: Extent, hashes: &Hashes) -> Self {
        let of: Vec<Option<Side>> = series.iter().map(|series| side(series, scene, hashes)).collect();
        let mut canary_began: Option<i64> = None;
        let mut stable_seen = false;
        for (series, side) in series.iter().zip(&of) {
            match side {
                Some(Side::Canary) => {
                    if let Some(at) = stirs(series, extent) {
                        canary_began = Some(canary_began.map_or(at, |began| began.min(at)));
                    }
                }
                Some(Side::Stable) => stable_seen |= !series.samples.is_empty(),
                None => {}
            }
        }
        Self { of, canary_began, stable_seen }
    }

    /// What the recording stands for where nobody says it.
    pub(super) fn decide(
        &self,
        name: &str,
        series: &[Series],
        scene: &Scene,
        hashes: &Hashes,
    ) -> Result<Stands, Refusal> {
        if self.canary_began.is_some() {
            return Ok(Stands::ForCanary);
        }
        if self.stable_seen {
            return Ok(Stands::ForTraffic);
        }
        let services: BTreeSet<&str> =
            series.iter().map(|series| label(&series.labels, "destination_service_name")).collect();
        let services: Vec<&str> =
            services.into_iter().filter(|service| !service.is_empty()).take(5).collect();
        let has = if services.is_empty() {
            format!("none of its {} series is of Istio", series.len())
        } else {
            format!("its series are about {}", services.join(", "))
        };
        let found = match hashes.stable.as_deref() {
            Some(hash) => format!("{has}; pods of the hash {hash}"),
            None => format!("{has}; no pod named {}-HASH-…", scene.rollout),
        };
        let wanted = match scene.split {
            Split::Hosts => format!("the Services {} and {}", scene.canary_service, scene.stable_service),
            Split::Subsets => format!("pods named {}-HASH-… behind {}", scene.rollout, scene.stable_service),
        };
        let headline = format!("`{name}` holds nothing of `{}` in `{}`", scene.rollout, scene.namespace);
        let help = format!("looked for {wanted}; `as canary` takes the recording as it is");
        Err(Refusal::new(Code::ForeignRecording, headline, found, help))
    }
}

/// Whose a series is, by the Service that the client chose where hosts tell the sides apart, and by the pod elsewhere.
fn side(series: &Series, scene: &Scene, hashes: &Hashes) -> Option<Side> {
    let labels = &series.labels;
    let istio = label(labels, "__name__").starts_with("istio_");
    if istio && scene.split == Split::Hosts {
        let namespace = label(labels, "destination_service_namespace");
        if !namespace.is_empty() && namespace != scene.namespace {
            return None;
        }
        let short = label(labels, "destination_service_name");
        let service = match short {
            "" => label(labels, "destination_service").split('.').next().unwrap_or(""),
            short => short,
        };
        return match service {
            "" => None,
            service if service == scene.canary_service => Some(Side::Canary),
            service if service == scene.stable_service => Some(Side::Stable),
            _ => None,
        };
    }
    let namespace = label(labels, "namespace");
    if !namespace.is_empty() && namespace != scene.namespace {
        return None;
    }
    let hash = of_pod(label(labels, "pod"), &scene.rollout).or_else(|| {
        let hash = label(labels, "rollouts_pod_template_hash");
        (!hash.is_empty()).then_some(hash)
    })?;
    if hashes.canary.is_some() && hash == template_hash(2) { Some(Side::Canary) } else { Some(Side::Stable) }
}

/// When a series first shows that somebody is there: it begins after the recording does, or its value changes.
fn stirs(series: &Series, extent: Extent) -> Option<i64> {
    let live = || series.samples.iter().filter(|(_, value)| !is_stale(*value));
    let (at, first) = live().next()?;
    if *at > extent.first {
        return Some(*at);
    }
    live().find(|(_, value)| value != first).map(|(at, _)| *at)
}
