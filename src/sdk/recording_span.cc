// SPDX-License-Identifier: Apache-2.0
#include "sdk/recording_span.h"

#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>

#include "opentelemetry/trace/trace_state.h"
#include "sdk/any_value.h"
#include "sdk/proto_writer.h"
#include "sdk/span_clock.h"
#include "sdk/text.h"
#include "sdk/tracer.h"

// Field numbers are those of opentelemetry/proto/trace/v1/trace.proto.
namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

constexpr char kAttributesTag = LengthTag(9);
constexpr char kEventTag = LengthTag(11);
constexpr char kLinkTag = LengthTag(13);
constexpr char kStatusTag = LengthTag(15);
constexpr uint8_t kFlagsTag[2] = {0x85, 0x01};  // field 16, fixed32

constexpr uint32_t kHasIsRemote = 0x100;
constexpr uint32_t kIsRemote = 0x200;

std::string_view View(nostd::string_view text) {
  return {text.data(), text.size()};
}

size_t CountSize(uint32_t count) {
  return count == 0 ? 0 : 1 + VarintSize(count);
}

char* WriteCount(char* out, int field, uint32_t count) {
  if (count == 0) return out;
  *out++ = VarintTag(field);
  return WriteVarint(out, count);
}

size_t TextFieldSize(size_t size) {
  return size == 0 ? 0 : LengthFieldSize(size);
}

char* WriteTextField(char* out, int field, std::string_view text) {
  return text.empty() ? out : WriteLengthField(out, LengthTag(field), text);
}

void AppendCount(std::string& out, int field, uint32_t count) {
  char bytes[11];
  out.append(bytes, static_cast<size_t>(WriteCount(bytes, field, count) - bytes));
}

// Status has two fields: message = 2, code = 3.
size_t StatusSize(trace_api::StatusCode code, std::string_view message) {
  return code == trace_api::StatusCode::kUnset ? 0 : TextFieldSize(message.size()) + 2;
}

std::string_view IdBytes(const uint64_t* id, size_t words) {
  return {reinterpret_cast<const char*>(id), words * sizeof(uint64_t)};
}

}  // namespace

SpanIdentity SpanIdentity::Of(const trace_api::SpanContext& context) {
  SpanIdentity identity;
  std::memcpy(identity.trace_id, context.trace_id().Id().data(), sizeof(identity.trace_id));
  std::memcpy(&identity.span_id, context.span_id().Id().data(), sizeof(identity.span_id));
  identity.flags = context.trace_flags().flags();
  return identity;
}

trace_api::SpanContext SpanIdentity::ToContext(
    const nostd::shared_ptr<trace_api::TraceState>& trace_state) const {
  uint8_t trace_bytes[16];
  uint8_t span_bytes[8];
  std::memcpy(trace_bytes, trace_id, sizeof(trace_bytes));
  std::memcpy(span_bytes, &span_id, sizeof(span_bytes));
  return {trace_api::TraceId(trace_bytes), trace_api::SpanId(span_bytes),
          trace_api::TraceFlags(flags), false,
          trace_state ? trace_state : trace_api::TraceState::GetDefault()};
}

RecordingSpan::RecordingSpan(Tracer& tracer, nostd::string_view name, trace_api::SpanKind kind,
                             const SpanIdentity& identity, ParentLink parent, SpanTimes times)
    : tracer_(tracer),
      identity_(identity),
      parent_(std::move(parent)),
      times_(times),
      kind_(kind),
      attributes_(kAttributesTag,
                  {tracer.limits().attributes, tracer.limits().attribute_value_length}) {
  SetName(View(name));
}

RecordingSpan::~RecordingSpan() {
  RecordingSpan::End({});
}

void RecordingSpan::SetName(std::string_view name) {
  std::string scratch;
  name = CleanText(name, UINT32_MAX, scratch);
  name_.Erase(0, name_.size());
  WriteRaw(name_.Extend(name.size()), name);
}

void RecordingSpan::SetInitial(const common::KeyValueIterable& attributes,
                               const trace_api::SpanContextKeyValueIterable& links) {
  attributes_.SetAll(attributes);
  if (links.size() == 0) return;
  links.ForEachKeyValue(
      [this](trace_api::SpanContext target, const common::KeyValueIterable& link_attributes) {
        AppendLink(target, link_attributes);
        return true;
      });
}

void RecordingSpan::SetAttribute(nostd::string_view key,
                                 const common::AttributeValue& value) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) attributes_.Set(View(key), value);
}

int64_t RecordingSpan::UnixNow() const {
  return SteadyNanos() + times_.unix_offset;
}

void RecordingSpan::AddEvent(nostd::string_view name) noexcept {
  std::lock_guard lock(lock_);
  AppendEvent(View(name), static_cast<uint64_t>(UnixNow()), nullptr);
}

void RecordingSpan::AddEvent(nostd::string_view name, common::SystemTimestamp time) noexcept {
  std::lock_guard lock(lock_);
  AppendEvent(View(name), static_cast<uint64_t>(time.time_since_epoch().count()), nullptr);
}

void RecordingSpan::AddEvent(nostd::string_view name, common::SystemTimestamp time,
                             const common::KeyValueIterable& attributes) noexcept {
  std::lock_guard lock(lock_);
  AppendEvent(View(name), static_cast<uint64_t>(time.time_since_epoch().count()), &attributes);
}

void RecordingSpan::AddEvent(nostd::string_view name,
                             const common::KeyValueIterable& attributes) noexcept {
  std::lock_guard lock(lock_);
  AppendEvent(View(name), static_cast<uint64_t>(UnixNow()), &attributes);
}

void RecordingSpan::AppendEvent(std::string_view name, uint64_t time,
                                const common::KeyValueIterable* attributes) {
  const SpanLimits& limits = tracer_.limits();
  if (ended_) return;
  if (events_ >= limits.events) {
    ++dropped_events_;
    return;
  }
  ++events_;
  AttributeSet set(LengthTag(3), {limits.attributes_per_event, limits.attribute_value_length});
  if (attributes != nullptr) set.SetAll(*attributes);

  std::string event(9, Fixed64Tag(1));
  WriteFixed64(event.data() + 1, time);
  std::string scratch;
  AppendLengthField(event, LengthTag(2), CleanText(name, UINT32_MAX, scratch));
  event.append(set.bytes());
  AppendCount(event, 4, set.dropped());
  AppendLengthField(events_and_links_, kEventTag, event);
}

void RecordingSpan::AppendLink(const trace_api::SpanContext& target,
                               const common::KeyValueIterable& attributes) {
  const SpanLimits& limits = tracer_.limits();
  if (ended_) return;
  if (links_ >= limits.links) {
    ++dropped_links_;
    return;
  }
  ++links_;
  AttributeSet set(LengthTag(4), {limits.attributes_per_link, limits.attribute_value_length});
  set.SetAll(attributes);

  const SpanIdentity identity = SpanIdentity::Of(target);
  std::string link;
  AppendLengthField(link, LengthTag(1), IdBytes(identity.trace_id, 2));
  AppendLengthField(link, LengthTag(2), IdBytes(&identity.span_id, 1));
  const std::string trace_state = target.trace_state()->ToHeader();
  if (!trace_state.empty()) AppendLengthField(link, LengthTag(3), trace_state);
  link.append(set.bytes());
  AppendCount(link, 5, set.dropped());
  char flags[5] = {6 << 3 | 5};
  WriteFixed32(flags + 1, identity.flags | kHasIsRemote | (target.IsRemote() ? kIsRemote : 0));
  link.append(flags, sizeof(flags));
  AppendLengthField(events_and_links_, kLinkTag, link);
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
void RecordingSpan::AddLink(const trace_api::SpanContext& target,
                            const common::KeyValueIterable& attributes) noexcept {
  std::lock_guard lock(lock_);
  AppendLink(target, attributes);
}

void RecordingSpan::AddLinks(const trace_api::SpanContextKeyValueIterable& links) noexcept {
  std::lock_guard lock(lock_);
  links.ForEachKeyValue(
      [this](trace_api::SpanContext target, const common::KeyValueIterable& attributes) {
        AppendLink(target, attributes);
        return true;
      });
}
#endif

// Ok is final, Unset changes nothing, and only an error has a description (specification, "Set
// Status").
void RecordingSpan::SetStatus(trace_api::StatusCode code, nostd::string_view description) noexcept {
  std::lock_guard lock(lock_);
  if (ended_ || code == trace_api::StatusCode::kUnset) return;
  if (status_ == trace_api::StatusCode::kOk) return;
  status_ = code;
  status_message_.clear();
  if (code != trace_api::StatusCode::kError) return;
  std::string scratch;
  status_message_ = CleanText(View(description), UINT32_MAX, scratch);
}

void RecordingSpan::UpdateName(nostd::string_view name) noexcept {
  std::lock_guard lock(lock_);
  if (!ended_) SetName(View(name));
}

trace_api::SpanContext RecordingSpan::GetContext() const noexcept {
  return identity_.ToContext(parent_.trace_state);
}

bool RecordingSpan::IsRecording() const noexcept {
  std::lock_guard lock(lock_);
  return !ended_;
}

void RecordingSpan::End(const trace_api::EndSpanOptions& options) noexcept {
  std::lock_guard lock(lock_);
  if (std::exchange(ended_, true)) return;
  const int64_t given = options.end_steady_time.time_since_epoch().count();
  const int64_t end = given != 0 ? given : SteadyNanos();
  const uint64_t end_unix =
      static_cast<uint64_t>(std::max(end, times_.start_steady) + times_.unix_offset);
  tracer_.Add(EncodedSize(), [this, end_unix](char* out) { Encode(out, end_unix); });
}

size_t RecordingSpan::EncodedSize() const {
  constexpr size_t kIds = 2 + 16 + 2 + 8;
  constexpr size_t kKindTimesFlags = 2 + 9 + 9 + 6;
  size_t size = kIds + kKindTimesFlags;
  if (parent_.span_id != 0) size += 2 + 8;
  if (parent_.trace_state) size += TextFieldSize(parent_.trace_state->ToHeader().size());
  size += TextFieldSize(name_.size()) + attributes_.bytes().size() + events_and_links_.size();
  size += CountSize(attributes_.dropped()) + CountSize(dropped_events_) + CountSize(dropped_links_);
  return size + LengthFieldSize(StatusSize(status_, status_message_)) *
                    (status_ != trace_api::StatusCode::kUnset);
}

void RecordingSpan::Encode(char* out, uint64_t end_unix) const {
  out = EncodeIds(out);
  out = WriteTextField(out, 5, {name_.data(), name_.size()});
  *out++ = VarintTag(6);
  *out++ = static_cast<char>(static_cast<int>(kind_) + 1);
  *out++ = Fixed64Tag(7);
  out = WriteFixed64(out, static_cast<uint64_t>(times_.start_steady + times_.unix_offset));
  *out++ = Fixed64Tag(8);
  out = WriteFixed64(out, end_unix);
  out = WriteRaw(out, attributes_.bytes());
  out = WriteRaw(out, events_and_links_);
  out = EncodeCounts(out);
  if (status_ != trace_api::StatusCode::kUnset) {
    out = WriteLengthHead(out, kStatusTag, StatusSize(status_, status_message_));
    out = WriteTextField(out, 2, status_message_);
    *out++ = VarintTag(3);
    *out++ = static_cast<char>(status_);
  }
  out = WriteRaw(out, {reinterpret_cast<const char*>(kFlagsTag), sizeof(kFlagsTag)});
  WriteFixed32(out, identity_.flags | kHasIsRemote | (parent_.remote ? kIsRemote : 0));
}

char* RecordingSpan::EncodeIds(char* out) const {
  out = WriteLengthField(out, LengthTag(1), IdBytes(identity_.trace_id, 2));
  out = WriteLengthField(out, LengthTag(2), IdBytes(&identity_.span_id, 1));
  if (parent_.trace_state) out = WriteTextField(out, 3, parent_.trace_state->ToHeader());
  if (parent_.span_id == 0) return out;
  return WriteLengthField(out, LengthTag(4), IdBytes(&parent_.span_id, 1));
}

char* RecordingSpan::EncodeCounts(char* out) const {
  out = WriteCount(out, 10, attributes_.dropped());
  out = WriteCount(out, 12, dropped_events_);
  return WriteCount(out, 14, dropped_links_);
}

}  // namespace spandrel::sdk
