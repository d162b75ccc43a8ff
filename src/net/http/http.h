// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spandrel::net {

// Header names are lower case, as HTTP/2 sends them; order and repetitions are kept.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The first value of that (lower-case) name; empty when absent.
std::string_view FindHeader(const Headers& headers, std::string_view name);

// CR, LF and NUL taken out: a value must not end its line.
std::string CleanHeaderValue(std::string value);

struct Request {
  std::string method;
  std::string target;     // as sent: path and query
  std::string path;       // without the query, percent-decoding left to who needs it
  std::string query;      // behind '?', raw
  std::string authority;  // Host or :authority
  Headers headers;
  std::string body;  // as sent; still compressed if Content-Encoding says so
  std::string peer;  // "127.0.0.1:40112"
  bool http2 = false;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  Headers trailers;  // HTTP/2 only
};

// Decodes %XX, and '+' as a space when `plus_is_space`. Malformed escapes stay as they are.
std::string PercentDecode(std::string_view text, bool plus_is_space = false);
std::string PercentEncode(std::string_view text);

// The decoded key-value pairs of a query string, in order.
Headers ParseQuery(std::string_view query);

}  // namespace spandrel::net
