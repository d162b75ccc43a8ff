// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// The rules of OpenTelemetry's HTTP semantic conventions (1.44) as pure functions.
namespace spandrel::instrument {

// The methods that may stand in http.request.method and in span names.
// OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS, a list with commas, replaces the built-in ones. Read
// once.
bool IsKnownMethod(std::string_view method);

// http.request.method, and how a span is named after it: "_OTHER" and "HTTP" for unknown ones.
std::string_view MethodAttribute(std::string_view method);
std::string SpanName(std::string_view method, std::string_view target);

// The query with the values of parameters that are known to be secrets replaced by REDACTED.
std::string RedactQuery(std::string_view query);
// The same for a whole URL, and user and password replaced too; the fragment stays.
std::string RedactUrl(std::string_view url);

// Host and port of an absolute URL; the scheme's port when none is written, 0 when unknown.
struct HostPort {
  std::string_view host;  // IPv6 without brackets
  int port = 0;
};
HostPort HostOfUrl(std::string_view url);
// Of a Host header: "example.com:8080", "[::1]:80".
HostPort ParseHostPort(std::string_view authority, int default_port);
int DefaultPort(std::string_view scheme);

// A parameter of the first element of a Forwarded header (RFC 7239), without quotes.
std::string_view ForwardedParameter(std::string_view header, std::string_view name);
// The first element of a list with commas, trimmed.
std::string_view FirstElement(std::string_view list);

// "std::runtime_error" instead of a mangled name.
std::string Demangle(const char* name);

}  // namespace spandrel::instrument
