// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "cli/options.h"
#include "cli/source.h"
#include "net/http/http.h"
#include "net/peer/client.h"
#include "net/socket/io_runtime.h"
#include "store_tool/terminal.h"

namespace spandrel::cli {

// A running server, asked by Tempo's API: Spandrel on its query port or on that of Tempo, or Tempo
// itself.
class ServerSource final : public Source {
 public:
  // INVALID_ARGUMENT for an address, header or token file that is none. `interrupts` outlives it.
  static base::Result<std::unique_ptr<ServerSource>> Make(const CommandOptions& options,
                                                          const store_tool::Interrupts& interrupts);

  base::Result<SearchAnswer> Search(const SearchQuestion& question) override;
  base::Result<SeriesAnswer> Series(const SeriesQuestion& question) override;
  base::Result<span::SpanBatch> Trace(const span::TraceId& id) override;
  uint64_t unreadable_spans() const override { return unreadable_spans_; }

 private:
  explicit ServerSource(const store_tool::Interrupts& interrupts) : interrupts_(interrupts) {}
  base::Status Configure(const CommandOptions& options);
  base::Status AddHeaders(const CommandOptions& options);
  // The body of a 200; what else came is a status.
  base::Result<std::string> Get(const std::string& path, const net::Headers& parameters,
                                std::string_view accept);
  base::Result<net::Response> Await(net::Request request);
  base::Status RefusalOf(const net::Response& response) const;

  const store_tool::Interrupts& interrupts_;
  std::string server_;     // as people call it
  std::string authority_;  // for Host
  std::string prefix_;     // of all paths
  net::Headers headers_;
  std::chrono::nanoseconds timeout_{0};
  uint64_t unreadable_spans_ = 0;
  net::IoRuntime runtime_{1};
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace spandrel::cli
