// SPDX-License-Identifier: Apache-2.0
#include "net/socket/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string_view>

namespace spandrel::net {
namespace {

constexpr unsigned char kServerProtocols[] = "\x02h2\x08http/1.1";

base::Status TlsFileError(std::string_view what, const std::string& file) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return {base::StatusCode::kInvalidArgument,
          std::string(what) + " " + file + ": " + (reason != nullptr ? reason : "cannot be used")};
}

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  const int result =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, kServerProtocols,
                            sizeof(kServerProtocols) - 1, offered, offered_size);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SslContextPtr NewContext(const SSL_METHOD* method) {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

base::Status LoadKeyPair(SSL_CTX* context, const std::string& cert, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return TlsFileError("certificate", cert);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return TlsFileError("private key", key);
  }
  if (SSL_CTX_check_private_key(context) != 1) return TlsFileError("private key", key);
  return {};
}

base::Status LoadAuthorities(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return TlsFileError("certificate authorities", file);
}

bool IsAddress(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

}  // namespace

base::Result<SslContextPtr> MakeServerTlsContext(const ServerTls& tls) {
  SslContextPtr context = NewContext(TLS_server_method());
  SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.cert_file, tls.key_file));
  if (!tls.client_ca_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), tls.client_ca_file));
    SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(tls.client_ca_file.c_str()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  static constexpr unsigned char kSessionId[] = "spandrel";
  SSL_CTX_set_session_id_context(context.get(), kSessionId, sizeof(kSessionId) - 1);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  return context;
}

base::Result<SslContextPtr> MakeClientTlsContext(const ClientTls& tls) {
  SslContextPtr context = NewContext(TLS_client_method());
  if (tls.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), tls.ca_file));
  }
  if (!tls.cert_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.cert_file, tls.key_file));
  }
  const bool verify = !tls.insecure_skip_verify;
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return context;
}

SslPtr NewServerSession(SSL_CTX* context) {
  SslPtr ssl(SSL_new(context));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

SslPtr NewClientSession(SSL_CTX* context, const ClientTls& tls, const std::string& host,
                        std::string_view alpn) {
  SslPtr ssl(SSL_new(context));
  SSL_set_connect_state(ssl.get());
  const std::string& name = tls.server_name_override.empty() ? host : tls.server_name_override;
  if (IsAddress(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set1_host(ssl.get(), name.c_str());
  }
  std::string offered(1, static_cast<char>(alpn.size()));
  offered += alpn;
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  return ssl;
}

}  // namespace spandrel::net
