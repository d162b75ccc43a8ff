// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/visible_text.h"

namespace spandrel::cli {

void EndQuietlyWithoutReader() {
  std::signal(SIGPIPE, [](int) { _exit(kFound); });
}

void Put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void PutJson(std::string_view json) {
  Put(VisibleJson(json));
}

int Finish(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  Complain(fmt::format("standard output: {}", std::strerror(errno)));
  return kFailed;
}

void Complain(std::string_view message) {
  std::fflush(stdout);
  const std::string line = fmt::format("spandrel: {}\n", message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int Fail(const base::Status& status) {
  Complain(status.message());
  return kFailed;
}

void Note(std::string_view text) {
  if (isatty(STDOUT_FILENO) == 0 || isatty(STDERR_FILENO) == 0) return;
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace spandrel::cli
