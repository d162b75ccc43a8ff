// SPDX-License-Identifier: Apache-2.0
#include "endpoints/password_file.h"

#include <crypt.h>
#include <fmt/core.h>

#include <memory>

#include "base/ascii.h"
#include "base/base64.h"
#include "endpoints/digest.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::string_view kSha = "{SHA}";
constexpr std::string_view kSaltedSha = "{SSHA}";
constexpr size_t kMaxUsers = 10'000;

bool IsCrypt(std::string_view hash) {
  return hash.starts_with('$');
}

bool IsSha(std::string_view hash) {
  return hash.starts_with(kSha) || hash.starts_with(kSaltedSha);
}

// The digest and the salt behind it.
std::string DecodeSha(std::string_view hash) {
  hash.remove_prefix(hash.starts_with(kSha) ? kSha.size() : kSaltedSha.size());
  return base::Base64Decode(hash).value_or("");
}

bool IsKnown(const std::string& hash) {
  if (IsCrypt(hash)) {
    const int salt = crypt_checksalt(hash.c_str());
    return salt == CRYPT_SALT_OK || salt == CRYPT_SALT_METHOD_LEGACY;
  }
  if (IsSha(hash)) return DecodeSha(hash).size() >= SHA_DIGEST_LENGTH;
  return !hash.empty();
}

bool VerifySha(std::string_view hash, std::string_view password) {
  const std::string expected = DecodeSha(hash);
  std::string salted(password);
  salted += std::string_view(expected).substr(SHA_DIGEST_LENGTH);
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(salted.data()), salted.size(), digest);
  return CRYPTO_memcmp(digest, expected.data(), sizeof(digest)) == 0;
}

bool VerifyCrypt(const std::string& hash, const std::string& password) {
  if (password.find('\0') != std::string::npos) return false;
  const auto data = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), hash.c_str(), data.get());
  return made != nullptr && SameDigest(DigestOf(made), DigestOf(hash));
}

bool VerifyOne(const std::string& hash, std::string_view password) {
  if (IsCrypt(hash)) return VerifyCrypt(hash, std::string(password));
  if (IsSha(hash)) return VerifySha(hash, password);
  return SameDigest(DigestOf(hash), DigestOf(password));
}

}  // namespace

base::Result<PasswordFile> PasswordFile::Parse(std::string_view text) {
  PasswordFile file;
  const auto invalid = [](int line, std::string_view why) {
    return Status(StatusCode::kInvalidArgument, fmt::format("line {}: {}", line, why));
  };
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = base::Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return invalid(number, "not user:password");
    std::string hash(line.substr(colon + 1));
    if (!IsKnown(hash)) return invalid(number, "the hash is of an unknown kind; use bcrypt");
    file.hashes_.insert_or_assign(std::string(line.substr(0, colon)), std::move(hash));
    if (file.hashes_.size() > kMaxUsers) return invalid(number, "too many users");
  }
  if (file.hashes_.empty()) return Status(StatusCode::kInvalidArgument, "no user in it");
  return file;
}

bool PasswordFile::IsSlow(std::string_view user) const {
  const auto found = hashes_.find(user);
  return IsCrypt(found == hashes_.end() ? hashes_.begin()->second : found->second);
}

bool PasswordFile::Verify(std::string_view user, std::string_view password) const {
  const auto found = hashes_.find(user);
  if (found != hashes_.end()) return VerifyOne(found->second, password);
  (void)VerifyOne(hashes_.begin()->second, password);
  return false;
}

}  // namespace spandrel::endpoints
