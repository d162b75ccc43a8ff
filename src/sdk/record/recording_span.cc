// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/recording_span.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "sdk/encoding/text.h"
#include "sdk/process/span_clock.h"
#include "sdk/record/span_recorder.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

uint64_t UnixNanos(common::SystemTimestamp time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

}  // namespace

RecordingSpan::RecordingSpan(SpanRecorder& recorder, nostd::string_view name,
                             trace_api::SpanKind kind, const SpanIdentity& identity,
                             ParentLink parent, SpanTimes times)
    : recorder_(recorder),
      identity_(identity),
      trace_state_(parent.trace_state),
      unix_offset_(times.unix_offset),
      message_(recorder.limits(), identity, parent, kind,
               static_cast<uint64_t>(times.start_steady + times.unix_offset), View(name)) {}

RecordingSpan::~RecordingSpan() {
  if (!ended_) Finish(SteadyNanos());
}

void RecordingSpan::SetInitial(const common::KeyValueIterable& attributes,
                               const trace_api::SpanContextKeyValueIterable& links) {
  message_.attributes().SetAll(attributes);
  AppendLinks(links);
}

void RecordingSpan::SetAttribute(nostd::string_view key,
                                 const common::AttributeValue& value) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) message_.attributes().Set(View(key), value);
}

uint64_t RecordingSpan::UnixNow() const {
  return static_cast<uint64_t>(SteadyNanos() + unix_offset_);
}

void RecordingSpan::AddEvent(nostd::string_view name) noexcept {
  AppendEvent(View(name), UnixNow(), nullptr);
}

void RecordingSpan::AddEvent(nostd::string_view name, common::SystemTimestamp time) noexcept {
  AppendEvent(View(name), UnixNanos(time), nullptr);
}

void RecordingSpan::AddEvent(nostd::string_view name, common::SystemTimestamp time,
                             const common::KeyValueIterable& attributes) noexcept {
  AppendEvent(View(name), UnixNanos(time), &attributes);
}

void RecordingSpan::AddEvent(nostd::string_view name,
                             const common::KeyValueIterable& attributes) noexcept {
  AppendEvent(View(name), UnixNow(), &attributes);
}

void RecordingSpan::AppendEvent(std::string_view name, uint64_t time,
                                const common::KeyValueIterable* attributes) {
  std::lock_guard lock(lock_);
  if (!ended_) message_.AddEvent(name, time, attributes);
}

void RecordingSpan::AppendLinks(const trace_api::SpanContextKeyValueIterable& links) {
  if (links.size() == 0) return;
  links.ForEachKeyValue(
      [this](trace_api::SpanContext target, const common::KeyValueIterable& attributes) {
        message_.AddLink(target, attributes);
        return true;
      });
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
void RecordingSpan::AddLink(const trace_api::SpanContext& target,
                            const common::KeyValueIterable& attributes) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) message_.AddLink(target, attributes);
}

void RecordingSpan::AddLinks(const trace_api::SpanContextKeyValueIterable& links) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) AppendLinks(links);
}
#endif

void RecordingSpan::SetStatus(trace_api::StatusCode code, nostd::string_view description) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) message_.SetStatus(code, View(description));
}

void RecordingSpan::UpdateName(nostd::string_view name) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) message_.SetName(View(name));
}

trace_api::SpanContext RecordingSpan::GetContext() const noexcept {
  return identity_.ToContext(false, trace_state_);
}

bool RecordingSpan::IsRecording() const noexcept {
  std::lock_guard lock(lock_);
  return !ended_;
}

void RecordingSpan::End(const trace_api::EndSpanOptions& options) noexcept {
  const int64_t given = options.end_steady_time.time_since_epoch().count();
  const int64_t end = given != 0 ? given : SteadyNanos();
  std::lock_guard lock(lock_);
  if (!std::exchange(ended_, true)) Finish(end);
}

void RecordingSpan::Finish(int64_t end_steady) {
  const uint64_t end = static_cast<uint64_t>(end_steady + unix_offset_);
  recorder_.Add(message_.Finish(std::max(end, message_.start())));
}

}  // namespace spandrel::sdk
