// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/jwt.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "extensions/oidc/public_key.h"

namespace spandrel::extensions {
namespace {

namespace dom = simdjson::dom;
using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxKeys = 100;
constexpr double kClockSkewSeconds = 60;

Status Refused(std::string message) {
  return {StatusCode::kUnauthenticated, "token: " + std::move(message)};
}

std::string StringOf(const dom::object& object, std::string_view name) {
  std::string_view text;
  if (object[name].get_string().get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

// Readers differ in which of two members of one name counts.
bool HasTwins(const dom::object& object) {
  std::set<std::string_view> seen;
  return std::any_of(object.begin(), object.end(),
                     [&seen](const auto& member) { return !seen.insert(member.key).second; });
}

// The three parts of `header.payload.signature`.
std::optional<std::array<std::string_view, 3>> Parts(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return std::nullopt;
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::array{token.substr(0, first), token.substr(first + 1, second - first - 1),
                    token.substr(second + 1)};
}

// The object in a part; `parser` keeps what it refers to.
bool DecodeObject(std::string_view part, dom::parser* parser, dom::object* object) {
  const auto json = DecodeBase64Url(part);
  return json && parser->parse(*json).get(*object) == simdjson::SUCCESS && !HasTwins(*object);
}

struct Header {
  std::string algorithm;
  std::string key_id;  // empty: it names none
};

Result<Header> ReadHeader(std::string_view part) {
  dom::parser parser;
  dom::object object;
  if (!DecodeObject(part, &parser, &object)) return Refused("not a signed token");
  Header header{StringOf(object, "alg"), StringOf(object, "kid")};
  dom::element unused;
  if (object["crit"].get(unused) == simdjson::SUCCESS) return Refused("needs an unknown extension");
  if (!KindFor(header.algorithm)) return Refused("signed in a way that is not taken");
  return header;
}

void AddTexts(const dom::element& value, std::vector<std::string>* texts) {
  std::string_view text;
  dom::array list;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    texts->emplace_back(text);
  } else if (value.get_array().get(list) == simdjson::SUCCESS) {
    for (const dom::element item : list) {
      if (item.get_string().get(text) == simdjson::SUCCESS) texts->emplace_back(text);
    }
  }
}

Result<Claims> ReadClaims(std::string_view part) {
  dom::parser parser;
  dom::object object;
  if (!DecodeObject(part, &parser, &object)) return Refused("no claims in it");
  Claims claims;
  for (const auto& member : object) {
    AddTexts(member.value, &claims.texts[std::string(member.key)]);
  }
  if (object["exp"].get_double().get(claims.expires) != simdjson::SUCCESS) {
    return Refused("does not say when it expires");
  }
  dom::element not_before;
  if (object["nbf"].get(not_before) == simdjson::SUCCESS &&
      not_before.get_double().get(claims.not_before) != simdjson::SUCCESS) {
    return Refused("'nbf' is no time");
  }
  return claims;
}

Status CheckClaims(const Claims& claims, const TokenPolicy& policy, uint64_t now_unix_seconds) {
  const auto now = static_cast<double>(now_unix_seconds);
  if (claims.Text("iss") != policy.issuer) return Refused("of another issuer");
  const std::vector<std::string>& ours = policy.audiences;
  const std::vector<std::string>& named = claims.Texts("aud");
  const bool is_for_us =
      std::find_first_of(named.begin(), named.end(), ours.begin(), ours.end()) != named.end();
  if (!ours.empty() && !is_for_us) return Refused("for another audience");
  if (!(claims.expires > now)) return Refused("expired");
  if (!(claims.not_before <= now + kClockSkewSeconds)) return Refused("not valid yet");
  return {};
}

}  // namespace

struct KeySet::Key {
  std::shared_ptr<const PublicKey> key;
  std::string id;
  std::string algorithm;  // empty: any of its kind

  bool Serves(const Header& header) const {
    return key->kind() == KindFor(header.algorithm) &&
           (algorithm.empty() || algorithm == header.algorithm) &&
           (header.key_id.empty() || header.key_id == id);
  }
};

namespace {

// Null for a key that is of no use here.
std::shared_ptr<const KeySet::Key> ReadKey(const dom::object& object) {
  const std::string use = StringOf(object, "use");
  if (HasTwins(object) || (!use.empty() && use != "sig")) return nullptr;
  std::map<std::string, std::string, std::less<>> texts;
  for (const char* name : {"kty", "crv", "n", "e", "x", "y"}) texts[name] = StringOf(object, name);
  auto key = PublicKey::Make(texts);
  if (key == nullptr) return nullptr;
  return std::make_shared<const KeySet::Key>(
      KeySet::Key{std::move(key), StringOf(object, "kid"), StringOf(object, "alg")});
}

Status CheckSignature(std::string_view token, const Header& header, const KeySet& keys) {
  const size_t dot = token.rfind('.');
  const auto signature = DecodeBase64Url(token.substr(dot + 1));
  if (!signature) return Refused("the signature is wrong");
  bool any = false;
  for (const auto& key : keys.keys()) {
    if (!key->Serves(header)) continue;
    if (key->key->Verifies(header.algorithm, token.substr(0, dot), *signature)) return {};
    any = true;
  }
  if (!any) return {StatusCode::kNotFound, "token: signed with an unknown key"};
  return Refused("the signature is wrong");
}

}  // namespace

Result<KeySet> KeySet::Parse(std::string_view json) {
  dom::parser parser;
  dom::element root;
  dom::array list;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["keys"].get_array().get(list) != simdjson::SUCCESS) {
    return Status(StatusCode::kInvalidArgument, "not a set of keys");
  }
  KeySet set;
  for (const dom::element item : list) {
    dom::object object;
    if (item.get_object().get(object) != simdjson::SUCCESS) continue;
    if (auto key = ReadKey(object)) set.keys_.push_back(std::move(key));
    if (set.keys_.size() > kMaxKeys) return Status(StatusCode::kInvalidArgument, "too many keys");
  }
  if (set.keys_.empty()) return Status(StatusCode::kInvalidArgument, "no key to check with");
  return set;
}

const std::vector<std::string>& Claims::Texts(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto found = texts.find(name);
  return found == texts.end() ? kNone : found->second;
}

std::string Claims::Text(std::string_view name) const {
  const std::vector<std::string>& all = Texts(name);
  return all.size() == 1 ? all.front() : "";
}

std::string ClaimedIssuer(std::string_view token) {
  const auto parts = Parts(token);
  dom::parser parser;
  dom::object object;
  if (!parts || !DecodeObject((*parts)[1], &parser, &object)) return {};
  return StringOf(object, "iss");
}

Result<Claims> VerifyToken(std::string_view token, const KeySet& keys, const TokenPolicy& policy,
                           uint64_t now_unix_seconds) {
  const auto parts = Parts(token);
  if (!parts) return Refused("not a signed token");
  const auto header = ReadHeader((*parts)[0]);
  if (!header.ok()) return header.status();
  SPANDREL_RETURN_IF_ERROR(CheckSignature(token, *header, keys));
  auto claims = ReadClaims((*parts)[1]);
  if (claims.ok()) SPANDREL_RETURN_IF_ERROR(CheckClaims(*claims, policy, now_unix_seconds));
  return claims;
}

}  // namespace spandrel::extensions
