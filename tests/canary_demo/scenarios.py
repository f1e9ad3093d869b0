"""Scenarios for the oracle from what rollcast built and simulated.

Enters: manifests (YAML), traces (JSON) and a folder. Leaves: NAME.json in it, one a scenario.
It deliberately judges nothing. Version 1 is applied at second 0; version 2 at second 900, where the controllers'
periodic resync is due, as it is at second 0 of a simulation.
"""

import json
import re
import sys

import yaml

RELEASE = 900
# Beyond the last event of the simulation, so that what only the real controller does shows.
AFTERMATH = 120
NAMES = ["healthy", "errors", "slow", "unseen", "fourth-minute"]


def value(text):
    """A measurement's value as the oracle's answers have it."""
    inner = text[1:-1]
    if inner == "":
        return "empty"
    special = {"NaN": "NaN", "+Inf": "+Inf", "-Inf": "-Inf"}
    numbers = [special.get(part) or float(part) for part in re.split(r",\s*", inner)]
    return numbers[0] if len(numbers) == 1 else numbers


def scenario(name, objects, trace):
    answers = {}
    for event in trace["events"]:
        if event["event"] != "measurement":
            continue
        if event["value"] == "":
            sys.exit(f"record: {name} has a measurement without a value: {event['message']}")
        points = answers.setdefault(event["query"], [])
        points.append({"at": RELEASE + event["at"], "value": value(event["value"])})
    image = next(o for o in objects if o["kind"] == "Rollout")["spec"]["template"]["spec"]["containers"][0]["image"]
    return {
        "name": name,
        "comment": f"examples/canary-demo.roll, \"{trace['run']['scenario']}\"; version 2 is applied at second {RELEASE}.",
        "until": RELEASE + trace["events"][-1]["at"] + AFTERMATH,
        "pods": {"startup": 20},
        "actions": [{"at": RELEASE, "do": "setImage", "image": image.rsplit(":", 1)[0] + ":2.0.0"}],
        "answers": [{"query": query, "points": points} for query, points in answers.items()],
        "objects": objects,
    }


def main(manifests, traces, folder):
    with open(manifests) as file:
        objects = list(yaml.safe_load_all(file))
    with open(traces) as file:
        traces = json.load(file)["traces"]
    if len(traces) != len(NAMES):
        sys.exit(f"record: the example has {len(traces)} scenarios, and scenarios.py names for {len(NAMES)}")
    for name, trace in zip(NAMES, traces):
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump(scenario(name, objects, trace), file, indent=1)
            file.write("\n")


main(*sys.argv[1:])
