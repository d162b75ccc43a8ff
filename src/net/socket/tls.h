// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace spandrel::net {

// Paths of PEM files; empty ones are not used. TLS 1.2 and newer only.
struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // set: clients must show a certificate of this CA
};

struct ClientTls {
  bool insecure = false;              // plaintext
  bool insecure_skip_verify = false;  // encrypted, but whoever answers is believed
  std::string ca_file;                // empty: the system's roots
  std::string cert_file;              // ours, for mTLS
  std::string key_file;
  std::string server_name_override;
};

}  // namespace spandrel::net
