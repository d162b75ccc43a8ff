// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/http/cursor_text.h"
#include "api/http/json_reader.h"
#include "api/http/parameters.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "api/jaeger/http/v3_parameters.h"
#include "api/ui/filter_parameters.h"
#include "base/check.h"
#include "storage/predicate.h"

namespace {

void CheckSearch(const spandrel::base::Result<spandrel::storage::SearchRequest>& search) {
  if (search.ok()) SPANDREL_CHECK(spandrel::storage::ValidatePredicate(search->where).ok());
}

void ReadAll(const spandrel::api::Parameters& parameters) {
  using namespace spandrel;
  constexpr uint64_t kNow = 1'700'000'000'000'000'000;
  (void)api::ParsePageFilter(parameters, kNow).ok();
  CheckSearch(api::ParseLegacySearch(parameters, kNow));
  CheckSearch(api::ParseV3Search(parameters));
  (void)api::ParseLegacyDependencyRange(parameters, kNow).ok();
  (void)api::ParseV3DependencyRange(parameters).ok();
  (void)api::ParseLegacyTraceId(parameters.Get("traceID")).ok();
  (void)api::DecodeCursor(parameters.Get("cursor"), storage::Order::kNewest).ok();
}

}  // namespace

// The input is read as a query string and as a request body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadAll(api::Parameters(net::ParseQuery(text)));
  auto body = api::ParseParameterObject(text);
  if (body.ok()) ReadAll(api::Parameters(std::move(*body)));
  return 0;
}
