"""A play of six/ as a scenario of the oracle of Argo Rollouts.

Enters: a play's folder. Leaves: on standard output the JSON that `argo-oracle run` and the conformance test read, with the
release at second RELEASE. It deliberately knows nothing of a cluster.
"""

import json
import sys

import yaml

RELEASE = 60


def scenario(folder):
    with open(f"{folder}/play.json") as file:
        play = json.load(file)
    with open(f"{folder}/rollout.yaml") as file:
        objects = [document for document in yaml.safe_load_all(file) if document]
    rollout = next(each for each in objects if each["kind"] == "Rollout")
    return {
        "name": rollout["metadata"]["name"],
        "until": RELEASE + play["until"],
        "pods": play["pods"],
        "actions": [{"at": RELEASE, "do": "setImage", "image": "app:2"}]
        + [{**action, "at": RELEASE + action["at"]} for action in play["actions"]],
        "answers": [{"query": answer["query"], "points": [{**point, "at": RELEASE + point["at"]} for point in answer["points"]]}
                    for answer in play["answers"]],
        "objects": objects,
    }


if __name__ == "__main__":
    json.dump(scenario(sys.argv[1]), sys.stdout, indent=1)
    print()
