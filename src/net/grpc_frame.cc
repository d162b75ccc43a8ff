// SPDX-License-Identifier: Apache-2.0
#include "net/grpc_frame.h"

#include <charconv>

#include "net/base64.h"
#include "net/compression.h"
#include "net/grpc.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxStatusMessageBytes = 1 << 10;
constexpr int kHighestCode = static_cast<int>(StatusCode::kUnauthenticated);

// Everything but printable ASCII, and '%', as %XX.
std::string EncodeGrpcMessage(std::string_view message) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : message.substr(0, kMaxStatusMessageBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

base::Result<std::string> Inflate(std::string_view message, std::string_view encoding,
                                  size_t max_message_bytes, base::ByteBudget* memory,
                                  base::ByteBudget::Reservation* reservation) {
  if (encoding.empty() || encoding == "identity") {
    return Status(StatusCode::kInternal, "compressed message without grpc-encoding");
  }
  base::ByteBudget::Reservation output;
  if (memory != nullptr && !memory->TryReserve(0, &output)) {
    return Status::Unavailable("no memory for the request now", std::chrono::seconds(1));
  }
  auto inflated =
      Decompress(encoding, message, max_message_bytes, memory != nullptr ? &output : nullptr);
  if (inflated.ok() && memory != nullptr) *reservation = std::move(output);
  return inflated;
}

}  // namespace

std::optional<GrpcFrameHeader> ReadGrpcFrameHeader(std::string_view bytes) {
  if (bytes.size() < kGrpcFrameHeaderBytes) return std::nullopt;
  const auto byte = [bytes](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  return GrpcFrameHeader{static_cast<uint8_t>(byte(0)),
                         byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4)};
}

std::string MakeGrpcFrame(std::string_view message, bool compressed) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string frame;
  frame.reserve(kGrpcFrameHeaderBytes + message.size());
  frame.push_back(compressed ? 1 : 0);
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(size >> shift));
  frame.append(message);
  return frame;
}

base::Result<std::string> UnpackGrpcMessage(std::string body, std::string_view encoding,
                                            size_t max_message_bytes, base::ByteBudget* memory,
                                            base::ByteBudget::Reservation* reservation) {
  const std::optional<GrpcFrameHeader> header = ReadGrpcFrameHeader(body);
  if (!header) return Status(StatusCode::kInvalidArgument, "request has no whole message");
  if (header->flag > 1) return Status(StatusCode::kInvalidArgument, "message flag is not 0 or 1");
  if (header->size > max_message_bytes) {
    return Status(StatusCode::kResourceExhausted, "message of " + std::to_string(header->size) +
                                                      " bytes is over the limit of " +
                                                      std::to_string(max_message_bytes));
  }
  const size_t present = body.size() - kGrpcFrameHeaderBytes;
  if (header->size > present) {
    return Status(StatusCode::kInvalidArgument, "message is cut off: " + std::to_string(present) +
                                                    " of " + std::to_string(header->size) +
                                                    " bytes");
  }
  if (header->size < present) {
    return Status(StatusCode::kInvalidArgument, "request has more than one message");
  }
  if (header->flag == 0) {
    body.erase(0, kGrpcFrameHeaderBytes);
    return body;
  }
  return Inflate(std::string_view(body).substr(kGrpcFrameHeaderBytes), encoding, max_message_bytes,
                 memory, reservation);
}

Headers GrpcStatusHeaders(const Status& status) {
  Headers headers{{"grpc-status", std::to_string(static_cast<int>(status.code()))}};
  if (!status.message().empty()) {
    headers.emplace_back("grpc-message", EncodeGrpcMessage(status.message()));
  }
  if (status.retry_after()) {
    headers.emplace_back("grpc-status-details-bin", Base64Encode(EncodeRpcStatus(status)));
  }
  return headers;
}

Response GrpcStatusResponse(const Status& status) {
  Response response;
  response.headers = GrpcStatusHeaders(status);
  response.headers.insert(response.headers.begin(), {"content-type", "application/grpc"});
  return response;
}

std::optional<Status> ReadGrpcStatus(const Headers& headers) {
  const std::string_view text = FindHeader(headers, "grpc-status");
  if (text.empty()) return std::nullopt;
  int code = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size() || code < 0 || code > kHighestCode) {
    return Status(StatusCode::kUnknown, "server sent a malformed grpc-status");
  }
  if (code == 0) return Status();
  Status status(
      static_cast<StatusCode>(code),
      PercentDecode(FindHeader(headers, "grpc-message")).substr(0, kMaxStatusMessageBytes));
  const std::string_view details = FindHeader(headers, "grpc-status-details-bin");
  if (const auto decoded = Base64Decode(details)) {
    if (const auto delay = DecodeRetryDelay(*decoded)) status.set_retry_after(*delay);
  }
  return status;
}

}  // namespace spandrel::net
