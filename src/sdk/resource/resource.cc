// SPDX-License-Identifier: Apache-2.0
#include "sdk/resource/resource.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/any_value.h"
#include "sdk/process/id_generator.h"

// Field numbers are those of opentelemetry/proto/{common,resource}/v1.
namespace spandrel::sdk {
namespace {

namespace otlp = proto::otlp;
using proto::LengthTag;

constexpr size_t kMaxFileBytes = 64 << 10;
constexpr size_t kMaxArguments = 256;
constexpr size_t kContainerIdDigits = 64;

std::string ReadFile(const std::string& path) {
  std::string content;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return content;
  char buffer[4096];
  ssize_t count = 0;
  while (content.size() < kMaxFileBytes && (count = read(fd, buffer, sizeof(buffer))) > 0) {
    content.append(buffer, static_cast<size_t>(count));
  }
  close(fd);
  return content;
}

std::string FirstLine(const std::string& content) {
  return content.substr(0, content.find_first_of("\r\n"));
}

std::string ReadLink(const std::string& path) {
  char target[4096];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string();
}

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

std::string HostArch() {
  utsname names{};
  if (uname(&names) != 0) return {};
  const std::string_view machine = names.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine.starts_with("arm")) return "arm32";
  return std::string(machine);
}

std::string HostId(const std::string& root) {
  const std::string id = FirstLine(ReadFile(root + "etc/machine-id"));
  return id.empty() ? FirstLine(ReadFile(root + "var/lib/dbus/machine-id")) : id;
}

// A version 4 UUID.
std::string NewInstanceId() {
  const uint64_t high = (RandomId() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (RandomId() & ~(uint64_t{3} << 62)) | uint64_t{1} << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFF);
}

std::vector<std::string> CommandArguments() {
  std::vector<std::string> arguments;
  const std::string content = ReadFile("/proc/self/cmdline");
  for (size_t begin = 0; begin < content.size() && arguments.size() < kMaxArguments;) {
    const size_t end = std::min(content.find('\0', begin), content.size());
    arguments.push_back(content.substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

// The last run of exactly 64 hex digits in `line`.
std::string_view LongHex(std::string_view line) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (size_t end = line.find_last_of(kHex); end != std::string_view::npos;) {
    const size_t before = line.find_last_not_of(kHex, end);
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (end - begin + 1 == kContainerIdDigits) return line.substr(begin, kContainerIdDigits);
    if (begin == 0) break;
    end = line.find_last_of(kHex, begin - 1);
  }
  return {};
}

template <typename Accept>
std::string FindInLines(std::string_view text, Accept accept) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!accept(line)) continue;
    if (const std::string_view id = LongHex(line); !id.empty()) return std::string(id);
  }
  return {};
}

// KeyValue with an array of texts.
void AppendTextsAttribute(std::string& out, const std::string& key,
                          const std::vector<std::string>& texts) {
  std::string array;
  for (const std::string& text : texts) {
    std::string value;
    AppendLengthField(value, LengthTag(otlp::kAnyValueString), text);
    AppendLengthField(array, LengthTag(otlp::kListValues), value);
  }
  std::string any;
  AppendLengthField(any, LengthTag(otlp::kAnyValueArray), array);
  std::string pair;
  AppendLengthField(pair, LengthTag(otlp::kKeyValueKey), key);
  AppendLengthField(pair, LengthTag(otlp::kKeyValueValue), any);
  AppendLengthField(out, LengthTag(otlp::kResourceAttributes), pair);
}

void AppendAttribute(std::string& out, const std::string& key, const ResourceValue& value) {
  constexpr char kAttribute = LengthTag(otlp::kResourceAttributes);
  if (const auto* text = std::get_if<std::string>(&value)) {
    AppendTextAttribute(out, kAttribute, key, *text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    AppendIntAttribute(out, kAttribute, key, *number);
  } else {
    AppendTextsAttribute(out, key, std::get<std::vector<std::string>>(value));
  }
}

}  // namespace

std::string FindContainerId(std::string_view cgroup, std::string_view mount_info) {
  std::string id = FindInLines(cgroup, [](std::string_view) { return true; });
  if (!id.empty()) return id;
  return FindInLines(mount_info, [](std::string_view line) {
    return line.find("/containers/") != std::string_view::npos ||
           line.find("/overlay-containers/") != std::string_view::npos ||
           line.find("/sandboxes/") != std::string_view::npos;
  });
}

ResourceAttributes DetectResource(const std::string& root) {
  ResourceAttributes found;
  const auto add = [&found](const char* key, std::string value) {
    if (!value.empty()) found.emplace_back(key, std::move(value));
  };
  const std::string path = ReadLink("/proc/self/exe");
  found.emplace_back("process.pid", int64_t{getpid()});
  add("process.executable.name", BaseName(path));
  add("process.executable.path", path);
#if defined(__GLIBCXX__)
  add("process.runtime.name", "libstdc++");
  add("process.runtime.version", std::to_string(_GLIBCXX_RELEASE));
#endif
  add("process.runtime.description", __VERSION__);
  add("host.name", HostName());
  add("host.id", HostId(root));
  add("host.arch", HostArch());
  add("os.type", "linux");
  add("container.id",
      FindContainerId(ReadFile(root + "proc/self/cgroup"), ReadFile(root + "proc/self/mountinfo")));
  return found;
}

std::string ServiceName(const Options& options) {
  if (!options.service_name.empty()) return options.service_name;
  const std::string executable = BaseName(ReadLink("/proc/self/exe"));
  return executable.empty() ? "unknown_service" : "unknown_service:" + executable;
}

std::string EncodeResource(const Options& options) {
  std::string content;
  std::set<std::string, std::less<>> written;
  const auto add = [&](const std::string& key, const ResourceValue& value) {
    if (written.insert(key).second) AppendAttribute(content, key, value);
  };
  add("service.name", ServiceName(options));
  add("telemetry.sdk.name", "spandrel");
  add("telemetry.sdk.language", "cpp");
  add("telemetry.sdk.version", "0.1.0");
  const TextPairs& given = options.resource_attributes;
  for (auto pair = given.rbegin(); pair != given.rend(); ++pair) add(pair->first, pair->second);
  add("service.instance.id", NewInstanceId());
  if (options.detect_resource) {
    for (const auto& [key, value] : DetectResource()) add(key, value);
  }
  if (options.command_arguments) add("process.command_args", CommandArguments());
  std::string resource;
  AppendLengthField(resource, LengthTag(otlp::kResourceSpansResource), content);
  return resource;
}

}  // namespace spandrel::sdk
