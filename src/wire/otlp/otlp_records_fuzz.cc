// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request of metrics or logs, protobuf or JSON by the first byte: what is accepted
// can be written and read again, cut in pieces, and is stable as JSON.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "signal/batch.h"
#include "wire/otlp/otlp_records.h"

using namespace spandrel;
using namespace spandrel::wire;

template <typename Batch>
void CheckBatch(const DecodedRecords& decoded) {
  constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;
  const Batch batch(decoded);
  if (batch.empty()) return;
  auto reread = DecodeOtlpRecordsJson(kSignal, EncodeOtlpJson(batch));
  SPANDREL_CHECK(reread.ok());
  SPANDREL_CHECK(Batch(*reread).item_count() == batch.item_count());
  const std::string json = EncodeOtlpJson(Batch(*reread));
  auto again = DecodeOtlpRecordsJson(kSignal, json);
  SPANDREL_CHECK(again.ok());
  SPANDREL_CHECK(EncodeOtlpJson(Batch(*again)) == json);

  size_t items = 0;
  for (const Batch& piece : SplitBatch(Batch(batch), 2, 100)) {
    auto part = DecodeOtlpRecords(kSignal, base::MakeSharedBytes(EncodeOtlpProtobuf(piece)));
    SPANDREL_CHECK(part.ok());
    items += Batch(*part).item_count();
  }
  SPANDREL_CHECK(items == batch.item_count());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_logs = (data[0] & 1) != 0;
  const auto kind = is_logs ? signal::Signal::kLogs : signal::Signal::kMetrics;
  const auto decoded = (data[0] & 2) != 0 ? DecodeOtlpRecordsJson(kind, bytes)
                                          : DecodeOtlpRecords(kind, base::MakeSharedBytes(bytes));
  if (!decoded.ok()) return 0;
  if (is_logs) {
    CheckBatch<signal::LogBatch>(*decoded);
  } else {
    CheckBatch<signal::MetricBatch>(*decoded);
  }
  return 0;
}
