//! Pod template hashes: which of a recording's is the canary's.
//!
//! Enters: series and the rollout's name. Leaves: the two hashes, and the series with the simulation's own in their place.
//! It deliberately looks only at names that Kubernetes makes of a rollout's name, and at Argo's own label.

use std::collections::BTreeMap;

use super::super::subject::Subject;
use super::super::world::{Scene, template_hash};
use super::Refusal;
use crate::diagnostic::Code;
use crate::model::replay::{Replay, Stands};
use crate::model::rollout::Split;
use crate::series::Series;
use crate::source::Spanned;
use crate::unit::instant::instant_text;

/// Argo's own label, also as kube-state-metrics spells it.
const LABELS: [&str; 2] = ["rollouts_pod_template_hash", "label_rollouts_pod_template_hash"];

/// The hashes of the two revisions, where the recording tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hashes {
    pub(super) canary: Option<String>,
    pub(super) stable: Option<String>,
}

impl Hashes {
    /// Of two hashes, the canary's is the one whose series begin later; one alone is stable's.
    pub(super) fn find(series: &[Series], subject: &Subject, replay: &Replay) -> Result<Self, Refusal> {
        let scene = &subject.scene;
        let mut seen: BTreeMap<&str, i64> = BTreeMap::new();
        for series in series {
            let Some((first, _)) = series.samples.first() else { continue };
            if let Some(hash) = hash_of(series, scene) {
                let begins = seen.entry(hash).or_insert(*first);
                *begins = (*begins).min(*first);
            }
        }
        let asked = |side: &Option<Spanned<String>>| match side {
            Some(hash) if !seen.contains_key(hash.value.as_str()) => Err(unknown(&hash.value, &seen, scene)),
            other => Ok(other.as_ref().map(|hash| hash.value.clone())),
        };
        let (canary, stable) = (asked(&replay.canary_hash)?, asked(&replay.stable_hash)?);
        let rest: Vec<(&str, i64)> = seen
            .iter()
            .map(|(hash, begins)| (*hash, *begins))
            .filter(|(hash, _)| Some(*hash) != canary.as_deref() && Some(*hash) != stable.as_deref())
            .collect();
        let owned = |hash: &str| Some(hash.to_owned());
        match (canary, stable, rest.as_slice()) {
            (None, None, [(one, _)]) => Ok(Self { canary: None, stable: owned(one) }),
            (None, None, [(a, a_begins), (b, b_begins)]) if a_begins != b_begins => {
                let (old, new) = if a_begins < b_begins { (a, b) } else { (b, a) };
                Ok(Self { canary: owned(new), stable: owned(old) })
            }
            (Some(canary), None, [(one, _)]) => Ok(Self { canary: Some(canary), stable: owned(one) }),
            (None, Some(stable), [(one, _)]) => Ok(Self { canary: owned(one), stable: Some(stable) }),
            (canary, stable, rest) => {
                let enough = rest.is_empty() || (canary.is_some() && stable.is_some());
                // Recorded traffic may have seen any number of revisions; none of them is a canary.
                if enough || replay.stands == Some(Stands::ForTraffic) || !asked_for(subject) {
                    return Ok(Self { canary, stable });
                }
                Err(ambiguous(&seen, scene))
            }
        }
    }

    /// The series with the simulation's hashes in the place of the recorded ones, in the same order.
    pub(super) fn relabelled(&self, series: &[Series], scene: &Scene) -> Vec<Series> {
        let pairs = [(self.canary.as_deref(), 2), (self.stable.as_deref(), 1)];
        let pairs: Vec<(&str, String)> =
            pairs.into_iter().filter_map(|(hash, revision)| Some((hash?, template_hash(revision)))).collect();
        let renamed = |value: &str| {
            pairs.iter().find_map(|(hash, own)| {
                if value == *hash {
                    return Some(own.clone());
                }
                let rest = value.strip_prefix(scene.rollout.as_str())?.strip_prefix('-')?;
                let rest = rest.strip_prefix(hash).filter(|rest| rest.is_empty() || rest.starts_with('-'))?;
                Some(format!("{}-{own}{rest}", scene.rollout))
            })
        };
        let one = |series: &Series| {
            let labels = series.labels.iter().map(|(name, value)| {
                let value = if name == "__name__" { None } else { renamed(value) };
                (name.clone(), value.unwrap_or_else(|| label(&series.labels, name).to_owned()))
            });
            Series { labels: labels.collect(), samples: series.samples.clone() }
        };
        series.iter().map(one).collect()
    }
}

/// Whether anything is told by hashes: a query names one, or Istio tells the sides apart by pods.
fn asked_for(subject: &Subject) -> bool {
    let named = |query: &String| query.contains(&template_hash(1)) || query.contains(&template_hash(2));
    subject.scene.split == Split::Subsets || subject.queries.iter().any(named)
}

/// The value of a label; empty where there is none.
pub(super) fn label<'a>(labels: &'a [(String, String)], name: &str) -> &'a str {
    labels.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str())
}

/// The hash of a pod's name such as `checkout-7d9f8c6b5-x7k2p`.
pub(super) fn of_pod<'a>(pod: &'a str, rollout: &str) -> Option<&'a str> {
    let (hash, suffix) = pod.strip_prefix(rollout)?.strip_prefix('-')?.split_once('-')?;
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    (word(hash) && word(suffix) && suffix.len() == 5).then_some(hash)
}

/// The hash that a series names, if it is about a pod of the rollout.
fn hash_of<'a>(series: &'a Series, scene: &Scene) -> Option<&'a str> {
    let namespace = label(&series.labels, "namespace");
    if !namespace.is_empty() && namespace != scene.namespace {
        return None;
    }
    let pod = label(&series.labels, "pod");
    if let Some(hash) = of_pod(pod, &scene.rollout) {
        return Some(hash);
    }
    if !pod.is_empty() {
        return None;
    }
    LABELS.iter().map(|name| label(&series.labels, name)).find(|hash| !hash.is_empty())
}

fn listed(seen: &BTreeMap<&str, i64>) -> String {
    let all = seen.iter().map(|(hash, begins)| format!("`{hash}` from {}", instant_text(*begins)));
    all.take(5).collect::<Vec<_>>().join(", ")
}

fn unknown(hash: &str, seen: &BTreeMap<&str, i64>, scene: &Scene) -> Refusal {
    let found = if seen.is_empty() {
        format!("it has no pod named {}-HASH-…, and no label rollouts_pod_template_hash", scene.rollout)
    } else {
        format!("it has {}", listed(seen))
    };
    let headline = format!("the recording has no pod of the hash `{hash}`");
    Refusal::new(
        Code::AmbiguousRecording,
        headline,
        found,
        "a hash stands in the pods' names, after the rollout's",
    )
}

fn ambiguous(seen: &BTreeMap<&str, i64>, scene: &Scene) -> Refusal {
    let headline = format!("which pods of `{}` are the canary's is not clear", scene.rollout);
    let help = "`canary-hash` and `stable-hash` say which is which; of two, the later one is the canary's";
    Refusal::new(Code::AmbiguousRecording, headline, format!("it has {}", listed(seen)), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_stand_in_names_of_pods_only() {
        assert_eq!(of_pod("checkout-7d9f8c6b5-x7k2p", "checkout"), Some("7d9f8c6b5"));
        for pod in ["checkout-api-7d9f8c6b5-x7k2p", "checkout-db-0", "checkout", "other-7d9f8c6b5-x7k2p", ""]
        {
            assert_eq!(of_pod(pod, "checkout"), None, "{pod}");
        }
    }
}
