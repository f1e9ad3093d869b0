//! Trace lines as the oracle writes them: what changed, at the end of each second.

use std::collections::{BTreeMap, BTreeSet};

use rollcast::simulator::event::{Emitted, Recorder, State};
use rollcast::simulator::trace;
use rollcast::unit::Seconds;
use serde_json::{Map, Value, json};

use super::views;

/// Writes lines.
pub(crate) struct Writer {
    names: Vec<String>,
    acted: usize,
    lines: Vec<Value>,
    last: BTreeMap<String, Value>,
    events: Vec<Value>,
    actions: Vec<Value>,
    errors: Vec<Value>,
    seen_errors: BTreeSet<String>,
    hot_events: BTreeMap<String, usize>,
    was_hot: bool,
    unsettled: bool,
}

impl Writer {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self {
            names,
            acted: 0,
            lines: Vec::new(),
            last: BTreeMap::new(),
            events: Vec::new(),
            actions: Vec::new(),
            errors: Vec::new(),
            seen_errors: BTreeSet::new(),
            hot_events: BTreeMap::new(),
            was_hot: false,
            unsettled: false,
        }
    }

    pub(crate) fn finish(mut self, until: i64) -> Vec<Value> {
        if !self.unsettled {
            self.lines.push(json!({"t": until, "end": true}));
        }
        self.lines
    }

    fn changed(&mut self, line: &mut Map<String, Value>, name: &str, view: Value) {
        if self.last.get(name) != Some(&view) {
            self.last.insert(name.to_owned(), view.clone());
            line.insert(name.to_owned(), view);
        }
    }

    fn changed_items(&mut self, line: &mut Map<String, Value>, section: &str, items: Map<String, Value>) {
        let mut out = Map::new();
        let gone: Vec<String> = self
            .last
            .keys()
            .filter_map(|key| key.strip_prefix(section)?.strip_prefix('/'))
            .filter(|name| !items.contains_key(*name))
            .map(str::to_owned)
            .collect();
        for (name, view) in items {
            let key = format!("{section}/{name}");
            if self.last.get(&key) != Some(&view) {
                self.last.insert(key, view.clone());
                out.insert(name, view);
            }
        }
        for name in gone {
            self.last.remove(&format!("{section}/{name}"));
            out.insert(name, Value::Null);
        }
        if !out.is_empty() {
            line.insert(section.to_owned(), Value::Object(out));
        }
    }

    fn only_once(&mut self, events: Vec<Value>) -> Vec<Value> {
        for event in &events {
            *self.hot_events.entry(event.to_string()).or_default() += 1;
        }
        events.into_iter().filter(|event| self.hot_events.get(&event.to_string()) == Some(&1)).collect()
    }
}

impl Recorder for Writer {
    fn event(&mut self, _: trace::Event) {}

    fn emitted(&mut self, event: Emitted) {
        self.events.push(json!({
            "object": event.object,
            "type": if event.warning { "Warning" } else { "Normal" },
            "reason": event.reason,
            "message": event.message,
        }));
    }

    fn failed(&mut self, message: &str) {
        if !self.errors.contains(&json!(message)) && self.seen_errors.insert(message.to_owned()) {
            self.errors.push(json!(message));
        }
    }

    fn succeeded(&mut self) {
        if !self.was_hot {
            self.seen_errors.clear();
        }
    }

    fn acted(&mut self, _: &str, outcome: &str) {
        let name = &self.names[self.acted];
        self.acted += 1;
        self.actions.push(json!({"do": name, "outcome": outcome}));
    }

    fn settled(&mut self, at: Seconds, state: &State<'_>) {
        let mut line = Map::new();
        if state.hot_loop {
            let events = std::mem::take(&mut self.events);
            self.events = self.only_once(events);
        } else {
            self.hot_events.clear();
        }
        self.was_hot = state.hot_loop;
        let hot = json!(state.hot_loop);
        if self.last.get("hotLoop") != Some(&hot) {
            self.last.insert("hotLoop".into(), hot);
            if state.hot_loop || at.0 > 0 {
                line.insert("hotLoop".into(), json!(state.hot_loop));
            }
        }
        self.changed(&mut line, "rollout", views::rollout(state.store));
        self.changed(&mut line, "rs", views::sets(state.store));
        self.changed(&mut line, "services", views::services(state));
        self.changed(&mut line, "virtualServices", views::virtual_services(state));
        self.changed(&mut line, "destinationRules", views::destination_rules(state.store));
        if let Some(ingresses) = views::ingresses(state.store) {
            self.changed(&mut line, "ingresses", ingresses);
        }
        self.changed_items(&mut line, "runs", views::runs(state.store));
        self.changed_items(&mut line, "experiments", views::experiments(state.store));
        for (name, list) in
            [("events", &mut self.events), ("actions", &mut self.actions), ("errors", &mut self.errors)]
        {
            if !list.is_empty() {
                line.insert(name.into(), Value::Array(std::mem::take(list)));
            }
        }
        if !line.is_empty() {
            line.insert("t".into(), json!(at.0));
            self.lines.push(Value::Object(line));
        }
    }

    fn unsettled(&mut self, at: Seconds) {
        self.unsettled = true;
        self.lines.push(json!({"t": at.0, "unsettled": true}));
    }
}
