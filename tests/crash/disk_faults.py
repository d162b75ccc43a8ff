#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the disk fail under the server and wants no acknowledgement without durability.

usage: disk_faults.py BIN_DIR

strace injects the failures into the real binary: a sync of the log that fails once, one that fails for good,
and a disk that is full for a while. What was acknowledged must be there after a SIGKILL and a restart; while
nothing can be written, senders are told to come back and reads go on. Skipped, loudly, where strace may not
trace.
"""
import subprocess
import sys

from crash_server import Server, export_request, run_stage, scratch_folder
from kill_rounds import START_NS, SPANS_PER_TRACE, count_lost

FAULTS = [
    ("one failing sync", "fdatasync:error=EIO:when=4", True),
    ("every third sync fails", "fdatasync:error=EIO:when=3+3", True),
    ("all syncs fail from the sixth on", "fdatasync:error=EIO:when=6+", False),
    ("the disk is full for the log", "pwritev:error=ENOSPC:when=5..8", True),
    ("every write to the log fails from the fifth on", "pwritev:error=EIO:when=5+", False),
]
REQUESTS = 20


def tracing_works():
    try:
        probe = subprocess.run(["strace", "-f", "-e", "inject=fdatasync:error=EIO:when=1", "true"],
                               capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def send(connection, trace):
    connection.request("POST", "/v1/traces", export_request([trace], SPANS_PER_TRACE, START_NS),
                       {"Content-Type": "application/x-protobuf"})
    response = connection.getresponse()
    response.read()
    return response


def run_fault(bin_dir, totals, name, injection, recovers):
    call = injection.split(":", 1)[0]
    with scratch_folder("spandrel-faults-") as folder:
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={injection}"]
        server = Server(bin_dir, folder, prefix=strace)
        connection = server.connect("otlp_http")
        acknowledged = []
        refused = 0
        for trace in range(1, REQUESTS + 1):
            response = send(connection, trace)
            if response.status == 200:
                acknowledged.append(trace)
            elif response.status == 503 and response.getheader("Retry-After"):
                refused += 1
            else:
                return f"{name}: unexpected answer {response.status}"
        if not recovers and refused == 0:
            return f"{name}: acknowledged although nothing could be written"
        if recovers and send(connection, REQUESTS + 1).status != 200:
            return f"{name}: did not recover by itself"
        lost_while_up = count_lost(server, acknowledged)
        server.kill()
        server = Server(bin_dir, folder)
        lost = count_lost(server, acknowledged) + lost_while_up
        accepts = send(server.connect("otlp_http"), 1000).status == 200
        server.kill()
    print(f"  {name}: {len(acknowledged)} requests acknowledged, {refused} told to come back, "
          f"{lost} spans lost")
    totals["acknowledged"] += len(acknowledged) * SPANS_PER_TRACE
    totals["lost"] += lost
    if lost or not accepts or not acknowledged:
        return f"{name}: {lost} lost, {len(acknowledged)} acknowledged, accepts again: {accepts}"
    return None


def main():
    if not tracing_works():
        print("SKIPPED: disk faults: strace cannot trace here (not installed, or ptrace is forbidden)")
        return 0
    totals = {"acknowledged": 0, "lost": 0}
    failures = [failure for fault in FAULTS if (failure := run_fault(sys.argv[1], totals, *fault))]
    for failure in failures:
        print("FAILED: " + failure)
    print(f"disk faults: {len(FAULTS)} faults injected, {len(FAULTS)} recoveries, {totals['acknowledged']} spans "
          f"acknowledged, {totals['lost']} lost, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    run_stage(main)
