// SPDX-License-Identifier: Apache-2.0
// Header blocks as strangers send them: every line that looks like a header is found, and the rules
// that read header values take any text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "instrument/semantics.h"
#include "spandrel/http_carrier.h"

namespace {

void Expect(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace instrument = spandrel::instrument;
  const std::string block(reinterpret_cast<const char*>(data), size);
  const spandrel::http::RawHeaders headers(block);
  for (const char* name : {"host", "traceparent", "forwarded", "a", ""}) {
    const std::string_view value = headers.Find(name);
    Expect(value.size() <= 2 * block.size());
    (void)instrument::ForwardedParameter(value, "for");
    (void)instrument::ParseHostPort(value, 80);
  }
  // With one more header in front, it is found.
  const std::string longer = "x-mine: yes\r\n" + block;
  const std::string_view mine = spandrel::http::RawHeaders(longer).Find("X-Mine");
  Expect(mine.substr(0, 3) == "yes");

  static const instrument::Redaction redaction;
  std::string buffer;
  const std::string again(redaction.Url(block, buffer));
  std::string second;
  Expect(redaction.Url(again, second) == again);
  (void)instrument::HostOfUrl(block);
  return 0;
}
