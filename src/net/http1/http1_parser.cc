// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <utility>

#include "base/ascii.h"

namespace spandrel::net {
namespace {

namespace beast_http = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastView = boost::beast::string_view;

BeastError RefusedError() {
  return beast_http::make_error_code(beast_http::error::body_limit);
}
BeastError HeaderLimitError() {
  return beast_http::make_error_code(beast_http::error::header_limit);
}

BeastError ExtensionLimitError() {
  return beast_http::make_error_code(beast_http::error::bad_chunk_extension);
}

// Whether a header goes on in a next line (RFC 9112, 5.2). Who forwards it as it is may see another
// request in it than we do.
bool HasFoldedLine(std::string_view head) {
  for (size_t next = head.find("\r\n"); next != head.npos; next = head.find("\r\n", next)) {
    next += 2;
    if (next < head.size() && (head[next] == ' ' || head[next] == '\t')) return true;
  }
  return false;
}

}  // namespace

struct Http1Parser::Impl {
  Impl(size_t max_header_bytes, BodySink sink)
      : header_bytes_left(max_header_bytes),
        extension_bytes_left(max_header_bytes),
        on_body(std::move(sink)) {}
  virtual ~Impl() = default;

  virtual size_t Put(std::string_view input, BeastError& error) = 0;
  virtual void PutEof(BeastError& error) = 0;
  virtual void Skip() = 0;
  virtual bool HeaderDone() const = 0;
  virtual bool Done() const = 0;
  virtual bool Started() const = 0;
  virtual bool KeepAlive() const = 0;
  virtual bool Chunked() const = 0;
  virtual std::optional<uint64_t> ContentLength() const = 0;

  void OnField(BeastView name, BeastView value, BeastError& error) {
    const size_t bytes = name.size() + value.size();
    if (bytes > header_bytes_left) {
      error = HeaderLimitError();
      return;
    }
    header_bytes_left -= bytes;
    // Trailer fields of a chunked body are counted and dropped.
    if (!headers_said)
      headers.emplace_back(base::LowerCase({name.data(), name.size()}), std::string(value));
  }

  size_t header_bytes_left;
  size_t extension_bytes_left;
  BodySink on_body;
  std::string method;
  std::string target;
  int status = 0;
  int version = 11;
  Headers headers;
  bool headers_said = false;
  std::string error;
};

template <bool is_request>
struct Http1Parser::BeastParser final : Impl, beast_http::basic_parser<is_request> {
  using Base = beast_http::basic_parser<is_request>;

  BeastParser(size_t max_header_bytes, BodySink sink) : Impl(max_header_bytes, std::move(sink)) {
    Base::header_limit(static_cast<uint32_t>(max_header_bytes));
    // Ours is in on_body. (No limit at all would refuse every body: Beast 1.74 compares with none.)
    Base::body_limit(std::numeric_limits<uint64_t>::max());
  }

  size_t Put(std::string_view input, BeastError& ec) override {
    return Base::put(boost::asio::buffer(input.data(), input.size()), ec);
  }
  void PutEof(BeastError& ec) override { Base::put_eof(ec); }
  void Skip() override { Base::skip(true); }
  bool HeaderDone() const override { return Base::is_header_done(); }
  bool Done() const override { return Base::is_done(); }
  bool Started() const override { return Base::got_some(); }
  bool KeepAlive() const override { return Base::keep_alive(); }
  bool Chunked() const override { return Base::chunked(); }
  std::optional<uint64_t> ContentLength() const override {
    const auto length = Base::content_length();
    return length ? std::optional<uint64_t>(*length) : std::nullopt;
  }

  void on_request_impl(beast_http::verb, BeastView method_text, BeastView target_text,
                       int version_number, BeastError&) override {
    method = std::string(method_text);
    target = std::string(target_text);
    version = version_number;
  }
  void on_response_impl(int code, BeastView, int version_number, BeastError&) override {
    status = code;
    version = version_number;
  }
  void on_field_impl(beast_http::field, BeastView name, BeastView value, BeastError& ec) override {
    OnField(name, value, ec);
  }
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(boost::optional<uint64_t> const&, BeastError&) override {}
  size_t on_body_impl(BeastView body, BeastError& ec) override {
    if (!on_body({body.data(), body.size()})) ec = RefusedError();
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, BeastView extension, BeastError& ec) override {
    if (extension.size() > extension_bytes_left) ec = ExtensionLimitError();
    extension_bytes_left -= std::min(extension_bytes_left, extension.size());
  }
  size_t on_chunk_body_impl(uint64_t, BeastView body, BeastError& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(BeastError&) override {}
};

Http1Parser::Http1Parser(Kind kind, size_t max_header_bytes, BodySink on_body) : kind_(kind) {
  if (kind == Kind::kRequest) {
    impl_ = std::make_unique<BeastParser<true>>(max_header_bytes, std::move(on_body));
  } else {
    impl_ = std::make_unique<BeastParser<false>>(max_header_bytes, std::move(on_body));
  }
}

Http1Parser::~Http1Parser() = default;

Http1Parser::Progress Http1Parser::Parse(std::string_view* input) {
  while (!impl_->Done()) {
    if (input->empty()) return Progress::kNeedMore;
    BeastError error;
    const size_t consumed = impl_->Put(*input, error);
    const std::string_view taken = input->substr(0, consumed);
    input->remove_prefix(consumed);
    if (error == beast_http::error::need_more) return Progress::kNeedMore;
    if (error == beast_http::error::header_limit) return Progress::kHeadersTooLarge;
    if (error == beast_http::error::body_limit) return Progress::kBodyRefused;
    if (error) {
      impl_->error = error.message();
      return Progress::kMalformed;
    }
    if (impl_->HeaderDone() && !std::exchange(impl_->headers_said, true)) {
      if (kind_ == Kind::kRequest && HasFoldedLine(taken)) {
        impl_->error = "folded header line";
        return Progress::kMalformed;
      }
      return Progress::kHeadersDone;
    }
  }
  return Progress::kDone;
}

Http1Parser::Progress Http1Parser::ParseEnd() {
  // Beast would take nothing for a whole message.
  if (!impl_->Started()) return Progress::kMalformed;
  BeastError error;
  impl_->PutEof(error);
  return !error && impl_->Done() ? Progress::kDone : Progress::kMalformed;
}

void Http1Parser::ExpectNoBody() {
  impl_->Skip();
}
const std::string& Http1Parser::error() const {
  return impl_->error;
}
bool Http1Parser::started() const {
  return impl_->Started();
}
const std::string& Http1Parser::method() const {
  return impl_->method;
}
const std::string& Http1Parser::target() const {
  return impl_->target;
}
int Http1Parser::status() const {
  return impl_->status;
}
Headers& Http1Parser::headers() {
  return impl_->headers;
}
bool Http1Parser::keep_alive() const {
  return impl_->KeepAlive();
}
bool Http1Parser::http11() const {
  return impl_->version >= 11;
}
bool Http1Parser::chunked() const {
  return impl_->Chunked();
}
std::optional<uint64_t> Http1Parser::content_length() const {
  return impl_->ContentLength();
}

}  // namespace spandrel::net
