// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one choice that a traced transfer of libcurl offers (spandrel/curl.h).
namespace spandrel::curl {

// What becomes of the times that libcurl knows about a transfer.
enum class Phases {
  kNone,
  kEvents,  // of the span: name resolved, connected, TLS established, first byte received
  kSpans,   // below the span: resolve, connect, TLS handshake, wait, receive
};

}  // namespace spandrel::curl
