// SPDX-License-Identifier: Apache-2.0
// What a stranger may write into Host and Authorization: nothing of it is a login or a name of this
// server that should not be one. And files of users and tokens.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "endpoints/basic_authenticator.h"
#include "endpoints/bearer_authenticator.h"
#include "endpoints/host_names.h"

namespace {

using spandrel::endpoints::BasicAuthenticator;
using spandrel::endpoints::HostNames;
using spandrel::endpoints::LocalNames;
using spandrel::endpoints::PasswordFile;

// Nobody guesses it.
constexpr const char* kUsers = "ann:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Anew each time: it remembers who guessed.
  const auto basic = *BasicAuthenticator::Make({"", kUsers});
  const auto known = basic->Authenticate({{"authorization", std::string(text)}});
  if (known.ok()) SPANDREL_CHECK(known->name == "ann");
  const HostNames local({}, LocalNames::kOwn);
  if (local.Allows(text)) {
    const std::string host = spandrel::endpoints::HostOf(text);
    SPANDREL_CHECK(text.empty() || spandrel::endpoints::IsLoopbackName(host) ||
                   spandrel::endpoints::IsAddress(host));
  }
  const auto tokens = spandrel::endpoints::ParseTokens(text);
  if (tokens.ok()) SPANDREL_CHECK(!tokens->empty() && !tokens->front().empty());
  const auto file = PasswordFile::Parse(text);
  if (file.ok()) (void)file->IsSlow(text);
  return 0;
}
