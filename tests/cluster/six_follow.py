"""Plays releases on a cluster and writes down what becomes of them.

Enters: a folder for the results, the controller's log, the folders of the plays, and from the environment KUBECONFIG,
ROLLCAST_PROMETHEUS and ROLLCAST_TOOLS_DIR. Leaves: `NAME.real.jsonl` for each play, a line for each transition, `at` in seconds since the API
server had the new version. All plays run at once, each in a namespace of its own name.
It deliberately compares nothing and knows no simulator.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time

import yaml

from six_state import Course

TOOLS = os.environ["ROLLCAST_TOOLS_DIR"]
KUBECTL = os.path.join(TOOLS, "kubectl")
KINDS = ("rollouts", "virtualservices", "services", "replicasets", "analysisruns")
PLUGIN = {"promote": ["promote"], "promoteFull": ["promote", "--full"], "abort": ["abort"], "retry": ["retry", "rollout"]}


def watch(kind, seen):
    """Every version of the objects of a kind, with the moment at which we learnt of it."""
    command = [KUBECTL, "get", kind, "-A", "-w", "-o", "json", "--output-watch-events"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def read():
        for line in process.stdout:
            seen.put((time.time(), json.loads(line)))

    threading.Thread(target=read, daemon=True).start()
    return process


def follow_log(path, seen):
    """The events that the controller emits, from its log: the API server keeps only some of many like ones."""
    def read():
        with open(path) as file:
            file.seek(0, os.SEEK_END)
            line = ""
            while True:
                line += file.readline()
                if not line.endswith("\n"):
                    time.sleep(0.05)
                    continue
                if " event_reason=" in line:
                    seen.put((time.time(), line))
                line = ""

    threading.Thread(target=read, daemon=True).start()


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"six: {' '.join(command)}: {done.stderr}", file=sys.stderr, flush=True)


def push(samples):
    text = "".join(sample + "\n" for sample in samples)
    run([os.path.join(TOOLS, "promtool"), "push", "metrics", os.environ["ROLLCAST_PROMETHEUS"]], text)


class Play:
    """One release: what is still to be done, and its course."""

    def __init__(self, folder):
        self.name = os.path.basename(os.path.normpath(folder))
        with open(f"{folder}/play.json") as file:
            self.script = json.load(file)
        with open(f"{folder}/rollout.yaml") as file:
            self.rollout = next(each for each in yaml.safe_load_all(file) if each["kind"] == "Rollout")
        self.folder = folder
        self.asked = False
        self.course = Course()
        due = [(entry["at"], push, (entry["samples"],)) for entry in self.script["push"]]
        due += [(entry["at"], self.act, (entry["do"],)) for entry in self.script["actions"]]
        self.due = sorted(due, key=lambda each: each[0])
        self.before = [each for each in self.due if each[0] < 0]
        self.due = [each for each in self.due if each[0] >= 0]

    def prepare(self):
        run([KUBECTL, "create", "namespace", self.name])
        run([KUBECTL, "-n", self.name, "apply", "--server-side", "-f", f"{self.folder}/rollout.yaml"])
        for _, what, words in self.before:
            what(*words)

    def act(self, action):
        run([os.path.join(TOOLS, "kubectl-argo-rollouts"), "-n", self.name, *PLUGIN[action], self.name])

    def release(self):
        self.asked = True
        self.course.sent = time.time()
        patch = '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"app:2"}]'
        run([KUBECTL, "-n", self.name, "patch", "rollout", self.name, "--type", "json", "-p", patch])

    def advance(self, now):
        """Does what is due; whether there is more to see."""
        begun = self.course.applied
        if begun is None:
            return True
        while self.due and now >= begun + self.due[0][0]:
            _, what, words = self.due.pop(0)
            threading.Thread(target=what, args=words).start()
        return now < begun + self.script["until"]


def hand_out(plays, now, told):
    """Gives what was told to the play that it is about."""
    if isinstance(told, str):
        namespace = re.search(r" namespace=(\S+)", told)[1]
        if namespace in plays:
            plays[namespace].course.log(now, told)
    elif (namespace := told["object"]["metadata"]["namespace"]) in plays:
        plays[namespace].course.see(now, told["type"], told["object"])


def main(results, log, *folders):
    plays = {play.name: play for play in map(Play, folders)}
    seen = queue.Queue()
    for play in plays.values():
        play.prepare()
    watches = [watch(kind, seen) for kind in KINDS]
    follow_log(log, seen)
    begin = time.time()
    try:
        waiting = list(plays.values())
        last = begin
        while True:
            try:
                while True:
                    hand_out(plays, *seen.get(timeout=0.05))
            except queue.Empty:
                pass
            now = time.time()
            # One after the other and two seconds apart, so that six first reconciles do not wait for one another.
            if waiting and waiting[0].course.healthy and now > begin + 10.0 and now > last + 2.0:
                last = now
                threading.Thread(target=waiting.pop(0).release).start()
            if not any([play.advance(now) for play in plays.values()]):
                return 0
            if now > begin + 300.0 or (waiting and now > begin + 120.0):
                print("six: no end in time", file=sys.stderr)
                return 1
    finally:
        for process in watches:
            process.terminate()
        for play in plays.values():
            with open(f"{results}/{play.name}.real.jsonl", "w") as file:
                file.writelines(json.dumps(row) + "\n" for row in play.course.named())


sys.exit(main(*sys.argv[1:]))
