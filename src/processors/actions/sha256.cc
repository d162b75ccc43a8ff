// SPDX-License-Identifier: Apache-2.0
#include "processors/actions/sha256.h"

#include <openssl/sha.h>

#include "base/hex.h"

namespace spandrel::processors {

std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return base::HexEncode({reinterpret_cast<const char*>(digest), sizeof(digest)});
}

}  // namespace spandrel::processors
