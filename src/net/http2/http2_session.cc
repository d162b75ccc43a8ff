// SPDX-License-Identifier: Apache-2.0
#include "net/http2/http2_session.h"

#include <algorithm>
#include <array>

namespace spandrel::net {
namespace {

constexpr int32_t kMaxOutgoingFrameBytes = 64 << 10;
constexpr size_t kFrameHeaderBytes = 9;

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

int Verdict(bool go_on) {
  return go_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

}  // namespace

struct Http2Session::Callbacks {
  static Http2Session& Self(void* user_data) { return *static_cast<Http2Session*>(user_data); }

  static int BeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return Verdict(Self(self).OnBeginHeaders(*frame));
  }
  static int Header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                    void* self) {
    return Verdict(
        Self(self).OnHeader(frame->hd.stream_id, View(name, name_size), View(value, value_size)));
  }
  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return Verdict(Self(self).OnFrame(*frame));
  }
  static int DataChunk(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                       void* self) {
    return Verdict(Self(self).OnData(stream, View(data, size)));
  }
  static int StreamClosed(nghttp2_session*, int32_t stream, uint32_t error_code, void* self) {
    Self(self).OnStreamClosed(stream, error_code);
    return 0;
  }
  static int FrameSent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Self(self).OnFrameSent(*frame);
    return 0;
  }

  static ssize_t Send(nghttp2_session*, const uint8_t* data, size_t size, int, void* self) {
    Http2Session& session = Self(self);
    if (session.out_->size() >= session.out_limit_) return NGHTTP2_ERR_WOULDBLOCK;
    session.out_->append(View(data, size));
    return static_cast<ssize_t>(size);
  }
  static ssize_t FrameBytes(nghttp2_session*, uint8_t, int32_t, int32_t session_window,
                            int32_t stream_window, uint32_t remote_max_frame, void*) {
    const auto peer_limit = static_cast<int32_t>(std::min<uint32_t>(remote_max_frame, INT32_MAX));
    return std::min({session_window, stream_window, peer_limit, kMaxOutgoingFrameBytes});
  }
  static ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t*, size_t limit, uint32_t* flags,
                          nghttp2_data_source*, void* self) {
    Http2Session& session = Self(self);
    OutgoingBody* body = session.BodyOf(stream);
    if (body == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    const size_t count = std::min(limit, body->size());
    if (count < body->size()) return static_cast<ssize_t>(count);
    bool more_to_come = false;
    const bool trailers = session.OnBodyDrained(stream, &more_to_come);
    if (more_to_come)
      return count > 0 ? static_cast<ssize_t>(count) : ssize_t{NGHTTP2_ERR_DEFERRED};
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(count);
  }
  static int SendData(nghttp2_session*, nghttp2_frame* frame, const uint8_t* frame_header,
                      size_t size, nghttp2_data_source*, void* self) {
    Http2Session& session = Self(self);
    if (session.out_->size() >= session.out_limit_) return NGHTTP2_ERR_WOULDBLOCK;
    OutgoingBody* body = session.BodyOf(frame->hd.stream_id);
    if (body == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    session.out_->append(View(frame_header, kFrameHeaderBytes));
    body->Drain(size, session.out_);
    session.OnBodySent(frame->hd.stream_id, size);
    return 0;
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* table = nullptr;
    nghttp2_session_callbacks_new(&table);
    nghttp2_session_callbacks_set_on_begin_headers_callback(table, BeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(table, Header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(table, FrameReceived);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, DataChunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, StreamClosed);
    nghttp2_session_callbacks_set_on_frame_send_callback(table, FrameSent);
    nghttp2_session_callbacks_set_send_callback(table, Send);
    nghttp2_session_callbacks_set_send_data_callback(table, SendData);
    nghttp2_session_callbacks_set_data_source_read_length_callback(table, FrameBytes);
    return table;
  }
};

Http2Session::Http2Session(Role role, const Http2Settings& settings) {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_reserved_remote_streams(option, 0);
  if (role == Role::kServer) {
    // A second line behind our own budget; nghttp2 counts resets only.
    nghttp2_option_set_stream_reset_rate_limit(option, settings.max_resets_per_second * 4,
                                               settings.max_resets_per_second * 4);
  }
  nghttp2_session_callbacks* callbacks = Callbacks::Make();
  if (role == Role::kServer) {
    nghttp2_session_server_new2(&session_, callbacks, this, option);
  } else {
    nghttp2_session_client_new2(&session_, callbacks, this, option);
  }
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);

  std::vector<nghttp2_settings_entry> entries = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, settings.max_frame_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.max_header_list_bytes},
  };
  if (role == Role::kServer) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        settings.connection_window_bytes);
}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
}

base::Status Http2Session::Receive(std::string_view bytes) {
  const ssize_t result = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (result >= 0) return {};
  return {base::StatusCode::kUnavailable,
          std::string("http/2: ") + nghttp2_strerror(static_cast<int>(result))};
}

void Http2Session::ProduceFrames(size_t limit, std::string* out) {
  out_ = out;
  out_limit_ = limit;
  nghttp2_session_send(session_);
  out_ = nullptr;
}

bool Http2Session::Finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

nghttp2_data_provider Http2Session::BodyProvider() {
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::ReadBody;
  return provider;
}

void HeaderBlock::Add(std::string_view name, std::string_view value) {
  fields_.push_back({const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(name.data())),
                     const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(value.data())),
                     name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

void HeaderBlock::AddAll(const Headers& headers) {
  static constexpr std::array<std::string_view, 5> kForbidden = {
      "connection", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade"};
  for (const auto& [name, value] : headers) {
    if (std::find(kForbidden.begin(), kForbidden.end(), name) == kForbidden.end()) {
      Add(name, value);
    }
  }
}

}  // namespace spandrel::net
