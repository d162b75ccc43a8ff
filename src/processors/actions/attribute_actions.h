// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "config/decode.h"
#include "signal/origin.h"
#include "span/edit/attribute_list.h"

namespace spandrel::processors {

// One action of the `attributes` and `resource` processors; the keys are the OpenTelemetry
// Collector's.
struct AttributeAction {
  enum class Kind : uint8_t { kInsert, kUpdate, kUpsert, kDelete, kHash, kExtract, kConvert };
  enum class Target : uint8_t { kString, kInt, kDouble };

  Kind kind = Kind::kUpsert;
  std::string key;
  // Of insert, update and upsert: where the value comes from. AnyValue messages.
  std::optional<std::string> value;
  std::string from_attribute;
  std::string from_context;
  std::optional<std::string> default_value;
  // Of delete and hash: more keys. Of extract: what to look for, with a name for each group.
  std::shared_ptr<const re2::RE2> pattern;
  std::vector<std::string> groups;
  Target converted_type = Target::kString;
};

// The list under `key`; everything wrong with it is reported to `decoder`.
std::vector<AttributeAction> DecodeActions(config::Decoder& decoder, std::string_view key);

// Does the actions in their order, for the messages of one batch. Immutable.
class ActionRun {
 public:
  // Counts in `unconverted` what cannot become what `convert` wants; it stays as it was. `origin`
  // may be null. All outlive the run.
  ActionRun(const std::vector<AttributeAction>& actions, const signal::Origin* origin,
            base::Counter& unconverted);

  void Apply(span::AttributeList& attributes) const;

 private:
  const std::vector<AttributeAction>& actions_;
  std::vector<std::optional<std::string>> context_values_;  // of each action
  base::Counter& unconverted_;
};

}  // namespace spandrel::processors
