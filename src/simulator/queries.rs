//! Prometheus as the provider asks it: each query planned once, evaluated at whole seconds over what was scraped.
//!
//! Enters: query texts with their arguments resolved, and samples. Leaves: values as Argo's provider reads them.
//! It deliberately knows no metric and no condition.

use super::replay::Past;
use crate::condition::Value;
use crate::promql::{self, Answer, Mode, Options, Plan, Store};
use std::sync::Arc;

/// Answers whose memory is kept at most.
const SPARE: usize = 16;

/// The series of one run and the plans of all queries asked so far.
#[derive(Debug)]
pub(super) struct Queries {
    /// Where the world's samples go.
    pub(super) store: Store,
    /// What is asked in its place: series that were recorded, and what their time is ahead of the run's.
    past: Option<(Arc<Past>, i64)>,
    options: Options,
    plans: Vec<(String, Result<Plan, String>)>,
    /// Memory of answers that were forgotten.
    spare: Vec<Vec<f64>>,
}

impl Queries {
    pub(super) fn new() -> Self {
        Self {
            store: Store::new(),
            past: None,
            options: Options::default(),
            plans: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Queries that are asked of recorded series; `epoch_ms` is second 0 of runs.
    pub(super) fn of(past: &Arc<Past>, epoch_ms: i64) -> Self {
        Self { past: Some((Arc::clone(past), past.origin_ms - epoch_ms)), ..Self::new() }
    }

    /// An instant query, answered as Argo's Prometheus provider hands it to conditions.
    /// Source: Argo Rollouts v1.9.1, metricproviders/prometheus/prometheus.go, processResponse.
    pub(super) fn ask(&mut self, query: &str, t_ms: i64) -> Result<Value, String> {
        let at = self.plan(query);
        let Some((_, plan)) = self.plans.get_mut(at) else { return Err("no such query".to_owned()) };
        let plan = plan.as_mut().map_err(|error| error.clone())?;
        let (store, ahead) =
            self.past.as_ref().map_or((&self.store, 0), |(past, ahead)| (&past.store, *ahead));
        match plan.evaluate(store, t_ms.saturating_add(ahead)).map_err(|error| error.message)? {
            Answer::Scalar(value) => Ok(Value::Float(value)),
            Answer::Vector(samples) => {
                let mut values = self.spare.pop().unwrap_or_default();
                values.clear();
                values.extend_from_slice(samples.values());
                Ok(Value::Floats(values))
            }
            Answer::Matrix(series) => {
                let points = series.iter().flat_map(|series| series.points.iter().map(|(_, value)| *value));
                Ok(Value::Floats(points.collect()))
            }
            Answer::String(_) => Err("Prometheus metric type not supported".to_owned()),
        }
    }

    /// Takes an answer's memory back.
    pub(super) fn forget(&mut self, answer: Value) {
        if let Value::Floats(values) = answer
            && self.spare.len() < SPARE
        {
            self.spare.push(values);
        }
    }

    /// The single value of a query, for pictures: `None` where there is none.
    pub(super) fn value(&mut self, query: &str, t_ms: i64) -> Option<f64> {
        match self.ask(query, t_ms).ok()? {
            Value::Float(value) => Some(value),
            Value::Floats(values) => values.first().copied(),
            _ => None,
        }
        .filter(|value| value.is_finite())
    }

    fn plan(&mut self, query: &str) -> usize {
        if let Some(at) = self.plans.iter().position(|(text, _)| text == query) {
            return at;
        }
        let plan = promql::parse(query, Mode::Server).map_err(|error| error.to_string()).and_then(|expr| {
            let store = self.past.as_ref().map_or(&self.store, |(past, _)| &past.store);
            Plan::new(&expr, store, &self.options).map_err(|error| error.message)
        });
        self.plans.push((query.to_owned(), plan));
        self.plans.len() - 1
    }
}
