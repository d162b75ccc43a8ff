// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/otlp_answer.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "net/http/rpc_status.h"
#include "proto/field_reader.h"
#include "wire/otlp/otlp.h"

namespace spandrel::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMaxMessageBytes = 512;
constexpr seconds kLongestDelay{86'400};

// The first lines of what the collector said, for the log.
std::string Shortened(std::string_view text) {
  return std::string(text.substr(0, kMaxMessageBytes));
}

// The message of a google.rpc.Status, which OTLP/HTTP errors have as their body; nothing when it is
// malformed.
std::string RpcMessage(std::string_view rpc_status) {
  constexpr uint32_t kMessage = 2;
  std::string_view message;
  proto::Field field;
  while (proto::NextField(&rpc_status, &field)) {
    if (field.number == kMessage && field.is_bytes()) message = field.bytes;
  }
  return rpc_status.empty() ? Shortened(message) : std::string();
}

base::Status StatusOfHttp(const net::Response& response, SystemTime now) {
  if (response.status >= 200 && response.status < 300) return {};
  std::string message = "HTTP status " + std::to_string(response.status);
  const bool protobuf =
      net::FindHeader(response.headers, "content-type") == "application/x-protobuf";
  const std::string reason = protobuf ? RpcMessage(response.body) : std::string();
  if (!reason.empty()) message += ": " + reason;
  const bool again = response.status == 429 || (response.status >= 502 && response.status <= 504);
  if (!again) return {base::StatusCode::kFailedPrecondition, std::move(message)};
  auto delay = ParseRetryAfter(net::FindHeader(response.headers, "retry-after"), now);
  if (!delay && protobuf) delay = net::DecodeRetryDelay(response.body);
  return base::Status::Unavailable(std::move(message), delay.value_or(milliseconds(0)));
}

}  // namespace

std::optional<milliseconds> ParseRetryAfter(std::string_view value, SystemTime now) {
  int64_t count = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, count);
  if (error == std::errc() && stop == end && count >= 0) {
    return std::min<milliseconds>(seconds(std::min(count, kLongestDelay.count())), kLongestDelay);
  }
  tm fields{};
  const std::string text(value.substr(0, 64));
  const char* const rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const seconds at(timegm(&fields));
  const auto left = at - std::chrono::duration_cast<seconds>(now.time_since_epoch());
  return std::clamp<milliseconds>(left, milliseconds(0), kLongestDelay);
}

Transport::Outcome OutcomeOfRpc(base::Status status, std::string_view response) {
  if (!status.ok()) return {std::move(status), 0, {}};
  const base::Result<wire::PartialSuccess> answer = wire::DecodeExportResponseProtobuf(response);
  // The spans were taken; an answer that cannot be read changes nothing about it.
  if (!answer.ok()) return {};
  const int64_t rejected = std::max<int64_t>(0, answer->rejected_items);
  return {{}, static_cast<uint64_t>(rejected), Shortened(answer->error_message)};
}

Transport::Outcome OutcomeOfHttp(const net::Response& response, SystemTime now) {
  return OutcomeOfRpc(StatusOfHttp(response, now), response.body);
}

}  // namespace spandrel::sdk
