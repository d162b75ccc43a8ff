// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/base64.h"

namespace spandrel::extensions {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 16384;
constexpr size_t kMaxMemberBytes = 4 << 10;

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

struct Algorithm {
  std::string_view name;
  KeyKind kind;
  const EVP_MD* (*digest)();  // null: the algorithm has its own
  bool is_pss = false;
};
constexpr std::array<Algorithm, 10> kAlgorithms = {{
    {"RS256", KeyKind::kRsa, EVP_sha256},
    {"RS384", KeyKind::kRsa, EVP_sha384},
    {"RS512", KeyKind::kRsa, EVP_sha512},
    {"PS256", KeyKind::kRsa, EVP_sha256, true},
    {"PS384", KeyKind::kRsa, EVP_sha384, true},
    {"PS512", KeyKind::kRsa, EVP_sha512, true},
    {"ES256", KeyKind::kP256, EVP_sha256},
    {"ES384", KeyKind::kP384, EVP_sha384},
    {"ES512", KeyKind::kP521, EVP_sha512},
    {"EdDSA", KeyKind::kEd25519, nullptr},
}};

const Algorithm* FindAlgorithm(std::string_view name) {
  const auto* found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                   [name](const Algorithm& one) { return one.name == name; });
  return found == kAlgorithms.end() ? nullptr : found;
}

struct Curve {
  KeyKind kind;
  std::string_view name;  // in a JWK, and for OpenSSL
  size_t coordinate_bytes;
};
constexpr std::array<Curve, 3> kCurves = {
    {{KeyKind::kP256, "P-256", 32}, {KeyKind::kP384, "P-384", 48}, {KeyKind::kP521, "P-521", 66}}};

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

using Members = std::map<std::string, std::string, std::less<>>;

std::string_view TextOf(const Members& members, std::string_view name) {
  const auto found = members.find(name);
  return found == members.end() ? std::string_view() : std::string_view(found->second);
}

// Empty when it is absent or is no such text.
std::string NumberOf(const Members& members, std::string_view name) {
  const std::string_view text = TextOf(members, name);
  if (text.size() > kMaxMemberBytes) return {};
  return DecodeBase64Url(text).value_or("");
}

PkeyPtr FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  PkeyPtr key(made);
  const PkeyContextPtr check(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  return EVP_PKEY_public_check(check.get()) == 1 ? std::move(key) : nullptr;
}

PkeyPtr MakeRsa(const Members& members) {
  const std::string n = NumberOf(members, "n");
  const std::string e = NumberOf(members, "e");
  const NumberPtr modulus(BN_bin2bn(Bytes(n), static_cast<int>(n.size()), nullptr));
  const NumberPtr exponent(BN_bin2bn(Bytes(e), static_cast<int>(e.size()), nullptr));
  const int bits = BN_num_bits(modulus.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return nullptr;
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return FromParams("RSA", builder.get());
}

PkeyPtr MakeCurve(const Members& members, const Curve& curve) {
  const std::string x = NumberOf(members, "x");
  const std::string y = NumberOf(members, "y");
  if (x.size() != curve.coordinate_bytes || y.size() != curve.coordinate_bytes) return nullptr;
  const std::string point = "\x04" + x + y;  // uncompressed
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name.data(),
                                  curve.name.size());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParams("EC", builder.get());
}

PkeyPtr MakeEd25519(const Members& members) {
  const std::string x = NumberOf(members, "x");
  return PkeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size()));
}

// JWS has r and s side by side, OpenSSL wants them in DER; empty when they cannot be.
std::string DerOf(std::string_view signature, size_t coordinate_bytes) {
  if (signature.size() != 2 * coordinate_bytes) return {};
  const auto size = static_cast<int>(coordinate_bytes);
  const SignaturePtr pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(Bytes(signature), size, nullptr),
                 BN_bin2bn(Bytes(signature) + size, size, nullptr));
  unsigned char* bytes = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (length <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

const Curve* FindCurve(KeyKind kind) {
  const auto* found = std::find_if(kCurves.begin(), kCurves.end(),
                                   [kind](const Curve& one) { return one.kind == kind; });
  return found == kCurves.end() ? nullptr : found;
}

}  // namespace

struct PublicKey::Handle {
  PkeyPtr key;
};

std::optional<KeyKind> KindFor(std::string_view algorithm) {
  const Algorithm* found = FindAlgorithm(algorithm);
  if (found == nullptr) return std::nullopt;
  return found->kind;
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  const bool is_url_safe = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (!is_url_safe) return std::nullopt;
  return base::Base64Decode(text);
}

std::shared_ptr<const PublicKey> PublicKey::Make(const Members& members) {
  const std::string_view type = TextOf(members, "kty");
  const std::string_view name = TextOf(members, "crv");
  auto handle = std::make_shared<Handle>();
  KeyKind kind = KeyKind::kRsa;
  if (type == "RSA") {
    handle->key = MakeRsa(members);
  } else if (type == "OKP" && name == "Ed25519") {
    kind = KeyKind::kEd25519;
    handle->key = MakeEd25519(members);
  } else if (type == "EC") {
    for (const Curve& curve : kCurves) {
      if (curve.name != name) continue;
      kind = curve.kind;
      handle->key = MakeCurve(members, curve);
    }
  }
  ERR_clear_error();
  if (handle->key == nullptr) return nullptr;
  return std::shared_ptr<const PublicKey>(new PublicKey(kind, std::move(handle)));
}

bool PublicKey::Verifies(std::string_view algorithm, std::string_view signed_text,
                         std::string_view signature) const {
  const Algorithm* found = FindAlgorithm(algorithm);
  if (found == nullptr || found->kind != kind_) return false;
  const Curve* curve = FindCurve(kind_);
  const std::string der = curve == nullptr ? "" : DerOf(signature, curve->coordinate_bytes);
  if (curve != nullptr) signature = der;
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  bool ready = EVP_DigestVerifyInit(context.get(), &options,
                                    found->digest == nullptr ? nullptr : found->digest(), nullptr,
                                    handle_->key.get()) == 1;
  if (ready && found->is_pss) {
    ready = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  const bool verified = ready && !signature.empty() &&
                        EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                         Bytes(signed_text), signed_text.size()) == 1;
  ERR_clear_error();
  return verified;
}

}  // namespace spandrel::extensions
