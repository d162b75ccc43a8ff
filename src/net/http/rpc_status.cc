// SPDX-License-Identifier: Apache-2.0
#include "net/http/rpc_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "proto/field_reader.h"
#include "proto/writer.h"

// google.rpc.Status: 1 code, 2 message, 3 details (google.protobuf.Any: 1 type_url, 2 value).
// google.rpc.RetryInfo: 1 retry_delay (google.protobuf.Duration: 1 seconds, 2 nanos).
namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::string_view kRetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
constexpr size_t kMaxStatusBytes = 64 << 10;
constexpr uint64_t kMaxRetrySeconds = 24 * 3600;  // longer ones are cut to this

void AppendNumber(uint32_t field, uint64_t value, std::string* out) {
  if (value != 0) proto::Writer(out).Varint(field, value);
}

void AppendBytes(uint32_t field, std::string_view bytes, std::string* out) {
  proto::Writer(out).Bytes(field, bytes);
}

std::optional<std::string_view> FindBytes(std::string_view message, uint32_t number) {
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == number && field.is_bytes()) return field.bytes;
  }
  return std::nullopt;
}

std::chrono::milliseconds DecodeDuration(std::string_view message) {
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == 1 && field.is_varint()) seconds = field.scalar;
    if (field.number == 2 && field.is_varint()) nanos = field.scalar;
  }
  const bool negative = static_cast<int64_t>(seconds) < 0 || static_cast<int64_t>(nanos) < 0;
  if (negative) return std::chrono::milliseconds(0);
  return std::chrono::seconds(std::min(seconds, kMaxRetrySeconds)) +
         std::chrono::milliseconds(std::min<uint64_t>(nanos, 999'999'999) / 1'000'000);
}

std::string EncodeRetryInfo(std::chrono::milliseconds delay) {
  std::string duration;
  AppendNumber(1, static_cast<uint64_t>(delay.count() / 1000), &duration);
  AppendNumber(2, static_cast<uint64_t>(delay.count() % 1000) * 1'000'000, &duration);
  std::string info;
  AppendBytes(1, duration, &info);
  return info;
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->append(fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace

StatusCode GrpcCodeOfHttpStatus(int http_status) {
  switch (http_status) {
    case 400:
      return StatusCode::kInternal;
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kUnknown;
  }
}

int HttpStatusOfCode(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kCancelled:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return 503;
    case StatusCode::kResourceExhausted:
      return status.retry_after() ? 429 : 413;
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kUnauthenticated:
      return 401;
    case StatusCode::kPermissionDenied:
      return 403;
    case StatusCode::kNotFound:
    case StatusCode::kUnimplemented:
      return 404;
    default:
      return 500;
  }
}

std::string EncodeRpcStatus(const Status& status) {
  std::string encoded;
  AppendNumber(1, static_cast<uint64_t>(status.code()), &encoded);
  if (!status.message().empty()) AppendBytes(2, status.message(), &encoded);
  if (const auto delay = status.retry_after()) {
    std::string any;
    AppendBytes(1, kRetryInfoType, &any);
    AppendBytes(2, EncodeRetryInfo(*delay), &any);
    AppendBytes(3, any, &encoded);
  }
  return encoded;
}

std::string EncodeRpcStatusJson(const Status& status) {
  std::string json = fmt::format("{{\"code\":{},\"message\":", static_cast<int>(status.code()));
  AppendJsonString(status.message(), &json);
  if (const auto delay = status.retry_after()) {
    json += fmt::format(",\"details\":[{{\"@type\":\"{}\",\"retryDelay\":\"{}.{:03}s\"}}]",
                        kRetryInfoType, delay->count() / 1000, delay->count() % 1000);
  }
  json += "}";
  return json;
}

std::optional<std::chrono::milliseconds> DecodeRetryDelay(std::string_view rpc_status) {
  if (rpc_status.size() > kMaxStatusBytes) return std::nullopt;
  proto::Field field;
  while (proto::NextField(&rpc_status, &field)) {
    if (field.number != 3 || !field.is_bytes()) continue;
    if (FindBytes(field.bytes, 1) != kRetryInfoType) continue;
    const auto info = FindBytes(field.bytes, 2);
    const auto delay = info ? FindBytes(*info, 1) : std::nullopt;
    if (delay) return DecodeDuration(*delay);
  }
  return std::nullopt;
}

}  // namespace spandrel::net
