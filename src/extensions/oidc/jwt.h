// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

// JSON Web Tokens (RFC 7519) that are signed with a public key. OpenSSL checks the signatures;
// what may be checked with what is decided here, as RFC 8725 asks.
namespace spandrel::extensions {

inline constexpr size_t kMaxTokenBytes = 16 << 10;

// The public keys of an issuer. Immutable; copies share the keys.
class KeySet {
 public:
  // A JWK Set (RFC 7517). Keys that are not for signatures, or of a kind that is not known here,
  // are left out. INVALID_ARGUMENT when it is none, or holds no key of use, or more than 100.
  static base::Result<KeySet> Parse(std::string_view json);

  struct Key;
  const std::vector<std::shared_ptr<const Key>>& keys() const { return keys_; }

 private:
  std::vector<std::shared_ptr<const Key>> keys_;
};

// What a token says: its members that are strings or lists of strings, and its times.
struct Claims {
  std::map<std::string, std::vector<std::string>, std::less<>> texts;
  double expires = 0;     // seconds since 1970
  double not_before = 0;  // 0: it does not say

  // The only text of that name; empty when there is none or several.
  std::string Text(std::string_view name) const;
  const std::vector<std::string>& Texts(std::string_view name) const;
};

// What it says of its issuer, believed by nobody yet; empty when it is no token.
std::string ClaimedIssuer(std::string_view token);

// What a token is checked for.
struct TokenPolicy {
  std::string issuer;
  std::vector<std::string> audiences;  // one of them must be named; empty: any
};

// UNAUTHENTICATED when anything is wrong with it. NOT_FOUND when it names a key that is not among
// `keys`: the issuer may have a new one. Takes signatures by RSA (RS, PS; 2,048 bits at least) and
// by elliptic curves (ES, EdDSA with Ed25519), never `none` and never a shared secret.
base::Result<Claims> VerifyToken(std::string_view token, const KeySet& keys,
                                 const TokenPolicy& policy, uint64_t now_unix_seconds);

}  // namespace spandrel::extensions
