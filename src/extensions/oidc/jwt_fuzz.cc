// SPDX-License-Identifier: Apache-2.0
// What a stranger may show as a token: nothing lets in but what the issuer signed. And sets of
// keys.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "extensions/oidc/jwt.h"

namespace {

using spandrel::extensions::KeySet;

// The private key is forgotten: this is the only token there is.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"rkGn5JOLDghkj4KxEe83wvJpnOoY4l)"
    R"(HRj7I1IFWbKqg","y":"BQS7jt2Rf-TqXBoEJ02kIMUBIiwC7fu_bP6vQHBq5Y8","kid")"
    R"(:"k1","use":"sig","alg":"ES256"}]})";
constexpr std::string_view kToken =
    R"(eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwcz)"
    R"(ovL2lkLmV4YW1wbGUiLCJhdWQiOlsic3BhbmRyZWwiXSwiZXhwIjo0MTAyNDQ0ODAwLCJu)"
    R"(YmYiOjEsInN1YiI6ImFubiIsImdyb3VwcyI6WyJkZXYiLCJvcHMiXX0.enat0QKt6XIMZi)"
    R"(25F8RBI1IiK4H9MMbz6SOz2UE2_zlpIF-RCsAMgpNAHfgPAFKxlYjBRB_Xc3W8M0sLfuLk)"
    R"(LQ)";

std::string_view Signed(std::string_view token) {
  return token.substr(0, token.rfind('.'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const KeySet keys = *KeySet::Parse(kKeys);
  const auto claims = spandrel::extensions::VerifyToken(
      text, keys, {"https://id.example", {"spandrel"}}, 1'700'000'000);
  // The last bits of a signature's text may differ, not what is signed.
  if (claims.ok()) SPANDREL_CHECK(Signed(text) == Signed(kToken) && claims->Text("sub") == "ann");
  (void)spandrel::extensions::ClaimedIssuer(text);
  const auto parsed = KeySet::Parse(text);
  if (parsed.ok()) SPANDREL_CHECK(!parsed->keys().empty());
  return 0;
}
