"""Applies version 2 and writes down what the cluster does with it.

Enters: a run's name, the folder of version 2's manifests, the simulated trace (for how long to look at most), and from the
environment KUBECONFIG, ROLLCAST_PROMETHEUS and ROLLCAST_TOOLS_DIR. Leaves: a JSON line for each transition, `at` in seconds
since the API server had version 2.
It deliberately compares nothing. Traffic follows the weights that the controller writes, so the loop is closed.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time

from load import Load

TOOLS = os.environ["ROLLCAST_TOOLS_DIR"]
KUBECTL = os.path.join(TOOLS, "kubectl")
SCRAPE = 15.0  # seconds, the simulator's
GRACE = 60.0  # how much longer than the simulation a run may take before we give up
AFTERMATH = 8.0  # how long we look on after the verdict


def watch(kind, seen):
    """Every version of the objects of a kind, with the moment at which we learnt of it."""
    command = [KUBECTL, "-n", "demo", "get", kind, "-w", "-o", "json", "--output-watch-events"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def read():
        # kubectl writes an event a line.
        for line in process.stdout:
            seen.put((time.time(), json.loads(line)))

    threading.Thread(target=read, daemon=True).start()
    return process


class Course:
    """What is in force, and what of it changed."""

    def __init__(self):
        self.applied = None
        self.share = 0.0
        self.verdict = None
        self.known = {}

    def tell(self, now, key, state, **event):
        """Notes a transition if `state` is another than before."""
        if self.known.get(key) == state:
            return
        self.known[key] = state
        if self.applied is not None:
            event["at"] = round(now - self.applied, 2)
            print(json.dumps(event), flush=True)

    def see(self, now, obj):
        kind = obj["kind"]
        if kind == "VirtualService":
            weight = next((to.get("weight", 0) for to in obj["spec"]["http"][0]["route"]
                           if to["destination"]["host"].startswith("canary-demo-canary.")), 0)
            self.share = weight / 100.0
            self.tell(now, "weight", weight, event="weight", canary=weight)
        elif kind == "AnalysisRun":
            self.see_run(now, obj)
        elif kind == "Rollout":
            self.see_rollout(now, obj)

    def see_rollout(self, now, rollout):
        status = rollout.get("status", {})
        if self.applied is None and rollout["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":2.0.0"):
            self.applied = now
        self.tell(now, "step", status.get("currentStepIndex"), event="step", index=status.get("currentStepIndex"))
        # Until the controller has seen the new generation the phase is the old version's.
        self.tell(now, "phase", status.get("phase"), event="phase", phase=status.get("phase"))
        messages = [c["message"] for c in status.get("conditions", []) if c["type"] == "Progressing"]
        self.tell(now, "abort", bool(status.get("abort")), event="aborted", message="".join(messages))
        promoted = status.get("stableRS") == status.get("currentPodHash") and self.known.get("step") is not None
        self.tell(now, "promoted", promoted, event="promoted" if promoted else "released")
        if self.applied is not None and self.verdict is None and (status.get("abort") or self.done(status)):
            self.verdict = now

    def done(self, status):
        return status.get("stableRS") == status.get("currentPodHash") and status.get("phase") == "Healthy" \
            and time.time() > self.applied + 5.0

    def see_run(self, now, run):
        name = run["metadata"]["name"]
        kind = run["metadata"]["labels"]["rollout-type"]
        self.tell(now, ("run", name), True, event="runStarted", kind=kind)
        for metric in run.get("status", {}).get("metricResults", []):
            for measurement in metric.get("measurements", []):
                key = (name, metric["name"], measurement["startedAt"])
                if measurement.get("finishedAt"):
                    self.tell(now, key, True, event="measurement", metric=metric["name"],
                              phase=measurement["phase"], value=measurement.get("value", ""))
        phase = run.get("status", {}).get("phase", "")
        if phase in ("Successful", "Failed", "Error", "Inconclusive"):
            self.tell(now, ("end", name), phase, event="runEnded", kind=kind, phase=phase,
                      message=run["status"].get("message", ""))


def push(text):
    command = [os.path.join(TOOLS, "promtool"), "push", "metrics", os.environ["ROLLCAST_PROMETHEUS"]]
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    if done.returncode != 0:
        print(f"follow: promtool: {done.stderr}", file=sys.stderr)


def main(run, manifests, simulated):
    with open(simulated) as file:
        longest = json.load(file)["traces"][0]["verdict"]["at"] + GRACE
    seen, course, load = queue.Queue(), Course(), Load(run)
    watches = [watch(kind, seen) for kind in ("rollouts", "virtualservices", "analysisruns")]
    begin = time.time()
    next_push, apply = begin, None
    try:
        while True:
            try:
                while True:
                    now, event = seen.get(timeout=0.1)
                    load.advance(now if load.last is None else max(now, load.last), course.share)
                    course.see(now, event["object"])
            except queue.Empty:
                pass
            now = time.time()
            load.advance(now, course.share)
            if now >= next_push:
                next_push += SCRAPE
                threading.Thread(target=push, args=(load.text(),)).start()
            # A little traffic before, so that stable is there; and both watches have told of version 1.
            if apply is None and now > begin + 5.0 and "weight" in course.known and "step" in course.known:
                apply = subprocess.Popen([KUBECTL, "apply", "--server-side", "--force-conflicts", "-k", manifests],
                                         stdout=subprocess.DEVNULL)
            if course.verdict is not None and now > course.verdict + AFTERMATH:
                return 0
            if now > begin + 60.0 + longest or (apply is None and now > begin + 60.0):
                print("follow: no verdict in time", file=sys.stderr)
                return 1
    finally:
        for process in watches:
            process.terminate()


sys.exit(main(*sys.argv[1:]))
