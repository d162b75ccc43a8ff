// SPDX-License-Identifier: Apache-2.0
#include "span/span_view.h"

#include "proto/field_reader.h"

namespace spandrel::span {
namespace {

using proto::NextField;

template <typename IdType>
void ReadId(const proto::Field& field, IdType* id) {
  if (field.is_bytes()) *id = IdType::FromBytes(field.bytes).value_or(IdType{});
}

void ReadBytes(const proto::Field& field, std::string_view* out) {
  if (field.is_bytes()) *out = field.bytes;
}

void ReadCount(const proto::Field& field, uint32_t* out) {
  if (field.is_varint()) *out = static_cast<uint32_t>(field.scalar);
}

std::string_view ReadStatusMessage(std::string_view status) {
  std::string_view message;
  proto::Field field;
  while (NextField(&status, &field)) {
    if (field.number == otlp::kStatusMessage) ReadBytes(field, &message);
  }
  return message;
}

}  // namespace

uint32_t ResourceView::dropped_attributes_count() const {
  uint32_t count = 0;
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    if (field.number == otlp::kResourceDroppedAttributesCount) ReadCount(field, &count);
  }
  return count;
}

ScopeView::ScopeView(std::string_view message) : message(message) {
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    switch (field.number) {
      case otlp::kScopeName:
        ReadBytes(field, &name);
        break;
      case otlp::kScopeVersion:
        ReadBytes(field, &version);
        break;
      case otlp::kScopeDroppedAttributesCount:
        ReadCount(field, &dropped_attributes_count);
        break;
      default:
        break;
    }
  }
}

EventView::EventView(std::string_view message) : message(message) {
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    switch (field.number) {
      case otlp::kEventTime:
        if (field.is_fixed64()) time_unix_nano = field.scalar;
        break;
      case otlp::kEventName:
        ReadBytes(field, &name);
        break;
      case otlp::kEventDroppedAttributesCount:
        ReadCount(field, &dropped_attributes_count);
        break;
      default:
        break;
    }
  }
}

LinkView::LinkView(std::string_view message) : message(message) {
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    switch (field.number) {
      case otlp::kLinkTraceId:
        ReadId(field, &trace_id);
        break;
      case otlp::kLinkSpanId:
        ReadId(field, &span_id);
        break;
      case otlp::kLinkTraceState:
        ReadBytes(field, &trace_state);
        break;
      case otlp::kLinkDroppedAttributesCount:
        ReadCount(field, &dropped_attributes_count);
        break;
      case otlp::kLinkFlags:
        if (field.is_fixed32()) flags = static_cast<uint32_t>(field.scalar);
        break;
      default:
        break;
    }
  }
}

std::optional<std::string_view> MessageReader::Next() {
  proto::Field field;
  while (NextField(&rest_, &field)) {
    if (field.number == field_ && field.is_bytes()) return field.bytes;
  }
  return std::nullopt;
}

SpanView::SpanView(std::string_view message) : message(message) {
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    switch (field.number) {
      case otlp::kSpanTraceState:
        ReadBytes(field, &trace_state);
        break;
      case otlp::kSpanName:
        ReadBytes(field, &name);
        break;
      case otlp::kSpanDroppedAttributesCount:
        ReadCount(field, &dropped_attributes_count);
        break;
      case otlp::kSpanEvents:
        event_count += field.is_bytes() ? 1 : 0;
        break;
      case otlp::kSpanDroppedEventsCount:
        ReadCount(field, &dropped_events_count);
        break;
      case otlp::kSpanLinks:
        link_count += field.is_bytes() ? 1 : 0;
        break;
      case otlp::kSpanDroppedLinksCount:
        ReadCount(field, &dropped_links_count);
        break;
      case otlp::kSpanStatus:
        if (field.is_bytes()) status_message = ReadStatusMessage(field.bytes);
        break;
      case otlp::kSpanFlags:
        if (field.is_fixed32()) flags = static_cast<uint32_t>(field.scalar);
        break;
      default:
        break;
    }
  }
}

}  // namespace spandrel::span
