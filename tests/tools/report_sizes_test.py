# SPDX-License-Identifier: Apache-2.0
"""tools/report_sizes.py finds functions and their lengths."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from report_sizes import functions_in, percentile  # noqa: E402

SOURCE = """\
namespace spandrel::base {
namespace {

constexpr char kBrace[] = "{";  // {
const std::map<int, int> kTable = {{1, 2}};

template <typename T>
struct Pair {
  T first = {};
  T Sum() const { return first; }
};

int Count(std::string_view text,
          char mark = '{') {
  auto add = [&](int n) {
    return n;
  };
  for (char c : text) {
    if (c == mark) add(1);
  }
  return 0;
}

}  // namespace

Clock::Clock(int now) : now_{now}, last_(now) {
  Start();
}

Clock::~Clock() = default;

auto Clock::Now() const -> Time {
  return Time{now_};
}
}  // namespace spandrel::base
"""


class ReportSizesTest(unittest.TestCase):
    def test_functions(self):
        self.assertEqual(list(functions_in(SOURCE)), [
            (1, 10, "Sum"), (10, 13, "Count"), (3, 26, "Clock::Clock"), (3, 32, "Clock::Now")])

    def test_percentile(self):
        self.assertEqual([percentile(range(10), share) for share in (0.5, 0.9)], [5, 9])
        self.assertEqual(percentile([], 0.5), 0)


if __name__ == "__main__":
    unittest.main()
