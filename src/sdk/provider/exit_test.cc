// SPDX-License-Identifier: Apache-2.0
// Processes that end while threads and destructors of statics trace: none of them crashes.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

extern char** environ;

namespace spandrel::sdk {
namespace {

#if defined(SPANDREL_EXIT_PROGRAM)
int ExitCodeOf(const char* mode) {
  std::string program = SPANDREL_EXIT_PROGRAM;
  std::string argument = mode;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ), 0);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A thousand exits in all by default.
int Rounds() {
  const char* const given = std::getenv("SPANDREL_EXITS");
  return given == nullptr ? 200 : std::atoi(given) / 5;
}

class ExitTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Modes, ExitTest,
                         testing::Values("local", "kept", "static", "exit", "disabled"),
                         [](const auto& info) { return info.param; });

TEST_P(ExitTest, NoExitCrashesWhileThreadsTrace) {
  for (int i = 0; i < Rounds(); ++i) ASSERT_EQ(ExitCodeOf(GetParam()), 0) << "round " << i;
}
#endif

}  // namespace
}  // namespace spandrel::sdk
