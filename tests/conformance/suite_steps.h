// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/storage_suite.h"
#include "conformance/test_spans.h"

// What the tests of the suite do with a store.
namespace spandrel::conformance {

base::Status AppendAndWait(storage::Writer& writer, span::SpanBatch batch);
// Fails the test when the spans are not taken.
void AppendSpans(StoreUnderTest& store, const std::vector<TestSpan>& spans);
// Runs `check` on the store as it is, settled, and reopened.
void InEveryState(StoreUnderTest& store, const std::function<void(const std::string&)>& check);

using SuiteTests = std::vector<std::pair<const char*, void (*)(StoreUnderTest&)>>;
// The tests of reads that look at spans together with their trace.
SuiteTests TraceTests();

}  // namespace spandrel::conformance
