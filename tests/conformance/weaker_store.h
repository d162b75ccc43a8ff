// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "conformance/kept_spans.h"
#include "storage/store.h"

namespace spandrel::conformance {

// The writer of an engine that promises less than the one behind it: spans lose what the
// capabilities do not keep before they are stored. For tests.
class WeakerWriter final : public storage::Writer {
 public:
  WeakerWriter(storage::Writer& writer, storage::Capabilities can) : writer_(writer), can_(can) {}

  void Append(span::SpanBatch&& batch, storage::Completion done) override {
    writer_.Append(AsKept(batch, can_), std::move(done));
  }

 private:
  storage::Writer& writer_;
  const storage::Capabilities can_;
};

}  // namespace spandrel::conformance
