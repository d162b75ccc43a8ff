// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// The public keys of RFC 7518 and 8037, and the signatures that they check, by OpenSSL.
namespace spandrel::extensions {

// An algorithm of JWS and a key go together when they are of one kind.
enum class KeyKind : uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };
// Nothing for an algorithm that is not taken: `none`, shared secrets, unknown ones.
std::optional<KeyKind> KindFor(std::string_view algorithm);

// The bytes of base64url text without padding, as JOSE writes it; nothing for anything else.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// Immutable; any thread.
class PublicKey {
 public:
  // By the members of a JWK that are texts: `kty` with `n`, `e`, or `crv`, `x`, `y`. Null when it
  // is of a kind that is not known here, has less than 2,048 bits, or is no key.
  static std::shared_ptr<const PublicKey> Make(
      const std::map<std::string, std::string, std::less<>>& members);

  KeyKind kind() const { return kind_; }
  // `algorithm` is of the key's kind.
  bool Verifies(std::string_view algorithm, std::string_view signed_text,
                std::string_view signature) const;

 private:
  struct Handle;
  PublicKey(KeyKind kind, std::shared_ptr<const Handle> handle)
      : kind_(kind), handle_(std::move(handle)) {}

  const KeyKind kind_;
  const std::shared_ptr<const Handle> handle_;
};

}  // namespace spandrel::extensions
