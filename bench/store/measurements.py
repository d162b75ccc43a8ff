# SPDX-License-Identifier: Apache-2.0
"""What is measured of the store, each as a function from options to a dictionary of figures."""
import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
import zlib

from server_process import ServerProcess, disk_bytes, finish_load, start_load

# As dense as ten million spans in four hours.
NANO_PER_SPAN = 4 * 3600 * 10**9 // 10**7
PLANTED, PLANTED_COUNT = "deploy.canary=yes", 3
MEMORY_SPANS_PER_SECOND = 50_000
# What is asked for in each shape: an attribute of middle cardinality, a pattern in it, a nearly unique one.
ATTRIBUTES = {
    "company": ("server.address", r"^10\.1\.[0-3]\.1", "request.id"),
    "tracegen": ("attr_42", "^val_1.*7$", "attr_43"),
    "tracegen-random": ("attr_42", "^val_1.*7$", "attr_43"),
}

# What the answers to some questions must begin with, whatever the data.
EXPECTED = {
    "absent id": "0 found",
    "large trace by id": "10000 spans",
    "newest 20 of a service": "20 traces",
    "newest 20 of the planted value": f"{PLANTED_COUNT} traces",
    "newest 20 of a value nobody has": "0 traces",
    "the same, of a unique attribute": "0 traces",
    "slowest 20": "20 traces",
}


def say(text):
    print(f"bench: {text} ...", file=sys.stderr, flush=True)


def run_json(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def traffic(shape, spans):
    """Arguments of `spandrel load` for a shape, its start times as dense for any number of spans."""
    period_s = max(1, spans * NANO_PER_SPAN // 10**9)
    return ["--shape", shape, "--period", f"{period_s}s", "--plant", f"{PLANTED}:{PLANTED_COUNT}"]


def measure_ingest(bin_dir, data_dir, shape, spans, compression=None):
    """One load on an empty directory until all is sealed and merged, then a clean stop."""
    say(f"{spans:,} spans of shape {shape}, {compression or 'uncompressed'}")
    arguments = traffic(shape, spans) + (["--compression", compression] if compression else [])
    with ServerProcess(bin_dir, data_dir) as server:
        before = server.cpu_s()
        load = finish_load(start_load(bin_dir, server, spans, *arguments), spans)
        acknowledged_cpu = server.cpu_s() - before
        server.wait_until_settled()
        settled_cpu = server.cpu_s() - before
        peak = server.memory_mib("VmHWM")
        server.stop()
        cpu = server.whole_cpu_s - before
    apparent, allocated = disk_bytes(data_dir)
    return {"spans_per_cpu_s": spans / cpu, "cpu_s": cpu, "cpu_s_when_acknowledged": acknowledged_cpu,
            "cpu_s_of_the_stop": cpu - settled_cpu, "spans_per_s": spans / load["seconds"],
            "ack_p50_ms": load["ack_p50_ms"], "ack_p99_ms": load["ack_p99_ms"], "retries": load["retries"],
            "otlp_bytes_per_span": load["bytes"] / spans, "peak_rss_mib": peak,
            "disk_bytes_per_span": apparent / spans, "allocated_bytes_per_span": allocated / spans}


def measure_baseline(bin_dir, shape, spans):
    """The same requests under zstd, each for itself."""
    return run_json(bin_dir / "zstd_baseline", shape, min(spans, 1_000_000))


def measure_memory(bin_dir, data_dir, seconds):
    """Memory while spans come at a steady rate; the steady figure is the median of the second half."""
    spans = MEMORY_SPANS_PER_SECOND * seconds
    say(f"{MEMORY_SPANS_PER_SECOND:,} spans/s for {seconds} s")
    with ServerProcess(bin_dir, data_dir) as server:
        load = start_load(bin_dir, server, spans, "--rate", MEMORY_SPANS_PER_SECOND)
        samples = []
        while load.poll() is None:
            samples.append(server.memory_mib("VmRSS"))
            time.sleep(0.25)
        result = finish_load(load, spans)
        peak = server.memory_mib("VmHWM")
        server.stop()
    return {"peak_rss_mib": peak, "steady_rss_mib": statistics.median(samples[len(samples) // 2:]),
            "spans_per_s": spans / result["seconds"], "ack_p99_ms": result["ack_p99_ms"]}


def measure_queries(bin_dir, data_dir, shape):
    say(f"questions to {data_dir.name}")
    middle, pattern, unique = ATTRIBUTES[shape]
    answers = run_json(bin_dir / "query_bench", data_dir, "--plant", PLANTED, "--middle", middle, "--regex", pattern,
                       "--unique", unique)
    for row in answers["questions"]:
        if not row["result"].startswith(EXPECTED.get(row["name"], "")):
            raise RuntimeError(f"{row['name']}: the answer is wrong: {row['result']}")
    return answers


def measure_restart(bin_dir, data_dir, ids):
    """Start and idle memory of a server over the data, then traces by id through Jaeger's API."""
    say("restart and Jaeger's API")
    with ServerProcess(bin_dir, data_dir) as server:
        server.wait_until_settled()
        idle = server.memory_mib("VmRSS")
        times = sorted(http_round_trips(server.addresses["http"], ids))
        server.stop()
    return {"start_ms": server.start_s * 1e3, "idle_rss_mib": idle, "http_p50_ms": times[len(times) // 2],
            "http_p99_ms": times[len(times) * 99 // 100]}


def http_round_trips(address, ids):
    connection = http.client.HTTPConnection(address, timeout=60)
    for warm in (False, True):
        for trace_id in ids:
            begin = time.monotonic()
            connection.request("GET", f"/api/traces/{trace_id}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or trace_id.encode() not in body:
                raise RuntimeError(f"trace {trace_id}: status {answer.status}")
            if warm:
                yield (time.monotonic() - begin) * 1e3
    connection.close()


def measure_recovery(bin_dir, folder, log_bytes, rounds):
    """Starts over a log that nothing of is sealed; the page cache holds the files. Every span must be back."""
    say(f"recovery of a log of {log_bytes:,} bytes")
    log = run_json(bin_dir / "log_fill", folder / "filled", log_bytes)
    starts = []
    for number in range(rounds):
        data_dir = folder / f"recovery-{number}"
        shutil.copytree(folder / "filled", data_dir)
        baseline_s = read_with_checksum(data_dir)
        with ServerProcess(bin_dir, data_dir) as server:
            cpu = server.cpu_s()
            stored = server.metric("spandrel_store_spans")
            replayed = re.search(r"replayed \d+ requests, (\d+) bytes", server.log())
        if stored != log["spans"]:
            raise RuntimeError(f"{stored} of {log['spans']} spans are back")
        starts.append({"ready_s": server.start_s, "cpu_s": cpu, "baseline_s": baseline_s,
                       "replayed_bytes": int(replayed.group(1)) if replayed else 0})
        shutil.rmtree(data_dir)
    shutil.rmtree(folder / "filled")
    return {**log, **{key: statistics.median(one[key] for one in starts) for key in starts[0]}}


def read_with_checksum(folder):
    """Seconds to read all files once with a checksum over them: what no recovery can do without."""
    begin = time.monotonic()
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    zlib.crc32(block)
    return time.monotonic() - begin
