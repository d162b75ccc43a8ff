// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The rules of OpenTelemetry's HTTP semantic conventions (1.44) as pure functions.
namespace spandrel::instrument {

// The methods that may stand in http.request.method and in span names; case matters. Immutable.
class KnownMethods {
 public:
  // Empty: those of the conventions.
  explicit KnownMethods(std::vector<std::string> methods = {});

  // The method as a view that lives as long as this object; empty when it is not known.
  std::string_view Find(std::string_view method) const;

 private:
  std::vector<std::string> methods_;
};

// Replaces the values of parameters that are secrets by REDACTED. Immutable.
class Redaction {
 public:
  // The signatures and keys that the conventions name.
  Redaction();
  explicit Redaction(std::vector<std::string> parameters) : parameters_(std::move(parameters)) {}

  // The query itself when it has no secrets, else what `buffer` then holds.
  std::string_view Query(std::string_view query, std::string& buffer) const;
  // The same for a whole URL, with user and password replaced too; the fragment stays.
  std::string_view Url(std::string_view url, std::string& buffer) const;

 private:
  bool HasSecret(std::string_view query) const;
  bool IsSecret(std::string_view pair) const;
  void AppendQuery(std::string_view query, std::string& out) const;

  std::vector<std::string> parameters_;
};

// Host and port of an absolute URL; the scheme's port when none is written, 0 when unknown.
struct HostPort {
  std::string_view host;  // IPv6 without brackets
  int port = 0;
};
HostPort HostOfUrl(std::string_view url);
// Of a Host header: "example.com:8080", "[::1]:80".
HostPort ParseHostPort(std::string_view authority, int default_port);
int DefaultPort(std::string_view scheme);
// Without user and password. Empty without "://".
std::string_view AuthorityOfUrl(std::string_view url);
// Path and query of an absolute URL.
std::string_view TargetOfUrl(std::string_view url);
// The target of a request that came in. Clients of proxies send an absolute URL, whose host goes
// before the Host header (RFC 9112, 3.2.2).
struct RequestTarget {
  std::string_view scheme;     // these two only of an absolute URL
  std::string_view authority;  // without user and password
  std::string_view path;
  std::string_view query;  // without '?'
};
RequestTarget ParseTarget(std::string_view target);
bool IsHttps(std::string_view scheme_or_url);

// A parameter of the first element of a Forwarded header (RFC 7239), without quotes.
std::string_view ForwardedParameter(std::string_view header, std::string_view name);
// The first element of a list with commas, trimmed.
std::string_view FirstElement(std::string_view list);
// The elements of a list with commas, trimmed, without empty ones.
std::vector<std::string> SplitList(std::string_view list);

// A protocol version that metrics may have; empty for all others.
std::string_view KnownVersion(std::string_view version);
// "GET /users/:id", written to `buffer`.
std::string_view JoinName(std::string_view method, std::string_view route, std::string& buffer);

}  // namespace spandrel::instrument
