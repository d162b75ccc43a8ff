# SPDX-License-Identifier: Apache-2.0
"""`spandrel store` on data directories that a server has written."""
import gzip
import json
import pathlib
import signal
import subprocess
import tempfile
import unittest

from spandrel_process import BIN, Spandrel, otlp_request, run

SPANS = 40


def spans_in(requests):
    """Every span of OTLP/JSON requests with its service, by start."""
    spans = []
    for request in requests:
        for resource in request["resourceSpans"]:
            service = resource["resource"]["attributes"][0]["value"]["stringValue"]
            spans += [(service, span) for scope in resource["scopeSpans"] for span in scope["spans"]]
    return sorted(spans, key=lambda item: int(item[1]["startTimeUnixNano"]))


def field(number, content):
    """A length-delimited protobuf field of fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def odd_spans():
    """Span messages as no library writes them."""
    ids = field(1, bytes(15) + b"\1") + field(2, bytes(7) + b"\2")
    times = b"\x39" + (10**18).to_bytes(8, "little") + b"\x41" + (10**18 - 5).to_bytes(8, "little")
    attribute = field(9, field(1, b"k") + field(2, field(1, b"v")))
    return [ids, times + field(5, b"backwards") + ids, ids + times + attribute + field(5, b"x") + attribute,
            ids + b"\xa2\x06\x03new" + field(5, b"unknown field"), ids + b"\x30\x82\x80\x00" + field(5, b"long varint"),
            ids + field(5, b"first name") + field(5, b"last name"),
            ids + field(9, field(2, b"") + field(1, b"")) + field(11, b"") + field(13, b"") + field(15, b"")]


def read_json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


class StoreCommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.data = cls.root / "data"
        with Spandrel(data_dir=cls.data) as server:
            for i in range(SPANS):
                attributes = [{"key": "n", "value": {"intValue": str(i)}}, {"key": "text", "value": {"stringValue": "ä"}}]
                server.send_json(otlp_request(trace_id=f"{i // 2 + 1:032x}", span_id=f"{i + 1:016x}", service=f"s{i % 3}",
                                              start_ns=1_700_000_000_000_000_000 + i, attributes=attributes))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return self.root / f"{self.id().rsplit('.', 1)[-1]}-{name}"

    def store(self, *arguments, status=0):
        done = run("store", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def export(self, directory, *arguments):
        return read_json_lines(self.store("export", directory, *arguments).stdout)

    def test_stat_says_what_is_stored(self):
        facts = json.loads(self.store("stat", self.data, "--json").stdout)
        self.assertEqual((facts["spans"], facts["traces"]), (SPANS, SPANS // 2))
        self.assertEqual(facts["services"], ["s0", "s1", "s2"])
        self.assertEqual(sum(part["spans"] for part in facts["parts"]), SPANS)
        self.assertIn("2023-11-14T22:13:20Z", self.store("stat", self.data).stdout)

    def test_round_trips_in_every_format(self):
        wanted = spans_in(self.export(self.data))
        self.assertEqual(len(wanted), SPANS)
        self.assertEqual([int(span["attributes"][0]["value"]["intValue"]) for _, span in wanted], list(range(SPANS)))
        for otlp_format in ("otlp-json", "otlp-proto"):
            for compression in ("none", "gzip", "zstd"):
                with self.subTest(format=otlp_format, compression=compression):
                    name = f"{otlp_format}-{compression}"
                    file, copy = self.path(name), self.path(f"{name}-data")
                    self.store("export", self.data, "--output", file, "--format", otlp_format, "--compression", compression)
                    out = self.store("import", copy, "--input", file).stdout
                    self.assertIn(f"{SPANS} stored, 0 were stored already", out)
                    again = self.store("import", copy, "--input", file).stdout
                    self.assertIn(f"0 stored, {SPANS} were stored already", again)
                    self.assertEqual(spans_in(self.export(copy)), wanted)

    def test_proto_files_are_framed_as_the_collector_does(self):
        file = self.path("spans.bin")
        self.store("export", self.data, "--output", file, "--format", "otlp-proto")
        content, entries = file.read_bytes(), 0
        while content:
            size = int.from_bytes(content[:4], "big")
            self.assertEqual(content[4], 0x0A)  # ExportTraceServiceRequest.resource_spans
            content, entries = content[4 + size:], entries + 1
        self.assertGreaterEqual(entries, 1)

    def test_protobuf_comes_back_byte_for_byte(self):
        spans = odd_spans()
        body = b"".join(field(1, field(2, field(2, span))) for span in spans)
        with Spandrel(data_dir=self.path("data")) as server:
            status, _, answer = server.request("otlp_http", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
            self.assertEqual((status, answer), (200, b""))
        exported = []
        for data in ("data", "copy"):
            file = self.path(f"{data}.bin")
            self.store("export", self.path(data), "--output", file, "--format", "otlp-proto")
            exported.append(file.read_bytes())
            if data == "data":
                self.assertIn(f"{len(spans)} stored", self.store("import", self.path("copy"), "--input", file).stdout)
        for span in spans:
            self.assertIn(field(2, span), exported[0])
        self.assertEqual(exported[1], exported[0])

    def test_the_name_chooses_the_compression(self):
        file = self.path("spans.jsonl.gz")
        self.store("export", self.data, "--output", file)
        requests = read_json_lines(gzip.decompress(file.read_bytes()).decode())
        self.assertEqual(len(spans_in(requests)), SPANS)
        self.assertIn("is there already", self.store("export", self.data, "--output", file, status=1).stderr)
        self.store("export", self.data, "--output", file, "--overwrite")

    def test_exports_a_choice_of_traces(self):
        some = spans_in(self.export(self.data, "--where", "n=5"))
        self.assertEqual([span["spanId"] for _, span in some], [f"{5:016x}", f"{6:016x}"])
        self.assertEqual(self.export(self.data, "--since", "1h"), [])
        until = self.export(self.data, "--until", "1700000000000000003")
        self.assertEqual(len(spans_in(until)), 4)
        self.assertIn("--since", self.store("export", self.data, "--since", "soon", status=1).stderr)

    def test_verify_names_what_is_damaged_and_leaves_it(self):
        self.assertIn("nothing is damaged", self.store("verify", self.data).stdout)
        copy = self.path("data")
        subprocess.run(["cp", "-r", self.data, copy], check=True)
        part = next((copy / "parts").glob("*.part"))
        content = bytearray(part.read_bytes())
        middle = len(content) // 2
        content[middle:middle + 64] = bytes(64)
        part.write_bytes(content)
        self.assertIn(part.name, self.store("verify", copy, status=1).stdout)
        self.assertEqual(part.read_bytes(), content)
        self.assertEqual(list((copy / "quarantine").iterdir()), [])
        part.write_bytes(bytes(len(content)))  # nothing of it can be kept
        self.store("verify", copy, "--repair")
        after = self.store("verify", copy).stdout
        self.assertIn("1 file is in quarantine", after)
        self.assertIn("nothing is damaged", after)

    def test_verify_repairs_what_it_can(self):
        copy = self.path("data")
        subprocess.run(["cp", "-r", self.data, copy], check=True)
        part = next((copy / "parts").glob("*.part"))
        content = part.read_bytes()
        damaged = bytearray(content)
        for at in (40, len(damaged) - 40):  # a column and the last footer
            damaged[at] ^= 16
        part.write_bytes(damaged)
        self.assertIn("no span is lost", self.store("verify", copy, status=1).stdout)
        self.assertEqual(part.read_bytes(), damaged)
        repaired = self.store("verify", copy, "--repair").stdout
        self.assertIn("after the repair:", repaired)
        self.assertEqual(part.read_bytes(), content)
        self.assertIn("nothing is damaged", self.store("verify", copy).stdout)

    def test_one_process_a_directory(self):
        with Spandrel(data_dir=self.path("data")) as server:
            pid = server.process.pid
            for command in (["stat"], ["verify"], ["export"], ["import", "--input", "x"]):
                done = self.store(command[0], server.data_dir, *command[1:], status=1)
                self.assertIn(f"held by another spandrel (pid {pid})", done.stderr)

    def test_says_what_is_wrong(self):
        self.assertIn("there is no store", self.store("stat", self.root / "nowhere", status=1).stderr)
        bad = self.path("bad")
        for content, message in ((b"{}\n{\n", "entry 2"), (b"\0\0\0\x09abc", "entry 1: cut off"),
                                 (b"\xff\xff\xff\xff", "longer than 1 GiB"), (b"\x1f\x8bxx", "gzip"),
                                 (b"\x28\xb5\x2f\xfdzzzz", "zstd")):
            bad.write_bytes(content)
            self.assertIn(message, self.store("import", self.path("data"), "--input", bad, status=1).stderr)
        self.store("import", self.path("data"), "--input", self.path("absent"), status=1)

    def test_an_interrupted_import_keeps_what_was_read(self):
        copy = self.path("data")
        line = self.store("export", self.data).stdout.splitlines()[0] + "\n"
        process = subprocess.Popen([BIN / "spandrel", "store", "import", copy, "--input", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write(line)
        process.stdin.flush()
        while not list(copy.glob("log/*.log")):  # it is open, and so are the signals soon
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, out + err)
        self.assertIn("interrupted", err)
        self.assertIn("nothing is damaged", self.store("verify", copy).stdout)


if __name__ == "__main__":
    unittest.main()
