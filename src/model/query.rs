//! The canonical queries: a signal on a route, for one side, over a window, guarded against a numerator without series.
//!
//! Enters: rollout facts and a signal. Leaves: PromQL as it is emitted, asked and shown.
//! It deliberately knows no condition; what an empty or NaN answer means is the slo's no-data policy.

use super::analysis::{Signal, Slo};
use super::rollout::Split;
use crate::manifest::conventions;
use crate::syntax::tree::Side;
use crate::unit::Seconds;

/// Whose series a query reads.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The rollout's name.
    pub rollout: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Host-level or subset-level.
    pub split: Split,
    /// Canary or stable.
    pub side: Side,
}

/// The argument by which a template learns the canary's pod hash.
pub const CANARY_HASH: &str = "canary-hash";
/// The same for the stable side.
pub const STABLE_HASH: &str = "stable-hash";

impl Target<'_> {
    /// The matchers that tell this side's requests from the other's.
    ///
    /// Host-level: the client's side names the Service it chose. Subset-level: both sides share the Service, so the
    /// server's pod name, which begins with the ReplicaSet's, decides.
    fn matchers(&self) -> String {
        let Self { rollout, namespace, .. } = self;
        match (self.split, self.side) {
            (Split::Hosts, side) => format!(
                r#"reporter="source",destination_service_namespace="{namespace}",destination_service_name="{}""#,
                service(rollout, side)
            ),
            (Split::Subsets, _) => {
                format!(r#"reporter="destination",namespace="{namespace}",{}"#, self.pods())
            }
        }
    }

    /// The matchers that stand for this side in an author's query, after `before`: those of the route where Istio's own
    /// metrics are selected, the pods' names for everything else, since only Istio knows routes.
    fn selector(&self, before: &str) -> String {
        let opened = before.rsplit_once('{').map_or(before, |(name, _)| name);
        let name =
            opened.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').next().unwrap_or("");
        if name.starts_with("istio_") { self.matchers() } else { self.pods() }
    }

    fn pods(&self) -> String {
        let argument = if self.side == Side::Canary { CANARY_HASH } else { STABLE_HASH };
        format!(r#"pod=~"{}-{{{{args.{argument}}}}}-.*""#, self.rollout)
    }
}

/// The Service of one side.
pub fn service(rollout: &str, side: Side) -> String {
    match side {
        Side::Canary => conventions::canary_service(rollout),
        Side::Stable => conventions::stable_service(rollout),
    }
}

/// The PromQL of an slo for one side.
pub fn of(target: &Target<'_>, slo: &Slo) -> String {
    let Some(own) = &slo.own else { return promql(target, slo.signal, slo.window.value, slo.at_least) };
    own_promql(target, &own.text)
}

/// An author's query with the selectors of the two sides in it. Asked of the stable side, `${canary}` is stable's, too:
/// that is how a picture shows what the same query says of the other side.
fn own_promql(target: &Target<'_>, text: &str) -> String {
    let mut query = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        query.push_str(before);
        let (mark, after) = after.split_once('}').unwrap_or((after, ""));
        let side = if mark == "stable" { Side::Stable } else { target.side };
        query.push_str(&Target { side, ..*target }.selector(&query));
        rest = after;
    }
    query.push_str(rest);
    query
}

/// The arguments that a query wants, in the order of their names.
pub fn arguments(query: &str) -> Vec<&'static str> {
    [CANARY_HASH, STABLE_HASH]
        .into_iter()
        .filter(|name| query.contains(&format!("{{{{args.{name}}}}}")))
        .collect()
}

/// The PromQL of a signal. With `at_least`, the answer is empty until the window holds that many requests.
pub fn promql(target: &Target<'_>, signal: Signal, window: Seconds, at_least: Option<u64>) -> String {
    let all = target.matchers();
    let rate = |extra: &str| format!("sum(rate(istio_requests_total{{{all}{extra}}}[{window}]))");
    let value = match signal {
        Signal::SuccessRate => {
            // Code 0 is a client that went away before an answer: neither side's failure, and no success either.
            format!("({} or vector(0)) / {}", rate(r#",response_code!~"5..|0""#), rate(""))
        }
        Signal::ErrorRate => format!("({} or vector(0)) / {}", rate(r#",response_code=~"5..""#), rate("")),
        Signal::Latency(quantile) => format!(
            "histogram_quantile({}, sum by (le) (rate(istio_request_duration_milliseconds_bucket{{{all}}}[{window}])))",
            f64::from(quantile) / 100.0
        ),
        Signal::RequestRate => rate(""),
        Signal::Own => String::new(),
    };
    match at_least {
        None => value,
        Some(requests) => {
            let enough = format!("sum(increase(istio_requests_total{{{all}}}[{window}])) >= {requests}");
            format!("({value}) and ({enough})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_name_their_side_and_guard_the_numerator() {
        let target = Target { rollout: "demo", namespace: "shop", split: Split::Hosts, side: Side::Canary };
        assert_eq!(
            promql(&target, Signal::ErrorRate, Seconds(60), None),
            "(sum(rate(istio_requests_total{reporter=\"source\",destination_service_namespace=\"shop\",\
             destination_service_name=\"demo-canary\",response_code=~\"5..\"}[1m])) or vector(0)) / \
             sum(rate(istio_requests_total{reporter=\"source\",destination_service_namespace=\"shop\",\
             destination_service_name=\"demo-canary\"}[1m]))"
        );
        let target = Target { split: Split::Subsets, ..target };
        let latency = promql(&target, Signal::Latency(95), Seconds(300), Some(100));
        assert!(latency.starts_with("(histogram_quantile(0.95, sum by (le) (rate("), "{latency}");
        assert!(latency.contains(r#"pod=~"demo-{{args.canary-hash}}-.*""#), "{latency}");
        assert!(latency.ends_with("[5m])) >= 100)"), "{latency}");
    }
}
