// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "instrument/text.h"
#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/common/key_value_iterable.h"

namespace spandrel::instrument {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

using AttributeCallback =
    nostd::function_ref<bool(nostd::string_view key, common::AttributeValue value)>;

// Hands attributes to the tracer one by one, until it wants no more. Unknown values (empty text,
// port 0) are left out.
class AttributeSink {
 public:
  explicit AttributeSink(AttributeCallback callback) : callback_(callback) {}

  void Add(nostd::string_view key, const common::AttributeValue& value) {
    wanted_ = wanted_ && callback_(key, value);
  }
  void AddText(nostd::string_view key, std::string_view text) {
    if (!text.empty()) Add(key, View(text));
  }
  void AddPort(nostd::string_view key, int port) {
    if (port > 0) Add(key, static_cast<int32_t>(port));
  }
  bool wanted() const { return wanted_; }

 private:
  AttributeCallback callback_;
  bool wanted_ = true;
};

// Attributes that are worked out only when somebody asks for them: a span that is not recorded
// costs none of it. `Write` is a callable that takes an AttributeSink&.
template <typename Write>
class LazyAttributes final : public common::KeyValueIterable {
 public:
  explicit LazyAttributes(Write write) : write_(std::move(write)) {}

  bool ForEachKeyValue(AttributeCallback callback) const noexcept override {
    AttributeSink sink(callback);
    write_(sink);
    return sink.wanted();
  }
  // About as many as there will be: counting them would be working them out.
  size_t size() const noexcept override { return kUsual; }

 private:
  static constexpr size_t kUsual = 16;
  Write write_;
};

}  // namespace spandrel::instrument
