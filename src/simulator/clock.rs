//! Time and the work queues: who is due when.
//!
//! Enters: requests to be reconciled now, soon, later or after a failure. Leaves: the next to be reconciled.
//! It deliberately knows nothing of what a reconcile does. Times are microseconds after the start, so that things
//! keep their order within a second; what the controllers store is whole seconds.

/// Microseconds in a second.
pub(super) const SECOND: i64 = 1_000_000;

/// What one reconcile takes: `now > deadline` must hold at the deadline itself, as it does in a cluster.
pub(super) const RECONCILE: i64 = 10;

/// An event waits this long in the controllers' rate limiter.
const EVENT: i64 = 1_000;

/// A failing key is retried this often within a second, then every second.
const PROMPT_RETRIES: u32 = 6;

/// A key of a work queue: a ready set without duplicates and a waiting set that keeps the earliest time.
/// Source: client-go, util/workqueue; utils/queue/queue.go of Argo Rollouts v1.9.1 for the back-off, without its lateness.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    ready: Option<i64>,
    waiting: Option<i64>,
    requeues: u32,
    /// Later times that were asked for, also those that an earlier one displaced.
    wishes: Vec<i64>,
}

impl Key {
    /// Makes it due now.
    pub(super) fn add(&mut self, now: i64) {
        self.ready.get_or_insert(now);
    }

    /// Makes it due after a while.
    pub(super) fn add_after(&mut self, now: i64, wait: i64) {
        if wait <= 0 {
            self.add(now);
            return;
        }
        let at = now + wait;
        if wait >= SECOND && !self.wishes.contains(&at) {
            if self.wishes.len() == self.wishes.capacity() {
                self.wishes.retain(|wish| *wish > now);
            }
            self.wishes.push(at);
        }
        self.waiting = Some(self.waiting.map_or(at, |old| old.min(at)));
    }

    /// Makes it due because something happened.
    pub(super) fn event(&mut self, now: i64) {
        self.requeues = self.requeues.saturating_add(1);
        self.add_after(now, EVENT);
    }

    /// Makes it due again because its reconcile failed, or asked for another at once.
    pub(super) fn retry(&mut self, now: i64) {
        let wait = EVENT << self.requeues.min(13);
        self.requeues = self.requeues.saturating_add(1);
        if self.requeues > PROMPT_RETRIES {
            self.add_after(now, SECOND - now.rem_euclid(SECOND));
        } else {
            self.add_after(now, wait);
        }
    }

    /// A reconcile succeeded.
    pub(super) fn forget(&mut self) {
        self.requeues = 0;
    }

    /// Events and failures since the last success.
    pub(super) fn requeues(&self) -> u32 {
        self.requeues
    }

    /// When it is due next.
    pub(super) fn due(&self) -> Option<i64> {
        match (self.ready, self.waiting) {
            (Some(ready), Some(waiting)) => Some(ready.min(waiting)),
            (ready, waiting) => ready.or(waiting),
        }
    }

    /// Takes it out to be reconciled.
    pub(super) fn take(&mut self) {
        if self.ready.take().is_none() {
            self.waiting = None;
        }
    }

    /// The earliest time after `after` that was ever asked for.
    pub(super) fn next_wish(&mut self, after: i64) -> Option<i64> {
        self.wishes.retain(|wish| *wish > after);
        self.wishes.iter().min().copied()
    }
}
