# SPDX-License-Identifier: Apache-2.0
"""What comes in and what must go out, header by header: trace context, baggage and B3 through each adapter, and from
HTTP into gRPC, whose metadata holds less than headers do."""
import dataclasses
import re
import unittest

from harness import SERVICES, Harness

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
CALLER = ("traceparent", f"00-{TRACE}-{PARENT}-01")
PROPAGATED = ("traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags")

# Of ids in an expected value: one that was not received.
NEW_TRACE = "(?P<trace>[0-9a-f]{32})"
NEW_SPAN = "(?P<span>[0-9a-f]{16})"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    received: list
    sent: dict  # name: a regular expression for the whole value; other headers of PROPAGATED must not be sent
    propagators: str = "tracecontext,baggage"


def joined(**headers):
    """The caller's trace goes on, with these headers."""
    return {"traceparent": f"00-{TRACE}-{NEW_SPAN}-01", **headers}


CASES = [
    Case("a later version is read as far as it is known",
         [("traceparent", f"01-{TRACE}-{PARENT}-03-more")],
         {"traceparent": f"00-{TRACE}-{NEW_SPAN}-03"}),
    Case("version 00 has four fields",
         [("traceparent", f"00-{TRACE}-{PARENT}-01-more")],
         {"traceparent": f"00-{NEW_TRACE}-{NEW_SPAN}-03"}),
    Case("ids in capitals are malformed",
         [("traceparent", f"00-{TRACE.upper()}-{PARENT}-01")],
         {"traceparent": f"00-{NEW_TRACE}-{NEW_SPAN}-03"}),
    Case("unknown flags are not passed on",
         [("traceparent", f"00-{TRACE}-{PARENT}-ff")],
         {"traceparent": f"00-{TRACE}-{NEW_SPAN}-03"}),
    Case("a key may end with an at sign",
         [CALLER, ("tracestate", "acme@=1,other=2")],
         joined(tracestate="acme@=1,other=2")),
    Case("a key may have several at signs",
         [CALLER, ("tracestate", "a@b@c=1,d@@e=2,other=3")],
         joined(tracestate="a@b@c=1,d@@e=2,other=3")),
    Case("a key may not begin with an at sign",
         [CALLER, ("tracestate", "@acme=1,other=2")],
         joined()),
    Case("blanks and tabs around members of the state are dropped",
         [CALLER, ("tracestate", "\tacme=1 \t , \t other=2\t")],
         joined(tracestate="acme=1,other=2")),
    Case("tabs in baggage become blanks or nothing",
         [CALLER, ("baggage", "k=v;\tprop=\t1")],
         joined(baggage="k *= *v *; *prop *= *1")),
    Case("tabs around members of baggage are dropped",
         [CALLER, ("baggage", "a=1\t,\tb=2")],
         joined(baggage="a=1,b=2")),
    Case("line ends stay encoded in baggage",
         [CALLER, ("baggage", "k=a%0d%0ab")],
         joined(baggage="k=a%0D%0Ab")),
    Case("only the malformed member of baggage is left out",
         [CALLER, ("baggage", "k=%E2%82%AC,bad key=1,l=2")],
         joined(baggage="k=%E2%82%AC,l=2")),
    Case("baggage goes on without a trace",
         [("baggage", "k=v")],
         {"traceparent": f"00-{NEW_TRACE}-{NEW_SPAN}-03", "baggage": "k=v"}),
    Case("b3: short ids are filled up, and debug goes on",
         [("b3", f"{TRACE[16:]}-{PARENT}-d")],
         {"b3": f"{'0' * 16}{TRACE[16:]}-{NEW_SPAN}-d"}, "b3"),
    Case("b3: a decision without ids",
         [("b3", "0")],
         {"b3": f"{NEW_TRACE}-{NEW_SPAN}-0"}, "b3"),
    Case("b3: of both forms the single header counts",
         [("b3", f"{TRACE}-{PARENT}-0"), ("X-B3-TraceId", "1" * 32), ("X-B3-SpanId", "2" * 16), ("X-B3-Sampled", "1")],
         {"b3": f"{TRACE}-{NEW_SPAN}-0"}, "b3"),
    Case("b3: several headers alone are read",
         [("X-B3-TraceId", TRACE), ("X-B3-SpanId", PARENT), ("X-B3-Sampled", "1")],
         {"b3": f"{TRACE}-{NEW_SPAN}-1"}, "b3"),
    Case("b3multi: several headers are written",
         [("b3", f"{TRACE}-{PARENT}-1")],
         {"x-b3-traceid": TRACE, "x-b3-spanid": NEW_SPAN, "x-b3-sampled": "1"}, "b3multi"),
]


class Headers:
    """All cases; the subclasses below name the service."""

    service = None
    arguments = ()

    def setUp(self):
        self.harnesses = {}  # by propagators

    def tearDown(self):
        for harness in self.harnesses.values():
            harness.stop()

    def answer(self, case):
        """What is sent. A service that fails is started anew for the next case."""
        harness = self.harnesses.pop(case.propagators, None)
        if harness is None:
            harness = Harness(self.service, self.arguments, {"OTEL_PROPAGATORS": case.propagators})
        try:
            headers = harness.call(case.received)[0]
        except Exception:
            harness.stop()
            raise
        self.harnesses[case.propagators] = harness
        return {name.lower(): value for name, value in headers if name.lower() in PROPAGATED}

    def check(self, case):
        sent = self.answer(case)
        self.assertEqual(set(sent), set(case.sent), sent)
        received = " ".join(value for _, value in case.received).lower()
        for name, expected in case.sent.items():
            match = re.fullmatch(expected, sent[name])
            self.assertIsNotNone(match, f"{name}: {sent[name]!r}")
            for identifier in match.groupdict().values():
                self.assertNotIn(identifier, received)

    def test_what_goes_out(self):
        for case in CASES:
            with self.subTest(case.name):
                self.check(case)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for service, arguments in [(service, ()) for service in SERVICES] + [("w3c-grpc-service", ("http",))]:
        name = "_".join(["Headers", service, *arguments])
        cases = type(name, (Headers, unittest.TestCase), {"service": service, "arguments": arguments})
        suite.addTests(loader.loadTestsFromTestCase(cases))
    return suite
