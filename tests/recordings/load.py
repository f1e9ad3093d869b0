"""Scripted services, as a Prometheus would scrape them.

Enters: the seconds since the recording began. Leaves: for each pod whether it listens, and its exposition.
It deliberately knows no Prometheus, no rollout and no clock. What a pod counted is the sum over tenths of a second of what
its script says, so it is the same whenever it is asked for the same second.
"""

import math

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TICK = 0.1  # seconds
# The second in which the new version of each job is released; apart, so that no controller waits for another's release.
RELEASES = {"shop": 50.0, "pay": 53.0, "search": 56.0}


def between(now, *pieces):
    """The value of the last piece (from, value) that has begun; a value may be a function of the seconds since."""
    value = 0.0
    for begin, piece in pieces:
        if now >= begin:
            value = piece(now - begin) if callable(piece) else piece
    return value


class Pod:
    """One scrape target."""

    def __init__(self, job, name, track, rate, errors, median, lives=((0.0, math.inf),), refuses=()):
        self.job, self.name, self.track = job, name, track
        # Functions of time: requests a second, the share of them that fails, the median of their seconds.
        self.rate, self.errors, self.median = rate, errors, median
        # When it listens; a life begins with counters at zero.
        self.lives = lives
        # When it answers with status 503.
        self.refuses = refuses
        self.life = None
        self.reset(0.0)

    def reset(self, begin):
        self.begin = self.tick = round(begin / TICK)
        self.requests = {"200": 0.0, "404": 0.0, "500": 0.0}
        self.below = [0.0] * len(BOUNDS)
        self.seconds = 0.0

    def listens(self, now):
        return any(begin <= now < end for begin, end in self.lives)

    def refused(self, now):
        return any(begin <= now < end for begin, end in self.refuses)

    def advance(self, now):
        life = next((life for life in self.lives if life[0] <= now < life[1]), None)
        if life != self.life:
            self.life = life
            self.reset(life[0])
        while self.tick < round(now / TICK):
            at = self.tick * TICK
            self.tick += 1
            came, failed = self.rate(at) * TICK, self.errors(at)
            self.requests["500"] += came * failed
            self.requests["404"] += came * (1.0 - failed) * 0.02
            self.requests["200"] += came * (1.0 - failed) * 0.98
            median = self.median(at)
            self.seconds += came * median * math.exp(0.18)
            for index, bound in enumerate(BOUNDS):
                self.below[index] += came * 0.5 * math.erfc(-math.log(bound / median) / 0.6 / math.sqrt(2.0))

    def text(self, now):
        self.advance(now)
        count = math.floor(sum(self.requests.values()))
        lines = ["# TYPE http_requests_total counter"]
        # A library of metrics makes a series with its first event.
        for code, total in self.requests.items():
            if total >= 1.0:
                lines.append(f'http_requests_total{{track="{self.track}",code="{code}"}} {math.floor(total)}')
        lines.append("# TYPE http_request_duration_seconds histogram")
        name = "http_request_duration_seconds"
        for bound, below in zip(BOUNDS, self.below):
            lines.append(f'{name}_bucket{{track="{self.track}",le="{bound}"}} {min(math.floor(below), count)}')
        lines.append(f'{name}_bucket{{track="{self.track}",le="+Inf"}} {count}')
        lines.append(f'{name}_sum{{track="{self.track}"}} {self.seconds!r}')
        lines.append(f'{name}_count{{track="{self.track}"}} {count}')
        lines.append("# TYPE in_flight gauge")
        lines.append(f'in_flight{{track="{self.track}"}} {self.rate(now) * self.median(now)!r}')
        # What a summary says of a time without requests: a NaN that is no staleness marker.
        lines.append("# TYPE queue_seconds summary")
        waited = self.median(now) / 7.0 if self.rate(now) > 0.0 else math.nan
        lines.append(f'queue_seconds{{track="{self.track}",quantile="0.9"}} {waited!r}'.replace("nan", "NaN"))
        return "".join(line + "\n" for line in lines)


def steady(value):
    return lambda now: value


def wave(mean, swing, period):
    """Up and down in straight lines."""
    return lambda now: mean + swing * (abs((now / period) % 1.0 - 0.5) * 4.0 - 1.0)


def pods():
    """All pods of all jobs."""
    release = RELEASES["shop"]
    shop = [
        # Healthy: one stable pod restarts, and the canary misses two scrapes.
        Pod("shop", "shop-1", "stable", wave(41.0, 9.0, 70.0), steady(0.003), steady(0.071)),
        Pod("shop", "shop-2", "stable", wave(37.0, 9.0, 55.0), steady(0.004), steady(0.083),
            lives=((0.0, release + 42.0), (release + 45.0, math.inf))),
        Pod("shop", "shop-3", "canary", wave(33.0, 7.0, 60.0), steady(0.0035), steady(0.077),
            lives=((release - 6.0, math.inf),), refuses=((release + 60.0, release + 63.5),)),
    ]
    release = RELEASES["pay"]
    pay = [
        # An error burst in the canary, whose pod comes late, crashes in the burst and comes again by another name.
        Pod("pay", "pay-1", "stable", steady(23.0), steady(0.002), steady(0.12)),
        Pod("pay", "pay-2", "canary", steady(11.0), lambda now: between(now, (0.0, 0.002), (release + 28.0, 0.21)),
            steady(0.12), lives=((release + 8.0, release + 44.0),)),
        Pod("pay", "pay-3", "canary", steady(12.0), lambda now: between(now, (0.0, 0.27), (release + 63.0, 0.004)),
            steady(0.12), lives=((release + 49.0, math.inf),)),
    ]
    release = RELEASES["search"]
    search = [
        # A latency ramp on the canary, and a time in which nobody asks it.
        Pod("search", "search-1", "stable", steady(29.0), steady(0.0), wave(0.09, 0.02, 40.0)),
        Pod("search", "search-2", "canary",
            lambda now: between(now, (0.0, 17.0), (release - 20.0, 0.0), (release + 17.0, 17.0)), steady(0.0),
            lambda now: between(now, (0.0, 0.09), (release + 35.0, lambda since: 0.09 + 0.006 * since))),
    ]
    return shop + pay + search
