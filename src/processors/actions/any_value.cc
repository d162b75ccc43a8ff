// SPDX-License-Identifier: Apache-2.0
#include "processors/actions/any_value.h"

#include <bit>

#include "config/decode.h"
#include "config/document.h"
#include "proto/otlp.h"
#include "proto/writer.h"

namespace spandrel::processors {
namespace {

namespace otlp = proto::otlp;
using config::Node;
using config::NodeKind;

// False for what is not a scalar.
bool WriteScalar(const Node& node, proto::Writer* writer) {
  switch (node.kind) {
    case NodeKind::kString:
      writer->Bytes(otlp::kAnyValueString, node.text);
      return true;
    case NodeKind::kBool:
      writer->Varint(otlp::kAnyValueBool, node.boolean ? 1 : 0);
      return true;
    case NodeKind::kInt:
      writer->Varint(otlp::kAnyValueInt, static_cast<uint64_t>(node.integer));
      return true;
    case NodeKind::kFloat:
      writer->Fixed64(otlp::kAnyValueDouble, std::bit_cast<uint64_t>(node.number));
      return true;
    default:
      return false;
  }
}

bool WriteList(const Node& list, proto::Writer* writer) {
  const proto::NestedMessage array(*writer, otlp::kAnyValueArray);
  for (const Node& item : list.items) {
    const proto::NestedMessage element(*writer, otlp::kListValues);
    if (!WriteScalar(item, writer)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> ReadAnyValue(config::Decoder& decoder, std::string_view key) {
  const Node* node = decoder.ReadAny(key);
  if (node == nullptr) return std::nullopt;
  std::string message;
  proto::Writer writer(&message);
  const bool good = node->is_sequence() ? WriteList(*node, &writer) : WriteScalar(*node, &writer);
  if (!good) decoder.Error(key, "expected a string, a bool, a number or a list of these");
  return message;
}

}  // namespace spandrel::processors
