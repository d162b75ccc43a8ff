// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <array>
#include <string_view>

#include "base/check.h"

namespace spandrel::endpoints {

// Secrets are compared by their digests, in a time that tells nothing of where they differ.
using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

inline Digest DigestOf(std::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

// Bytes that nobody can guess.
inline Digest NewSecret() {
  Digest secret;
  SPANDREL_CHECK(getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size()));
  return secret;
}

inline bool SameDigest(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace spandrel::endpoints
