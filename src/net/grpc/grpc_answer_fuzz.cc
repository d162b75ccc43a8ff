// SPDX-License-Identifier: Apache-2.0
// A whole gRPC answer as a client reads it. The first two bytes give the HTTP status and the pieces
// in which the body comes; then lines "name: value" until an empty one, the headers; the same
// again, the trailers; the rest is the body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/grpc/grpc_answer.h"
#include "net/grpc/grpc_frame.h"
#include "net/http/grpc_shape.h"

namespace spandrel::net {
namespace {

constexpr size_t kMaxMessageBytes = 4 << 10;
constexpr size_t kMaxStatusMessageBytes = 2 << 10;

Headers TakeHeaders(std::string_view* input) {
  Headers headers;
  while (!input->empty()) {
    const std::string_view line = input->substr(0, input->find('\n'));
    input->remove_prefix(std::min(line.size() + 1, input->size()));
    if (line.empty()) break;
    const size_t colon = std::min(line.find(": "), line.size());
    headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  return headers;
}

struct Stream {
  std::vector<std::string> messages;
  base::Status status;
};

Stream ReadStream(const Response& response, size_t piece) {
  Stream stream;
  GrpcMessageReader reader(kMaxMessageBytes, [&stream](std::string message) {
    stream.messages.push_back(std::move(message));
  });
  reader.set_encoding(std::string(FindHeader(response.headers, "grpc-encoding")));
  std::string_view body = response.body;
  while (!body.empty() && reader.Append(body.substr(0, piece))) {
    body.remove_prefix(std::min(piece, body.size()));
  }
  stream.status = reader.Finish();
  return stream;
}

// A fault of the answer is never called one of the request.
void CheckFault(const base::Status& status) {
  if (status.ok()) return;
  SPANDREL_CHECK(!status.message().empty() && status.message().size() <= kMaxStatusMessageBytes);
  SPANDREL_CHECK(status.code() == base::StatusCode::kInternal ||
                 status.code() == base::StatusCode::kResourceExhausted);
}

void CheckMessages(const Response& response, const Stream& stream) {
  std::string plain;
  for (const std::string& message : stream.messages) {
    SPANDREL_CHECK(message.size() <= kMaxMessageBytes);
    plain += MakeGrpcFrame(message);
  }
  const bool is_plain = FindHeader(response.headers, "grpc-encoding").empty();
  if (is_plain) SPANDREL_CHECK(response.body.starts_with(plain));
  if (is_plain && stream.status.ok()) SPANDREL_CHECK(response.body == plain);
}

// A unary answer is a stream of one message.
void CheckUnary(const Response& response, const Stream& stream) {
  const base::Status called = GrpcCallStatus(response);
  SPANDREL_CHECK(called.message().size() <= kMaxStatusMessageBytes);
  const auto message = UnaryGrpcMessage(response, kMaxMessageBytes);
  if (!called.ok()) {
    SPANDREL_CHECK(message.status().ToString() == called.ToString());
    if (called.retry_after()) SPANDREL_CHECK(called.retry_after()->count() >= 0);
    return;
  }
  CheckFault(message.status());
  SPANDREL_CHECK(message.ok() == (stream.status.ok() && stream.messages.size() == 1));
  if (message.ok()) SPANDREL_CHECK(*message == stream.messages.front());
}

}  // namespace
}  // namespace spandrel::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::net;
  if (size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  Response response;
  response.status = data[0] == 0 ? 200 : 200 + 2 * data[0];
  response.headers = TakeHeaders(&input);
  response.trailers = TakeHeaders(&input);
  response.body = input;
  const Stream whole = ReadStream(response, input.size());
  const Stream cut = ReadStream(response, size_t{data[1]} + 1);
  SPANDREL_CHECK(whole.messages == cut.messages);
  SPANDREL_CHECK(whole.status.ToString() == cut.status.ToString());
  CheckFault(whole.status);
  CheckMessages(response, whole);
  CheckUnary(response, whole);
  return 0;
}
