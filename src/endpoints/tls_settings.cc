// SPDX-License-Identifier: Apache-2.0
#include "endpoints/tls_settings.h"

#include <fmt/core.h>

#include <string>

namespace spandrel::endpoints {
namespace {

using config::Decoder;

void ReadVersion(Decoder& tls, std::string_view key, net::TlsVersion* version) {
  std::string text;
  tls.Read(key, &text);
  if (text.empty()) return;
  if (text == "1.2") {
    *version = net::TlsVersion::k12;
  } else if (text == "1.3") {
    *version = net::TlsVersion::k13;
  } else {
    tls.Error(key, fmt::format("TLS '{}' is not spoken; use \"1.2\" or \"1.3\"", text));
  }
}

}  // namespace

void RejectKey(Decoder& decoder, std::string_view key, std::string_view instead) {
  if (!decoder.Has(key)) return;
  decoder.Ignore(key);
  decoder.Error(key, fmt::format("'{}' is not supported; {}", key, instead));
}

std::chrono::nanoseconds DecodeInterval(Decoder& decoder, std::string_view key) {
  std::chrono::nanoseconds interval{0};
  decoder.Read(key, &interval);
  if (interval.count() >= 0) return interval;
  decoder.Error(key, fmt::format("'{}' must not be negative", key));
  return {};
}

net::TlsSettings DecodeTlsSettings(Decoder& tls) {
  net::TlsSettings settings;
  ReadVersion(tls, "min_version", &settings.min_version);
  ReadVersion(tls, "max_version", &settings.max_version);
  tls.Read("cipher_suites", &settings.cipher_suites);
  tls.Read("curve_preferences", &settings.curves);
  bool insecure_suites = false;
  tls.Read("include_insecure_cipher_suites", &insecure_suites);
  if (insecure_suites) {
    tls.Error("include_insecure_cipher_suites", "insecure cipher suites are not spoken");
  }
  for (const auto* key : {"cert_pem", "key_pem", "ca_pem"}) {
    RejectKey(tls, key, "name a file instead");
  }
  const base::Status status = net::CheckTlsSettings(settings);
  if (!status.ok()) tls.Error("", status.message());
  return settings;
}

}  // namespace spandrel::endpoints
