// SPDX-License-Identifier: Apache-2.0
// Any lines as the values of the headers: what is read and written again reads the same.
#include "sdk/propagation/baggage_propagator.h"
#include "sdk/testing/propagator_fuzz.h"

using namespace spandrel::sdk;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Headers headers = SplitHeaders({reinterpret_cast<const char*>(data), size}, {"baggage"});
  CheckStable(BaggagePropagator(), headers);
  return 0;
}
