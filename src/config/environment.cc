// SPDX-License-Identifier: Apache-2.0
#include "config/environment.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "config/document.h"

namespace spandrel::config {
namespace {

base::Status LastError() {
  return {base::StatusCode::kInvalidArgument, std::generic_category().message(errno)};
}

class RealEnvironment final : public Environment {
 public:
  std::optional<std::string> Variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  base::Result<std::string> ReadFile(const std::string& path) const override {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (!file) return LastError();
    std::string text(kMaxDocumentBytes + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return LastError();
    if (text.size() > kMaxDocumentBytes) {
      return base::Status(base::StatusCode::kInvalidArgument, "larger than 4 MiB");
    }
    return text;
  }
};

}  // namespace

const Environment& ProcessEnvironment() {
  static const RealEnvironment environment;
  return environment;
}

}  // namespace spandrel::config
