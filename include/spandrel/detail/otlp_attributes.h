// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/common/key_value_iterable.h"
#include "opentelemetry/nostd/function_ref.h"
#include "opentelemetry/nostd/span.h"
#include "opentelemetry/nostd/string_view.h"
#include "spandrel/detail/otlp_fields.h"

// Attributes of OTLP as the OpenTelemetry API hands them on. For spandrel/otel_exporter.h.
namespace spandrel::sdk::otel_exporter_detail {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

// KeyValue messages as the API's attributes. Text stays where it is in the request, which must
// outlive this.
class Attributes final : public common::KeyValueIterable {
 public:
  void Add(std::string_view key_value) {
    std::string_view key;
    std::string_view any;
    for (Fields field(key_value); field.Next();) {
      if (field.number == 1) key = field.bytes;
      if (field.number == 2) any = field.bytes;
    }
    pairs_.emplace_back(View(key), ValueOf(any));
  }

  bool ForEachKeyValue(nostd::function_ref<bool(nostd::string_view, common::AttributeValue)> call)
      const noexcept override {
    for (const auto& [key, value] : pairs_) {
      if (!call(key, value)) return false;
    }
    return true;
  }
  size_t size() const noexcept override { return pairs_.size(); }

 private:
  // The elements of an array, of which one kind is used.
  struct Array {
    std::vector<int64_t> numbers;
    std::vector<double> doubles;
    std::unique_ptr<bool[]> bools;
    std::vector<nostd::string_view> texts;
    std::deque<std::string> owned_texts;
  };

  common::AttributeValue ValueOf(std::string_view any) {
    Fields field(any);
    if (!field.Next()) return nostd::string_view();
    switch (field.number) {
      case 2:
        return field.value != 0;
      case 3:
        return static_cast<int64_t>(field.value);
      case 4:
        return DoubleOf(field.value);
      case 5:
        return ArrayOf(field.bytes);
      case 7:
        return nostd::span<const uint8_t>(reinterpret_cast<const uint8_t*>(field.bytes.data()),
                                          field.bytes.size());
      default:
        return View(field.bytes);
    }
  }

  // An array whose elements differ in type becomes texts.
  common::AttributeValue ArrayOf(std::string_view message) {
    std::vector<Fields> elements;
    bool same = true;
    for (Fields value(message); value.Next();) {
      Fields element(value.bytes);
      if (!element.Next()) element.number = 1;
      same = same && (elements.empty() || elements.front().number == element.number);
      elements.push_back(element);
    }
    arrays_.emplace_back();
    Array& array = arrays_.back();
    const uint32_t type = elements.empty() || !same ? 1 : elements.front().number;
    if (type == 2) {
      array.bools = std::make_unique<bool[]>(elements.size());
      for (size_t i = 0; i < elements.size(); ++i) array.bools[i] = elements[i].value != 0;
      return nostd::span<const bool>(array.bools.get(), elements.size());
    }
    if (type == 3) {
      for (const Fields& e : elements) array.numbers.push_back(static_cast<int64_t>(e.value));
      return nostd::span<const int64_t>(array.numbers.data(), array.numbers.size());
    }
    if (type == 4) {
      for (const Fields& e : elements) array.doubles.push_back(DoubleOf(e.value));
      return nostd::span<const double>(array.doubles.data(), array.doubles.size());
    }
    for (const Fields& e : elements) array.texts.push_back(TextOf(e, array));
    return nostd::span<const nostd::string_view>(array.texts.data(), array.texts.size());
  }
  static nostd::string_view TextOf(const Fields& element, Array& array) {
    if (element.number == 1) return View(element.bytes);
    array.owned_texts.push_back(element.number == 4
                                    ? std::to_string(DoubleOf(element.value))
                                    : std::to_string(static_cast<int64_t>(element.value)));
    return array.owned_texts.back();
  }

  std::vector<std::pair<nostd::string_view, common::AttributeValue>> pairs_;
  std::deque<Array> arrays_;
};

}  // namespace spandrel::sdk::otel_exporter_detail
