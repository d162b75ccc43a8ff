// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>

#include "base/ascii.h"
#include "net/socket/connection.h"

namespace spandrel::net {
namespace {

constexpr size_t kWaitingInputBytes = 64 << 10;
constexpr size_t kWaitingOutputBytes = 1 << 20;
// Of a body that is not taken; after a longer one the connection is closed.
constexpr uint64_t kMostSkippedBytes = 1 << 20;
// How long an answer may take before a peer that has closed its side is asked whether it is there.
constexpr std::chrono::milliseconds kAskDelay{50};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view ReasonPhrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

bool StatusHasNoBody(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

Http1Server::Http1Server(std::shared_ptr<const ServerCore> core,
                         std::weak_ptr<Connection> connection, std::string peer,
                         std::shared_ptr<PeerShare> share)
    : core_(std::move(core)),
      connection_(std::move(connection)),
      peer_(std::move(peer)),
      share_(std::move(share)),
      body_in_(&core_->memory, core_->limits.max_body_bytes),
      stage_since_(SteadyClock::now()) {}

void Http1Server::OnBytes(std::string_view bytes) {
  if (closing_) return;
  if (!input_.empty() || stage_ == Stage::kAnswering) {
    input_.append(bytes);
    return ParseAll();
  }
  while (ParseOnce(&bytes)) {
  }
  if (!closing_) input_.assign(bytes);
}

void Http1Server::OnEof() {
  eof_ = true;
  if (stage_ == Stage::kAnswering) ask_at_ = SteadyClock::now() + kAskDelay;
  CloseAfterEnd();
}

// What is no whole request when the input has ended will never be one.
void Http1Server::CloseAfterEnd() {
  if (eof_ && stage_ != Stage::kAnswering && OutputIsShort()) closing_ = true;
}

void Http1Server::ParseAll() {
  std::string_view rest = input_;
  while (ParseOnce(&rest)) {
  }
  input_.erase(0, input_.size() - rest.size());
  if (input_.empty() && input_.capacity() > kWaitingInputBytes) std::string().swap(input_);
  CloseAfterEnd();
}

bool Http1Server::OutputIsShort() const {
  return output_.size() < kWaitingOutputBytes;
}

// Takes one step; false when more input, or an answer, is needed first.
bool Http1Server::ParseOnce(std::string_view* input) {
  if (closing_ || stage_ == Stage::kAnswering || !OutputIsShort()) return false;
  if (stage_ != Stage::kBody && input->empty()) return false;
  if (stage_ == Stage::kIdle) BeginRequest();
  switch (parser_->Parse(input)) {
    case Http1Parser::Progress::kNeedMore:
      if (stage_ == Stage::kBody && input->size() > core_->limits.max_header_bytes) {
        Refuse(Refusal::kBadRequest, 400,
               {base::StatusCode::kInvalidArgument, "chunk header is too large"});
      }
      return false;
    case Http1Parser::Progress::kHeadersDone:
      OnHeaders();
      return true;
    case Http1Parser::Progress::kDone:
      OnRequestDone();
      return true;
    case Http1Parser::Progress::kHeadersTooLarge:
      Refuse(Refusal::kHeadersTooLarge, 431,
             {base::StatusCode::kResourceExhausted, "request headers are too large"});
      return false;
    case Http1Parser::Progress::kBodyRefused:
      RefuseThisBody(body_outcome_ == BodyOutcome::kTooLarge);
      return false;
    case Http1Parser::Progress::kMalformed:
      Refuse(Refusal::kBadRequest, 400, {base::StatusCode::kInvalidArgument, parser_->error()});
      return false;
  }
  return false;
}

void Http1Server::BeginRequest() {
  parser_ =
      std::make_unique<Http1Parser>(Http1Parser::Kind::kRequest, core_->limits.max_header_bytes,
                                    [this](std::string_view bytes) { return AppendBody(bytes); });
  if (!first_request_) stage_since_ = SteadyClock::now();
  stage_ = Stage::kHeaders;
}

void Http1Server::OnHeaders() {
  request_ = Request{};
  not_taken_.reset();
  skipped_bytes_ = 0;
  request_.method = parser_->method();
  request_.target = parser_->target();
  request_.headers = std::move(parser_->headers());
  request_.authority = std::string(FindHeader(request_.headers, "host"));
  request_.peer = peer_;
  SplitTarget(&request_);
  keep_alive_ = parser_->keep_alive();
  head_request_ = request_.method == "HEAD";
  first_request_ = false;
  stage_ = Stage::kBody;
  stage_since_ = SteadyClock::now();
  body_in_ = IncomingBody(&core_->memory, core_->limits.max_body_bytes, share_.get());

  if (const base::Status status = CheckHeaders(); !status.ok()) {
    const bool unknown = status.code() == base::StatusCode::kUnimplemented;
    return Refuse(Refusal::kBadRequest, unknown ? 501 : 400, status);
  }
  const uint64_t length = parser_->content_length().value_or(0);
  if (base::Status status = core_->Admit(request_); !status.ok()) {
    return RefuseHead(std::move(status), length);
  }
  if (const BodyOutcome outcome = body_in_.Expect(length); outcome != BodyOutcome::kOk) {
    return RefuseThisBody(outcome == BodyOutcome::kTooLarge);
  }
  size_t header_bytes = sizeof(Request);
  for (const auto& [name, value] : request_.headers) header_bytes += name.size() + value.size();
  if (!body_in_.ReserveExtra(header_bytes)) return RefuseThisBody(false);
  const bool has_body = length > 0 || parser_->chunked();
  if (has_body && base::LowerCase(FindHeader(request_.headers, "expect")) == "100-continue") {
    output_.Push(std::string(kContinue));
  }
}

// A short body is read and thrown away, so that the connection can go on.
void Http1Server::RefuseHead(base::Status status, uint64_t body_size) {
  const bool is_asked = !FindHeader(request_.headers, "expect").empty();
  if (is_asked || parser_->chunked() || body_size > kMostSkippedBytes) {
    return Refuse(Refusal::kOverload, 503, status);
  }
  body_in_.Discard();
  not_taken_ = std::move(status);
}

// What could hide a second request, or means another server (RFC 9112, 3.2 and 6.1).
base::Status Http1Server::CheckHeaders() const {
  const std::string_view coding = FindHeader(request_.headers, "transfer-encoding");
  if (!coding.empty() && base::LowerCase(coding) != "chunked") {
    return {base::StatusCode::kUnimplemented, "transfer-encoding must be chunked"};
  }
  const auto hosts = std::count_if(request_.headers.begin(), request_.headers.end(),
                                   [](const auto& header) { return header.first == "host"; });
  if (hosts > 1) return {base::StatusCode::kInvalidArgument, "more than one host header"};
  if (parser_->http11() && request_.authority.empty()) {
    return {base::StatusCode::kInvalidArgument, "host header is missing"};
  }
  return {};
}

// Called by the parser, which must outlive the call: the refusal comes after it.
bool Http1Server::AppendBody(std::string_view bytes) {
  if (not_taken_) {
    skipped_bytes_ += bytes.size();
    return true;
  }
  body_outcome_ = body_in_.Append(bytes);
  return body_outcome_ == BodyOutcome::kOk;
}

void Http1Server::RefuseThisBody(bool too_large) {
  const BodyRefusal refusal = RefuseBody(too_large, *core_);
  Refuse(refusal.reason, refusal.http_status, refusal.status);
}

void Http1Server::OnRequestDone() {
  stage_ = Stage::kAnswering;
  if (not_taken_) {
    core_->refusals.Add(Refusal::kOverload);
    return Respond(++exchange_, RefusalResponse(request_, 503, *not_taken_));
  }
  request_.body = body_in_.TakeBytes();
  state_ = std::make_shared<ExchangeState>();
  if (eof_) ask_at_ = SteadyClock::now() + kAskDelay;
  Dispatch(*core_, std::make_shared<ServerExchange>(core_, connection_, this, ++exchange_,
                                                    std::move(request_), body_in_.TakeReservation(),
                                                    state_));
}

// Answers by ourselves and closes: what follows on the connection cannot be told from the body.
void Http1Server::Refuse(Refusal reason, int http_status, const base::Status& status) {
  core_->refusals.Add(reason);
  body_in_.Discard();
  keep_alive_ = false;
  stage_ = Stage::kAnswering;
  Respond(++exchange_, RefusalResponse(request_, http_status, status));
}

void Http1Server::AppendHead(int status, const Headers& headers, std::optional<size_t> length) {
  ask_at_.reset();
  bodyless_ = head_request_ || StatusHasNoBody(status);
  chunked_out_ = false;
  std::string head;
  auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", status, ReasonPhrase(status));
  for (const auto& [name, value] : headers) {
    if (name == "content-length" || name == "connection" || name == "transfer-encoding") continue;
    fmt::format_to(out, "{}: {}\r\n", CleanHeaderValue(name), CleanHeaderValue(value));
  }
  if (length && !StatusHasNoBody(status)) fmt::format_to(out, "content-length: {}\r\n", *length);
  if (!length && !bodyless_) {
    const bool http11 = parser_ == nullptr || parser_->http11();
    chunked_out_ = http11;
    keep_alive_ = keep_alive_ && http11;
    if (http11) head += "transfer-encoding: chunked\r\n";
  }
  head += keep_alive_ ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
  output_.Push(std::move(head));
}

void Http1Server::QueueBody(std::string bytes) {
  if (!bodyless_) output_.Push(std::move(bytes));
}

void Http1Server::Respond(int64_t exchange, Response response) {
  if (exchange != exchange_ || stage_ != Stage::kAnswering) return;
  if (state_ != nullptr && !state_->HoldWhole(core_->memory, response.body.size())) {
    const BodyRefusal refusal = RefuseBody(false, *core_);
    return Refuse(refusal.reason, refusal.http_status, refusal.status);
  }
  AppendHead(response.status, response.headers, response.body.size());
  QueueBody(std::move(response.body));
  EndResponse();
}

void Http1Server::StartResponse(int64_t exchange, int status, Headers headers) {
  if (exchange != exchange_ || stage_ != Stage::kAnswering) return;
  AppendHead(status, headers, std::nullopt);
}

void Http1Server::WriteResponse(int64_t exchange, std::string bytes) {
  if (exchange != exchange_ || stage_ != Stage::kAnswering || bytes.empty()) return;
  if (chunked_out_) {
    bytes.insert(0, fmt::format("{:x}\r\n", bytes.size()));
    bytes += "\r\n";
  }
  QueueBody(std::move(bytes));
}

void Http1Server::FinishResponse(int64_t exchange, Headers) {
  if (exchange != exchange_ || stage_ != Stage::kAnswering) return;
  if (chunked_out_) QueueBody("0\r\n\r\n");
  EndResponse();
}

// The peer sees that the answer is cut off, since its end never comes. One that has not even taken
// what was written before is not waited for.
void Http1Server::AbortResponse(int64_t exchange) {
  if (exchange != exchange_ || stage_ != Stage::kAnswering) return;
  if (output_.size() > 0) {
    const std::shared_ptr<Connection> connection = connection_.lock();
    if (connection != nullptr) {
      connection->Abort({base::StatusCode::kCancelled, "the answer was cut off"});
    }
  }
  keep_alive_ = false;
  EndResponse();
}

void Http1Server::EndResponse() {
  stage_ = Stage::kIdle;
  stage_since_ = SteadyClock::now();
  parser_.reset();
  if (output_.size() > 0 && state_ != nullptr) unsent_.push_back(std::move(state_));
  state_.reset();
  ask_at_.reset();
  closing_ = closing_ || !keep_alive_;
  if (!closing_) ParseAll();
}

void Http1Server::Produce(size_t limit, std::string* out) {
  const size_t count = std::min(limit, output_.size());
  output_.Drain(count, out);
  if (state_ != nullptr) state_->OnSent(count);
  if (output_.size() == 0) unsent_.clear();
  if (stage_ == Stage::kIdle && (eof_ || !input_.empty())) ParseAll();
}

bool Http1Server::WantsRead() const {
  return !closing_ && input_.size() < kWaitingInputBytes && OutputIsShort();
}

std::optional<TimePoint> Http1Server::Deadline() const {
  switch (stage_) {
    case Stage::kIdle:
      return stage_since_ +
             (first_request_ ? core_->limits.header_timeout : core_->limits.idle_timeout);
    case Stage::kHeaders:
      return stage_since_ + core_->limits.header_timeout;
    case Stage::kBody:
      return BodyDeadline(core_->limits, stage_since_, body_in_.size() + skipped_bytes_);
    case Stage::kAnswering:
      return ask_at_;
  }
  return std::nullopt;
}

// Only what is sent tells who has gone from who has sent all and reads on: the former's system
// answers it with a reset. An interim answer says nothing that the peer has not to expect.
void Http1Server::AskIfGone() {
  if (ask_at_ && parser_->http11()) output_.Push(std::string(kContinue));
  ask_at_.reset();
}

void Http1Server::OnDeadline(TimePoint) {
  if (stage_ == Stage::kAnswering) return AskIfGone();
  if (stage_ == Stage::kIdle && !first_request_) {
    closing_ = true;
    return;
  }
  const bool slow_body = stage_ == Stage::kBody;
  Refuse(slow_body ? Refusal::kSlowBody : Refusal::kHeaderTimeout, 408,
         {base::StatusCode::kDeadlineExceeded,
          slow_body ? "request body comes too slowly" : "request headers did not come in time"});
}

std::optional<TimePoint> Http1Server::IdleSince() const {
  const bool idle = stage_ == Stage::kIdle || stage_ == Stage::kHeaders;
  return idle && output_.size() == 0 ? std::optional<TimePoint>(stage_since_) : std::nullopt;
}

void Http1Server::OnDrain() {
  keep_alive_ = false;
  if (stage_ == Stage::kIdle || stage_ == Stage::kHeaders) closing_ = true;
}

void Http1Server::OnClosed(const base::Status& why) {
  if (state_ == nullptr) return;
  if (why.code() == base::StatusCode::kUnavailable) core_->refusals.AddAborted();
  state_->Cancel();
}

}  // namespace spandrel::net
