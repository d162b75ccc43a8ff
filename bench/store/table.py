# SPDX-License-Identifier: Apache-2.0
"""The figures as the table of goals: figure, goal, measured, peer or baseline."""

HEAD = ("figure", "goal", "measured", "peer or baseline (* measured, ** published, see docs/guide/performance.md)")
CLICKHOUSE_SCAN = "ClickHouse, one value without an index: 160-182 ms at 1 M *"

# Question of query_bench: goal, peer. Times are p50 / p99 wall, then CPU.
QUESTIONS = {
    "trace by id": ("<= 1 / 5 ms", "VictoriaTraces 7-12 ms at 5 M *, ClickHouse 45-50 ms *"),
    "large trace by id": ("", ""),
    "absent id": ("<= 0.2 ms", "VictoriaTraces 147 ms at 5 M *"),
    "newest 20 of a service": ("<= 3 ms", "VictoriaTraces 90 ms at 5 M *, ClickHouse 48 ms *"),
    "newest 20 of the planted value": ("<= 3 ms", "VictoriaTraces 18 ms in one service *, ClickHouse 80-90 ms *"),
    "newest 20 of a value nobody has": ("<= 3 ms", CLICKHOUSE_SCAN),
    "the same, of a unique attribute": ("<= 3 ms", CLICKHOUSE_SCAN),
    "slowest 20": ("", ""),
    "regex, all matches counted": ("<= 60 ms", CLICKHOUSE_SCAN),
    "rate and p99 by service": ("<= 20 ms", "ClickHouse 160-180 ms at 5 M, without steps *"),
    "tag values": ("", ""),
    "tag names": ("", ""),
    "dependencies": ("", "ClickHouse 2,700 ms at 5 M *"),
}


def bytes_per_span(store):
    return f"{store['disk_bytes_per_span']:.1f} B ({store['allocated_bytes_per_span']:.1f} B of blocks)"


def zstd_text(baseline):
    return f"zstd of each request: -1 {baseline['zstd_1']:.1f} B, -3 {baseline['zstd_3']:.1f} B"


def ingest_rows(ingest):
    plain, packed = ingest["plain"], ingest["gzip"]
    data = f"{ingest['shape']}, {ingest['spans']:,} spans"
    yield (f"OTLP/gRPC -> durable store, {data}: spans per CPU-second", ">= 500,000", f"{plain['spans_per_cpu_s']:,.0f}",
           "VictoriaTraces 33,000 *, Tempo 18,000 *")
    yield ("  of it until all is acknowledged", "", f"{plain['cpu_s_when_acknowledged'] / plain['cpu_s']:.0%}", "")
    yield ("  from gzip bodies", ">= 300,000", f"{packed['spans_per_cpu_s']:,.0f}", "")
    yield ("  acknowledged a second, sender on the same cores", "", f"{plain['spans_per_s']:,.0f}", "")
    yield ("  ack p50 / p99", "", f"{plain['ack_p50_ms']:.1f} / {plain['ack_p99_ms']:.1f} ms", "")
    yield ("  memory, peak", "", f"{plain['peak_rss_mib']:.0f} MiB", "VictoriaTraces 210-323 MB *")
    yield ("  OTLP bytes a span", "about 500", f"{plain['otlp_bytes_per_span']:.0f} B", "")
    yield (f"disk a span, {data}", "<= 30 B", bytes_per_span(plain),
           f"VictoriaTraces 80.7 B *, Tempo 109.5 B *, ClickHouse 75.5 B *; {zstd_text(ingest['baseline'])}")


def shape_rows(shapes):
    for name, shape in shapes.items():
        goal = "<= 40 B" if name == "tracegen" else ""
        peer = "Jaeger with ClickHouse 75.7 B **; " if name == "tracegen" else ""
        yield (f"disk a span, {name}", goal, bytes_per_span(shape["store"]), peer + zstd_text(shape["baseline"]))
        yield ("  spans per CPU-second", "", f"{shape['store']['spans_per_cpu_s']:,.0f}", "")


def memory_rows(memory):
    yield (f"memory at 50,000 spans/s (reached {memory['spans_per_s']:,.0f}): steady / peak", "<= 150 MB",
           f"{memory['steady_rss_mib']:.0f} / {memory['peak_rss_mib']:.0f} MiB", "VictoriaTraces 170-323 MB *")


def query_rows(queries, spans):
    ingest, restart = queries["ingest"], queries["restart"]
    if ingest:
        goal = "<= 30 B" if queries["shape"] == "company" else ""
        yield (f"disk a span, {queries['shape']}, {spans:,} spans", goal, bytes_per_span(ingest), "")
        yield ("  spans per CPU-second", "", f"{ingest['spans_per_cpu_s']:,.0f}", "")
    yield (f"idle memory after a restart with {spans:,} spans", "<= 30 MB", f"{restart['idle_rss_mib']:.1f} MiB",
           "VictoriaTraces 170-196 MB *")
    yield ("  start until ready", "", f"{restart['start_ms']:.0f} ms", "Tempo 15-20 s *")
    for row in queries["answers"]["questions"]:
        goal, peer = QUESTIONS[row["name"]]
        times = f"{row['p50_ms']:.2f} / {row['p99_ms']:.2f} ms, CPU {row['cpu_ms']:.2f} ms ({row['result']})"
        yield (row["name"], goal, times, peer)
    yield ("trace by id, round trip of Jaeger's API", "", f"{restart['http_p50_ms']:.2f} / {restart['http_p99_ms']:.2f} ms", "")


def recovery_rows(recovery):
    gib = recovery["log_bytes"] / 2**30
    goal = "<= 2 s" if round(gib, 1) == 1 else f"<= {2 * gib:.1f} s"
    yield (f"recovery of a log of {gib:.2f} GiB, {recovery['spans']:,} spans: start until ready", goal,
           f"{recovery['ready_s']:.2f} s, CPU {recovery['cpu_s']:.2f} s ({recovery['replayed_bytes'] / 2**30:.2f} GiB replayed)",
           f"reading the files with a CRC-32: {recovery['baseline_s']:.2f} s")


def rows_of(figures):
    yield HEAD
    if "ingest" in figures:
        yield from ingest_rows(figures["ingest"])
    if "other_shapes" in figures:
        yield from shape_rows(figures["other_shapes"])
    if "queries" in figures:
        yield from query_rows(figures["queries"], figures["spans"])
    if "memory" in figures:
        yield from memory_rows(figures["memory"])
    if "recovery" in figures:
        yield from recovery_rows(figures["recovery"])


def print_table(figures):
    print(figures["machine"])
    rows = list(rows_of(figures))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for index, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        if index == 0:
            print("  ".join("-" * width for width in widths))
