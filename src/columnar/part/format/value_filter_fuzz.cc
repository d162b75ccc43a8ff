// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "columnar/part/format/bloom_filter.h"
#include "columnar/part/format/value_filter.h"
#include "wire/otlp/otlp.h"

namespace {

using namespace spandrel;
using namespace spandrel::columnar;

// What was added is found.
void CheckFinds(base::FuzzInput input) {
  ValueFilterBuilder builder;
  std::vector<uint64_t> added;
  while (!input.empty()) {
    const uint8_t choice = input.Byte() % 3;
    const std::string_view key = input.Text();
    const std::string_view text = choice == 0 ? input.Text() : std::string_view();
    if (choice == 0) builder.AddText(key, text);
    if (choice == 1) builder.AddKey(key);
    if (choice == 2) builder.AddOther(key);
    added.push_back(choice == 0   ? TextValueHash(key, text)
                    : choice == 1 ? KeyHash(key)
                                  : OtherValueHash(key));
  }
  const std::string filter = builder.Finish();
  for (const uint64_t hash : added) SPANDREL_CHECK(FilterMayContain(filter, hash));
}

// So is every attribute of a request's spans, events and links.
void CheckFindsAttributes(std::string_view request) {
  const auto decoded =
      spandrel::wire::DecodeOtlpProtobuf(spandrel::base::MakeSharedBytes(std::string(request)));
  if (!decoded.ok()) return;
  ValueFilterBuilder builder;
  const spandrel::span::SpanBatch batch(decoded->chunk);
  spandrel::span::ForEachSpan(batch, [&](const spandrel::span::SpanRef& span) {
    builder.AddAll(span.span().attributes());
    builder.AddEventsAndLinks(span.message());
  });
  const std::string filter = builder.Finish();
  spandrel::span::ForEachSpan(batch, [&](const spandrel::span::SpanRef& span) {
    auto attributes = span.span().attributes();
    while (const auto attribute = attributes.Next()) {
      SPANDREL_CHECK(FilterMayContain(filter, KeyHash(attribute->key)));
    }
  });
}

}  // namespace

// Any bytes are a filter, which is read within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  base::FuzzInput input(data, size);
  for (int i = 0; i < 4; ++i) {
    (void)FilterMayContain({exact.data(), exact.size()}, base::FuzzInput(input).Number() * i);
  }
  (void)FilterMayContain({exact.data(), exact.size()}, UINT64_MAX);
  CheckFinds(input);
  CheckFindsAttributes({exact.data(), exact.size()});
  return 0;
}
