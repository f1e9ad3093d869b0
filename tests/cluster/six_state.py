"""What a cluster tells of a release, as transitions.

Enters: versions of objects and lines of the controller's log, with the moment at which they came. Leaves: rows
{kind, at, words}: what holds from when, and the Kubernetes events that the controller emitted, pod hashes written rev1, rev2.
It deliberately knows no simulator. Rows of one kind are in order; the kinds have no order among themselves.
"""

import json
import re

FINISHED = ("Successful", "Failed", "Error", "Inconclusive")
LOGGED = re.compile(r'msg="((?:[^"\\]|\\.)*)" (.*)')
HASH = "rollouts-pod-template-hash"


class Course:
    """One release."""

    def __init__(self):
        # When the release was sent, and when the API server told of it: other watches may be ahead of the Rollout's.
        self.sent = self.applied = None
        self.healthy = False
        self.known = {}
        self.rows = []
        # Pod hashes by revision of their ReplicaSet.
        self.hashes = {}

    def tell(self, now, kind, words, key=None):
        """Notes what holds from now on, if it did not already."""
        if self.known.get(key or kind) == words:
            return
        self.known[key or kind] = words
        self.note(now, kind, words)

    def note(self, now, kind, words):
        if self.sent is not None and words is not None:
            self.rows.append((now, kind, words))

    def see(self, now, change, obj):
        if change == "DELETED":
            return
        kind = obj["kind"]
        if kind == "Rollout":
            self.see_rollout(now, obj)
        elif kind == "VirtualService":
            to = obj["spec"]["http"][0]["route"][1]
            self.tell(now, "weight", f"weight {to.get('weight', 0)} %")
        elif kind == "Service":
            selected = obj["spec"].get("selector", {}).get(HASH)
            self.tell(now, f"service {obj['metadata']['name']}", selected and f"service {obj['metadata']['name']}: {selected}")
        elif kind == "ReplicaSet":
            self.see_set(now, obj)
        elif kind == "AnalysisRun":
            self.see_run(now, obj)

    def see_rollout(self, now, rollout):
        status = rollout.get("status", {})
        if self.applied is None and rollout["spec"]["template"]["spec"]["containers"][0]["image"] == "app:2":
            self.applied = now
        self.healthy = status.get("phase") == "Healthy"
        steps = rollout["spec"]["strategy"].get("canary", {}).get("steps", [])
        if steps and status.get("currentStepIndex") is not None:
            self.tell(now, "step", f"step {status['currentStepIndex']} of {len(steps)}")
        message = f": {status['message']}" if status.get("message") else ""
        self.tell(now, "phase", f"phase {status.get('phase')}{message}")
        if status.get("stableRS"):
            self.tell(now, "stable", f"stable: {status['stableRS']}")

    def see_set(self, now, each):
        pods_of = each["metadata"]["labels"][HASH]
        self.hashes.setdefault(pods_of, len(self.hashes) + 1)
        wanted, available = each["spec"]["replicas"], each["status"].get("availableReplicas", 0)
        self.tell(now, f"pods of {pods_of}", f"{pods_of}: {wanted} pods wanted", key=("wanted", pods_of))
        # What is available while another number is wanted depends on which pods of one second came first.
        if wanted == each["status"].get("replicas") and each["metadata"]["generation"] == each["status"].get("observedGeneration"):
            self.tell(now, f"available of {pods_of}", f"{pods_of}: {available} of {wanted} available")

    def see_run(self, now, run):
        name = run["metadata"]["name"]
        self.tell(now, f"run {name}", f"{name} starts", key=("run", name))
        status = run.get("status", {})
        for metric in status.get("metricResults", []):
            for measurement in metric.get("measurements", []):
                if measurement.get("finishedAt"):
                    said = measurement.get("value") or measurement.get("message", "")
                    words = f"{name}: {metric['name']} {measurement['phase']} {said}"
                    self.tell(now, f"{name} {metric['name']}", words, key=(name, metric["name"], measurement["startedAt"]))
        if status.get("phase") in FINISHED:
            message = f": {status['message']}" if status.get("message") else ""
            self.tell(now, f"run {name}", f"{name} {status['phase']}{message}", key=("end", name))

    def log(self, now, line):
        """A line of the controller's log that tells of a Kubernetes event."""
        found = LOGGED.search(line)
        message, rest = json.loads(f'"{found[1]}"'), dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', found[2]))
        of = "Rollout" if "rollout" in rest else "AnalysisRun" if "analysisrun" in rest else None
        if of is not None:
            self.note(now, f"events of {of}/{rest[of.lower()]}", f"{rest['event_reason'].strip(chr(34))}: {message}")

    def named(self):
        """The rows, seconds since the release was applied, revisions in place of hashes."""
        for now, kind, words in self.rows if self.applied is not None else []:
            for pods_of, number in self.hashes.items():
                kind, words = kind.replace(pods_of, f"rev{number}"), words.replace(pods_of, f"rev{number}")
            yield {"kind": kind, "at": round(now - self.applied, 2), "words": words}
