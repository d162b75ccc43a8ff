// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace spandrel::net {

enum class TlsVersion : uint8_t { k12, k13 };  // older ones are not spoken

// What a side narrows of what OpenSSL would speak.
struct TlsSettings {
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  // Names of IANA's registry; empty: OpenSSL's defaults. Without one of TLS 1.2 among them, 1.2 is
  // not spoken; without one of TLS 1.3, its suites are the defaults.
  std::vector<std::string> cipher_suites = {};
  std::vector<std::string> curves = {};  // "X25519", "P256", "P384", "P521"; empty: the defaults
};

// INVALID_ARGUMENT names what this OpenSSL does not have, or what contradicts itself.
base::Status CheckTlsSettings(const TlsSettings& settings);

// Paths of PEM files; empty ones are not used.
struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // set: clients must show a certificate of this CA
  TlsSettings settings = {};
  // The files are read again for a connection that comes this long after they were read; 0: never.
  std::chrono::nanoseconds reload_interval{0};
};

struct ClientTls {
  bool insecure = false;              // plaintext
  bool insecure_skip_verify = false;  // encrypted, but whoever answers is believed
  std::string ca_file;                // empty: the system's roots
  std::string cert_file;              // ours, for mTLS
  std::string key_file;
  std::string server_name_override;
  bool system_roots_too = false;  // beside `ca_file`
  TlsSettings settings = {};
};

}  // namespace spandrel::net
