// SPDX-License-Identifier: Apache-2.0
#include "instrument/semantics.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <set>

namespace spandrel::instrument {
namespace {

constexpr std::array<std::string_view, 9> kStandardMethods = {
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"};

constexpr std::array<std::string_view, 7> kSecretParameters = {
    "AWSAccessKeyId",   "Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature",
    "X-Goog-Signature", "sig"};

constexpr std::string_view kRedacted = "REDACTED";

using MethodSet = std::set<std::string, std::less<>>;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Takes the text before the first `separator` off `rest`.
std::string_view Next(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

MethodSet ReadKnownMethods() {
  MethodSet methods;
  const char* const list = std::getenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
  for (std::string_view rest = list == nullptr ? "" : list; !rest.empty();) {
    const std::string_view method = Trim(Next(rest, ','));
    if (!method.empty()) methods.emplace(method);
  }
  if (methods.empty()) methods.insert(kStandardMethods.begin(), kStandardMethods.end());
  return methods;
}

bool IsSecret(std::string_view parameter) {
  return std::find(kSecretParameters.begin(), kSecretParameters.end(), parameter) !=
         kSecretParameters.end();
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// Where the authority of an absolute URL begins and ends.
struct AuthorityRange {
  size_t begin = 0;
  size_t end = 0;
};
AuthorityRange FindAuthority(std::string_view url) {
  const size_t scheme_end = url.find("://");
  const size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  return {begin, std::min(url.find_first_of("/?#", begin), url.size())};
}

}  // namespace

bool IsKnownMethod(std::string_view method) {
  static const MethodSet* const known = new MethodSet(ReadKnownMethods());
  return known->find(method) != known->end();
}

std::string_view MethodAttribute(std::string_view method) {
  return IsKnownMethod(method) ? method : "_OTHER";
}

std::string SpanName(std::string_view method, std::string_view target) {
  std::string name(IsKnownMethod(method) ? method : "HTTP");
  if (!target.empty()) name.append(" ").append(target);
  return name;
}

std::string RedactQuery(std::string_view query) {
  std::string result;
  result.reserve(query.size());
  for (bool first = true; !query.empty(); first = false) {
    const std::string_view pair = Next(query, '&');
    const size_t equals = pair.find('=');
    if (!first) result += '&';
    if (equals != std::string_view::npos && IsSecret(pair.substr(0, equals))) {
      result.append(pair.substr(0, equals + 1)).append(kRedacted);
    } else {
      result.append(pair);
    }
    if (query.empty()) break;
  }
  return result;
}

std::string RedactUrl(std::string_view url) {
  const AuthorityRange authority = FindAuthority(url);
  const std::string_view host_part = url.substr(authority.begin, authority.end - authority.begin);
  const size_t at = host_part.rfind('@');
  std::string result(url.substr(0, authority.begin));
  if (at == std::string_view::npos) {
    result.append(host_part);
  } else {
    const bool has_password = host_part.substr(0, at).find(':') != std::string_view::npos;
    result.append(has_password ? "REDACTED:REDACTED@" : "REDACTED@")
        .append(host_part.substr(at + 1));
  }
  std::string_view rest = url.substr(authority.end);
  const size_t fragment = std::min(rest.find('#'), rest.size());
  const size_t query = std::min(rest.find('?'), fragment);
  result.append(rest.substr(0, query));
  if (query < fragment)
    result.append("?").append(RedactQuery(rest.substr(query + 1, fragment - query - 1)));
  return result.append(rest.substr(fragment));
}

int DefaultPort(std::string_view scheme) {
  if (EqualsIgnoringCase(scheme, "http")) return 80;
  return EqualsIgnoringCase(scheme, "https") ? 443 : 0;
}

HostPort ParseHostPort(std::string_view authority, int default_port) {
  HostPort result{authority, default_port};
  size_t colon = authority.rfind(':');
  if (authority.size() > 1 && authority[0] == '[') {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return result;
    result.host = authority.substr(1, bracket - 1);
    if (colon < bracket) colon = std::string_view::npos;
  } else {
    result.host = authority.substr(0, colon);
  }
  if (colon == std::string_view::npos) return result;
  int port = 0;
  const char* const end = authority.data() + authority.size();
  const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, port);
  if (error == std::errc() && stop == end && port > 0 && port <= 65535) result.port = port;
  return result;
}

HostPort HostOfUrl(std::string_view url) {
  const AuthorityRange range = FindAuthority(url);
  std::string_view authority = url.substr(range.begin, range.end - range.begin);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  const size_t scheme_end = url.find("://");
  return ParseHostPort(
      authority,
      DefaultPort(scheme_end == std::string_view::npos ? "http" : url.substr(0, scheme_end)));
}

std::string_view FirstElement(std::string_view list) {
  return Trim(list.substr(0, list.find(',')));
}

std::string_view ForwardedParameter(std::string_view header, std::string_view name) {
  for (std::string_view rest = FirstElement(header); !rest.empty();) {
    std::string_view value = Trim(Next(rest, ';'));
    const std::string_view key = Trim(Next(value, '='));
    if (!EqualsIgnoringCase(key, name)) continue;
    value = Trim(value);
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
  }
  return {};
}

std::string Demangle(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? readable.get() : name;
}

}  // namespace spandrel::instrument
