"""Holds six releases on a cluster against their simulation.

Enters: a folder with NAME.simulated.jsonl, the simulator's trace in the form of the oracle of Argo Rollouts, the release at
six_scenario.RELEASE, and NAME.real.jsonl of six_follow.py. Leaves: a table for each; exit status 1 unless every release made
the same transitions, those of one kind in the same order and with the same words, each within TOLERANCE seconds.
What held in the cluster for less than TOLERANCE and is not in the simulation, whose states are those at the end of a second,
is shown as passing and counted apart; an event can never be passing.
"""

import difflib
import glob
import json
import os
import sys

from six_scenario import RELEASE

TOLERANCE = 3.0
FINISHED = ("Successful", "Failed", "Error", "Inconclusive")


class Told:
    """Rows of a trace."""

    def __init__(self):
        self.known, self.rows, self.at = {}, [], 0

    def tell(self, kind, words, key=None):
        if self.known.get(key or kind) != words:
            self.known[key or kind] = words
            self.note(kind, words)

    def note(self, kind, words):
        if self.at >= 0 and words is not None:
            self.rows.append({"kind": kind, "at": self.at, "words": words})


def simulated(path):
    told = Told()
    with open(path) as file:
        for line in map(json.loads, file):
            if "t" not in line:
                continue
            told.at = line["t"] - RELEASE
            for section in ("rollout", "rs", "services", "virtualServices", "runs", "events"):
                if line.get(section):
                    globals()[f"tell_{section}"](told, line[section])
    return told.rows


def tell_rollout(told, rollout):
    if rollout["steps"] and rollout["step"] is not None:
        told.tell("step", f"step {rollout['step']} of {rollout['steps']}")
    message = f": {rollout['message']}" if rollout["message"] else ""
    told.tell("phase", f"phase {rollout['phase']}{message}")
    if rollout["stable"]:
        told.tell("stable", f"stable: {rollout['stable']}")


def tell_rs(told, sets):
    for name, each in sets.items():
        wanted, pods, _, available = each["pods"]
        told.tell(f"pods of {name}", f"{name}: {wanted} pods wanted", key=("wanted", name))
        if wanted == pods:
            told.tell(f"available of {name}", f"{name}: {available} of {wanted} available")


def tell_services(told, services):
    for name, revision in services.items():
        told.tell(f"service {name}", revision and f"service {name}: {revision}")


def tell_virtualServices(told, found):
    for each in found.values():
        told.tell("weight", f"weight {each['http'][0]['to'][1][1]} %")


def tell_runs(told, runs):
    for name, run in runs.items():
        if run is None:
            continue
        told.tell(f"run {name}", f"{name} starts", key=("run", name))
        for metric in run["metrics"]:
            for measurement in metric.get("measurements", []):
                said = measurement.get("value") or measurement.get("message", "")
                words = f"{name}: {metric['name']} {measurement['phase']} {said}"
                told.tell(f"{name} {metric['name']}", words, key=(name, metric["name"], measurement["from"]))
        if run["phase"] in FINISHED:
            message = f": {run['message']}" if run.get("message") else ""
            told.tell(f"run {name}", f"{name} {run['phase']}{message}", key=("end", name))


def tell_events(told, events):
    for event in events:
        told.note(f"events of {event['object']}", f"{event['reason']}: {event['message']}")


def by_kind(rows):
    kinds = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    return kinds


def pairs(ours, theirs):
    """Rows of one kind side by side; None where a side has nothing of the other's words."""
    matcher = difflib.SequenceMatcher(None, [row["words"] for row in ours], [row["words"] for row in theirs], autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield from zip(ours[a:b], theirs[c:d])
        else:
            yield from ((row, None) for row in ours[a:b])
            yield from ((None, row) for row in theirs[c:d])


def compare(name, ours, theirs, until):
    """Prints the table; (transitions, bad, passing, largest difference)."""
    ours, theirs = by_kind(ours), by_kind(theirs)
    # A Service that the controller switches to and fro without end has no state at the end of a second.
    flapping = [kind for kind, rows in ours.items() if any(row["words"].endswith("flapping") for row in rows)]
    table, bad, passing, largest = [], 0, 0, 0.0
    for kind in {**ours, **theirs}:
        if kind in flapping:
            continue
        real = theirs.get(kind, [])
        for left, right in pairs(ours.get(kind, []), real):
            if left and right:
                difference = right["at"] - left["at"]
                largest = max(largest, abs(difference))
                mark = "" if abs(difference) <= TOLERANCE else " too much"
                bad += bool(mark)
                table.append((left["at"], f"| {left['words']} | {left['at']} | {right['at']:.1f} | {difference:+.1f}{mark} |"))
            elif right:
                after = next((row["at"] for row in real if row["at"] >= right["at"] and row is not right), None)
                held = (after if after is not None else until) - right["at"]
                mark = "passing" if held < TOLERANCE and not kind.startswith(("events", "run ")) else "not simulated"
                passing += mark == "passing"
                bad += mark != "passing"
                table.append((right["at"], f"| {right['words']} | | {right['at']:.1f} | {mark} |"))
            else:
                bad += 1
                table.append((left["at"], f"| {left['words']} | {left['at']} | | not seen |"))
    print(f"\n## {name}\n\n| transition | simulated s | real s | difference s |\n|---|---:|---:|---:|")
    # Stable, so that what happens in one second stays in the order of its kinds.
    for _, line in sorted(table, key=lambda row: row[0]):
        print(line)
    for kind in flapping:
        print(f"\nNot compared: {kind}, which the controller switches to and fro without end.")
    print(f"\n{name}: {len(table) - passing} transitions, {bad} bad, largest difference {largest:.1f} s; {passing} passing")
    return len(table) - passing, bad, passing, largest


def main(folder):
    every = []
    for path in sorted(glob.glob(f"{folder}/*.simulated.jsonl")):
        name = os.path.basename(path).removesuffix(".simulated.jsonl")
        ours = simulated(path)
        with open(f"{folder}/{name}.real.jsonl") as file:
            theirs = [json.loads(line) for line in file]
        with open(path) as file:
            until = json.loads(file.readlines()[-1])["t"] - RELEASE
        every.append(compare(name, ours, theirs, until))
    count, bad, passing = (sum(each[column] for each in every) for column in range(3))
    largest = max((each[3] for each in every), default=0.0)
    print(f"\n{len(every)} rollouts: {count} transitions, {bad} bad, largest difference {largest:.1f} s; {passing} passing")
    return 1 if bad or not every else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
