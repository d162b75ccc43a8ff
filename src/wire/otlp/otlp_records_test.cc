// SPDX-License-Identifier: Apache-2.0
// libprotobuf's generated OTLP classes as the peer of the codec of metrics and logs.
#include "wire/otlp/otlp_records.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "proto/writer.h"
#include "signal/batch.h"
#include "wire/testing/random_message.h"

namespace spandrel::wire {
namespace {

using base::StatusCode;
using opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest;
using opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
using opentelemetry::proto::metrics::v1::Metric;
using signal::LogBatch;
using signal::MetricBatch;
using signal::Signal;

struct Metrics {
  using Batch = MetricBatch;
  using Request = ExportMetricsServiceRequest;
  static size_t ItemsOf(const Metric& metric) {
    return static_cast<size_t>(metric.gauge().data_points_size() + metric.sum().data_points_size() +
                               metric.histogram().data_points_size() +
                               metric.exponential_histogram().data_points_size() +
                               metric.summary().data_points_size());
  }
  // Every record of the request, as bytes, and the items of all.
  static std::vector<std::string> Records(const Request& request, size_t* items) {
    std::vector<std::string> records;
    for (const auto& resource : request.resource_metrics()) {
      for (const auto& scope : resource.scope_metrics()) {
        for (const auto& metric : scope.metrics()) {
          records.push_back(metric.SerializeAsString());
          *items += ItemsOf(metric);
        }
      }
    }
    return records;
  }
};

struct Logs {
  using Batch = LogBatch;
  using Request = ExportLogsServiceRequest;
  static std::vector<std::string> Records(const Request& request, size_t* items) {
    std::vector<std::string> records;
    for (const auto& resource : request.resource_logs()) {
      for (const auto& scope : resource.scope_logs()) {
        for (const auto& record : scope.log_records())
          records.push_back(record.SerializeAsString());
      }
    }
    *items += records.size();
    return records;
  }
};

std::vector<std::string> Sorted(std::vector<std::string> records) {
  std::sort(records.begin(), records.end());
  return records;
}

template <typename Kind>
class RecordsOf : public testing::Test {
 protected:
  using Batch = typename Kind::Batch;
  using Request = typename Kind::Request;
  static constexpr Signal kSignal = signal::kSignalOf<Batch>;

  static Batch Decode(const std::string& bytes) {
    auto decoded = DecodeOtlpRecords(kSignal, base::MakeSharedBytes(bytes));
    EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
    return decoded.ok() ? Batch(*decoded) : Batch();
  }
  static Batch DecodeJson(const std::string& text) {
    auto decoded = DecodeOtlpRecordsJson(kSignal, text);
    EXPECT_TRUE(decoded.ok()) << decoded.status().ToString() << "\n" << text;
    return decoded.ok() ? Batch(*decoded) : Batch();
  }
  static Request Random(uint64_t seed, bool is_plain = false) {
    RandomMessage random(seed);
    random.is_plain = is_plain;
    Request request;
    random.Fill(&request);
    return request;
  }
  static std::vector<std::string> Records(const Batch& batch) {
    std::vector<std::string> records;
    signal::ForEachRecord(
        batch, [&](const signal::RecordRef& ref) { records.emplace_back(ref.message()); });
    return records;
  }
};

using Kinds = testing::Types<Metrics, Logs>;
TYPED_TEST_SUITE(RecordsOf, Kinds);

TYPED_TEST(RecordsOf, IndexWhatThePeerHolds) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto request = this->Random(seed);
    const std::string bytes = request.SerializeAsString();
    const auto batch = this->Decode(bytes);
    size_t items = 0;
    EXPECT_EQ(this->Records(batch), TypeParam::Records(request, &items));
    EXPECT_EQ(signal::ItemCount(batch), items);
    if (batch.empty()) continue;
    EXPECT_EQ(EncodeOtlpProtobuf(batch), bytes) << seed;
  }
}

TYPED_TEST(RecordsOf, MergedBatchesAreSplicedAndCutOnesRegrouped) {
  using Batch = typename TypeParam::Batch;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Batch batch = this->Decode(this->Random(2 * seed).SerializeAsString());
    batch.Append(this->Decode(this->Random(2 * seed + 1).SerializeAsString()));
    const auto all = this->Records(batch);
    if (all.empty()) continue;
    typename TypeParam::Request merged;
    ASSERT_TRUE(merged.ParseFromString(EncodeOtlpProtobuf(batch)));
    size_t items = 0;
    EXPECT_EQ(TypeParam::Records(merged, &items), all);
    EXPECT_EQ(items, signal::ItemCount(batch));

    size_t items_of_parts = 0;
    std::vector<std::string> records_of_parts;
    for (const Batch& part : SplitBatch(Batch(batch), 2, 300)) {
      EXPECT_TRUE(part.record_count() == 1 || signal::ItemCount(part) <= 2);
      typename TypeParam::Request read;
      ASSERT_TRUE(read.ParseFromString(EncodeOtlpProtobuf(part)));
      for (auto& record : TypeParam::Records(read, &items_of_parts)) {
        records_of_parts.push_back(std::move(record));
      }
    }
    EXPECT_EQ(items_of_parts, items);
    // Within a part, records of equal resources and scopes stand together.
    EXPECT_EQ(Sorted(records_of_parts), Sorted(all));
  }
}

TYPED_TEST(RecordsOf, JsonGoesBothWays) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto request = this->Random(seed);
    const auto batch = this->Decode(request.SerializeAsString());
    if (batch.empty()) continue;
    const std::string json = EncodeOtlpJson(batch);
    const auto again = this->DecodeJson(json);
    EXPECT_EQ(EncodeOtlpJson(again), json);
    // The same content as the peer reads it; groups may have been put together.
    typename TypeParam::Request reread;
    ASSERT_TRUE(reread.ParseFromString(EncodeOtlpProtobuf(again)));
    const auto records = this->Records(batch);
    size_t items = 0;
    const auto reread_records = TypeParam::Records(reread, &items);
    EXPECT_EQ(reread_records.size(), records.size()) << seed;
    EXPECT_EQ(items, signal::ItemCount(batch));
  }
}

TYPED_TEST(RecordsOf, JsonIsThePeersButForIds) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto request = this->Random(seed, true);
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(request, &theirs).ok());
    const auto batch = this->DecodeJson(theirs);
    typename TypeParam::Request read;
    size_t expected_items = 0;
    size_t items = 0;
    const auto expected = TypeParam::Records(request, &expected_items);
    ASSERT_TRUE(read.ParseFromString(EncodeOtlpProtobuf(batch)));
    EXPECT_EQ(TypeParam::Records(read, &items), expected) << theirs;
    EXPECT_EQ(items, expected_items);

    if (batch.empty()) continue;
    typename TypeParam::Request theirs_of_ours;
    const auto parsed =
        google::protobuf::util::JsonStringToMessage(EncodeOtlpJson(batch), &theirs_of_ours);
    ASSERT_TRUE(parsed.ok()) << parsed.ToString() << EncodeOtlpJson(batch);
    items = 0;
    const auto ours = TypeParam::Records(theirs_of_ours, &items);
    EXPECT_EQ(Sorted(ours), Sorted(expected));
  }
}

TYPED_TEST(RecordsOf, DamageIsRefusedOrReadable) {
  RandomMessage random(7);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::string bytes = this->Random(seed).SerializeAsString();
    if (bytes.empty()) continue;
    for (size_t changes = 1 + random.Below(3); changes-- > 0;) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    if (random.Below(3) == 0) bytes.resize(random.Below(bytes.size()));
    auto decoded = DecodeOtlpRecords(TestFixture::kSignal, base::MakeSharedBytes(bytes));
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.status().code(), StatusCode::kInvalidArgument);
      continue;
    }
    const typename TypeParam::Batch batch(*decoded);
    const auto again = this->DecodeJson(EncodeOtlpJson(batch));
    EXPECT_EQ(signal::ItemCount(again), signal::ItemCount(batch));
  }
}

TYPED_TEST(RecordsOf, TheIndexIsCountedBeforeItGrows) {
  std::string request;
  proto::Writer writer(&request);
  const size_t resource = writer.Open(1);
  const size_t scope = writer.Open(2);
  for (int i = 0; i < 10'000; ++i) writer.Bytes(2, "");
  writer.Close(scope);
  writer.Close(resource);
  base::ByteBudget budget(request.size() + 1000);
  base::ByteBudget::Reservation reservation;
  ASSERT_TRUE(budget.TryReserve(request.size(), &reservation));
  const auto decoded = DecodeOtlpRecords(TestFixture::kSignal, base::MakeSharedBytes(request),
                                         std::move(reservation));
  EXPECT_EQ(decoded.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(budget.used(), 0u);
}

TYPED_TEST(RecordsOf, OldSendersScopesAreRead) {
  std::string request;
  proto::Writer writer(&request);
  const size_t resource = writer.Open(1);
  const size_t scope = writer.Open(1000);
  writer.Bytes(2, "");
  writer.Close(scope);
  writer.Close(resource);
  const auto batch = this->Decode(request);
  EXPECT_EQ(batch.record_count(), 1u);
  EXPECT_EQ(EncodeOtlpProtobuf(batch), std::string("\x0a\x04\x12\x02\x12\x00", 6));
}

std::string MetricRequest(std::string_view metric) {
  std::string request;
  proto::Writer writer(&request);
  const size_t resource = writer.Open(1);
  const size_t scope = writer.Open(2);
  writer.Bytes(2, metric);
  writer.Close(scope);
  writer.Close(resource);
  return request;
}

base::Status StatusOf(Signal signal, const std::string& request) {
  return DecodeOtlpRecords(signal, base::MakeSharedBytes(request)).status();
}

TEST(OtlpRecords, AMetricIsOfOneKind) {
  std::string metric;
  proto::Writer writer(&metric);
  writer.Bytes(5, "");
  writer.Bytes(7, "");
  EXPECT_EQ(StatusOf(Signal::kMetrics, MetricRequest(metric)).ToString(),
            "INVALID_ARGUMENT: otlp request: byte 10: sum: given twice");
}

TEST(OtlpRecords, PackedNumbersAreWhole) {
  std::string metric;
  proto::Writer writer(&metric);
  const size_t histogram = writer.Open(9);
  const size_t point = writer.Open(1);
  writer.Bytes(6, "1234567");
  writer.Close(point);
  writer.Close(histogram);
  EXPECT_EQ(StatusOf(Signal::kMetrics, MetricRequest(metric)).ToString(),
            "INVALID_ARGUMENT: otlp request: byte 12: bucketCounts: malformed protobuf");
}

// A log record whose body is `levels` arrays in one another.
std::string NestedBody(int levels) {
  std::string value;
  for (int i = 0; i < levels; ++i) {
    std::string array;
    proto::Writer(&array).Bytes(1, value);
    value.clear();
    proto::Writer(&value).Bytes(5, array);
  }
  std::string record;
  proto::Writer(&record).Bytes(5, value);
  return MetricRequest(record);
}

TEST(OtlpRecords, BodiesNestSoDeepAndNoDeeper) {
  EXPECT_TRUE(StatusOf(Signal::kLogs, NestedBody(60)).ok());
  const base::Status refused = StatusOf(Signal::kLogs, NestedBody(80));
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("body: values nest deeper than 64"), std::string::npos);
  EXPECT_FALSE(StatusOf(Signal::kLogs, NestedBody(100'000)).ok());
}

TEST(OtlpRecords, JsonTakesNamesAndNumbersInAnyForm) {
  const auto logs = DecodeOtlpRecordsJson(Signal::kLogs, R"({"resource_logs":[{"scopeLogs":[{
    "log_records":[{"timeUnixNano":5,"severityNumber":"SEVERITY_NUMBER_WARN","body":{"stringValue":
    "hi"},"traceId":"0AF7651916CD43DD8448EB211C80319C","unknown":[1]}]}]}]})");
  ASSERT_TRUE(logs.ok()) << logs.status().ToString();
  EXPECT_EQ(EncodeOtlpJson(LogBatch(*logs)),
            R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5",)"
            R"("severityNumber":13,"body":{"stringValue":"hi"},)"
            R"("traceId":"0af7651916cd43dd8448eb211c80319c"}]}]}]})");

  const auto metrics = DecodeOtlpRecordsJson(Signal::kMetrics, R"({"resourceMetrics":[{
    "scopeMetrics":[{"metrics":[{"name":"m","sum":{"aggregationTemporality":
    "AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true,"dataPoints":[{"asInt":"0"},
    {"asDouble":0,"flags":1}]}},{"exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":
    {"offset":-1,"bucketCounts":["1",2,300]},"sum":0}]}}]}]}]})");
  ASSERT_TRUE(metrics.ok()) << metrics.status().ToString();
  const MetricBatch batch(*metrics);
  EXPECT_EQ(batch.item_count(), 3u);
  EXPECT_EQ(EncodeOtlpJson(batch),
            R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":)"
            R"([{"asInt":"0"},{"asDouble":0.0,"flags":1}],"aggregationTemporality":2,)"
            R"("isMonotonic":true}},{"exponentialHistogram":{"dataPoints":[{"sum":0.0,"scale":-3,)"
            R"("positive":{"offset":-1,"bucketCounts":["1","2","300"]}}]}}]}]}]})");
}

TEST(OtlpRecords, JsonThatIsNotOtlpIsNamed) {
  const auto status = [](const char* json) {
    return DecodeOtlpRecordsJson(Signal::kMetrics, json).status().message();
  };
  EXPECT_EQ(status("{"),
            "otlp json: The JSON document has an improper structure: missing or "
            "superfluous commas, braces, missing keys, etc.");
  EXPECT_EQ(status(R"({"resourceMetrics":5})"), "otlp json: resourceMetrics: is not an array");
  const std::string head = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{)";
  EXPECT_EQ(status((head + R"("dataPoints":[{"bucketCounts":["x"]}]}}]}]}]})").c_str()),
            "otlp json: bucketCounts: has an element that is not an unsigned 64-bit number");
  EXPECT_EQ(status((head + R"("aggregationTemporality":"X"}}]}]}]})").c_str()),
            "otlp json: aggregationTemporality: is neither a number nor a known name");
}

}  // namespace
}  // namespace spandrel::wire
