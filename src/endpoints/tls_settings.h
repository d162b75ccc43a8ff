// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "config/decode.h"
#include "net/socket/tls.h"

namespace spandrel::endpoints {

// What both sides of TLS have: `min_version`, `max_version`, `cipher_suites`, `curve_preferences`.
// What cannot be enforced is an error of `tls`, the block that `decoder` stands on.
net::TlsSettings DecodeTlsSettings(config::Decoder& tls);

// The certificate and the key that a side shows: `cert_file`, `key_file`, `cert_pem`, `key_pem`.
struct OwnCertificate {
  net::Pem certificate;
  net::Pem key;
};
// They are read, so that what cannot be used is an error with its place.
OwnCertificate DecodeOwnCertificate(config::Decoder& tls);

// Authorities under `file_key`, or as text under `pem_key` unless that is empty; read likewise.
net::Pem DecodeAuthorities(config::Decoder& tls, std::string_view file_key,
                           std::string_view pem_key);

// A duration that is not negative under `key`; problems go to `decoder`.
std::chrono::nanoseconds DecodeInterval(config::Decoder& decoder, std::string_view key);

// Reports a key that is written and cannot be kept.
void RejectKey(config::Decoder& decoder, std::string_view key, std::string_view instead);

}  // namespace spandrel::endpoints
