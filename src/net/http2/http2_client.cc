// SPDX-License-Identifier: Apache-2.0
#include "net/http2/http2_client.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxHeaderBytes = 64 << 10;  // of one response, trailers included
constexpr size_t kHeaderOverheadBytes = 32;

// "ENHANCE_YOUR_CALM: too_many_pings"; empty when the frame says no more than that it is over.
std::string ReasonOf(const nghttp2_goaway& frame) {
  constexpr size_t kMaxTextBytes = 200;
  std::string text(reinterpret_cast<const char*>(frame.opaque_data),
                   std::min(frame.opaque_data_len, kMaxTextBytes));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  if (text.empty() && frame.error_code == NGHTTP2_NO_ERROR) return text;
  return nghttp2_http2_strerror(frame.error_code) + (text.empty() ? "" : ": " + text);
}

Http2Settings ClientSettings() {
  Http2Settings settings;
  settings.max_header_list_bytes = kMaxHeaderBytes;
  return settings;
}

}  // namespace

struct Http2Client::Stream {
  std::shared_ptr<CallTicket> ticket;
  OutgoingBody output;
  Response response;
  size_t header_bytes = 0;
  bool sent = false;  // the server may know of it
  bool headers_done = false;
};

Http2Client::Http2Client(std::string scheme, bool tls, std::shared_ptr<ConnectionEnd> end,
                         std::function<void()> on_going_away)
    : Http2Session(Role::kClient, ClientSettings()),
      scheme_(std::move(scheme)),
      tls_(tls),
      end_(std::move(end)),
      on_going_away_(std::move(on_going_away)) {}

Http2Client::~Http2Client() = default;

base::Status Http2Client::OnConnected(std::string_view alpn) {
  if (tls_ && alpn != "h2") return {StatusCode::kUnavailable, "server does not speak http/2"};
  up_ = true;
  end_->SetUp();
  return {};
}

void Http2Client::Call(std::shared_ptr<CallTicket> ticket) {
  if (broken_ || draining_) return;
  Request& request = ticket->call().request;
  HeaderBlock block;
  block.Add(":method", request.method);
  block.Add(":scheme", scheme_);
  block.Add(":path", request.target);
  block.Add(":authority", request.authority);
  block.AddAll(request.headers);
  auto stream = std::make_unique<Stream>();
  nghttp2_data_provider provider = BodyProvider();
  const int32_t id = nghttp2_submit_request(session(), nullptr, block.data(), block.size(),
                                            request.body.empty() ? nullptr : &provider, nullptr);
  if (id < 0) {  // stream numbers are used up
    OnDrain();
    return on_going_away_();
  }
  // The call keeps its body, should it have to be sent again, and the ticket keeps the call.
  stream->output.PushBorrowed(request.body);
  stream->ticket = std::move(ticket);
  streams_.emplace(id, std::move(stream));
}

void Http2Client::OnBytes(std::string_view bytes) {
  if (broken_) return;
  const Status status = Receive(bytes);
  if (status.ok()) return;
  end_->Note(status);
  broken_ = true;
  nghttp2_session_terminate_session(session(), NGHTTP2_PROTOCOL_ERROR);
}

bool Http2Client::Done() const {
  return broken_ || Finished() || (draining_ && streams_.empty());
}

Http2Client::Stream* Http2Client::Find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Http2Client::OnHeader(int32_t id, std::string_view name, std::string_view value) {
  Stream* const stream = Find(id);
  if (stream == nullptr) return true;
  stream->header_bytes += name.size() + value.size() + kHeaderOverheadBytes;
  if (stream->header_bytes > kMaxHeaderBytes) {
    Fail(id, {StatusCode::kResourceExhausted, "response headers are too large"});
    return true;
  }
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), stream->response.status);
    return true;
  }
  Headers& headers = stream->headers_done ? stream->response.trailers : stream->response.headers;
  headers.emplace_back(name, value);
  return true;
}

bool Http2Client::OnFrame(const Frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY) OnGoaway(frame);
  if (frame.hd.type != NGHTTP2_HEADERS) return true;
  Stream* const stream = Find(frame.hd.stream_id);
  if (stream == nullptr) return true;
  if (stream->response.status >= 200) {
    const ClientCall& call = stream->ticket->call();
    if (!std::exchange(stream->headers_done, true) && call.on_headers) {
      call.on_headers(stream->response);
    }
  } else {
    stream->response.headers.clear();  // of an interim answer
  }
  return true;
}

// nghttp2 sends nothing from now on that waits for a place among the concurrent streams, and says
// so of each only when there is one.
void Http2Client::OnGoaway(const Frame& frame) {
  if (const std::string reason = ReasonOf(frame.goaway); !reason.empty()) {
    end_->Note({StatusCode::kUnavailable, "http/2: server went away: " + reason});
  }
  if (!std::exchange(draining_, true)) on_going_away_();
  std::vector<std::unique_ptr<Stream>> unsent;
  for (auto it = streams_.begin(); it != streams_.end();) {
    if (it->second->sent) {
      ++it;
    } else {
      unsent.push_back(std::move(it->second));
      it = streams_.erase(it);
    }
  }
  for (const auto& stream : unsent) stream->ticket->Finish(end_->Unsent());
}

// A GOAWAY of our own is how nghttp2 answers what breaks the protocol.
void Http2Client::OnFrameSent(const Frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS) {
    if (Stream* const stream = Find(frame.hd.stream_id)) stream->sent = true;
  }
  if (frame.hd.type != NGHTTP2_GOAWAY) return;
  if (const std::string reason = ReasonOf(frame.goaway); !reason.empty()) {
    end_->Note({StatusCode::kUnavailable, "http/2: " + reason});
  }
}

bool Http2Client::OnData(int32_t id, std::string_view bytes) {
  Stream* const stream = Find(id);
  if (stream == nullptr) return true;
  ClientCall& call = stream->ticket->call();
  if (call.on_data != nullptr) {
    if (!call.on_data(bytes)) Fail(id, {StatusCode::kCancelled, "response was not wanted"});
    return true;
  }
  if (bytes.size() > call.max_response_bytes - stream->response.body.size()) {
    Fail(id, {StatusCode::kResourceExhausted,
              "response is larger than " + std::to_string(call.max_response_bytes) + " bytes"});
    return true;
  }
  stream->response.body.append(bytes);
  return true;
}

void Http2Client::OnStreamClosed(int32_t id, uint32_t error_code) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const std::unique_ptr<Stream> stream = std::move(found->second);
  streams_.erase(found);
  ClientOutcome outcome;
  outcome.unprocessed = error_code == NGHTTP2_REFUSED_STREAM;
  if (outcome.unprocessed && draining_) {
    outcome = end_->Unsent();
  } else if (error_code != NGHTTP2_NO_ERROR) {
    outcome.status = Status(StatusCode::kUnavailable,
                            std::string("stream was reset: ") + nghttp2_http2_strerror(error_code));
  }
  // A whole response counts, also when a reset follows it.
  if (!stream->headers_done && outcome.status.ok()) {
    outcome.status = Status(StatusCode::kUnavailable, "stream was closed without a response");
  }
  outcome.response = std::move(stream->response);
  stream->ticket->Finish(std::move(outcome));
}

OutgoingBody* Http2Client::BodyOf(int32_t id) {
  Stream* const stream = Find(id);
  return stream == nullptr ? nullptr : &stream->output;
}

void Http2Client::Fail(int32_t id, Status status) {
  const auto found = streams_.find(id);
  const std::unique_ptr<Stream> stream = std::move(found->second);
  streams_.erase(found);
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  ClientOutcome outcome;
  outcome.status = std::move(status);
  stream->ticket->Finish(std::move(outcome));
}

std::optional<TimePoint> Http2Client::Deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [id, stream] : streams_) {
    const TimePoint deadline = stream->ticket->call().deadline;
    if (!next || deadline < *next) next = deadline;
  }
  return next;
}

void Http2Client::OnDeadline(TimePoint now) {
  std::vector<int32_t> late;
  for (const auto& [id, stream] : streams_) {
    if (stream->ticket->call().deadline <= now) late.push_back(id);
  }
  for (const int32_t id : late) {
    Fail(id,
         {StatusCode::kDeadlineExceeded, up_ ? "no answer in time" : "no tls handshake in time"});
  }
}

void Http2Client::OnClosed(const Status& why) {
  end_->Note(why);
  broken_ = true;
  on_going_away_();
  auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) {
    stream->ticket->Finish(stream->sent ? end_->Lost() : end_->Unsent());
  }
}

}  // namespace spandrel::net
