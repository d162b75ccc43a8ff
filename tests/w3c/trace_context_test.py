# SPDX-License-Identifier: Apache-2.0
"""The rules of W3C Trace Context level 2 (https://www.w3.org/TR/trace-context-2/, as its repository has it in 2026) and
the limits of W3C Baggage, for each service under test."""
import concurrent.futures
import re
import string
import unittest

from harness import SERVICES, Harness

TRACE = "12345678901234567890123456789012"
PARENT = "1234567890123456"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
WRITTEN = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class Context:
    """What one call carried."""

    def __init__(self, headers):
        parents = [value for name, value in headers if name.lower() == "traceparent"]
        match = WRITTEN.fullmatch(parents[0]) if len(parents) == 1 else None
        if match is None or not int(match[1], 16) or not int(match[2], 16):
            raise AssertionError(f"not one valid traceparent: {parents}")
        self.trace, self.parent, self.flags = match[1], match[2], int(match[3], 16)
        self.names = [name for name, _ in headers if name.lower() in ("traceparent", "tracestate")]
        self.state = ",".join(value for name, value in headers if name.lower() == "tracestate")
        self.baggage = ",".join(value for name, value in headers if name.lower() == "baggage")


class Rules:
    """All rules; the subclasses below name the service."""

    service = None

    @classmethod
    def setUpClass(cls):
        cls.harness = Harness(cls.service)

    @classmethod
    def tearDownClass(cls):
        cls.harness.stop()

    def send(self, *headers):
        return Context(self.harness.call(headers)[0])

    def send_parent(self, traceparent):
        return self.send(("traceparent", traceparent))

    def send_state(self, *lines):
        """The tracestate that comes out; the trace itself must go on."""
        context = self.send(("traceparent", TRACEPARENT), *[("tracestate", line) for line in lines])
        self.assertEqual(context.trace, TRACE)
        return context.state

    def assert_joins(self, *traceparents):
        for traceparent in traceparents:
            with self.subTest(traceparent=traceparent):
                context = self.send_parent(traceparent)
                self.assertEqual(context.trace, TRACE)
                self.assertNotEqual(context.parent, PARENT)

    def assert_new_trace(self, *traceparents):
        for traceparent in traceparents:
            with self.subTest(traceparent=traceparent):
                self.assertNotIn(self.send_parent(traceparent).trace, traceparent.lower())

    def assert_state_dropped(self, *states):
        for state in states:
            with self.subTest(state=state):
                self.assertEqual(self.send_state(state), "")

    def assert_state_kept(self, *states):
        for state in states:
            with self.subTest(state=state):
                self.assertEqual(self.send_state(state), state)

    # traceparent

    def test_without_headers_a_trace_begins(self):
        self.assertNotEqual(self.send().trace, self.send().trace)

    def test_a_trace_is_joined(self):
        self.assert_joins(TRACEPARENT)

    def test_each_call_has_its_own_parent_id(self):
        calls = [Context(headers) for headers in self.harness.call([("traceparent", TRACEPARENT)], calls=3)]
        self.assertEqual({call.trace for call in calls}, {TRACE})
        self.assertEqual(len({call.parent for call in calls} | {PARENT}), 4)

    def test_calls_of_a_new_trace_belong_together(self):
        for received in ([], [("traceparent", f"00-{'0' * 32}-{PARENT}-01")]):
            calls = [Context(headers) for headers in self.harness.call(received, calls=3)]
            self.assertEqual(len({call.trace for call in calls}), 1)
            self.assertEqual(len({call.parent for call in calls}), 3)

    def test_what_is_sent_is_one_line_each_in_small_letters(self):
        lines = [("TraceParent", TRACEPARENT), ("TraceState", "foo=1"), ("tracestate", "bar=2")]
        self.assertEqual(sorted(self.send(*lines).names), ["traceparent", "tracestate"])

    def test_the_header_name_has_any_case(self):
        for name in ("TraceParent", "TRACEPARENT", "tRACEpARENT"):
            with self.subTest(name=name):
                self.assertEqual(self.send((name, TRACEPARENT)).trace, TRACE)

    def test_other_header_names_are_not_read(self):
        for name in ("trace-parent", "trace.parent", "traceparent-", "tracepar"):
            with self.subTest(name=name):
                self.assertNotEqual(self.send((name, TRACEPARENT)).trace, TRACE)

    def test_blanks_around_are_ignored(self):
        self.assert_joins(f" {TRACEPARENT}", f"\t{TRACEPARENT}", f"{TRACEPARENT} ", f"{TRACEPARENT}\t", f"\t {TRACEPARENT} \t")

    def test_version_00_ends_with_the_flags(self):
        self.assert_new_trace(f"{TRACEPARENT}-what-the-future", f"{TRACEPARENT}-", f"{TRACEPARENT}.", f"{TRACEPARENT}0")

    def test_later_versions_are_read(self):
        self.assert_joins(f"cc-{TRACE}-{PARENT}-01", f"01-{TRACE}-{PARENT}-01")

    def test_later_versions_may_have_more_fields(self):
        self.assert_joins(f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like")

    def test_later_versions_have_dashes_between_fields(self):
        self.assert_new_trace(f"cc-{TRACE}-{PARENT}-01.what-the-future-will-be-like", f"cc-{TRACE}-{PARENT}-01x")

    def test_version_ff_is_not_allowed(self):
        self.assert_new_trace(f"ff-{TRACE}-{PARENT}-01")

    def test_the_version_is_hexadecimal(self):
        self.assert_new_trace(f".0-{TRACE}-{PARENT}-01", f"0.-{TRACE}-{PARENT}-01", f"0x-{TRACE}-{PARENT}-01",
                              f"CC-{TRACE}-{PARENT}-01")

    def test_the_version_has_two_digits(self):
        self.assert_new_trace(f"000-{TRACE}-{PARENT}-01", f"0000-{TRACE}-{PARENT}-01", f"0-{TRACE}-{PARENT}-01", f"-{TRACE}-{PARENT}-01")

    def test_the_trace_id_is_not_zero(self):
        self.assert_new_trace(f"00-{'0' * 32}-{PARENT}-01")

    def test_the_trace_id_is_lower_case_hexadecimal(self):
        self.assert_new_trace(*[f"00-{trace}-{PARENT}-01" for trace in (
            "." + TRACE[1:], TRACE[:-1] + ".", TRACE[:-1] + "g", "A" * 32, TRACE[:16] + "F" + TRACE[17:])])

    def test_the_trace_id_has_32_digits(self):
        self.assert_new_trace(f"00-{TRACE}0-{PARENT}-01", f"00-0{TRACE}-{PARENT}-01", f"00-{TRACE[:-1]}-{PARENT}-01",
                              f"00--{PARENT}-01")

    def test_the_parent_id_is_not_zero(self):
        self.assert_new_trace(f"00-{TRACE}-{'0' * 16}-01")

    def test_the_parent_id_is_lower_case_hexadecimal(self):
        self.assert_new_trace(f"00-{TRACE}-.234567890123456-01", f"00-{TRACE}-123456789012345.-01", f"00-{TRACE}-123456789012345g-01",
                              f"00-{TRACE}-123456789012345A-01")

    def test_the_parent_id_has_16_digits(self):
        self.assert_new_trace(f"00-{TRACE}-{PARENT}0-01", f"00-{TRACE}-{PARENT[:-1]}-01", f"00-{TRACE}--01")

    def test_the_flags_are_hexadecimal(self):
        self.assert_new_trace(f"00-{TRACE}-{PARENT}-.0", f"00-{TRACE}-{PARENT}-0.", f"00-{TRACE}-{PARENT}-0A")

    def test_the_flags_have_two_digits(self):
        self.assert_new_trace(f"00-{TRACE}-{PARENT}-001", f"00-{TRACE}-{PARENT}-1", f"00-{TRACE}-{PARENT}-",
                              f"00-{TRACE}-{PARENT}")

    def test_two_parents_are_none(self):
        second = f"00-{TRACE[::-1]}-{PARENT}-01"
        for lines in ((TRACEPARENT, second), (TRACEPARENT, TRACEPARENT)):
            context = self.send(*[("traceparent", line) for line in lines])
            self.assertNotIn(context.trace, (TRACE, TRACE[::-1]))

    def test_nonsense_begins_a_trace(self):
        self.assert_new_trace("-", "traceparent", TRACE, "0" * 4000, "-" * 55, f"{TRACEPARENT},{TRACEPARENT}")

    def test_the_callers_decision_is_followed(self):
        self.assertEqual(self.send_parent(f"00-{TRACE}-{PARENT}-00").flags & 1, 0)
        self.assertEqual(self.send_parent(f"00-{TRACE}-{PARENT}-01").flags & 1, 1)

    def test_the_random_flag_is_carried_on(self):
        self.assertEqual(self.send_parent(f"00-{TRACE}-{PARENT}-02").flags & 2, 2)
        self.assertEqual(self.send_parent(f"00-{TRACE}-{PARENT}-03").flags & 2, 2)
        for flags in ("00", "01"):
            self.assertEqual(self.send_parent(f"00-{TRACE}-{PARENT}-{flags}").flags & 2, 0)

    def test_new_traces_are_random(self):
        self.assertEqual(self.send().flags & 2, 2)

    def test_unknown_flags_are_cleared(self):
        context = self.send_parent(f"00-{TRACE}-{PARENT}-ff")
        self.assertEqual((context.trace, context.flags), (TRACE, 3))
        self.assertEqual(self.send_parent(f"cc-{TRACE}-{PARENT}-fc").flags, 0)

    # tracestate

    def test_the_state_is_carried_on(self):
        self.assert_state_kept("foo=1", "foo=1,bar=2", "bar=2,foo=1")

    def test_the_state_goes_on_whatever_flags_and_version(self):
        for parent in (f"00-{TRACE}-{PARENT}-00", f"cc-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-01-more"):
            with self.subTest(parent=parent):
                self.assertEqual(self.send(("traceparent", parent), ("tracestate", "foo=1")).state, "foo=1")

    def test_the_state_alone_is_dropped(self):
        self.assertEqual(self.send(("tracestate", "foo=1")).state, "")

    def test_the_state_of_a_bad_parent_is_dropped(self):
        for parent in (f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "nonsense"):
            self.assertEqual(self.send(("traceparent", parent), ("tracestate", "foo=1")).state, "")

    def test_the_name_of_the_state_has_any_case(self):
        for name in ("TraceState", "TRACESTATE"):
            self.assertEqual(self.send(("traceparent", TRACEPARENT), (name, "foo=1")).state, "foo=1")

    def test_other_names_of_the_state_are_not_read(self):
        for name in ("trace-state", "trace.state", "tracestate-"):
            self.assertEqual(self.send(("traceparent", TRACEPARENT), (name, "foo=1")).state, "")

    def test_lines_are_joined_in_order(self):
        self.assertEqual(self.send_state("foo=1", "bar=2"), "foo=1,bar=2")
        self.assertEqual(self.send_state("foo=1,bar=2", "rojo=1,congo=2", "baz=3"), "foo=1,bar=2,rojo=1,congo=2,baz=3")

    def test_empty_lines_are_allowed(self):
        self.assertEqual(self.send_state(""), "")
        self.assertEqual(self.send_state("foo=1", ""), "foo=1")
        self.assertEqual(self.send_state("", "foo=1"), "foo=1")

    def test_empty_states_are_not_sent_on(self):
        for state in ("", " ", ",", " , ,"):
            self.assertEqual(self.send(("traceparent", TRACEPARENT), ("tracestate", state)).names, ["traceparent"])

    def test_empty_members_are_allowed(self):
        self.assertEqual(self.send_state("foo=1,,bar=2"), "foo=1,bar=2")
        self.assertEqual(self.send_state(",foo=1,"), "foo=1")

    def test_blanks_around_members_are_allowed(self):
        self.assertEqual(self.send_state("foo=1 \t , \t bar=2, \t baz=3"), "foo=1,bar=2,baz=3")
        self.assertEqual(self.send_state("foo=1\t \t,\t \tbar=2"), "foo=1,bar=2")
        self.assertEqual(self.send_state("foo=1\t", " bar=2 "), "foo=1,bar=2")
        for state in (" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"):
            self.assertEqual(self.send_state(state), "foo=1")

    def test_a_key_given_twice_spoils_nothing(self):
        for state in ("foo=1,foo=1", "foo=1,foo=2", "foo=1,bar=2,foo=3"):
            self.assertIn("foo=1", self.send_state(state))
        self.assertIn("foo=1", self.send_state("foo=1", "foo=2"))

    def test_keys_have_all_their_characters(self):
        rest = string.ascii_lowercase + string.digits + "_-*/@"
        self.assert_state_kept(f"{rest}=1", f"0{rest}=1", "0=1", "0start=1", "tenant@system=1")

    def test_keys_have_no_others(self):
        self.assert_state_dropped("foo =1", "FOO=1", "foo.bar=1", "_foo=1", "-foo=1", "*=1", "foo bar=1", "foo\t=1", "=1")

    def test_at_signs_are_anywhere_but_first(self):
        self.assert_state_kept("foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "foo@1=1", "bar=2,a@=1")
        self.assert_state_dropped("@foo=1,bar=2", "bar=2,@foo=1", "@=1")

    def test_keys_have_256_characters_at_most(self):
        for key in ("f" + "0" * 255, "t" * 241 + "@" + "v" * 14, "t" * 242 + "@v", "t@" + "v" * 15, "t@" + "v" * 254):
            self.assertEqual(self.send_state("foo=1", f"{key}=1"), f"foo=1,{key}=1")
        self.assert_state_dropped("f" + "0" * 256 + "=1", "t@" + "v" * 255 + "=1")

    def test_one_bad_line_spoils_all(self):
        self.assertEqual(self.send_state("foo=1", "z" * 257 + "=1"), "")
        self.assertEqual(self.send_state("@foo=1", "foo=1"), "")

    def test_values_have_all_their_characters(self):
        visible = "".join(chr(c) for c in range(0x21, 0x7f) if chr(c) not in ",=")
        self.assert_state_kept(f"foo={visible}", f"foo= {visible}", "foo=a b", "foo= a")

    def test_values_have_no_others(self):
        self.assert_state_dropped("foo=bar=baz", "foo=,bar=3", "foo", "foo=1,bar")
        if "grpc" not in self.service:  # metadata has no tabs: the service makes them blanks
            self.assert_state_dropped("foo=a\tb")

    def test_values_have_256_characters_at_most(self):
        self.assert_state_kept("foo=" + "v" * 256)
        self.assert_state_dropped("foo=" + "v" * 257)

    def test_there_are_32_members_at_most(self):
        members = [f"bar{number:02}={number:02}" for number in range(33)]
        self.assert_state_kept(",".join(members[:32]))
        self.assert_state_dropped(",".join(members))

    def test_the_limit_counts_all_lines(self):
        members = [f"bar{number:02}={number:02}" for number in range(33)]
        self.assertEqual(self.send_state(*members[:32]), ",".join(members[:32]))
        self.assertEqual(self.send_state(*members), "")

    def test_512_characters_are_carried_on(self):
        members = [f"k{number}={'v' * 125}" for number in range(3)] + ["k3=" + "v" * 122]
        state = ",".join(members)
        self.assertEqual(len(state), 512)
        self.assert_state_kept(state)

    def test_of_more_long_members_go_first(self):
        short = [f"k{number}={'v' * 50}" for number in range(9)]
        self.assertEqual(self.send_state(",".join(["long=" + "v" * 200] + short)), ",".join(short))

    # all of it under load, and baggage

    def test_requests_at_once_do_not_mix(self):
        def ask(number):
            trace = f"{number + 1:032x}"
            context = self.send(("traceparent", f"00-{trace}-{PARENT}-01"), ("tracestate", f"n={number}"))
            return context.trace == trace and context.state == f"n={number}"

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertTrue(all(pool.map(ask, range(64))))

    def test_endless_states_do_no_harm(self):
        self.assertEqual(self.send_state(*["k=" + "v" * 200] * 200), "")
        self.assertEqual(self.send_state(*["," * 7000] * 20), "")

    def test_baggage_is_carried_on(self):
        context = self.send(("baggage", "user=a%20b;ttl=5,region=eu"))
        self.assertEqual(context.baggage, "user=a%20b;ttl=5,region=eu")

    def test_baggage_has_64_members_at_most(self):
        lines = [("baggage", f"k{number}=v") for number in range(100)]
        self.assertEqual(len(self.send(*lines).baggage.split(",")), 64)

    def test_baggage_lines_share_8192_bytes(self):
        lines = [("baggage", f"k{number}={'v' * 7000}") for number in range(80)]
        self.assertEqual(self.send(*lines).baggage, "k0=" + "v" * 7000)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for service in SERVICES:
        rules = type(f"TraceContext_{service}", (Rules, unittest.TestCase), {"service": service})
        suite.addTests(loader.loadTestsFromTestCase(rules))
    return suite
