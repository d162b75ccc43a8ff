// SPDX-License-Identifier: Apache-2.0
// A peer's answer to an export. The first two bytes choose the HTTP status and the content type; a
// line feed ends the Retry-After header; the rest is the body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "exporters/otlp/http_answer.h"
#include "exporters/otlp/partial_success.h"
#include "wire/otlp/export_response_json.h"
#include "wire/otlp/otlp.h"

namespace spandrel::exporters {
namespace {

constexpr uint64_t kNow = 1'700'000'000'000'000'000;
constexpr size_t kMaxMessageBytes = 200;

class StoppedClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return kNow; }
  std::chrono::steady_clock::time_point NowSteady() const override { return {}; }
};

void CheckStatus(int http_status, std::string_view retry_after) {
  net::Response response;
  response.status = http_status;
  response.headers = {{"retry-after", std::string(retry_after)}};
  const base::Status status = StatusOfHttpAnswer(response, kNow);
  const bool is_success = http_status >= 200 && http_status < 300;
  SPANDREL_CHECK(status.ok() == is_success);
  const bool is_retryable =
      http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
  SPANDREL_CHECK(status.retryable() == is_retryable);
  if (!is_success) {
    SPANDREL_CHECK(!status.message().empty() && status.message().size() <= kMaxMessageBytes);
  }
  SPANDREL_CHECK(is_retryable || !status.retry_after());
  const auto delay = ParseRetryAfter(retry_after, kNow);
  if (delay) SPANDREL_CHECK(delay->count() >= 0 && *delay <= std::chrono::hours(24));
}

// What was read is written and read again the same.
void CheckRoundTrip(const wire::PartialSuccess& partial, bool is_json) {
  const auto same = [&partial](const base::Result<wire::PartialSuccess>& again) {
    return again.ok() && again->rejected_items == partial.rejected_items &&
           again->error_message == partial.error_message;
  };
  SPANDREL_CHECK(
      same(wire::DecodeExportResponseProtobuf(wire::EncodeExportResponseProtobuf(partial))));
  if (!is_json) return;
  SPANDREL_CHECK(same(wire::DecodeExportResponseJson(wire::EncodeExportResponseJson(partial))));
}

// The same answer twice: both are counted, one is told.
void CheckReport(const wire::PartialSuccess& partial) {
  const StoppedClock clock;
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  PartialSuccessReport report({"fuzz", metrics, memory}, signal::Signal::kTraces, clock);
  report.Add(partial);
  report.Add(partial);
  report.Add({1, ""});
  SPANDREL_CHECK(report.lines() == 1);
}

}  // namespace
}  // namespace spandrel::exporters

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  static const bool quiet = (base::SetLogLevel(base::LogLevel::kOff), true);
  if (!quiet || size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view line = input.substr(0, input.find('\n'));
  exporters::CheckStatus(100 + data[0] * 2 + data[1] / 128, line);
  input.remove_prefix(std::min(line.size() + 1, input.size()));
  const bool is_json = data[1] % 2 != 0;
  const auto partial =
      is_json ? wire::DecodeExportResponseJson(input) : wire::DecodeExportResponseProtobuf(input);
  if (!partial.ok()) {
    SPANDREL_CHECK(!partial.status().message().empty());
    return 0;
  }
  SPANDREL_CHECK(partial->error_message.size() <= input.size());
  exporters::CheckRoundTrip(*partial, is_json);
  exporters::CheckReport(*partial);
  return 0;
}
