// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "base/base64.h"

namespace spandrel::extensions {
namespace {

using base::StatusCode;
using ::testing::HasSubstr;

constexpr uint64_t kNow = 1'700'000'000;
constexpr const char* kIssuer = "https://id.example";

std::string Part(std::string_view bytes) {
  std::string text = base::Base64Encode(bytes, base::Base64Padding::kNone);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// A key pair, which signs.
class Signer {
 public:
  explicit Signer(EVP_PKEY* key) : key_(key) {}
  ~Signer() { EVP_PKEY_free(key_); }
  Signer(const Signer&) = delete;

  static EVP_PKEY* Rsa(unsigned bits = 2048) { return EVP_RSA_gen(bits); }
  static EVP_PKEY* Curve(const char* name) { return EVP_EC_gen(name); }
  static EVP_PKEY* Ed25519() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); }

  std::string Public(const std::string& more = "") const {
    const std::string head = "{\"kid\":\"k1\"," + more;
    if (EVP_PKEY_is_a(key_, "RSA") == 1) {
      return head + R"("kty":"RSA","n":")" + Number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
             Number(OSSL_PKEY_PARAM_RSA_E) + "\"}";
    }
    if (EVP_PKEY_is_a(key_, "EC") == 1) {
      const size_t size = CoordinateBytes();
      const std::string name = size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
      return head + R"("kty":"EC","crv":")" + name + R"(","x":")" +
             Number(OSSL_PKEY_PARAM_EC_PUB_X, size) + R"(","y":")" +
             Number(OSSL_PKEY_PARAM_EC_PUB_Y, size) + "\"}";
    }
    unsigned char bytes[32];
    size_t size = sizeof(bytes);
    EVP_PKEY_get_raw_public_key(key_, bytes, &size);
    return head + R"("kty":"OKP","crv":"Ed25519","x":")" +
           Part({reinterpret_cast<const char*>(bytes), size}) + "\"}";
  }

  std::string Sign(const std::string& algorithm, const std::string& claims,
                   const std::string& id = "k1") const {
    const std::string kid = id.empty() ? "" : ",\"kid\":\"" + id + "\"";
    const std::string text =
        Part(R"({"alg":")" + algorithm + "\"" + kid + "}") + "." + Part(claims);
    const EVP_MD* digest = algorithm == "EdDSA"         ? nullptr
                           : algorithm.ends_with("256") ? EVP_sha256()
                           : algorithm.ends_with("384") ? EVP_sha384()
                                                        : EVP_sha512();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    EXPECT_EQ(EVP_DigestSignInit(context, &options, digest, nullptr, key_), 1);
    if (algorithm.starts_with("PS")) {
      EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
    }
    std::string signature(4096, '\0');
    size_t size = signature.size();
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return text + "." + Part(algorithm.starts_with("ES") ? SideBySide(signature) : signature);
  }

 private:
  size_t CoordinateBytes() const { return static_cast<size_t>(EVP_PKEY_get_bits(key_) + 7) / 8; }

  std::string Number(const char* name, size_t size = 0) const {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key_, name, &number), 1);
    return Part(Padded(number, size));
  }
  static std::string Padded(BIGNUM* number, size_t size) {
    std::string bytes(size == 0 ? static_cast<size_t>(BN_num_bytes(number)) : size, '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size()));
    BN_free(number);
    return bytes;
  }
  std::string SideBySide(const std::string& der) const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
    std::string both = Padded(BN_dup(ECDSA_SIG_get0_r(pair)), CoordinateBytes()) +
                       Padded(BN_dup(ECDSA_SIG_get0_s(pair)), CoordinateBytes());
    ECDSA_SIG_free(pair);
    return both;
  }

  EVP_PKEY* key_;
};

std::string SetOf(const std::string& keys) {
  return "{\"keys\":[" + keys + "]}";
}

std::string ClaimsText(const std::string& more = "") {
  return R"({"iss":"https://id.example","aud":["spandrel","other"],"sub":"ann","exp":1700000060)" +
         more + "}";
}

class JwtTest : public ::testing::Test {
 protected:
  static base::Result<Claims> Check(const std::string& token, const KeySet& keys,
                                    const TokenPolicy& policy = {kIssuer, {"spandrel"}}) {
    return VerifyToken(token, keys, policy, kNow);
  }

  // Making a key takes long.
  static const Signer& Rsa() {
    static const Signer rsa(Signer::Rsa());
    return rsa;
  }

  const Signer& rsa_ = Rsa();
  const KeySet keys_ = *KeySet::Parse(SetOf(rsa_.Public()));
};

TEST_F(JwtTest, TakesWhatTheIssuerSigned) {
  for (const char* algorithm : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    const auto claims = Check(
        rsa_.Sign(algorithm, ClaimsText(R"(,"groups":["dev","ops"],"tenant":"blue")")), keys_);
    ASSERT_TRUE(claims.ok()) << algorithm << claims.status().ToString();
    EXPECT_EQ(claims->Text("sub"), "ann");
    EXPECT_EQ(claims->Texts("groups"), (std::vector<std::string>{"dev", "ops"}));
    EXPECT_EQ(claims->Text("groups"), "");
    EXPECT_TRUE(claims->Texts("none").empty());
  }
  for (const auto& [name, algorithm] :
       {std::pair("P-256", "ES256"), std::pair("P-384", "ES384"), std::pair("P-521", "ES512")}) {
    const Signer curve(Signer::Curve(name));
    const KeySet both = *KeySet::Parse(SetOf(rsa_.Public() + "," + curve.Public()));
    EXPECT_TRUE(Check(curve.Sign(algorithm, ClaimsText()), both).ok()) << algorithm;
    EXPECT_TRUE(Check(rsa_.Sign("RS256", ClaimsText(), ""), both).ok()) << "without the key's name";
  }
  const Signer edwards(Signer::Ed25519());
  EXPECT_TRUE(
      Check(edwards.Sign("EdDSA", ClaimsText()), *KeySet::Parse(SetOf(edwards.Public()))).ok());
  EXPECT_EQ(ClaimedIssuer(rsa_.Sign("RS256", ClaimsText())), kIssuer);
  EXPECT_EQ(ClaimedIssuer("a.b"), "");
}

TEST_F(JwtTest, ClaimsThatAreNotForUsAreRefused) {
  const auto refusal = [this](const std::string& claims) {
    return Check(rsa_.Sign("RS256", claims), keys_).status().message();
  };
  EXPECT_THAT(refusal(R"({"iss":"https://evil.example","aud":"spandrel","exp":1700000060})"),
              HasSubstr("another issuer"));
  EXPECT_THAT(refusal(R"({"iss":"https://id.example","aud":"shop","exp":1700000060})"),
              HasSubstr("another audience"));
  EXPECT_THAT(refusal(R"({"iss":"https://id.example","exp":1700000060})"), HasSubstr("audience"));
  EXPECT_THAT(refusal(R"({"iss":"https://id.example","aud":"spandrel","exp":1700000000})"),
              HasSubstr("expired"));
  EXPECT_THAT(refusal(R"({"iss":"https://id.example","aud":"spandrel"})"), HasSubstr("expires"));
  EXPECT_THAT(refusal(R"({"iss":"https://id.example","aud":"spandrel","exp":"soon"})"),
              HasSubstr("expires"));
  EXPECT_THAT(refusal(ClaimsText(R"(,"nbf":1700000120)")), HasSubstr("not valid yet"));
  EXPECT_THAT(refusal(ClaimsText(R"(,"nbf":"later")")), HasSubstr("nbf"));
  EXPECT_THAT(refusal(ClaimsText(R"(,"sub":"bob")")), HasSubstr("no claims")) << "twins";
  EXPECT_TRUE(Check(rsa_.Sign("RS256", ClaimsText()), keys_, {kIssuer, {}}).ok());
}

TEST_F(JwtTest, OtherSignaturesAreRefused) {
  const Signer other(Signer::Rsa());
  EXPECT_THAT(Check(other.Sign("RS256", ClaimsText()), keys_).status().message(),
              HasSubstr("signature"));
  EXPECT_EQ(Check(other.Sign("RS256", ClaimsText(), "k2"), keys_).status().code(),
            StatusCode::kNotFound);
  const std::string token = rsa_.Sign("RS256", ClaimsText());
  const size_t dot = token.find('.');
  const std::string header = token.substr(0, dot);
  const std::string signature = token.substr(token.rfind('.'));
  EXPECT_FALSE(Check(header + "." + Part(ClaimsText(R"(,"admin":"yes")")) + signature, keys_).ok());
  for (const char* forged :
       {R"({"alg":"none"})", R"({"alg":"None","kid":"k1"})", R"({"alg":"HS256","kid":"k1"})",
        R"({"alg":"dir"})", R"({"kid":"k1"})", R"({"alg":"RS256","alg":"none","kid":"k1"})",
        R"({"alg":"RS256","crit":["b64"],"b64":false})"}) {
    for (const std::string& end : {std::string("."), signature}) {
      const auto claims = Check(Part(forged) + "." + Part(ClaimsText()) + end, keys_);
      EXPECT_EQ(claims.status().code(), StatusCode::kUnauthenticated) << forged;
    }
  }
  // A public key is no shared secret.
  const std::string secret = rsa_.Public();
  const std::string text = Part(R"({"alg":"HS256","kid":"k1"})") + "." + Part(ClaimsText());
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  EXPECT_FALSE(Check(text + "." + Part({reinterpret_cast<const char*>(mac), size}), keys_).ok());
  // Nor is a signature of another length, or another text of it.
  for (const std::string& end : {std::string("A"), std::string("AA=="), std::string("+/"),
                                 std::string(), std::string(4'000, 'A')}) {
    EXPECT_FALSE(Check(token.substr(0, token.rfind('.') + 1) + end, keys_).ok());
  }
  // A key for one algorithm is not for another.
  const std::string only = rsa_.Public(R"("alg":"RS512",)");
  EXPECT_FALSE(Check(token, *KeySet::Parse(SetOf(only))).ok());
}

TEST_F(JwtTest, WhatIsNoTokenIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("a.b"), std::string("a.b.c"),
        std::string("a.b.c.d"), std::string(".."), std::string(1 << 20, '.'),
        std::string(kMaxTokenBytes + 1, 'a'), rsa_.Sign("RS256", "no json")}) {
    EXPECT_EQ(Check(text, keys_).status().code(), StatusCode::kUnauthenticated);
  }
}

TEST_F(JwtTest, KeysThatAreOfNoUseAreLeftOut) {
  for (const char* none : {"", "{}", "[]", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[{}]})",
                           R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})"}) {
    EXPECT_EQ(KeySet::Parse(none).status().code(), StatusCode::kInvalidArgument) << none;
  }
  const Signer small(Signer::Rsa(1024));
  EXPECT_FALSE(KeySet::Parse(SetOf(small.Public())).ok());
  EXPECT_FALSE(KeySet::Parse(SetOf(rsa_.Public(R"("use":"enc",)"))).ok());
  const std::string zero = Part(std::string(32, '\0'));
  const std::string origin =
      R"({"kty":"EC","crv":"P-256","x":")" + zero + R"(","y":")" + zero + "\"}";
  for (const std::string& none :
       {std::string(R"({"kty":"RSA","n":"xx= $i","e":"AQAB"})"),
        std::string(R"({"kty":"RSA","n":"AAAA","e":""})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})"),
        std::string(R"({"kty":"EC","crv":"secp256k1"})"),
        std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"), origin}) {
    EXPECT_FALSE(KeySet::Parse(SetOf(none)).ok()) << none;
  }
  EXPECT_EQ(KeySet::Parse(SetOf(R"({"kty":"new"},)" + rsa_.Public()))->keys().size(), 1U);
}

}  // namespace
}  // namespace spandrel::extensions
