// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxHeaderBytes = 64 << 10;

bool MaySendTwice(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

// Nobody asks to switch protocols, and below 100 there is nothing.
bool MayBeAnswer(int status) {
  return status >= 100 && status != 101;
}

std::string RequestHead(const Request& request) {
  std::string head;
  auto out = std::back_inserter(head);
  fmt::format_to(out, "{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.target,
                 CleanHeaderValue(request.authority));
  for (const auto& [name, value] : request.headers) {
    fmt::format_to(out, "{}: {}\r\n", CleanHeaderValue(name), CleanHeaderValue(value));
  }
  const bool needs_length = !request.body.empty() || !MaySendTwice(request.method);
  if (needs_length) fmt::format_to(out, "content-length: {}\r\n", request.body.size());
  return head + "\r\n";
}

}  // namespace

base::Status Http1Client::OnConnected(std::string_view alpn) {
  if (!alpn.empty() && alpn != "http/1.1") {
    return {StatusCode::kUnavailable, "server does not speak http/1.1"};
  }
  up_ = true;
  end_->SetUp();
  return {};
}

void Http1Client::Call(std::shared_ptr<CallTicket> ticket) {
  if (closing_ || ticket_ != nullptr) return;
  ticket_ = std::move(ticket);
  ++calls_;
  received_any_ = false;
  response_ = Response{};
  MakeParser();
  const Request& request = ticket_->call().request;
  output_.Push(RequestHead(request));
  output_.PushBorrowed(request.body);  // the ticket keeps it
}

void Http1Client::MakeParser() {
  parser_ =
      std::make_unique<Http1Parser>(Http1Parser::Kind::kResponse, kMaxHeaderBytes,
                                    [this](std::string_view bytes) { return AppendBody(bytes); });
  if (ticket_->call().request.method == "HEAD") parser_->ExpectNoBody();
}

void Http1Client::OnBytes(std::string_view bytes) {
  if (closing_) return;
  if (ticket_ == nullptr) {
    end_->Note({StatusCode::kUnavailable, "server sent what was not asked for"});
    closing_ = true;
    return;
  }
  received_any_ = true;
  input_.append(bytes);
  std::string_view rest = input_;
  while (ParseOnce(&rest)) {
  }
  input_.erase(0, input_.size() - rest.size());
  if (input_.size() > 2 * kMaxHeaderBytes)
    Fail({StatusCode::kUnavailable, "response is malformed"});
}

bool Http1Client::ParseOnce(std::string_view* input) {
  if (closing_ || ticket_ == nullptr) return false;
  switch (parser_->Parse(input)) {
    case Http1Parser::Progress::kNeedMore:
      return false;
    case Http1Parser::Progress::kHeadersDone:
      response_.status = parser_->status();
      if (!MayBeAnswer(response_.status)) {
        Fail({StatusCode::kUnavailable,
              "server answered with status " + std::to_string(response_.status)});
        return false;
      }
      response_.headers = std::move(parser_->headers());
      return true;
    case Http1Parser::Progress::kDone:
      if (response_.status >= 100 && response_.status < 200) {
        MakeParser();
        return true;
      }
      FinishResponse(!input->empty());
      return false;
    case Http1Parser::Progress::kBodyRefused:
      return false;
    case Http1Parser::Progress::kHeadersTooLarge:
      Fail({StatusCode::kResourceExhausted, "response headers are too large"});
      return false;
    case Http1Parser::Progress::kMalformed:
      Fail({StatusCode::kUnavailable, "response is malformed: " + parser_->error()});
      return false;
  }
  return false;
}

bool Http1Client::AppendBody(std::string_view bytes) {
  const size_t limit = ticket_->call().max_response_bytes;
  if (bytes.size() <= limit - response_.body.size()) {
    response_.body.append(bytes);
    return true;
  }
  Fail({StatusCode::kResourceExhausted,
        "response is larger than " + std::to_string(limit) + " bytes"});
  return false;
}

// A server may answer before it has taken the whole request; then the rest has no place to go. And
// what it says beyond the answer must not be taken for the answer to the next call.
void Http1Client::FinishResponse(bool has_more) {
  closing_ = !parser_->keep_alive() || output_.size() > 0 || has_more;
  output_.Clear();
  ClientOutcome outcome;
  outcome.response = std::move(response_);
  const std::shared_ptr<CallTicket> ticket = std::exchange(ticket_, nullptr);
  std::string().swap(input_);
  if (!closing_) on_idle_();
  ticket->Finish(std::move(outcome));
}

void Http1Client::Fail(Status status) {
  closing_ = true;
  output_.Clear();
  if (ticket_ == nullptr) return;
  ClientOutcome outcome;
  outcome.status = std::move(status);
  std::exchange(ticket_, nullptr)->Finish(std::move(outcome));
}

void Http1Client::OnEof() {
  if (ticket_ != nullptr && received_any_ && parser_->ParseEnd() == Http1Parser::Progress::kDone) {
    FinishResponse(false);
  }
  closing_ = true;
}

void Http1Client::Produce(size_t limit, std::string* out) {
  output_.Drain(std::min(limit, output_.size()), out);
}

std::optional<TimePoint> Http1Client::Deadline() const {
  if (ticket_ == nullptr) return std::nullopt;
  return ticket_->call().deadline;
}

void Http1Client::OnDeadline(TimePoint) {
  Fail({StatusCode::kDeadlineExceeded, up_ ? "no answer in time" : "no tls handshake in time"});
}

void Http1Client::OnClosed(const Status& why) {
  closing_ = true;
  output_.Clear();
  end_->Note(why);
  if (ticket_ == nullptr) return;
  ClientOutcome outcome = end_->Lost();
  // A kept-alive connection that closes just as we use it says nothing about the request.
  outcome.unprocessed =
      calls_ > 1 && !received_any_ && MaySendTwice(ticket_->call().request.method);
  std::exchange(ticket_, nullptr)->Finish(std::move(outcome));
}

}  // namespace spandrel::net
