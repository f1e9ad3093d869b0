//! What the rollout's queries read of a recording.
//!
//! Enters: queries and a store. Leaves: which of them read nothing, and which read what no recorded traffic can stand for.
//! It deliberately evaluates nothing.

use super::super::subject::Subject;
use super::Refusal;
use crate::diagnostic::Code;
use crate::promql::{Mode, Options, Plan, Store, parse};

/// The families that closed loop makes of recorded traffic.
const FAMILIES: [&str; 4] = [
    "istio_requests_total",
    "istio_request_duration_milliseconds_bucket",
    "istio_request_duration_milliseconds_sum",
    "istio_request_duration_milliseconds_count",
];

/// The queries of the rollout that read no series of the store; an error where none reads any.
pub(super) fn unread(name: &str, store: &Store, subject: &Subject) -> Result<Vec<Refusal>, Refusal> {
    let options = Options::default();
    let mut unread = Vec::new();
    let mut read = 0;
    for query in &subject.queries {
        let Ok(expr) = parse(query, Mode::Server) else { continue };
        if expr.selectors().is_empty() {
            continue;
        }
        let Ok(plan) = Plan::new(&expr, store, &options) else { continue };
        if plan.series().is_empty() {
            unread.push(query);
        } else {
            read += 1;
        }
    }
    let help = "a query without series has no data at any time";
    if let (0, Some(first)) = (read, unread.first()) {
        let headline = format!("`{name}` has no series that the rollout's queries read");
        return Err(Refusal::new(Code::ForeignRecording, headline, format!("no series for {first}"), help));
    }
    let warning = |query: &&String| {
        let headline = format!("`{name}` has no series for a query of the rollout");
        Refusal::new(Code::UnreadQuery, headline, format!("no series for {query}"), help)
    };
    Ok(unread.iter().map(warning).collect())
}

/// Refuses queries that read other families than those of Istio's standard metrics.
pub(super) fn only_istio(subject: &Subject) -> Result<(), Refusal> {
    for query in &subject.queries {
        let Ok(expr) = parse(query, Mode::Server) else { continue };
        let other = expr
            .selectors()
            .into_iter()
            .map(|selector| selector.name.as_deref())
            .find(|name| !name.is_some_and(|name| FAMILIES.contains(&name)));
        if let Some(name) = other {
            let what = name.map_or_else(|| "series without a name".to_owned(), |name| format!("`{name}`"));
            let headline = format!("recorded traffic cannot stand for {what}, which a query reads");
            let found = "closed loop makes istio_requests_total and istio_request_duration_milliseconds";
            let help = "a recording of a past canary (`as canary`) may have any series";
            return Err(Refusal::new(Code::UnsupportedFamily, headline, found, help));
        }
    }
    Ok(())
}
