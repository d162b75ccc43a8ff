// SPDX-License-Identifier: Apache-2.0
#include "endpoints/tls_settings.h"

#include <fmt/core.h>

#include <string>
#include <utility>

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

// A file or a text, and the key under which it stands.
struct WrittenPem {
  net::Pem pem;
  std::string_view key;
};

WrittenPem ReadPem(Decoder& tls, std::string_view file_key, std::string_view pem_key) {
  WrittenPem written{{}, file_key};
  config::Secret text;
  tls.Read(file_key, &written.pem.file);
  if (pem_key.empty()) return written;
  tls.Read(pem_key, &text);
  if (text.value.empty()) return written;
  if (!written.pem.file.empty()) {
    tls.Error(pem_key, fmt::format("write either '{}' or '{}'", file_key, pem_key));
  }
  return {{"", std::move(text.value)}, pem_key};
}

void ReportAt(Decoder& tls, std::string_view key, const base::Status& status) {
  if (!status.ok()) tls.Error(key, status.message());
}

}  // namespace

void RejectKey(Decoder& decoder, std::string_view key, std::string_view instead) {
  if (!decoder.Has(key)) return;
  decoder.Ignore(key);
  decoder.Error(key, fmt::format("'{}' is not supported; {}", key, instead));
}

OwnCertificate DecodeOwnCertificate(Decoder& tls) {
  WrittenPem certificate = ReadPem(tls, "cert_file", "cert_pem");
  WrittenPem key = ReadPem(tls, "key_file", "key_pem");
  if (certificate.pem.is_set()) {
    const base::Status status = net::CheckCertificate(certificate.pem);
    ReportAt(tls, certificate.key, status);
    if (status.ok() && key.pem.is_set()) {
      ReportAt(tls, key.key, net::CheckKeyPair(certificate.pem, key.pem));
    }
  }
  return {std::move(certificate.pem), std::move(key.pem)};
}

net::Pem DecodeAuthorities(Decoder& tls, std::string_view file_key, std::string_view pem_key) {
  WrittenPem written = ReadPem(tls, file_key, pem_key);
  if (written.pem.is_set()) ReportAt(tls, written.key, net::CheckAuthorities(written.pem));
  return std::move(written.pem);
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
  RejectKey(tls, "tpm", "name a file of the key instead");
  const base::Status status = net::CheckTlsSettings(settings);
  if (!status.ok()) tls.Error("", status.message());
  return settings;
}

}  // namespace spandrel::endpoints
