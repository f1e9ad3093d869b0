"""Holds a run on a cluster against its simulation.

Enters: the trace of `rollcast simulate --format json`, and the lines of follow.py. Leaves: a table of all transitions; exit
status 1 unless both have the same ones, in the same order of their kind, each within TOLERANCE seconds.
It deliberately ignores measured values: only what the controller made of them counts.
"""

import json
import sys

TOLERANCE = 3.0
# Beyond the verdict only what belongs to it is compared.
AFTERMATH = 5.0


def label(event, steps):
    """Kind of transition, in which order matters, and its words; None for what is not compared."""
    what = event["event"]
    if what == "step":
        index = event["index"]
        words = f"step {index + 1}/{len(steps)}: {steps[index]}" if index < len(steps) else "all steps done"
        return "step", words
    if what == "weight":
        return "weight", f"weight {event['canary']} %"
    if what == "phase":
        return "phase", f"phase {event['phase']}"
    if what == "aborted":
        return "verdict", f"aborted: {event['message']}"
    if what == "promoted":
        return "verdict", "promoted"
    if what == "runStarted":
        return "run", f"{event['kind'].lower()} analysis starts"
    if what == "runEnded":
        message = f": {event['message']}" if event["message"] else ""
        return "end", f"{event['kind'].lower()} analysis {event['phase']}{message}"
    if what == "measurement":
        return event["metric"], f"measurement of {event['metric']}: {event['phase']}"
    return None


def transitions(events, steps):
    """(second, words) by kind, without repetitions of what was in force already."""
    kinds = {}
    for event in events:
        named = label(event, steps)
        if named is None:
            continue
        kind, words = named
        list_ = kinds.setdefault(kind, [])
        if kind == "phase" and list_ and list_[-1][1] == words:
            continue
        list_.append((event["at"], words))
    return kinds


def simulated_events(trace):
    kinds = {}
    for event in trace["events"]:
        if event["at"] > trace["verdict"]["at"] + AFTERMATH:
            break
        if event["event"] == "runStarted":
            kinds[event["name"]] = event["kind"]
        if event["event"] == "runEnded":
            event["kind"] = kinds[event["name"]]
        yield event


def main(simulated, real):
    with open(simulated) as file:
        trace = json.load(file)["traces"][0]
    steps = trace["run"]["steps"]
    with open(real) as file:
        lines = [json.loads(line) for line in file]
    ours, theirs = transitions(simulated_events(trace), steps), transitions(lines, steps)
    rows = []
    for kind in {**ours, **theirs}:
        a, b = ours.get(kind, []), theirs.get(kind, [])
        for at in range(max(len(a), len(b))):
            left = a[at] if at < len(a) else None
            right = b[at] if at < len(b) else None
            rows.append((left, right))
    # Stable, so that what happens in one second stays in the order of its kinds.
    rows.sort(key=lambda row: row[0][0] if row[0] else row[1][0])
    bad, largest = 0, 0.0
    print("| transition | simulated s | real s | difference s |\n|---|---:|---:|---:|")
    for left, right in rows:
        if left and right and left[1] == right[1]:
            difference = right[0] - left[0]
            largest = max(largest, abs(difference))
            within = abs(difference) <= TOLERANCE
            mark = "" if within else " too much"
            print(f"| {left[1]} | {left[0]} | {right[0]:.1f} | {difference:+.1f}{mark} |")
            bad += not within
            continue
        bad += 1
        for row, columns in ((left, "{} | |"), (right, "| {} |")):
            if row:
                print(f"| {row[1]} | {columns.format(row[0])} not the same |")
    print(f"\n{len(rows)} transitions, {bad} bad, largest difference {largest:.1f} s")
    return 1 if bad or not rows else 0


sys.exit(main(*sys.argv[1:]))
