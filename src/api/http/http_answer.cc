// SPDX-License-Identifier: Apache-2.0
#include "api/http/http_answer.h"

#include <algorithm>
#include <utility>

#include "api/http/pace.h"
#include "api/http/parameters.h"
#include "api/http/responses.h"
#include "base/ascii.h"
#include "net/http/compression.h"

namespace spandrel::api {
namespace {

constexpr size_t kMinCompressedBytes = 1 << 10;
constexpr size_t kPieceBytes = 64 << 10;
constexpr size_t kGzipStateBytes = 256 << 10;

constexpr std::pair<std::string_view, std::string_view> kSecurityHeaders[] = {
    {"content-security-policy",
     "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
     "form-action 'self'; frame-ancestors 'self'"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "no-referrer"},
    {"cross-origin-resource-policy", "same-origin"},
};

bool IsCompressible(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type.starts_with(kJsonType) ||
         content_type.starts_with(kTraceColumnsType);
}

bool IsLoopback(const net::Request& request) {
  const bool is_forwarded = !net::FindHeader(request.headers, "x-forwarded-for").empty();
  return !is_forwarded && (request.peer.starts_with("127.") || request.peer.starts_with("[::1]"));
}

// Compressing 100 k spans of columns takes several times as long as loopback takes to carry them.
bool WorthCompressing(const net::Request& request, int status, const net::Headers& headers,
                      size_t body_bytes) {
  if (body_bytes < kMinCompressedBytes || status == 304) return false;
  if (!net::FindHeader(headers, "content-encoding").empty()) return false;
  const std::string_view content_type = net::FindHeader(headers, "content-type");
  if (!IsCompressible(content_type)) return false;
  return content_type != kTraceColumnsType || !IsLoopback(request);
}

// Whether the body is to be compressed; says so in the headers.
bool ChooseGzip(const net::Request& request, int status, size_t body_bytes, net::Headers* headers) {
  if (!WorthCompressing(request, status, *headers, body_bytes)) return false;
  headers->emplace_back("vary", "accept-encoding");
  return AcceptsGzip(net::FindHeader(request.headers, "accept-encoding"));
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma = accept_encoding.find(',');
    std::string item;
    for (const char c : accept_encoding.substr(0, comma)) {
      if (c != ' ' && c != '\t') item += c;
    }
    item = base::LowerCase(item);
    if (item == "gzip" || item.starts_with("gzip;")) {
      return item.find(";q=0") == std::string::npos ||
             item.find_first_of("123456789") != std::string::npos;
    }
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  return false;
}

HttpAnswer::HttpAnswer(std::shared_ptr<net::ServerCall> call, const endpoints::CorsConfig& cors,
                       const storage::QueryContext& context, Wait wait)
    : call_(std::move(call)),
      cors_(cors),
      context_(context),
      wait_(wait),
      is_head_(call_->request().method == "HEAD") {}

HttpAnswer::~HttpAnswer() {
  if (!ended_) Fail(problem_.ok() ? ErrorResponse(500, "no answer") : ErrorResponse(problem_));
}

void HttpAnswer::Start(int status, net::Headers headers) {
  if (ended_ || streaming_) return;
  status_ = status;
  headers_ = std::move(headers);
}

void HttpAnswer::CompleteHead() {
  for (const auto& [name, value] : kSecurityHeaders) headers_.emplace_back(name, value);
  if (net::FindHeader(headers_, "cache-control").empty()) {
    headers_.emplace_back("cache-control", "no-store");
  }
  endpoints::AddCorsHeaders(cors_, call_->request(), &headers_);
  AddUnreadable(&headers_);
}

// Of what begins before it is known, at the end.
void HttpAnswer::AddUnreadable(net::Headers* headers) const {
  const uint64_t spans = context_.unreadable_spans();
  if (spans > 0) headers->emplace_back(kUnreadableSpansHeader, std::to_string(spans));
}

base::Status HttpAnswer::Write(std::string_view bytes) {
  if (ended_) return {base::StatusCode::kCancelled, "the answer has ended"};
  if (wait_ == Wait::kNever) {
    piece_ += bytes;
    return {};
  }
  while (piece_.size() + bytes.size() > kPieceBytes) {
    const size_t fits = kPieceBytes - piece_.size();
    piece_ += bytes.substr(0, fits);
    bytes.remove_prefix(fits);
    problem_ = SendPiece(false);
    if (!problem_.ok()) return problem_;
  }
  piece_ += bytes;
  return {};
}

base::Status HttpAnswer::Reserve(size_t bytes) {
  auto memory = context_.ReserveAnswer(bytes);
  if (!memory.ok()) return memory.status();
  memory_ = *std::move(memory);
  return {};
}

base::Status HttpAnswer::BeginStream() {
  SPANDREL_RETURN_IF_ERROR(Reserve(kMaxUnsentBytes + 2 * kPieceBytes + kGzipStateBytes));
  CompleteHead();
  if (ChooseGzip(call_->request(), status_, piece_.size(), &headers_)) {
    gzip_.emplace();
    headers_.emplace_back("content-encoding", "gzip");
  }
  streaming_ = true;
  call_->Start(status_, std::move(headers_));
  return {};
}

base::Status HttpAnswer::SendPiece(bool is_last) {
  if (!streaming_) SPANDREL_RETURN_IF_ERROR(BeginStream());
  if (call_->cancelled()) return GiveUp({base::StatusCode::kCancelled, "the client has gone"});
  std::string bytes = std::exchange(piece_, {});
  if (is_head_) return {};
  if (gzip_) {
    std::string compressed;
    gzip_->Add(bytes, &compressed);
    if (is_last) gzip_->Finish(&compressed);
    bytes = std::move(compressed);
  }
  if (bytes.empty() || call_->Write(std::move(bytes)) <= kMaxUnsentBytes) return {};
  base::Status status = WaitForReader(*call_, context_);
  return status.ok() ? status : GiveUp(std::move(status));
}

// What has begun ends when the call is dropped, and its reader sees that the end is missing.
base::Status HttpAnswer::GiveUp(base::Status why) {
  context_.Cancel();
  ended_ = true;
  failed_ = true;
  return why;
}

void HttpAnswer::Finish() {
  if (ended_) return;
  if (!streaming_) {
    const base::Status fits = Reserve(piece_.size());
    return fits.ok() ? FinishWhole() : Fail(ErrorResponse(fits));
  }
  if (!SendPiece(true).ok()) return;
  ended_ = true;
  gzip_.reset();
  memory_.Shrink(std::min(memory_.bytes(), kGzipStateBytes));
  call_->HoldUntilSent(std::move(memory_));
  net::Headers trailers;
  AddUnreadable(&trailers);
  call_->Finish(std::move(trailers));
}

void HttpAnswer::FinishWhole() {
  ended_ = true;
  CompleteHead();
  if (ChooseGzip(call_->request(), status_, piece_.size(), &headers_)) {
    auto compressed = net::Compress("gzip", piece_);
    if (compressed.ok()) {
      piece_ = std::move(*compressed);
      headers_.emplace_back("content-encoding", "gzip");
    }
  }
  call_->HoldUntilSent(std::move(memory_));
  call_->Respond({status_, std::move(headers_), std::move(piece_), {}});
}

void HttpAnswer::Fail(net::Response response) {
  if (ended_) return;
  failed_ = failed_ || streaming_;
  if (streaming_) {
    ended_ = true;
    return;
  }
  memory_.Release();
  Start(response.status, std::move(response.headers));
  // An error is short: it needs no memory that may not be there.
  piece_ = std::move(response.body);
  FinishWhole();
}

}  // namespace spandrel::api
