# SPDX-License-Identifier: Apache-2.0
"""Signals that are no wish to stop, and a log whose reader goes away."""
import os
import signal

from attack import Attack
from spandrel_process import Spandrel, otlp_request


class SignalsAttack(Attack):
    def still_serves(self, server):
        status, _, _ = server.send_json(otlp_request())
        self.holds("status of an export afterwards", status, "200", status == 200)

    def test_signals_that_ask_for_nothing(self):
        with Spandrel() as server:
            for number in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
                server.process.send_signal(number)
            self.still_serves(server)

    def test_the_reader_of_the_log_goes_away(self):
        read_end, write_end = os.pipe()
        try:
            with Spandrel("--verbose", log=write_end) as server:
                os.close(read_end)
                server.process.send_signal(signal.SIGHUP)  # reading the configuration again is logged
                self.still_serves(server)
                status = server.stop()
            self.holds("exit status", status, "0", status == 0)
        finally:
            os.close(write_end)
