// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/exchange/server_exchange.h"
#include "net/http/body.h"
#include "net/http1/http1_parser.h"

namespace spandrel::net {

// HTTP/1.1 as a server: one request at a time; what was pipelined behind it waits in `input_`, and
// reading stops when much waits.
class Http1Server final : public ServerProtocol {
 public:
  Http1Server(std::shared_ptr<const ServerCore> core, std::weak_ptr<Connection> connection,
              std::string peer, std::shared_ptr<PeerShare> share);

  base::Status OnConnected(std::string_view) override { return {}; }
  void OnBytes(std::string_view bytes) override;
  void OnEof() override;
  void Produce(size_t limit, std::string* out) override;
  bool WantsRead() const override;
  bool Done() const override { return closing_ && output_.size() == 0; }
  std::optional<TimePoint> Deadline() const override;
  void OnDeadline(TimePoint now) override;
  std::optional<TimePoint> IdleSince() const override;
  void OnDrain() override;
  void OnClosed(const base::Status& why) override;

  void Respond(int64_t exchange, Response response) override;
  void StartResponse(int64_t exchange, int status, Headers headers) override;
  void WriteResponse(int64_t exchange, std::string bytes) override;
  void FinishResponse(int64_t exchange, Headers trailers) override;
  void AbortResponse(int64_t exchange) override;

 private:
  enum class Stage { kIdle, kHeaders, kBody, kAnswering };

  void ParseAll();
  void CloseAfterEnd();
  bool ParseOnce(std::string_view* input);
  void BeginRequest();
  void OnHeaders();
  base::Status CheckHeaders() const;
  void RefuseHead(base::Status status, uint64_t body_size);
  void OnRequestDone();
  bool AppendBody(std::string_view bytes);
  void RefuseThisBody(bool too_large);
  void Refuse(Refusal reason, int http_status, const base::Status& status);
  void AppendHead(int status, const Headers& headers, std::optional<size_t> length);
  void QueueBody(std::string bytes);
  void EndResponse();
  void AskIfGone();
  bool OutputIsShort() const;

  const std::shared_ptr<const ServerCore> core_;
  const std::weak_ptr<Connection> connection_;
  const std::string peer_;
  const std::shared_ptr<PeerShare> share_;  // null: no bound

  std::string input_;
  std::unique_ptr<Http1Parser> parser_;
  Request request_;
  IncomingBody body_in_;
  BodyOutcome body_outcome_ = BodyOutcome::kOk;  // of the last piece
  std::optional<base::Status> not_taken_;        // the answer to a request whose body is skipped
  size_t skipped_bytes_ = 0;
  TimePoint stage_since_;
  Stage stage_ = Stage::kIdle;
  std::optional<TimePoint> ask_at_;  // when to find out whether who closed their side has gone
  bool eof_ = false;
  bool first_request_ = true;

  int64_t exchange_ = 0;
  std::shared_ptr<ExchangeState> state_;
  OutgoingBody output_;                                 // heads and bodies in order
  std::vector<std::shared_ptr<ExchangeState>> unsent_;  // whose answers are whole in output_
  bool keep_alive_ = true;
  bool head_request_ = false;
  bool bodyless_ = false;  // the answer has none, whatever is written
  bool chunked_out_ = false;
  bool closing_ = false;
};

}  // namespace spandrel::net
