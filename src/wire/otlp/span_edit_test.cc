// SPDX-License-Identifier: Apache-2.0
// span/edit with libprotobuf's classes as its peer, and with the decoder as the judge of its index.
#include <gtest/gtest.h>

#include <cstring>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "signal/edit/record_editor.h"
#include "span/edit/span_editor.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"
#include "wire/testing/edit_plan.h"
#include "wire/testing/random_request.h"
#include "wire/testing/request.h"

namespace spandrel::wire {
namespace {

using span::EditSpans;
using span::SpanBatch;
using span::SpanChunk;

std::shared_ptr<const SpanChunk> Decode(std::string bytes) {
  auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes)));
  EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
  return decoded->chunk;
}

void ExpectSame(const base::ByteRange& a, const base::ByteRange& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_TRUE(a.size == 0 || a.offset == b.offset);
}

// The index is the one that the decoder makes of the same bytes.
void ExpectIndexIsRight(const SpanChunk& chunk) {
  const auto fresh = Decode(std::string(chunk.bytes()));
  EXPECT_EQ(chunk.whole, fresh->whole);
  ASSERT_EQ(chunk.resources.size(), fresh->resources.size());
  for (size_t i = 0; i < chunk.resources.size(); ++i) {
    EXPECT_EQ(chunk.resources[i].present, fresh->resources[i].present);
    ExpectSame(chunk.resources[i].message, fresh->resources[i].message);
    ExpectSame(chunk.resources[i].schema_url, fresh->resources[i].schema_url);
    ExpectSame(chunk.resources[i].service_name, fresh->resources[i].service_name);
  }
  ASSERT_EQ(chunk.scopes.size(), fresh->scopes.size());
  for (size_t i = 0; i < chunk.scopes.size(); ++i) {
    EXPECT_EQ(chunk.scopes[i].present, fresh->scopes[i].present);
    EXPECT_EQ(chunk.scopes[i].resource, fresh->scopes[i].resource);
    ExpectSame(chunk.scopes[i].message, fresh->scopes[i].message);
    ExpectSame(chunk.scopes[i].schema_url, fresh->scopes[i].schema_url);
  }
  ASSERT_EQ(chunk.spans.size(), fresh->spans.size());
  for (size_t i = 0; i < chunk.spans.size(); ++i) {
    const span::SpanEntry& ours = chunk.spans[i];
    const span::SpanEntry& theirs = fresh->spans[i];
    EXPECT_EQ(ours.trace_id, theirs.trace_id);
    EXPECT_EQ(ours.span_id, theirs.span_id);
    EXPECT_EQ(ours.parent_span_id, theirs.parent_span_id);
    EXPECT_EQ(ours.start_time_unix_nano, theirs.start_time_unix_nano);
    EXPECT_EQ(ours.end_time_unix_nano, theirs.end_time_unix_nano);
    EXPECT_EQ(ours.scope, theirs.scope);
    EXPECT_EQ(ours.kind, theirs.kind);
    EXPECT_EQ(ours.status, theirs.status);
    ExpectSame(ours.message, theirs.message);
    ExpectSame(ours.name, theirs.name);
  }
}

// Keys and texts that occur in the request, so that edits reach something.
class RandomPlan : public RandomRequest {
 public:
  explicit RandomPlan(uint64_t seed) : RandomRequest(seed) {}

  EditPlan MakePlan(const pb::ExportTraceServiceRequest& request) {
    CollectKeys(request);
    EditPlan plan;
    for (auto* steps : {&plan.resources, &plan.scopes, &plan.records, &plan.parts}) {
      for (size_t i = Below(4); i-- > 0;) steps->push_back(Step());
    }
    if (Below(3) == 0) plan.dropped_records = Below(EditPlan::kDivisor);
    if (Below(3) == 0) plan.dropped_parts = Below(EditPlan::kDivisor);
    if (Below(3) == 0) plan.whole_records = Below(EditPlan::kDivisor);
    return plan;
  }

 private:
  void CollectKeys(const pb::ExportTraceServiceRequest& request) {
    for (const auto& group : request.resource_spans()) {
      for (const auto& one : group.resource().attributes()) keys_.push_back(one.key());
      for (const auto& scope_spans : group.scope_spans()) {
        for (const auto& one : scope_spans.scope().attributes()) keys_.push_back(one.key());
        for (const auto& span : scope_spans.spans()) {
          for (const auto& one : span.attributes()) keys_.push_back(one.key());
          for (const auto& event : span.events()) {
            for (const auto& one : event.attributes()) keys_.push_back(one.key());
          }
        }
      }
    }
  }
  std::string Key() { return keys_.empty() || Below(4) == 0 ? Text() : keys_[Below(keys_.size())]; }
  EditStep Step() {
    EditStep step;
    step.kind = static_cast<EditStep::Kind>(Below(static_cast<size_t>(EditStep::Kind::kCount)));
    step.key = Key();
    step.other = Key();
    step.number = static_cast<int64_t>(Below(12));
    return step;
  }

  std::vector<std::string> keys_;
};

TEST(SpanEdit, DoesWhatLibprotobufDoes) {
  base::ByteBudget memory(64 << 20);
  size_t changed = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    RandomPlan random(seed);
    pb::ExportTraceServiceRequest theirs = random.Make();
    const std::string bytes = theirs.SerializeAsString();
    const EditPlan plan = random.MakePlan(theirs);
    const auto chunk = Decode(bytes);
    ASSERT_TRUE(chunk->whole);
    auto edited = EditSpans(SpanBatch(chunk), PlannedEdit(plan), memory);
    ASSERT_TRUE(edited.ok());
    EXPECT_EQ(edited->counts.refused_records + edited->counts.refused_groups, 0u);

    PeerEdit(plan).Run(&theirs);
    const size_t before = chunk->spans.size();
    EXPECT_EQ(edited->batch.span_count() + edited->counts.dropped_records, before);
    if (edited->batch.empty()) continue;
    const SpanChunk& result = *edited->batch.chunks().front();
    changed += &result != chunk.get();
    pb::ExportTraceServiceRequest ours;
    ASSERT_TRUE(ours.ParseFromString(std::string(result.bytes())));
    EXPECT_EQ(ours.SerializeAsString(), theirs.SerializeAsString())
        << ours.DebugString() << "\n--- expected\n"
        << theirs.DebugString();
    ExpectIndexIsRight(result);
    if (HasFailure()) break;
  }
  EXPECT_GT(changed, 500u);
  EXPECT_EQ(memory.used(), 0u);
}

// Chunks that are slices of another, and requests of which some spans were refused.
TEST(SpanEdit, MakesPartialChunksWhole) {
  base::ByteBudget memory(64 << 20);
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomPlan random(seed);
    pb::ExportTraceServiceRequest request = random.Make();
    const EditPlan plan = random.MakePlan(request);
    for (auto& group : *request.mutable_resource_spans()) {
      for (auto& scope_spans : *group.mutable_scope_spans()) {
        for (auto& span : *scope_spans.mutable_spans()) {
          if (random.Below(4) == 0) span.set_span_id("short");
        }
      }
    }
    SpanBatch batch(Decode(request.SerializeAsString()));
    for (const SpanBatch& part : SplitBatch(std::move(batch), 3, 0)) {
      auto edited = EditSpans(part, PlannedEdit(plan), memory);
      ASSERT_TRUE(edited.ok());
      // The same as edited after it was written and read.
      const SpanBatch reread(Decode(EncodeOtlpProtobuf(part)));
      auto expected = EditSpans(reread, PlannedEdit(plan), memory);
      ASSERT_TRUE(expected.ok());
      EXPECT_EQ(EncodeOtlpJson(edited->batch), EncodeOtlpJson(expected->batch));
      for (const auto& chunk : edited->batch.chunks()) {
        if (chunk != part.chunks().front()) ExpectIndexIsRight(*chunk);
      }
    }
    if (HasFailure()) break;
  }
}

class OneStep {
 public:
  explicit OneStep(EditStep step) { plan.records.push_back(std::move(step)); }
  EditPlan plan;
};

EditStep SetText(std::string key, std::string text) {
  return {EditStep::Kind::kSetText, std::move(key), std::move(text)};
}

TEST(SpanEdit, SharesWhatDoesNotChange) {
  base::ByteBudget memory(1 << 20);
  SpanBatch batch = MakeTestBatch("a", 1, 3, 10);
  batch.Append(MakeTestBatch("b", 4, 2));
  EditPlan plan;
  plan.records.push_back({EditStep::Kind::kErase, "absent"});
  auto edited = EditSpans(batch, PlannedEdit(plan), memory);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->batch.chunks(), batch.chunks());
  EXPECT_EQ(memory.used(), 0u);

  plan.records = {{EditStep::Kind::kErase, "pad"}};
  edited = EditSpans(batch, PlannedEdit(plan), memory);
  ASSERT_TRUE(edited.ok());
  EXPECT_NE(edited->batch.chunks()[0], batch.chunks()[0]);
  EXPECT_EQ(edited->batch.chunks()[1], batch.chunks()[1]);
  EXPECT_EQ(edited->counts.changed_records, 3u);
  EXPECT_GE(memory.used(), edited->batch.chunks()[0]->bytes().size());
  edited->batch = SpanBatch();
  EXPECT_EQ(memory.used(), 0u);
}

TEST(SpanEdit, AsksForMemoryFirst) {
  const SpanBatch batch = MakeTestBatch("a", 1, 100, 100);
  const size_t bytes = batch.chunks().front()->bytes().size();
  const OneStep step(SetText("k", std::string(1000, 'x')));
  for (const size_t limit : {bytes / 2, bytes + bytes / 4, bytes + 20'000, bytes + 110'000}) {
    base::ByteBudget memory(limit);
    const auto edited = EditSpans(batch, PlannedEdit(step.plan), memory);
    ASSERT_FALSE(edited.ok()) << limit;
    EXPECT_TRUE(edited.status().retryable());
    EXPECT_EQ(memory.used(), 0u);
  }
  base::ByteBudget enough(1 << 20);
  EXPECT_TRUE(EditSpans(batch, PlannedEdit(step.plan), enough).ok());
}

TEST(SpanEdit, KeepsWhatWouldBecomeTooLarge) {
  base::ByteBudget memory(1 << 20);
  const SpanBatch batch = MakeTestBatch("a", 1, 10, 50);
  const size_t bytes = batch.chunks().front()->bytes().size();
  const OneStep step(SetText("key", std::string(100, 'x')));
  span::EditLimits limits;
  limits.message.max_bytes = 150;
  auto edited = EditSpans(batch, PlannedEdit(step.plan), memory, limits);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->batch.chunks(), batch.chunks());
  EXPECT_EQ(edited->counts.refused_records, 10u);

  // As many attributes as there may be, but for the one that is there.
  limits = {};
  limits.message.max_attributes = 1;
  edited = EditSpans(batch, PlannedEdit(step.plan), memory, limits);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->batch.chunks(), batch.chunks());
  EXPECT_EQ(edited->counts.refused_records, 10u);

  // The request may grow by three such values.
  limits = {};
  limits.max_request_bytes = bytes + 3 * 150;
  edited = EditSpans(batch, PlannedEdit(step.plan), memory, limits);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->counts.changed_records, 3u);
  EXPECT_EQ(edited->counts.refused_records, 7u);
  EXPECT_LE(edited->batch.chunks().front()->bytes().size(), limits.max_request_bytes);
  ExpectIndexIsRight(*edited->batch.chunks().front());

  // What makes a message smaller is never refused.
  limits.message.max_bytes = 10;
  EditPlan smaller;
  smaller.records.push_back({EditStep::Kind::kErase, "pad"});
  edited = EditSpans(batch, PlannedEdit(smaller), memory, limits);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(edited->counts.changed_records, 10u);
}

TEST(SpanEdit, ServiceNameFollows) {
  base::ByteBudget memory(1 << 20);
  const SpanBatch batch = MakeTestBatch("before", 1, 2);
  EditPlan plan;
  plan.resources.push_back(SetText("service.name", "after"));
  auto edited = EditSpans(batch, PlannedEdit(plan), memory);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(span::SpanRef(*edited->batch.chunks()[0], 1).service_name(), "after");
  plan.resources = {{EditStep::Kind::kErase, "service.name"}};
  edited = EditSpans(edited->batch, PlannedEdit(plan), memory);
  ASSERT_TRUE(edited.ok());
  EXPECT_EQ(span::SpanRef(*edited->batch.chunks()[0], 1).service_name(), "");
}

// What the batch of the request becomes, as bytes; its index is the one that the decoder makes.
template <typename Batch>
std::string EditedBytes(signal::Signal signal, const std::string& request, const EditPlan& plan) {
  base::ByteBudget memory(1 << 20);
  auto decoded = DecodeOtlpRecords(signal, base::MakeSharedBytes(request));
  EXPECT_TRUE(decoded.ok());
  Batch batch(*decoded);
  batch.set_origin(std::make_shared<const signal::Origin>());
  const auto edited = signal::EditRecords(batch, PlannedEdit(plan), memory);
  EXPECT_TRUE(edited.ok());
  EXPECT_EQ(edited->batch.origin(), batch.origin());
  const signal::RecordChunk& chunk = *edited->batch.chunks().front();
  EXPECT_GE(memory.used(), chunk.bytes().size());
  const auto fresh = DecodeOtlpRecords(signal, base::MakeSharedBytes(std::string(chunk.bytes())));
  EXPECT_TRUE(fresh.ok());
  EXPECT_EQ(chunk.records.size(), (*fresh)->records.size());
  for (size_t i = 0; i < chunk.records.size(); ++i) {
    const signal::RecordRef ours(chunk, i);
    const signal::RecordRef theirs(**fresh, i);
    EXPECT_EQ(ours.message(), theirs.message());
    EXPECT_EQ(ours.entry().items, theirs.entry().items);
    EXPECT_EQ(ours.scope().message, theirs.scope().message);
    EXPECT_EQ(ours.resource().message, theirs.resource().message);
    EXPECT_EQ(ours.service_name(), theirs.service_name());
  }
  return std::string(chunk.bytes());
}

TEST(RequestEdit, EditsLogRecords) {
  namespace logs = opentelemetry::proto::collector::logs::v1;
  logs::ExportLogsServiceRequest request;
  auto* scope_logs = request.add_resource_logs()->add_scope_logs();
  for (int i = 0; i < 4; ++i) {
    auto* record = scope_logs->add_log_records();
    record->set_time_unix_nano(5);
    record->mutable_body()->set_string_value("hello");
    record->set_trace_id("0123456789abcdef");
    for (int k = 0; k < i; ++k) {
      auto* one = record->add_attributes();
      one->set_key("key" + std::to_string(k));
      one->mutable_value()->set_int_value(k);
    }
  }
  EditPlan plan;
  plan.resources.push_back(SetText("added", "yes"));
  plan.records.push_back(SetText("key0", "text"));
  plan.records.push_back({EditStep::Kind::kErase, "key2"});
  plan.dropped_records = 1;
  logs::ExportLogsServiceRequest ours;
  ASSERT_TRUE(ours.ParseFromString(
      EditedBytes<signal::LogBatch>(signal::Signal::kLogs, request.SerializeAsString(), plan)));
  PeerEdit::RunSteps(plan.resources,
                     request.mutable_resource_logs(0)->mutable_resource()->mutable_attributes());
  scope_logs->mutable_log_records()->DeleteSubrange(1, 1);
  for (auto& record : *scope_logs->mutable_log_records()) {
    PeerEdit::RunSteps(plan.records, record.mutable_attributes());
  }
  EXPECT_EQ(ours.SerializeAsString(), request.SerializeAsString());
}

template <typename Point>
void AddAttribute(Point* point, const std::string& key) {
  auto* one = point->add_attributes();
  one->set_key(key);
  one->mutable_value()->set_string_value("value");
}

TEST(RequestEdit, EditsDataPointsOfEveryKind) {
  namespace metric_service = opentelemetry::proto::collector::metrics::v1;
  metric_service::ExportMetricsServiceRequest request;
  auto* scope_metrics = request.add_resource_metrics()->add_scope_metrics();
  std::vector<PeerAttributes*> points;
  for (int i = 0; i < 5; ++i) {
    auto* metric = scope_metrics->add_metrics();
    metric->set_name("metric" + std::to_string(i));
    const auto add = [&](auto* data) {
      data->add_data_points()->set_time_unix_nano(7);
      auto* point = data->add_data_points();
      AddAttribute(point, "old");
      for (auto& each : *data->mutable_data_points()) points.push_back(each.mutable_attributes());
    };
    if (i == 0) add(metric->mutable_gauge());
    if (i == 1) add(metric->mutable_sum());
    if (i == 2) add(metric->mutable_histogram());
    if (i == 3) add(metric->mutable_exponential_histogram());
    if (i == 4) add(metric->mutable_summary());
  }
  request.mutable_resource_metrics(0)
      ->mutable_scope_metrics(0)
      ->mutable_metrics(1)
      ->mutable_sum()
      ->set_is_monotonic(true);
  EditPlan plan;
  plan.parts.push_back({EditStep::Kind::kRename, "old", "renamed"});
  plan.parts.push_back(SetText("new", "value"));
  plan.dropped_parts = 0;
  metric_service::ExportMetricsServiceRequest ours;
  ASSERT_TRUE(ours.ParseFromString(EditedBytes<signal::MetricBatch>(
      signal::Signal::kMetrics, request.SerializeAsString(), plan)));
  for (PeerAttributes* attributes : points) PeerEdit::RunSteps(plan.parts, attributes);
  auto& metrics = *scope_metrics->mutable_metrics();
  metrics[0].mutable_gauge()->mutable_data_points()->DeleteSubrange(0, 1);
  metrics[1].mutable_sum()->mutable_data_points()->DeleteSubrange(0, 1);
  metrics[2].mutable_histogram()->mutable_data_points()->DeleteSubrange(0, 1);
  metrics[3].mutable_exponential_histogram()->mutable_data_points()->DeleteSubrange(0, 1);
  metrics[4].mutable_summary()->mutable_data_points()->DeleteSubrange(0, 1);
  EXPECT_EQ(ours.SerializeAsString(), request.SerializeAsString()) << ours.DebugString();
}

}  // namespace
}  // namespace spandrel::wire
