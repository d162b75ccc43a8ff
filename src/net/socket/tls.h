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
  // Names of IANA's registry; empty: those of TLS 1.3, and of TLS 1.2 those with forward secrecy
  // and authenticated encryption. Without one of TLS 1.2 among them, 1.2 is not spoken; without one
  // of TLS 1.3, its suites are the defaults.
  std::vector<std::string> cipher_suites = {};
  std::vector<std::string> curves = {};  // "X25519", "P256", "P384", "P521"; empty: the defaults
};

// INVALID_ARGUMENT names what this OpenSSL does not have, or what contradicts itself.
base::Status CheckTlsSettings(const TlsSettings& settings);

// PEM in a file, or the text itself; neither: it is not used.
struct Pem {
  std::string file;
  std::string text;

  bool is_set() const { return !file.empty() || !text.empty(); }
};

// INVALID_ARGUMENT says what is wrong with the file or the text: not there, not PEM, not the key of
// the certificate.
base::Status CheckCertificate(const Pem& certificate);
base::Status CheckKeyPair(const Pem& certificate, const Pem& key);
base::Status CheckAuthorities(const Pem& authorities);

// Paths of PEM files, or their text; empty ones are not used.
struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // set: clients must show a certificate of this CA
  TlsSettings settings = {};
  // The files are read again for a connection that comes this long after they were read; 0: only
  // when IoRuntime::ReadTlsFilesAgain says so.
  std::chrono::nanoseconds reload_interval{0};
  std::string cert_pem = {};  // instead of the files
  std::string key_pem = {};

  Pem certificate() const { return {cert_file, cert_pem}; }
  Pem key() const { return {key_file, key_pem}; }
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
  std::chrono::nanoseconds reload_interval{0};  // as a server's
  std::string ca_pem = {};                      // instead of the files
  std::string cert_pem = {};
  std::string key_pem = {};

  Pem authorities() const { return {ca_file, ca_pem}; }
  Pem certificate() const { return {cert_file, cert_pem}; }
  Pem key() const { return {key_file, key_pem}; }
};

}  // namespace spandrel::net
