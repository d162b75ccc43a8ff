// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/exchange/server_exchange.h"
#include "net/http2/frame_finder.h"
#include "net/http2/http2_session.h"
#include "net/http2/misuse_budget.h"
#include "net/http2/stream_history.h"

namespace spandrel::net {

// HTTP/2 as a server. A stream is an exchange; its number names both.
class Http2Server final : public ServerProtocol, private Http2Session {
 public:
  Http2Server(std::shared_ptr<const ServerCore> core, std::weak_ptr<Connection> connection,
              std::string peer, std::shared_ptr<PeerShare> share);
  ~Http2Server() override;

  base::Status OnConnected(std::string_view) override { return {}; }
  void OnBytes(std::string_view bytes) override;
  void OnEof() override;
  void Produce(size_t limit, std::string* out) override;
  bool WantsRead() const override { return !broken_; }
  bool Done() const override;
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
  struct Stream;

  bool OnBeginHeaders(const Frame& frame) override;
  bool OnHeader(int32_t id, std::string_view name, std::string_view value) override;
  bool OnFrame(const Frame& frame) override;
  bool OnData(int32_t id, std::string_view bytes) override;
  void OnStreamClosed(int32_t id, uint32_t error_code) override;
  void OnFrameSent(const Frame& frame) override;
  OutgoingBody* BodyOf(int32_t id) override;
  bool OnBodyDrained(int32_t id, bool* more_to_come) override;
  void OnBodySent(int32_t id, size_t bytes) override;

  Stream* Find(int64_t id);
  bool MayBegin(const FrameHead& frame);
  bool SpendMisuse(const Frame& frame);
  void OnHeadersDone(Stream& stream);
  void OnRequestDone(Stream& stream);
  void HandOver(Stream& stream, BodyComes body_comes);
  static void EndBody(Stream& stream, const base::Status& status);
  TimePoint BodyDeadlineOf(const Stream& stream) const;
  void OnLateBody(Stream& stream);
  void StopSenderOf(const Frame& frame);
  bool LearnGrpcSize(Stream& stream, std::string_view bytes);
  void OpenWindow(const Stream& stream, size_t size);
  void Refuse(Stream& stream, Refusal reason, int http_status, const base::Status& status);
  void RefuseBodyOf(Stream& stream, bool too_large);
  void SubmitHeaders(Stream& stream, int status, const Headers& headers, bool with_body);
  void StopReceiving(Stream& stream);
  std::optional<TimePoint> EarliestBodyDeadline() const;
  void CheckReader(TimePoint now);
  void BeginReadWindow(TimePoint now);
  void DropSlowReader();

  const std::shared_ptr<const ServerCore> core_;
  const std::weak_ptr<Connection> connection_;
  const std::string peer_;
  const std::shared_ptr<PeerShare> share_;  // null: no bound
  std::unordered_map<int64_t, std::unique_ptr<Stream>> streams_;
  MisuseBudget misuse_;
  FrameFinder frames_;
  StreamHistory history_;
  TimePoint idle_since_;
  TimePoint progress_at_;      // of output, while some waits
  TimePoint read_check_at_;    // when to look how much of it has gone, while some waits
  size_t sent_in_window_ = 0;  // since the last look
  std::optional<TimePoint> header_block_since_;
  int32_t header_block_stream_ = 0;
  size_t receiving_ = 0;  // streams whose body is still to come
  size_t unsent_ = 0;     // bytes of bodies in all streams
  bool broken_ = false;
  bool eof_ = false;
  bool draining_ = false;
};

}  // namespace spandrel::net
