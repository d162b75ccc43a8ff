// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <string>

// Test support: any message of libprotobuf's classes, filled at random by its description.
namespace spandrel::wire {

class RandomMessage {
 public:
  explicit RandomMessage(uint64_t seed) : random_(seed) {}

  // Without what protobuf's own JSON writes in another way than OTLP's: bytes fields (ids), and
  // -0.0, which it writes as an integer.
  bool is_plain = false;

  // Recurses: `depth` messages at most.
  void Fill(google::protobuf::Message* message, int depth = 9) {
    const google::protobuf::Descriptor* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const google::protobuf::FieldDescriptor* field = type->field(i);
      const bool is_message =
          field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
      if (is_message && depth == 0) continue;
      if (is_plain && field->type() == google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
      if (field->is_repeated()) {
        for (size_t left = Below(3); left-- > 0;) Add(message, field, depth);
      } else if (Below(3) != 0) {
        Set(message, field, depth);
      }
    }
  }

  size_t Below(size_t limit) { return random_() % limit; }

 private:
  using Field = google::protobuf::FieldDescriptor;

  std::string Text() {
    static constexpr const char* kPieces[] = {"a", "\"", "\\", "\n", "\u00e9", "cpu.time", "\x01"};
    std::string text;
    for (size_t i = Below(4); i-- > 0;) text += kPieces[Below(std::size(kPieces))];
    return text;
  }
  uint64_t Number() {
    static constexpr uint64_t kValues[] = {0, 1, 300, 1ULL << 63,
                                           std::numeric_limits<uint64_t>::max()};
    return Below(3) == 0 ? random_() : kValues[Below(std::size(kValues))];
  }
  double Real() {
    static constexpr double kValues[] = {
        0.0, -0.0, 1.5, -2.25, 1e300, 5e-324, 0.1, std::numeric_limits<double>::infinity()};
    const double value = kValues[Below(std::size(kValues))];
    return is_plain && value == 0 ? 0.0 : value;
  }
  int EnumOf(const Field* field) {
    const auto* type = field->enum_type();
    return type->value(static_cast<int>(Below(static_cast<size_t>(type->value_count()))))->number();
  }

  void Set(google::protobuf::Message* message, const Field* field, int depth) {
    const auto* set = message->GetReflection();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32:
        return set->SetInt32(message, field, static_cast<int32_t>(Number()));
      case Field::CPPTYPE_INT64:
        return set->SetInt64(message, field, static_cast<int64_t>(Number()));
      case Field::CPPTYPE_UINT32:
        return set->SetUInt32(message, field, static_cast<uint32_t>(Number()));
      case Field::CPPTYPE_UINT64:
        return set->SetUInt64(message, field, Number());
      case Field::CPPTYPE_DOUBLE:
        return set->SetDouble(message, field, Real());
      case Field::CPPTYPE_BOOL:
        return set->SetBool(message, field, Below(2) != 0);
      case Field::CPPTYPE_ENUM:
        return set->SetEnumValue(message, field, EnumOf(field));
      case Field::CPPTYPE_STRING:
        return set->SetString(message, field, Text());
      case Field::CPPTYPE_MESSAGE:
        return Fill(set->MutableMessage(message, field), depth - 1);
      default:
        return;
    }
  }

  void Add(google::protobuf::Message* message, const Field* field, int depth) {
    const auto* add = message->GetReflection();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_UINT64:
        return add->AddUInt64(message, field, Number());
      case Field::CPPTYPE_DOUBLE:
        return add->AddDouble(message, field, Real());
      case Field::CPPTYPE_STRING:
        return add->AddString(message, field, Text());
      case Field::CPPTYPE_MESSAGE:
        return Fill(add->AddMessage(message, field), depth - 1);
      default:
        return;
    }
  }

  std::mt19937_64 random_;
};

}  // namespace spandrel::wire
