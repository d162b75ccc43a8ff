// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/http/response_sink.h"
#include "endpoints/cors.h"
#include "net/exchange/server_call.h"
#include "net/http/gzip_stream.h"
#include "storage/query_context.h"

namespace spandrel::api {

// The answer to one HTTP call, with what every answer gets: security headers, gzip, CORS, HEAD.
// What is short goes whole; what is longer than a piece is streamed as fast as its reader takes it,
// and the memory that this needs is reserved until it is sent. An answer that is dropped unfinished
// is cut off, or a 500.
class HttpAnswer final : public ResponseSink {
 public:
  enum class Wait : bool { kNever, kForReader };

  // On an I/O thread nothing waits, and the answer goes whole. `cors` and `context` outlive it.
  HttpAnswer(std::shared_ptr<net::ServerCall> call, const endpoints::CorsConfig& cors,
             const storage::QueryContext& context, Wait wait);
  ~HttpAnswer() override;

  void Start(int status, net::Headers headers) override;
  base::Status Write(std::string_view bytes) override;
  void Finish() override;
  void Fail(net::Response response) override;

  int status() const { return status_; }
  // Nobody got the whole of what was asked for.
  bool failed() const { return failed_ || status_ >= 500; }

 private:
  void CompleteHead();
  void AddUnreadable(net::Headers* headers) const;
  base::Status BeginStream();
  base::Status SendPiece(bool is_last);
  base::Status GiveUp(base::Status why);
  base::Status Reserve(size_t bytes);
  void FinishWhole();

  const std::shared_ptr<net::ServerCall> call_;
  const endpoints::CorsConfig& cors_;
  const storage::QueryContext& context_;
  const Wait wait_;
  const bool is_head_;

  int status_ = 500;
  net::Headers headers_;
  std::string piece_;  // what has not gone out, at most a piece when it is streamed
  std::optional<net::GzipStream> gzip_;
  base::ByteBudget::Reservation memory_;
  base::Status problem_;  // why the body could not go out
  bool streaming_ = false;
  bool ended_ = false;
  bool failed_ = false;
};

// True when an Accept-Encoding header allows gzip.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace spandrel::api
