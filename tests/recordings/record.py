"""Records three worlds and what the real controllers made of them.

Enters: the folder of the recordings, perhaps the names of some, and from the environment KUBECONFIG and ROLLCAST_TOOLS_DIR.
Leaves: in each recording's folder `series.json.gz` and `measurements.json`; where a run is not one that can be told again,
its reason on standard output, nothing written, and exit status 1.
It deliberately judges no value: what the real Prometheus and the real controller said is written down as they said it.
"""

import base64
import gzip
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from load import RELEASES, pods
from samples import read
from serve import Door, Target, clock

TOOLS = os.environ["ROLLCAST_TOOLS_DIR"]
KUBECTL = os.path.join(TOOLS, "kubectl")
LONGEST = 100.0  # seconds after the last release
RETRY = 10  # seconds after which v1.9.1 measures again where there was an error
ADDRESS = "http://prometheus.monitoring:9090"
# The folder, its job, and how often Prometheus scrapes it.
RECORDINGS = (("healthy", "shop", "2s"), ("errors", "pay", "1s"), ("latency", "search", "5s"))
FINISHED = ("Successful", "Failed", "Error", "Inconclusive")


class Untold(Exception):
    """Why this run cannot be told again second by second."""


def kubectl(*words, text=None):
    done = subprocess.run([KUBECTL, *words], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
    return done.stdout


def releaser():
    """What gives a Rollout a new image, by the API itself: kubectl takes half a second to begin."""
    view = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    cluster, token = view["clusters"][0]["cluster"], view["users"][0]["user"]["token"]
    trusted = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    patch = json.dumps([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:2"}]).encode()

    def send(folder):
        url = f"{cluster['server']}/apis/argoproj.io/v1alpha1/namespaces/{folder}/rollouts/{folder}"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json-patch+json"}
        urllib.request.urlopen(urllib.request.Request(url, patch, headers, method="PATCH"), timeout=20, context=trusted).close()

    return lambda folder: threading.Thread(target=send, args=(folder,)).start()


def config(targets):
    lines = ["global: {scrape_interval: 5s}", "scrape_configs:"]
    for _, job, interval in RECORDINGS:
        lines += [f"- job_name: {job}", f"  scrape_interval: {interval}", "  scrape_timeout: 1s", "  static_configs:"]
        for target in targets:
            if target.pod.job == job:
                lines.append(f"  - {{targets: ['127.0.0.1:{target.port}'], labels: {{pod: {target.pod.name}}}}}")
        # The address is of this machine and would be of another the next time.
        lines += ["  relabel_configs:", "  - {source_labels: [pod], target_label: instance}"]
    return "\n".join(lines) + "\n"


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prometheus(work, targets):
    with open(f"{work}/prometheus.yml", "w") as file:
        file.write(config(targets))
    url = f"http://127.0.0.1:{free_port()}"
    log = open(f"{work}/prometheus.log", "w")
    process = subprocess.Popen([
        os.path.join(TOOLS, "prometheus"), "--config.file", f"{work}/prometheus.yml", "--storage.tsdb.path", f"{work}/data",
        "--web.listen-address", url.removeprefix("http://"), "--log.level", "warn"], stdout=log, stderr=log)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()
            return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError("prometheus does not become ready")


def order(work):
    """Series in the order in which Prometheus met them, which is the order in which it adds them up."""
    dump = subprocess.run([os.path.join(TOOLS, "promtool"), "tsdb", "dump", f"{work}/data"], capture_output=True, text=True)
    if dump.returncode != 0:
        raise RuntimeError(f"promtool: {dump.stderr}")
    places = {}
    for line in dump.stdout.splitlines():
        places.setdefault(frozenset(re.findall(r'(\w+)="([^"]*)"', line.rsplit("}", 1)[0])), len(places))
    return places


def watch(runs, measured):
    """Keeps the newest version of each run, and each measurement: a run itself keeps ten of a metric."""
    command = [KUBECTL, "get", "analysisruns", "-A", "-w", "-o", "json", "--output-watch-events"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def follow():
        # kubectl writes an event a line.
        for line in process.stdout:
            run = json.loads(line)["object"]
            key = run["metadata"]["namespace"], run["metadata"]["name"]
            runs[key] = run
            for metric in run.get("status", {}).get("metricResults", []):
                for measurement in metric.get("measurements", []):
                    if measurement.get("finishedAt"):
                        measured.setdefault((*key, metric["name"]), {})[measurement["startedAt"]] = measurement

    threading.Thread(target=follow, daemon=True).start()
    return process


def runs_of(namespace, runs, measured):
    """The runs of a namespace by name, with all that they measured."""
    found = [run for (where, _), run in sorted(runs.items()) if where == namespace]
    for run in found:
        for metric in run["status"]["metricResults"]:
            every = measured[namespace, run["metadata"]["name"], metric["name"]]
            metric["measurements"] = [every[began] for began in sorted(every)]
            judged = sum(metric.get(key, 0) for key in ("successful", "failed", "inconclusive", "error"))
            if judged != len(every):
                raise Untold(f"{namespace}: {metric['name']} was measured {judged} times, and {len(every)} were seen")
    return found


def told(run, hashes):
    """What of a run is written down, its pod hash as the oracles write it."""
    status = run["status"]
    name = run["metadata"]["name"]
    for number, pods_of in enumerate(hashes, 1):
        name = name.replace(pods_of, f"rev{number}")
    metrics = {}
    for metric in status["metricResults"]:
        kept = {key: metric[key] for key in ("phase", "message", "count", "successful", "failed", "inconclusive", "error",
                                             "consecutiveError", "consecutiveSuccess") if key in metric}
        kept["measurements"] = [{key: each[key] for key in ("at", "phase", "value", "message") if key in each}
                                for each in metric["measurements"]]
        metrics[metric["name"]] = kept
    return {"name": name, "phase": status["phase"], "message": status.get("message", ""), "metrics": metrics}


def seconds(text):
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone)


def asked_by(run, asked):
    """Gives each measurement the second that Prometheus was asked for, and the question."""
    for metric in run["status"]["metricResults"]:
        spec = next(each for each in run["spec"]["metrics"] if each["name"] == metric["name"])
        query = spec["provider"]["prometheus"]["query"]
        for arg in run["spec"]["args"]:
            query = query.replace(f"{{{{args.{arg['name']}}}}}", arg["value"])
        mine = [entry for entry in asked if entry["query"] == query]
        for measurement in metric["measurements"]:
            began = seconds(measurement["startedAt"])
            entry = next((entry for entry in mine if began <= entry["at"] <= began + 1), None)
            if entry is None:
                raise Untold(f"{metric['name']}: nobody asked at {began}")
            yield measurement, entry


def check_schedule(run, first):
    """Each measurement of a metric came an interval after the one before it."""
    for metric in run["status"]["metricResults"]:
        spec = next(each for each in run["spec"]["metrics"] if each["name"] == metric["name"])
        delay, interval = (int(spec.get(key, "0s").removesuffix("s")) for key in ("initialDelay", "interval"))
        due = first + delay
        for measurement in metric["measurements"]:
            if measurement["at"] != due:
                raise Untold(f"{run['metadata']['name']}: {metric['name']} measured at {measurement['came']:.3f}, due at {due}")
            due += RETRY if measurement["phase"] == "Error" else interval


def play(work):
    begin, now = clock()
    targets = [Target(pod, now) for pod in pods()]
    server, url = prometheus(work, targets)
    door = Door(url)
    runs, measured = {}, {}
    watching = watch(runs, measured)
    try:
        for folder, _, _ in WANTED:
            kubectl("create", "namespace", folder)
            with open(f"{sys.argv[1]}/{folder}/rollout.yaml") as file:
                text = file.read()
            assert ADDRESS in text
            kubectl("-n", folder, "apply", "--server-side", "-f", "-", text=text.replace(ADDRESS, door.url))
        release, due = releaser(), [(RELEASES[job], folder) for folder, job, _ in WANTED]
        # What the pods count begins on a whole second, and with it all that the script says.
        begin[0] = float(int(time.time()) + 1)
        while now() < max(RELEASES.values()) + LONGEST:
            for target in targets:
                target.keep()
            # Early in a second, so that what the controller does at once falls into the same one.
            while due and now() >= due[0][0]:
                release(due.pop(0)[1])
            time.sleep(0.05)
        return list(gather(work, url, door, int(begin[0]), runs, measured))
    finally:
        watching.terminate()
        server.terminate()
        server.wait()


def gather(work, url, door, begin, all_runs, measured):
    """What is written down of each world, or why it is not."""
    places = order(work)
    for folder, job, _ in WANTED:
        try:
            measurements = judged(folder, runs_of(folder, all_runs, measured), door)
        except Untold as reason:
            yield folder, None, str(reason)
            continue
        series = read(url, "job", job, begin * 1000 - 60_000, int(time.time() * 1000))
        series.sort(key=lambda each: places[frozenset(each[0].items())])
        yield folder, measurements, series


def judged(folder, runs, door):
    """The measurements of a world, with the second and the answer of each."""
    if not runs:
        raise Untold("no analysis began")
    questions = []
    for run in runs:
        if run["status"]["phase"] not in FINISHED:
            raise Untold(f"{run['metadata']['name']} is {run['status']['phase']}")
        for measurement, entry in asked_by(run, door.asked):
            measurement["at"], measurement["came"] = entry["at"], entry["came"]
            questions.append(entry)
    first = min(entry["at"] for entry in questions)
    for run in runs:
        check_schedule(run, first)
    for entry in questions:
        # Samples that were written after the question, but are dated before it, would be seen now.
        if json.loads(door.query(entry["query"], entry["at"])[1])["data"] != entry["answer"]["data"]:
            raise Untold(f"another answer when asked again for {entry['at']}: {entry['query']}")
    sets = json.loads(kubectl("-n", folder, "get", "replicasets", "-o", "json"))["items"]
    sets.sort(key=lambda each: int(each["metadata"]["annotations"]["rollout.argoproj.io/revision"]))
    hashes = [each["metadata"]["labels"]["rollouts-pod-template-hash"] for each in sets]
    rollout = json.loads(kubectl("-n", folder, "get", "rollout", folder, "-o", "json"))["status"]
    answers = {(entry["at"], entry["query"]): entry["answer"]["data"] for entry in questions}
    return {
        "first": first,
        "rollout": {"phase": rollout["phase"], "message": rollout.get("message", ""), "abort": rollout.get("abort", False)},
        "runs": [told(run, hashes) for run in runs],
        "answers": [{"at": at, "query": query, "data": data} for (at, query), data in sorted(answers.items())],
    }


def write(folder, measurements, series):
    lines = [json.dumps({"metric": labels, "values": [[at / 1000, value] for at, value in samples]}, separators=(",", ":"))
             for labels, samples in series]
    text = '{"status":"success","data":{"resultType":"matrix","result":[\n' + ",\n".join(lines) + "\n]}}\n"
    with open(f"{folder}/series.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text.encode())
    with open(f"{folder}/measurements.json", "w") as file:
        json.dump(measurements, file, indent=1)
        file.write("\n")
    stale = sum(value == "stale" for _, samples in series for _, value in samples)
    print(f"{folder}: {len(series)} series, {sum(len(samples) for _, samples in series)} samples, {stale} staleness markers, "
          f"{len(measurements['answers'])} answers, "
          + "; ".join(f"{run['name']} {run['phase']}" for run in measurements["runs"]), flush=True)


def main(folder):
    kept = True
    with tempfile.TemporaryDirectory() as work:
        for name, measurements, series in play(work):
            if measurements is None:
                print(f"{name}: not a run to keep, record again: {series}")
                kept = False
            else:
                write(f"{folder}/{name}", measurements, series)
    return 0 if kept else 1


WANTED = [each for each in RECORDINGS if each[0] in (sys.argv[2:] or [name for name, _, _ in RECORDINGS])]
sys.exit(main(sys.argv[1]))
