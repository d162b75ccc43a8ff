// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/http.h"

namespace spandrel::net {

// One HTTP/1.1 message being read, piece by piece. Sits on Boost.Beast's parser, which refuses bare
// line feeds, two lengths, and a length beside chunks. Folded lines of a request are refused too,
// and chunk extensions beyond `max_header_bytes` in all. Header names become lower case.
class Http1Parser {
 public:
  enum class Kind { kRequest, kResponse };
  enum class Progress {
    kNeedMore,
    kHeadersDone,  // said once; then go on with the rest of the input
    kDone,
    kHeadersTooLarge,
    kBodyRefused,  // by on_body
    kMalformed,
  };
  // Takes a piece of the body; false stops.
  using BodySink = std::function<bool(std::string_view)>;

  Http1Parser(Kind kind, size_t max_header_bytes, BodySink on_body);
  ~Http1Parser();

  // Consumes from the front of `input` what it can.
  Progress Parse(std::string_view* input);
  // The peer closed: a response without a length ends so. Malformed when nothing has come.
  Progress ParseEnd();
  // The response to HEAD has no body.
  void ExpectNoBody();

  const std::string& error() const;
  bool started() const;

  // Valid once the headers are done.
  const std::string& method() const;
  const std::string& target() const;
  int status() const;
  Headers& headers();
  bool keep_alive() const;
  bool http11() const;
  bool chunked() const;
  std::optional<uint64_t> content_length() const;

 private:
  struct Impl;
  template <bool is_request>
  struct BeastParser;
  const Kind kind_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::net
