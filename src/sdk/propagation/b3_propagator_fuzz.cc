// SPDX-License-Identifier: Apache-2.0
// Any lines as the values of the headers: what is read and written again reads the same.
#include "sdk/propagation/b3_propagator.h"
#include "sdk/testing/propagator_fuzz.h"

using namespace spandrel::sdk;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Headers headers =
      SplitHeaders({reinterpret_cast<const char*>(data), size},
                   {"b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"});
  CheckStable(B3Propagator(B3Propagator::Form::kSingle), headers);
  CheckStable(B3Propagator(B3Propagator::Form::kMulti), headers);
  return 0;
}
