// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <array>
#include <string_view>

namespace spandrel::endpoints {

// Secrets are compared by their digests, in a time that tells nothing of where they differ.
using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

inline Digest DigestOf(std::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

inline bool SameDigest(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace spandrel::endpoints
