"""Holds six releases on a cluster against their simulation.

Enters: a folder with NAME.simulated.jsonl, the simulator's trace in the form of the oracle of Argo Rollouts, the release at
RELEASE, NAME.events.json, the trace of `rollcast simulate --format json` for the same, and NAME.real.jsonl of
six_follow.py. Leaves: a table of the trace for each, and what the events have otherwise; exit status 1 unless every release made
the same transitions, those of one kind in the same order and with the same words, each within TOLERANCE seconds.
What held in the cluster for less than TOLERANCE and is not in the simulation, whose states are those at the end of a second,
is shown as passing and counted apart. An event is never passing, but for the switch of a Service that is undone as fast.
A Service that the simulation says is switched to and fro without end is not compared while it is.
"""

import glob
import json
import os
import re
import sys

# The second of the release in the simulator's traces; tests/six_releases.rs has it, too.
RELEASE = 60
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


def told_events(path):
    """Rows of the events of `rollcast simulate --format json`."""
    told = Told()
    with open(path) as file:
        events = json.load(file)["events"]
    for event in events:
        told.at = event["at"]
        what, revision = event["event"], f"rev{event.get('revision')}"
        name = event.get("name")
        if what == "step":
            told.tell("step", f"step {event['index']}")
        elif what == "phase":
            told.tell("phase", phase_words(event))
        elif what == "weight":
            told.tell("weight", f"weight {event['canary']} %")
        elif what == "scaled":
            told.tell(f"pods of {revision}", f"{revision}: {event['to']} pods wanted")
        elif what == "promoted":
            told.tell("stable", f"stable: {revision}")
        elif what == "runStarted":
            told.note(f"run {name}", f"{name} starts")
        elif what == "measurement":
            said = event["value"] or event["message"]
            told.note(f"{name} {event['metric']}", f"{name}: {event['metric']} {event['phase']} {said}")
        elif what == "runEnded":
            told.note(f"run {name}", f"{name} {phase_words(event).removeprefix('phase ')}")
    return told.rows


def phase_words(event):
    return f"phase {event['phase']}" + (f": {event['message']}" if event.get("message") else "")


def by_kind(rows):
    kinds = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    return kinds


def pairs(ours, theirs):
    """Rows of one kind side by side, as many as can be in order, with the same words and within TOLERANCE; None where a side
    has nothing of the other's."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]

    def same(a, b):
        return ours[a]["words"] == theirs[b]["words"] and abs(ours[a]["at"] - theirs[b]["at"]) <= TOLERANCE

    for a in reversed(range(len(ours))):
        for b in reversed(range(len(theirs))):
            best[a][b] = best[a + 1][b + 1] + 1 if same(a, b) else max(best[a + 1][b], best[a][b + 1])
    a = b = 0
    while a < len(ours) or b < len(theirs):
        if a < len(ours) and b < len(theirs) and same(a, b) and best[a][b] == best[a + 1][b + 1] + 1:
            yield ours[a], theirs[b]
            a, b = a + 1, b + 1
        elif b < len(theirs) and (a == len(ours) or best[a][b] == best[a][b + 1]):
            yield None, theirs[b]
            b += 1
        else:
            yield ours[a], None
            a += 1


def switched(row):
    """The Service that an event says was switched, and from and to what."""
    found = re.match(r"SwitchService: Switched selector for service '(.*)' from '(.*)' to '(.*)'$", row["words"])
    return found and found.groups()


def passing_rows(kind, rows, until):
    """By place, whether a row would be one that the end of a second does not show."""
    if kind.startswith("run "):
        return set()
    if not kind.startswith("events of "):
        ends = [row["at"] for row in rows[1:]] + [until]
        return {at for at, row in enumerate(rows) if ends[at] - row["at"] < TOLERANCE}
    found, last = set(), {}
    for at, row in enumerate(rows):
        switch = switched(row)
        if switch is None:
            continue
        service, begin, end = switch
        before = last.pop(service, None)
        if before and before[1:] == (end, begin) and row["at"] - rows[before[0]]["at"] < TOLERANCE:
            found |= {before[0], at}
        else:
            last[service] = (at, begin, end)
    return found


def unlooped(ours, theirs):
    """Both without what concerns a Service while it is switched to and fro without end."""
    notes = []
    for row in ours:
        if not row["words"].endswith("flapping"):
            continue
        service, begin = row["kind"].removeprefix("service "), row["at"]
        end = next(each["at"] for each in ours if each["kind"] == row["kind"] and each["at"] > begin)
        notes.append(f"{service} from {begin} s to {end} s")

        def kept(each):
            of = each["kind"] == row["kind"] or (switched(each) or [None])[0] == service
            return not of or not begin - TOLERANCE <= each["at"] <= end + TOLERANCE

        ours, theirs = [each for each in ours if kept(each)], [each for each in theirs if kept(each)]
    return ours, theirs, notes


def compare(ours, theirs, until):
    """Lines of the table with the second of each, and what they come to."""
    ours, theirs, loops = unlooped(ours, theirs)
    ours, theirs = by_kind(ours), by_kind(theirs)
    table, bad, passing, largest = [], 0, 0, 0.0
    for kind in {**ours, **theirs}:
        real = theirs.get(kind, [])
        together = list(pairs(ours.get(kind, []), real))
        if kind.startswith("events of "):
            real = [right for left, right in together if left is None]
        brief = {id(real[at]) for at in passing_rows(kind, real, until)}
        holds = None
        for left, right in together:
            if left and right:
                holds = left["words"]
                difference = right["at"] - left["at"]
                largest = max(largest, abs(difference))
                table.append((left["at"], f"| {left['words']} | {left['at']} | {right['at']:.1f} | {difference:+.1f} |"))
            elif right:
                # After something that passed, what the simulation never left is back.
                back = right["words"] == holds and not kind.startswith(("events", "run "))
                mark = "passing" if back or id(right) in brief else "not simulated"
                passing += mark == "passing"
                bad += mark != "passing"
                table.append((right["at"], f"| {right['words']} | | {right['at']:.1f} | {mark} |"))
            else:
                bad += 1
                table.append((left["at"], f"| {left['words']} | {left['at']} | | not seen in time |"))
    return table, loops, (len(table) - passing, bad, passing, largest)


def compared(name, trace, events, theirs, until):
    """Prints the table of the trace, and what the events have otherwise; what both come to."""
    table, loops, outcome = compare(trace, theirs, until)
    print(f"\n## {name}\n\n| transition | simulated s | real s | difference s |\n|---|---:|---:|---:|")
    # Stable, so that what happens in one second stays in the order of its kinds.
    for _, line in sorted(table, key=lambda row: row[0]):
        print(line)
    for note in loops:
        print(f"\nSwitched to and fro without end, here as there, and not compared: {note}.")
    print(f"\n{name}: {outcome[0]} transitions, {outcome[1]} bad, largest difference {outcome[3]:.1f} s; {outcome[2]} passing")
    # Events have no Services and no Kubernetes events, count pods otherwise, and tell what passes within a second.
    kinds = ("step", "phase", "weight", "pods", "stable", "run")
    theirs = [row for row in theirs if row["kind"].startswith(kinds) or row["kind"].startswith(f"{name}-rev")]
    theirs = [{**row, "words": row["words"].split(" of ")[0]} if row["kind"] == "step" else row for row in theirs]
    # A weight that no object holds is the share of traffic that pods or a Service make, which the API server has nowhere.
    routed = any(row["kind"] == "weight" for row in trace)
    table, _, again = compare([row for row in events if routed or row["kind"] != "weight"], theirs, until)
    for _, line in table:
        if line.endswith(("not simulated |", "not seen in time |")):
            print(f"event {line}")
    print(f"{name}: {again[0]} transitions among events, {again[1]} bad, largest difference {again[3]:.1f} s")
    return outcome, again


def main(folder):
    every = []
    for path in sorted(glob.glob(f"{folder}/*.simulated.jsonl")):
        name = os.path.basename(path).removesuffix(".simulated.jsonl")
        if not os.path.exists(f"{folder}/{name}.real.jsonl"):
            continue
        with open(f"{folder}/{name}.real.jsonl") as file:
            theirs = [json.loads(line) for line in file]
        with open(path) as file:
            until = json.loads(file.readlines()[-1])["t"] - RELEASE
        every.append(compared(name, simulated(path), told_events(f"{folder}/{name}.events.json"), theirs, until))
    (count, bad, passing, largest), among = totals([each[0] for each in every]), totals([each[1] for each in every])
    print(f"\n{len(every)} rollouts: {count} transitions, {bad} bad, largest difference {largest:.1f} s; {passing} passing; "
          f"among events {among[0]} transitions, {among[1]} bad")
    return 1 if bad or among[1] or not every else 0


def totals(outcomes):
    count, bad, passing = (sum(each[column] for each in outcomes) for column in range(3))
    return count, bad, passing, max((each[3] for each in outcomes), default=0.0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
