// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/console_transport.h"

#include <utility>

#include "span/span_batch.h"
#include "wire/otlp/otlp.h"

namespace spandrel::sdk {
namespace {

class ConsoleTransport final : public Transport {
 public:
  explicit ConsoleTransport(FILE* out) : out_(out) {}

  void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds,
            std::function<void(Outcome)> done) override {
    auto decoded = wire::DecodeOtlpProtobuf(std::move(request));
    if (!decoded.ok()) return done({decoded.status(), 0, {}});
    const std::string line = wire::EncodeOtlpJson(span::SpanBatch(decoded->chunk)) + "\n";
    const bool written = std::fwrite(line.data(), 1, line.size(), out_) == line.size();
    if (written && std::fflush(out_) == 0) return done({});
    done({{base::StatusCode::kInternal, "standard output takes nothing"}, 0, {}});
  }

 private:
  FILE* const out_;
};

}  // namespace

std::unique_ptr<Transport> MakeConsoleTransport(FILE* out) {
  return std::make_unique<ConsoleTransport>(out);
}

}  // namespace spandrel::sdk
