// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/span_recorder.h"

#include <utility>

namespace spandrel::sdk {

SpanRecorder::SpanRecorder(SpanBuffer& buffer, const SpanLimits& limits,
                           const std::atomic<bool>& stopped, ScopePtr scope)
    : buffer_(buffer),
      limits_(limits),
      stopped_(stopped),
      lane_(buffer.OpenLane(std::move(scope))),
      lane_index_(lane_.index) {}

void SpanRecorder::CountStartWithoutSlot() {
  const SlotLease slot(lane_);
  (*slot).started.Add(1);
}

void SpanRecorder::AddWithoutSlot(std::string_view message) {
  const SlotLease slot(lane_);
  AddTo(*slot, message);
}

}  // namespace spandrel::sdk
