"""Every sample of a running Prometheus, bit by bit.

Enters: the address, a matcher and a span of time. Leaves: series with (milliseconds, value), staleness markers told from
other NaNs. It reads through the remote-read interface, because everything else loses something: `/api/v1/query` leaves
staleness markers out, `promtool tsdb dump` and `dump-openmetrics` write them as `NaN`, and a time in OpenMetrics is a float
of seconds that Prometheus itself cuts off to another millisecond.
It deliberately knows only what it needs of snappy and of protocol buffers: float samples and their labels.
"""

import struct
import urllib.request

STALE = 0x7FF0000000000002


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, payload):
    """A field of a message: a number, or bytes with their length."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def fields(data):
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind == 1:
            value, at = data[at:at + 8], at + 8
        elif kind == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, value


def compressed(data):
    """Snappy's block format with nothing but literals."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 60):
        piece = data[at:at + 60]
        out.append((len(piece) - 1) << 2)
        out += piece
    return bytes(out)


def decompressed(data):
    length, at = read_varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            size = tag >> 2
            if size >= 60:
                width = size - 59
                size = int.from_bytes(data[at:at + width], "little")
                at += width
            out += data[at:at + size + 1]
            at += size + 1
            continue
        if tag & 3 == 1:
            size, back = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            size, back = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        for _ in range(size):
            out.append(out[-back])
    if len(out) != length:
        raise ValueError("snappy: a length that is not the one announced")
    return bytes(out)


def value(bits):
    """As this project's recordings write it: the shortest text that gives the same number."""
    if bits == STALE:
        return "stale"
    number = struct.unpack("<d", struct.pack("<Q", bits))[0]
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "+Inf" if number > 0 else "-Inf"
    text = repr(number)
    return text[:-2] if text.endswith(".0") else text


def read(prometheus, label, wanted, begin, end):
    """All series with `label="wanted"`, between two times in milliseconds."""
    matcher = field(1, 0) + field(2, label.encode()) + field(3, wanted.encode())
    query = field(1, begin) + field(2, end) + field(3, matcher)
    request = urllib.request.Request(f"{prometheus}/api/v1/read", compressed(field(1, query)), {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Read-Version": "0.1.0",
    })
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer = decompressed(reply.read())
    found = []
    for number, result in fields(answer):
        assert number == 1
        for number, series in fields(result):
            assert number == 1
            labels, samples = {}, []
            for number, part in fields(series):
                parts = dict(fields(part))
                if number == 1:
                    labels[parts[1].decode()] = parts[2].decode()
                elif number == 2:
                    bits = struct.unpack("<Q", parts.get(1, b"\0" * 8))[0]
                    samples.append((parts.get(2, 0), value(bits)))
                else:
                    raise ValueError("a series that is not of floats")
            found.append((labels, samples))
    return found
