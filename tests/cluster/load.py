"""Requests to both sides of canary-demo, as a gateway's proxy would count them.

Enters: a run's name, and the canary's share of traffic as it changes. Leaves: counters in Prometheus' text format.
It deliberately knows no rollout. The series are those of src/simulator/world; requests come evenly instead of by chance,
so that a run measures the same values each time.
"""

import math

TRAFFIC = 50.0  # requests a second, as in the example's scenarios
BOUNDS = ["0.5", "1.0", "5.0", "10.0", "25.0", "50.0", "100.0", "250.0", "500.0", "1000.0", "2500.0", "5000.0",
          "10000.0", "30000.0", "60000.0", "300000.0", "600000.0", "1.8e+06", "3.6e+06", "+Inf"]
# Errors of stable and canary; median and spread of the lognormal latency in milliseconds.
RUNS = {
    "healthy": (0.0001, 0.0001, 80.0, math.log(400.0 / 80.0) / 2.3263478740408408),
    "bad": (0.0001, 0.10, 80.0, 0.6),
}


class Load:
    def __init__(self, run):
        stable, canary, self.median, self.spread = RUNS[run]
        self.errors = {"stable": stable, "canary": canary}
        self.requests = {"stable": 0.0, "canary": 0.0}
        self.last = None

    def advance(self, now, share):
        """Until `now` (seconds) the canary had `share` (0 to 1) of the traffic."""
        if self.last is not None:
            came = TRAFFIC * (now - self.last)
            self.requests["canary"] += came * share
            self.requests["stable"] += came * (1.0 - share)
        self.last = now

    def text(self):
        lines = []
        for side, total in self.requests.items():
            failed = math.floor(total * self.errors[side])
            for code, count in (("200", math.floor(total) - failed), ("503", failed)):
                # Istio makes the series with the first request.
                if count == 0:
                    continue
                labels = self.labels(side, code)
                lines.append(f"istio_requests_total{{{labels}}} {count}")
                for le in BOUNDS:
                    below = math.floor(count * self.below(float(le)))
                    lines.append(f'istio_request_duration_milliseconds_bucket{{{labels},le="{le}"}} {below}')
        return "".join(line + "\n" for line in lines)

    def below(self, bound):
        if math.isinf(bound):
            return 1.0
        return 0.5 * math.erfc(-(math.log(bound / self.median) / self.spread) / math.sqrt(2.0))

    @staticmethod
    def labels(side, code):
        service = f"canary-demo-{side}"
        pairs = {
            "connection_security_policy": "unknown",
            "destination_service": f"{service}.demo.svc.cluster.local",
            "destination_service_name": service,
            "destination_service_namespace": "demo",
            "destination_workload": "canary-demo",
            "destination_workload_namespace": "demo",
            "namespace": "demo",
            "pod": "client-0",
            "reporter": "source",
            "request_protocol": "http",
            "response_code": code,
            "response_flags": "-",
            "source_workload": "client",
            "source_workload_namespace": "demo",
        }
        return ",".join(f'{name}="{value}"' for name, value in pairs.items())
