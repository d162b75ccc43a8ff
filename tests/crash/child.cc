// SPDX-License-Identifier: Apache-2.0
#include "crash/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace spandrel::crash {
namespace {

constexpr unsigned kPatienceSeconds = 600;

[[noreturn]] void WorkAndEnd(const std::function<std::string()>& work, int to) {
  ::alarm(kPatienceSeconds);
  const std::string text = work();
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(to, rest.data(), rest.size());
    if (written <= 0) std::abort();
    rest.remove_prefix(static_cast<size_t>(written));
  }
  ::_exit(0);
}

std::string ReadAll(int from) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t read = 0; (read = ::read(from, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<size_t>(read));
  }
  return text;
}

}  // namespace

std::optional<std::string> InChild(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  std::fflush(stdout);
  if (::pipe(ends.data()) != 0) std::abort();
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::close(ends[0]);
    WorkAndEnd(work, ends[1]);
  }
  ::close(ends[1]);
  std::string text = ReadAll(ends[0]);
  ::close(ends[0]);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
  return text;
}

}  // namespace spandrel::crash
