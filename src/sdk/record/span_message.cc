// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/span_message.h"

#include <cstddef>
#include <cstring>

#include "base/utf8.h"
#include "opentelemetry/trace/trace_state.h"
#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

using proto::Fixed64Tag;
using proto::LengthFieldSize;
using proto::LengthTag;
using proto::VarintTag;
using proto::WriteFixed32;
using proto::WriteFixed64;
using proto::WriteLengthField;
using proto::WriteLengthHead;
using proto::WriteVarint;

namespace common = opentelemetry::common;
namespace otlp = proto::otlp;

constexpr char kTraceStateTag = LengthTag(otlp::kSpanTraceState);
constexpr char kParentTag = LengthTag(otlp::kSpanParentSpanId);
constexpr char kNameTag = LengthTag(otlp::kSpanName);
constexpr char kAttributesTag = LengthTag(otlp::kSpanAttributes);
constexpr char kEventTag = LengthTag(otlp::kSpanEvents);
constexpr char kLinkTag = LengthTag(otlp::kSpanLinks);
constexpr char kStatusTag = LengthTag(otlp::kSpanStatus);

constexpr uint32_t kHasIsRemote = 0x100;
constexpr uint32_t kIsRemote = 0x200;

// The fields that every span has, as they stand at the beginning of its message.
struct __attribute__((packed)) Head {
  char trace_id_tag = LengthTag(otlp::kSpanTraceId);
  char trace_id_size = 16;
  uint64_t trace_id[2];
  char span_id_tag = LengthTag(otlp::kSpanSpanId);
  char span_id_size = 8;
  uint64_t span_id;
  char start_tag = Fixed64Tag(otlp::kSpanStartTime);
  uint64_t start;
  char end_tag = Fixed64Tag(otlp::kSpanEndTime);
  uint64_t end = 0;
  uint8_t flags_tag[2] = {0x85, 0x01};  // field 16, fixed32
  uint32_t flags;
  char kind_tag = VarintTag(otlp::kSpanKind);
  char kind;
};

struct __attribute__((packed)) ParentId {
  char tag = kParentTag;
  char size = 8;
  uint64_t span_id;
};

uint32_t FlagsField(uint8_t trace_flags, bool remote) {
  return trace_flags | kHasIsRemote | (remote ? kIsRemote : 0);
}

template <typename Struct>
void AppendStruct(MessageBuffer& out, const Struct& bytes) {
  char* const at = out.Reserve(sizeof(bytes));
  std::memcpy(at, &bytes, sizeof(bytes));
  out.Commit(at + sizeof(bytes));
}

void AppendField(MessageBuffer& out, char tag, std::string_view content) {
  char* const at = out.Reserve(LengthFieldSize(content.size()));
  out.Commit(WriteLengthField(at, tag, content));
}

// Text that need not be UTF-8.
void AppendText(MessageBuffer& out, char tag, std::string_view text) {
  char* const at = WriteLengthHead(out.Reserve(LengthFieldSize(text.size())), tag, text.size());
  if (base::AreAsciiBits(CopyText(at, text))) [[likely]]
    return out.Commit(at + text.size());
  std::string clean;
  AppendField(out, tag, base::CleanUtf8(text, UINT32_MAX, clean));
}

void AppendCount(MessageBuffer& out, uint32_t field, uint32_t count) {
  if (count == 0) return;
  char* const at = out.Reserve(11);
  *at = VarintTag(field);
  out.Commit(WriteVarint(at + 1, count));
}

size_t WriteName(MessageBuffer& out, std::string_view name) {
  const size_t begin = out.size();
  AppendText(out, kNameTag, name);
  return out.size() - begin;
}

// What stands before the name.
size_t WriteBeginning(MessageBuffer& out, const SpanIdentity& identity, const ParentLink& parent,
                      trace_api::SpanKind kind, uint64_t start) {
  Head head;
  std::memcpy(head.trace_id, identity.trace_id, sizeof(head.trace_id));
  head.span_id = identity.span_id;
  head.start = start;
  head.flags = FlagsField(identity.flags, parent.remote);
  head.kind = static_cast<char>(static_cast<int>(kind) + 1);
  AppendStruct(out, head);
  if (parent.span_id != 0) AppendStruct(out, ParentId{.span_id = parent.span_id});
  if (parent.trace_state != nullptr) AppendField(out, kTraceStateTag, *parent.trace_state);
  return out.size();
}

}  // namespace

SpanMessage::SpanMessage(const SpanLimits& limits, const SpanIdentity& identity,
                         const ParentLink& parent, trace_api::SpanKind kind, uint64_t start,
                         std::string_view name)
    : limits_(limits),
      name_begin_(WriteBeginning(bytes_, identity, parent, kind, start)),
      name_size_(WriteName(bytes_, name)),
      attributes_(kAttributesTag, {limits.attributes, limits.attribute_value_length}, bytes_) {}

void SpanMessage::SetName(std::string_view name) {
  std::string clean;
  name = base::CleanText(name, UINT32_MAX, clean);
  const size_t size = LengthFieldSize(name.size());
  WriteLengthField(bytes_.Resize(name_begin_, name_size_, size), kNameTag, name);
  attributes_.Shift(static_cast<ptrdiff_t>(size) - static_cast<ptrdiff_t>(name_size_));
  name_size_ = size;
}

// Ok is final, Unset changes nothing, and only an error has a description (specification, "Set
// Status").
void SpanMessage::SetStatus(trace_api::StatusCode code, std::string_view description) {
  if (code == trace_api::StatusCode::kUnset || status_ == trace_api::StatusCode::kOk) return;
  status_ = code;
  status_message_.clear();
  if (code != trace_api::StatusCode::kError) return;
  std::string clean;
  status_message_ = base::CleanText(description, UINT32_MAX, clean);
}

void SpanMessage::AddEvent(std::string_view name, uint64_t time,
                           const common::KeyValueIterable* attributes) {
  if (events_ >= limits_.events) {
    ++dropped_events_;
    return;
  }
  ++events_;
  MessageBuffer event;
  char* const at = event.Reserve(1 + sizeof(time));
  *at = Fixed64Tag(otlp::kEventTime);
  event.Commit(WriteFixed64(at + 1, time));
  AppendText(event, LengthTag(otlp::kEventName), name);
  AttributeSet set(LengthTag(otlp::kEventAttributes),
                   {limits_.attributes_per_event, limits_.attribute_value_length}, event);
  if (attributes != nullptr) set.SetAll(*attributes);
  AppendCount(event, otlp::kEventDroppedAttributesCount, set.dropped());
  AppendField(bytes_, kEventTag, event.view());
}

void SpanMessage::AddLink(const trace_api::SpanContext& target,
                          const common::KeyValueIterable& attributes) {
  if (links_ >= limits_.links) {
    ++dropped_links_;
    return;
  }
  ++links_;
  const SpanIdentity identity = SpanIdentity::Of(target);
  MessageBuffer link;
  AppendField(link, LengthTag(otlp::kLinkTraceId),
              {reinterpret_cast<const char*>(identity.trace_id), 16});
  AppendField(link, LengthTag(otlp::kLinkSpanId),
              {reinterpret_cast<const char*>(&identity.span_id), 8});
  const TraceStateText trace_state = TraceStateOf(target);
  if (trace_state != nullptr) AppendField(link, LengthTag(otlp::kLinkTraceState), *trace_state);
  AttributeSet set(LengthTag(otlp::kLinkAttributes),
                   {limits_.attributes_per_link, limits_.attribute_value_length}, link);
  set.SetAll(attributes);
  AppendCount(link, otlp::kLinkDroppedAttributesCount, set.dropped());
  char* const at = link.Reserve(5);
  *at = 6 << 3 | 5;  // field 6, fixed32
  link.Commit(WriteFixed32(at + 1, FlagsField(identity.flags, target.IsRemote())));
  AppendField(bytes_, kLinkTag, link.view());
}

uint64_t SpanMessage::start() const {
  uint64_t start = 0;
  std::memcpy(&start, bytes_.data() + offsetof(Head, start), sizeof(start));
  return start;
}

std::string_view SpanMessage::Finish(uint64_t end) {
  std::memcpy(bytes_.data() + offsetof(Head, end), &end, sizeof(end));
  if ((attributes_.dropped() | dropped_events_ | dropped_links_) != 0) AppendCounts();
  if (status_ != trace_api::StatusCode::kUnset) AppendStatus();
  return bytes_.view();
}

void SpanMessage::AppendCounts() {
  AppendCount(bytes_, otlp::kSpanDroppedAttributesCount, attributes_.dropped());
  AppendCount(bytes_, otlp::kSpanDroppedEventsCount, dropped_events_);
  AppendCount(bytes_, otlp::kSpanDroppedLinksCount, dropped_links_);
}

// Status has two fields: message = 2, code = 3.
void SpanMessage::AppendStatus() {
  MessageBuffer status;
  if (!status_message_.empty())
    AppendField(status, LengthTag(otlp::kStatusMessage), status_message_);
  AppendCount(status, otlp::kStatusCode, static_cast<uint32_t>(status_));
  AppendField(bytes_, kStatusTag, status.view());
}

}  // namespace spandrel::sdk
