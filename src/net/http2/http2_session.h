// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/body.h"
#include "net/http/http.h"

namespace spandrel::net {

struct Http2Settings {
  uint32_t max_concurrent_streams = 100;
  uint32_t stream_window_bytes = 4 << 20;
  int32_t connection_window_bytes = 16 << 20;
  // Not above the window: a peer may fill a frame before it has learnt more than the settings.
  uint32_t max_frame_bytes = 1 << 20;
  uint32_t max_header_list_bytes = 16 << 10;
  size_t max_resets_per_second = 200;
};

// One HTTP/2 connection without its I/O: nghttp2 behind virtual functions. What arrives calls the
// On... functions, out of Receive; what is to be sent is asked for by Produce.
class Http2Session {
 public:
  enum class Role { kServer, kClient };
  // A frame of ours or theirs in a few words.
  using Frame = nghttp2_frame;

  Http2Session(Role role, const Http2Settings& settings);
  virtual ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // An error means that the connection is of no more use, save for sending what is queued.
  base::Status Receive(std::string_view bytes);
  void ProduceFrames(size_t limit, std::string* out);
  // Nothing to send and nothing to wait for.
  bool Finished() const;

 protected:
  // False ends the connection.
  virtual bool OnBeginHeaders(const Frame& frame) = 0;
  virtual bool OnHeader(int32_t stream, std::string_view name, std::string_view value) = 0;
  virtual bool OnFrame(const Frame& frame) = 0;
  virtual bool OnData(int32_t stream, std::string_view bytes) = 0;
  virtual void OnStreamClosed(int32_t stream, uint32_t error_code) = 0;
  // The frame has been serialized.
  virtual void OnFrameSent(const Frame&) {}
  // The body being sent on the stream, or null when the stream is unknown.
  virtual OutgoingBody* BodyOf(int32_t stream) = 0;
  // All of `BodyOf` has been taken. Sets `more_to_come`, or submits trailers and returns true.
  virtual bool OnBodyDrained(int32_t stream, bool* more_to_come) = 0;
  virtual void OnBodySent(int32_t, size_t) {}

  nghttp2_session* session() const { return session_; }
  nghttp2_data_provider BodyProvider();

 private:
  struct Callbacks;

  nghttp2_session* session_ = nullptr;
  std::string* out_ = nullptr;  // during ProduceFrames
  size_t out_limit_ = 0;
};

// The name-value array that nghttp2 takes, pointing into strings that must outlive the call.
class HeaderBlock {
 public:
  void Add(std::string_view name, std::string_view value);
  // Leaves out what HTTP/2 forbids (connection, transfer-encoding and the like).
  void AddAll(const Headers& headers);
  const nghttp2_nv* data() const { return fields_.data(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<nghttp2_nv> fields_;
};

}  // namespace spandrel::net
