# SPDX-License-Identifier: Apache-2.0
"""tools/check_thread_safety.py has clang find a guarded member that is read without its mutex."""
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_thread_safety  # noqa: E402

SOURCE = """\
#include "base/mutex.h"
class Account {
 public:
  int Read() {
    %s
    return balance_;
  }

 private:
  spandrel::base::Mutex mutex_;
  int balance_ SPANDREL_GUARDED_BY(mutex_) = 0;
};
int Use(Account& account) { return account.Read(); }
"""


class CheckThreadSafetyTest(unittest.TestCase):
    def compile(self, body):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "account.cc")
            source.write_text(SOURCE % body)
            command = f"g++ -std=c++20 -Wall -Werror -I{ROOT}/src -fno-fat-lto-objects -o account.o -c {source}"
            return check_thread_safety.check({"file": str(source), "directory": folder, "command": command})

    @unittest.skipUnless(shutil.which("clang++-14"), "there is no clang++-14")
    def test_a_read_without_the_mutex(self):
        done = self.compile("")
        self.assertEqual(done.returncode, 1)
        self.assertIn("reading variable 'balance_' requires holding mutex 'mutex_'", done.stderr)

    @unittest.skipUnless(shutil.which("clang++-14"), "there is no clang++-14")
    def test_a_read_with_it(self):
        done = self.compile("spandrel::base::MutexLock lock(mutex_);")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_files_with_a_plain_mutex(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"src/net/a.h": "std::mutex mutex_;", "src/net/a_test.cc": "std::mutex mutex;",
                               "src/net/testing/b.h": "std::mutex mutex;", "src/net/c.h": "base::Mutex mutex_;",
                               check_thread_safety.WRAPPERS[0]: "std::mutex mutex_;"}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            self.assertEqual(check_thread_safety.plain_users(root), {"src/net/a.h"})

    def test_the_list_only_gets_shorter(self):
        self.assertEqual(list(check_thread_safety.list_faults({"src/a.h"}, {"src/a.h"})), [])
        self.assertEqual(len(list(check_thread_safety.list_faults({"src/a.h"}, set()))), 1)
        self.assertEqual(len(list(check_thread_safety.list_faults(set(), {"src/a.h"}))), 1)


if __name__ == "__main__":
    unittest.main()
