// SPDX-License-Identifier: Apache-2.0
#include "endpoints/host_names.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/ascii.h"

namespace spandrel::endpoints {
namespace {

bool Fits(std::string_view name, std::string_view host) {
  if (!name.starts_with("*.")) return name == host;
  name.remove_prefix(1);
  return host.size() > name.size() && host.ends_with(name);
}

bool IsUndotted(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

bool IsAddress(std::string_view host) {
  const std::string text(host);
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool IsLoopbackName(std::string_view host) {
  const std::string text = base::LowerCase(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return text == "localhost" || Fits("*.localhost", text);
}

std::string HostOf(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::LowerCase(host);
}

HostNames::HostNames(const std::vector<std::string>& names, LocalNames local)
    : allows_all_(names.empty() && local == LocalNames::kNone), local_(local) {
  for (const std::string& name : names) {
    if (name == "*") allows_all_ = true;
    names_.push_back(name.starts_with("*.") ? base::LowerCase(name) : HostOf(name));
  }
}

bool HostNames::Allows(std::string_view authority) const {
  if (allows_all_ || authority.empty()) return true;
  const std::string host = HostOf(authority);
  if (local_ != LocalNames::kNone && (IsAddress(host) || IsLoopbackName(host))) return true;
  if (local_ == LocalNames::kUndotted && IsUndotted(host)) return true;
  return Names(host);
}

bool HostNames::Names(std::string_view host) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&host](const std::string& name) { return Fits(name, host); });
}

}  // namespace spandrel::endpoints
