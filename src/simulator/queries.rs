//! Prometheus as the provider asks it: each query planned once, evaluated at whole seconds over what was scraped.
//!
//! Enters: query texts with their arguments resolved, and samples. Leaves: values as Argo's provider reads them.
//! It deliberately knows no metric and no condition.

use super::world::Sink;
use crate::condition::Value;
use crate::promql::{self, Answer, Labels, Mode, Options, Plan, SeriesId, Store};

/// The series of one run and the plans of all queries asked so far.
#[derive(Debug)]
pub(super) struct Queries {
    store: Store,
    options: Options,
    plans: Vec<(String, Result<Plan, String>)>,
}

impl Queries {
    pub(super) fn new() -> Self {
        Self { store: Store::new(), options: Options::default(), plans: Vec::new() }
    }

    /// An instant query, answered as Argo's Prometheus provider hands it to conditions.
    /// Source: Argo Rollouts v1.9.1, metricproviders/prometheus/prometheus.go, processResponse.
    pub(super) fn ask(&mut self, query: &str, t_ms: i64) -> Result<Value, String> {
        let at = self.plan(query);
        let Some((_, plan)) = self.plans.get_mut(at) else { return Err("no such query".to_owned()) };
        let plan = plan.as_mut().map_err(|error| error.clone())?;
        match plan.evaluate(&self.store, t_ms).map_err(|error| error.message)? {
            Answer::Scalar(value) => Ok(Value::Float(value)),
            Answer::Vector(samples) => Ok(Value::Floats(samples.values().to_vec())),
            Answer::Matrix(series) => {
                let points = series.iter().flat_map(|series| series.points.iter().map(|(_, value)| *value));
                Ok(Value::Floats(points.collect()))
            }
            Answer::String(_) => Err("Prometheus metric type not supported".to_owned()),
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
        let plan = promql::parse(query, Mode::Server)
            .map_err(|error| error.to_string())
            .and_then(|expr| Plan::new(&expr, &self.store, &self.options).map_err(|error| error.message));
        self.plans.push((query.to_owned(), plan));
        self.plans.len() - 1
    }
}

impl Sink for Queries {
    fn series(&mut self, labels: &[(&str, &str)]) -> u32 {
        self.store.add_series(Labels::new(labels.iter().copied())).0
    }

    fn append(&mut self, series: u32, t_ms: i64, value: f64) {
        // The world's samples go forward in time by construction; one that did not would be dropped as Prometheus
        // drops it.
        let _ = self.store.append(SeriesId(series), t_ms, value);
    }

    fn clear(&mut self) {
        self.store.clear_samples();
    }
}
