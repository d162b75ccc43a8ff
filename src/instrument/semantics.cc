// SPDX-License-Identifier: Apache-2.0
#include "instrument/semantics.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "instrument/text.h"

namespace spandrel::instrument {
namespace {

// The usual ones first.
constexpr std::array<const char*, 9> kStandardMethods = {
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"};

constexpr std::array<const char*, 7> kSecretParameters = {
    "AWSAccessKeyId",   "Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature",
    "X-Goog-Signature", "sig"};

constexpr std::string_view kRedacted = "REDACTED";

// Where the parts of an absolute URL begin and end.
struct UrlParts {
  size_t authority = 0;
  size_t host = 0;  // after user and password
  size_t path = 0;
  size_t query = 0;  // at the '?'
  size_t fragment = 0;
};
UrlParts FindParts(std::string_view url) {
  UrlParts parts;
  const size_t scheme_end = url.find("://");
  parts.authority = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  parts.path = std::min(url.find_first_of("/?#", parts.authority), url.size());
  const std::string_view authority = url.substr(parts.authority, parts.path - parts.authority);
  const size_t at = authority.rfind('@');
  parts.host = at == std::string_view::npos ? parts.authority : parts.authority + at + 1;
  parts.fragment = std::min(url.find('#', parts.path), url.size());
  parts.query = std::min(url.find('?', parts.path), parts.fragment);
  return parts;
}

}  // namespace

KnownMethods::KnownMethods(std::vector<std::string> methods) : methods_(std::move(methods)) {
  if (methods_.empty()) methods_.assign(kStandardMethods.begin(), kStandardMethods.end());
}

std::string_view KnownMethods::Find(std::string_view method) const {
  for (const std::string& known : methods_) {
    if (known == method) return known;
  }
  return {};
}

Redaction::Redaction() : parameters_(kSecretParameters.begin(), kSecretParameters.end()) {}

bool Redaction::IsSecret(std::string_view pair) const {
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = pair.substr(0, equals);
  return std::find(parameters_.begin(), parameters_.end(), key) != parameters_.end();
}

bool Redaction::HasSecret(std::string_view query) const {
  while (!query.empty()) {
    if (IsSecret(Next(query, '&'))) return true;
  }
  return false;
}

void Redaction::AppendQuery(std::string_view query, std::string& out) const {
  for (bool more = !query.empty(); more;) {
    const size_t end = query.find('&');
    const std::string_view pair = Next(query, '&');
    if (IsSecret(pair)) {
      out.append(pair.substr(0, pair.find('=') + 1)).append(kRedacted);
    } else {
      out.append(pair);
    }
    more = end != std::string_view::npos;
    if (more) out += '&';
  }
}

std::string_view Redaction::Query(std::string_view query, std::string& buffer) const {
  if (!HasSecret(query)) return query;
  buffer.clear();
  AppendQuery(query, buffer);
  return buffer;
}

std::string_view Redaction::Url(std::string_view url, std::string& buffer) const {
  const UrlParts parts = FindParts(url);
  const std::string_view query = url.substr(parts.query, parts.fragment - parts.query);
  const bool has_user = parts.host > parts.authority;
  const bool has_secret = !query.empty() && HasSecret(query.substr(1));
  if (!has_user && !has_secret) return url;
  buffer.assign(url.substr(0, parts.authority));
  if (has_user) {
    const std::string_view user = url.substr(parts.authority, parts.host - parts.authority);
    const bool has_password = user.find(':') != std::string_view::npos;
    buffer.append(has_password ? "REDACTED:REDACTED@" : "REDACTED@");
  }
  buffer.append(url.substr(parts.host, parts.query - parts.host));
  if (!query.empty()) {
    buffer += '?';
    AppendQuery(query.substr(1), buffer);
  }
  return buffer.append(url.substr(parts.fragment));
}

bool IsHttps(std::string_view scheme_or_url) {
  return EqualsIgnoringCase(scheme_or_url.substr(0, scheme_or_url.find(':')), "https");
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

std::string_view AuthorityOfUrl(std::string_view url) {
  const UrlParts parts = FindParts(url);
  return url.substr(parts.host, parts.path - parts.host);
}

std::string_view TargetOfUrl(std::string_view url) {
  const UrlParts parts = FindParts(url);
  return url.substr(parts.path, parts.fragment - parts.path);
}

RequestTarget ParseTarget(std::string_view target) {
  RequestTarget parsed;
  const size_t scheme_end = target.find("://");
  const bool absolute = scheme_end != std::string_view::npos &&
                        scheme_end < std::min(target.find('/'), target.find('?'));
  if (absolute) {
    parsed.scheme = target.substr(0, scheme_end);
    parsed.authority = AuthorityOfUrl(target);
    target = TargetOfUrl(target);
  }
  const size_t question = std::min(target.find('?'), target.size());
  parsed.path = target.substr(0, question);
  parsed.query = target.substr(std::min(question + 1, target.size()));
  if (absolute && parsed.path.empty()) parsed.path = "/";
  return parsed;
}

HostPort HostOfUrl(std::string_view url) {
  const size_t scheme_end = url.find("://");
  const std::string_view scheme =
      scheme_end == std::string_view::npos ? "http" : url.substr(0, scheme_end);
  return ParseHostPort(AuthorityOfUrl(url), DefaultPort(scheme));
}

std::string_view FirstElement(std::string_view list) {
  return Trim(list.substr(0, list.find(',')));
}

std::vector<std::string> SplitList(std::string_view list) {
  std::vector<std::string> elements;
  while (!list.empty()) {
    const std::string_view element = Trim(Next(list, ','));
    if (!element.empty()) elements.emplace_back(element);
  }
  return elements;
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

std::string_view KnownVersion(std::string_view version) {
  for (const std::string_view known : {"1.1", "2", "3", "1.0"}) {
    if (version == known) return known;
  }
  return {};
}

std::string_view JoinName(std::string_view method, std::string_view route, std::string& buffer) {
  if (route.empty()) return method;
  buffer.reserve(method.size() + 1 + route.size());
  return buffer.assign(method).append(1, ' ').append(route);
}

}  // namespace spandrel::instrument
