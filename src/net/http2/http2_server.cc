// SPDX-License-Identifier: Apache-2.0
#include "net/http2/http2_server.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "net/http/grpc_shape.h"

namespace spandrel::net {
namespace {

constexpr size_t kHeaderOverheadBytes = 32;  // a field costs this on top (RFC 9113, 6.5.2)
constexpr size_t kHeaderFloodFactor = 4;     // from "refuse the request" to "end the connection"

// What a peer may send of a body before it knows whether the request is taken.
constexpr uint32_t kFirstWindowBytes = 64 << 10;
constexpr int32_t kWindowBytes = 4 << 20;

Http2Settings SettingsFor(const ServerCore& core) {
  const ServerLimits& limits = core.limits;
  Http2Settings settings;
  settings.stream_window_bytes = core.admit ? kFirstWindowBytes : kWindowBytes;
  settings.max_frame_bytes = kFirstWindowBytes;
  settings.max_concurrent_streams = static_cast<uint32_t>(limits.max_concurrent_streams);
  settings.max_header_list_bytes = static_cast<uint32_t>(limits.max_header_bytes);
  settings.max_resets_per_second = limits.max_resets_per_second;
  return settings;
}

}  // namespace

struct Http2Server::Stream {
  Stream(int32_t id, const ServerCore& core, PeerShare* share)
      : id(id), body(&core.memory, core.limits.max_body_bytes, share) {}

  const int32_t id;
  Request request;
  IncomingBody body;
  size_t header_bytes = 0;
  TimePoint body_since;
  bool receiving = false;
  bool refused = false;
  bool size_known = false;
  bool is_whole = false;  // the peer has sent all of the request
  // Of a request that was handed over by its head, until its body ends.
  bool is_streamed = false;
  std::shared_ptr<BodyListener> listener;

  std::shared_ptr<ExchangeState> state;
  OutgoingBody output;
  size_t sent_in_window = 0;
  bool waits_since_window = false;  // all of the window
  Headers trailers;
  bool answering = false;
  bool head_request = false;
  bool finished = false;
};

Http2Server::Http2Server(std::shared_ptr<const ServerCore> core,
                         std::weak_ptr<Connection> connection, std::string peer,
                         std::shared_ptr<PeerShare> share)
    : Http2Session(Role::kServer, SettingsFor(*core)),
      core_(std::move(core)),
      connection_(std::move(connection)),
      peer_(std::move(peer)),
      share_(std::move(share)),
      misuse_(core_->limits.max_resets_per_second),
      idle_since_(SteadyClock::now()) {}

Http2Server::~Http2Server() = default;

void Http2Server::OnBytes(std::string_view bytes) {
  while (!broken_ && !bytes.empty()) {
    std::optional<FrameHead> begun;
    const std::string_view part = frames_.Take(&bytes, &begun);
    if (begun && !MayBegin(*begun)) return;
    if (Receive(part).ok()) continue;
    if (!broken_) core_->refusals.Add(Refusal::kProtocolError);
    nghttp2_session_terminate_session(session(), std::exchange(broken_, true)
                                                     ? NGHTTP2_ENHANCE_YOUR_CALM
                                                     : NGHTTP2_PROTOCOL_ERROR);
  }
}

// nghttp2 itself lets pass what comes on streams that it has forgotten.
bool Http2Server::MayBegin(const FrameHead& frame) {
  if (frame.type != NGHTTP2_HEADERS && frame.type != NGHTTP2_DATA) return true;
  const bool is_allowed = frame.type == NGHTTP2_DATA || history_.Open(frame.stream);
  const bool has_ended = history_.HasEnded(frame.stream) && Find(frame.stream) == nullptr;
  if (is_allowed && !has_ended) return true;
  core_->refusals.Add(Refusal::kProtocolError);
  broken_ = true;
  nghttp2_session_terminate_session(session(),
                                    has_ended ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR);
  return false;
}

// Whoever closes its side can neither ask for more of an answer nor take it back.
void Http2Server::OnEof() {
  eof_ = true;
  broken_ = true;
}

void Http2Server::Produce(size_t limit, std::string* out) {
  ProduceFrames(limit, out);
}

bool Http2Server::Done() const {
  if (broken_) return true;
  return Finished() || (draining_ && streams_.empty());
}

Http2Server::Stream* Http2Server::Find(int64_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Http2Server::OnBeginHeaders(const Frame& frame) {
  header_block_since_ = SteadyClock::now();
  header_block_stream_ = frame.hd.stream_id;
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return true;
  auto stream = std::make_unique<Stream>(frame.hd.stream_id, *core_, share_.get());
  stream->request.http2 = true;
  stream->request.peer = peer_;
  streams_.emplace(frame.hd.stream_id, std::move(stream));
  return true;
}

bool Http2Server::OnHeader(int32_t id, std::string_view name, std::string_view value) {
  Stream* const stream = Find(id);
  if (stream == nullptr) return true;
  stream->header_bytes += name.size() + value.size() + kHeaderOverheadBytes;
  if (stream->header_bytes > core_->limits.max_header_bytes) {
    if (stream->header_bytes <= core_->limits.max_header_bytes * kHeaderFloodFactor) return true;
    core_->refusals.Add(Refusal::kHeadersTooLarge);
    broken_ = true;
    return false;
  }
  if (stream->receiving || stream->answering) return true;  // trailers of a request are dropped
  Request& request = stream->request;
  if (name == ":method") {
    request.method = value;
  } else if (name == ":path") {
    request.target = value;
  } else if (name == ":authority") {
    request.authority = value;
  } else if (name != ":scheme") {
    if (name == "host" && request.authority.empty()) request.authority = value;
    request.headers.emplace_back(name, value);
  }
  return true;
}

// Frames that make us work and the peer not.
bool Http2Server::SpendMisuse(const Frame& frame) {
  bool costs = false;
  switch (frame.hd.type) {
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PRIORITY:
    case NGHTTP2_WINDOW_UPDATE:
      costs = true;
      break;
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
      costs = (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0;
      break;
    case NGHTTP2_DATA:
      costs = frame.hd.length == 0 && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0;
      break;
    default:
      break;
  }
  if (!costs || misuse_.Spend(SteadyClock::now())) return true;
  core_->refusals.Add(Refusal::kMisuse);
  broken_ = true;
  nghttp2_session_terminate_session(session(), NGHTTP2_ENHANCE_YOUR_CALM);
  return false;
}

bool Http2Server::OnFrame(const Frame& frame) {
  if (!SpendMisuse(frame)) return false;
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    history_.End(frame.hd.stream_id);
    const Stream* const stream = Find(frame.hd.stream_id);
    if (stream != nullptr && stream->answering) core_->refusals.AddAborted();
  }
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return true;
  Stream* const stream = Find(frame.hd.stream_id);
  if (frame.hd.type == NGHTTP2_HEADERS) header_block_since_.reset();
  if (stream == nullptr) return true;
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (end) history_.End(stream->id);
  stream->is_whole = end;
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    OnHeadersDone(*stream);
    if (!end && !stream->refused) {
      stream->receiving = true;
      stream->body_since = SteadyClock::now();
      ++receiving_;
    }
    stream->is_streamed = !stream->refused && core_->IsStreamed(stream->request);
    if (stream->is_streamed) HandOver(*stream, BodyComes::kInPieces);
  }
  if (end && !stream->refused) OnRequestDone(*stream);
  return true;
}

void Http2Server::OnHeadersDone(Stream& stream) {
  SplitTarget(&stream.request);
  if (stream.header_bytes > core_->limits.max_header_bytes) {
    return Refuse(stream, Refusal::kHeadersTooLarge, 431,
                  {base::StatusCode::kResourceExhausted, "request headers are too large"});
  }
  if (const base::Status status = core_->Admit(stream.request); !status.ok()) {
    return Refuse(stream, Refusal::kOverload, 503, status);
  }
  const std::string_view length = FindHeader(stream.request.headers, "content-length");
  if (!length.empty()) {
    stream.size_known = true;
    // nghttp2 has checked that it is a number, and checks that the body keeps to it.
    const size_t size = std::strtoull(std::string(length).c_str(), nullptr, 10);
    const BodyOutcome outcome = stream.body.Expect(size);
    if (outcome != BodyOutcome::kOk) {
      return RefuseBodyOf(stream, outcome == BodyOutcome::kTooLarge);
    }
    OpenWindow(stream, size);
  }
  if (!stream.body.ReserveExtra(stream.header_bytes + sizeof(Stream))) RefuseBodyOf(stream, false);
}

bool Http2Server::OnData(int32_t id, std::string_view bytes) {
  Stream* const stream = Find(id);
  if (stream == nullptr || stream->refused) return true;
  if (stream->is_streamed) {
    stream->body_since = SteadyClock::now();
    if (stream->listener != nullptr) stream->listener->OnBytes(bytes);
    return true;
  }
  if (!stream->size_known && !LearnGrpcSize(*stream, bytes)) return true;
  const BodyOutcome outcome = stream->body.Append(bytes);
  if (outcome != BodyOutcome::kOk) RefuseBodyOf(*stream, outcome == BodyOutcome::kTooLarge);
  return true;
}

// gRPC clients send no content-length, but the message begins with its size.
bool Http2Server::LearnGrpcSize(Stream& stream, std::string_view bytes) {
  stream.size_known = true;
  const bool may_say = stream.body.size() == 0 && IsGrpc(stream.request);
  const auto header = may_say ? ReadGrpcFrameHeader(bytes) : std::nullopt;
  if (!header) {
    OpenWindow(stream, SIZE_MAX / 2);
    return true;
  }
  const BodyOutcome outcome = stream.body.Expect(kGrpcFrameHeaderBytes + header->size);
  if (outcome == BodyOutcome::kOk) {
    OpenWindow(stream, header->size);
    return true;
  }
  RefuseBodyOf(stream, outcome == BodyOutcome::kTooLarge);
  return false;
}

// Of a body that is taken and does not fit into the first window.
void Http2Server::OpenWindow(const Stream& stream, size_t size) {
  if (!core_->admit || size + kGrpcFrameHeaderBytes <= kFirstWindowBytes) return;
  nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, stream.id, kWindowBytes);
}

void Http2Server::StopReceiving(Stream& stream) {
  if (!std::exchange(stream.receiving, false)) return;
  --receiving_;
}

void Http2Server::OnRequestDone(Stream& stream) {
  StopReceiving(stream);
  stream.is_streamed ? EndBody(stream, {}) : HandOver(stream, BodyComes::kWhole);
}

void Http2Server::HandOver(Stream& stream, BodyComes body_comes) {
  stream.answering = true;
  stream.head_request = stream.request.method == "HEAD";
  stream.request.body = stream.body.TakeBytes();
  stream.state = std::make_shared<ExchangeState>();
  Dispatch(*core_, std::make_shared<ServerExchange>(
                       core_, connection_, this, stream.id, std::move(stream.request),
                       stream.body.TakeReservation(), stream.state, body_comes));
  stream.listener = stream.state->TakeListener();
}

void Http2Server::EndBody(Stream& stream, const base::Status& status) {
  if (const auto listener = std::exchange(stream.listener, nullptr)) listener->OnEnd(status);
}

void Http2Server::RefuseBodyOf(Stream& stream, bool too_large) {
  const BodyRefusal refusal = RefuseBody(too_large, *core_);
  Refuse(stream, refusal.reason, refusal.http_status, refusal.status);
}

// Answers with one frame. Once that is out, OnFrameSent asks a peer that is still sending to stop.
void Http2Server::Refuse(Stream& stream, Refusal reason, int http_status,
                         const base::Status& status) {
  core_->refusals.Add(reason);
  StopReceiving(stream);
  stream.refused = true;
  stream.body.Discard();
  const Response response = RefusalResponse(stream.request, http_status, status);
  SubmitHeaders(stream, response.status, response.headers, false);
}

void Http2Server::OnStreamClosed(int32_t id, uint32_t) {
  if (id == header_block_stream_) header_block_since_.reset();
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  StopReceiving(stream);
  unsent_ -= stream.output.size();
  if (stream.state != nullptr) stream.state->Cancel();
  EndBody(stream, {base::StatusCode::kCancelled, "the client has gone"});
  streams_.erase(found);
  if (streams_.empty()) idle_since_ = SteadyClock::now();
}

void Http2Server::OnFrameSent(const Frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS) {
    const Stream* const stream = Find(frame.hd.stream_id);
    if (stream != nullptr && stream->refused) {
      nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    }
  }
  StopSenderOf(frame);
  if (frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS) misuse_.Earn();
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR && !broken_) {
    core_->refusals.Add(Refusal::kProtocolError);
    broken_ = true;
  }
}

// Of a body that nobody takes any more, because its answer has ended.
void Http2Server::StopSenderOf(const Frame& frame) {
  const bool may_end = frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS;
  if (!may_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  const Stream* const stream = Find(frame.hd.stream_id);
  if (stream == nullptr || !stream->is_streamed || stream->is_whole) return;
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
}

OutgoingBody* Http2Server::BodyOf(int32_t id) {
  Stream* const stream = Find(id);
  return stream == nullptr ? nullptr : &stream->output;
}

bool Http2Server::OnBodyDrained(int32_t id, bool* more_to_come) {
  Stream* const stream = Find(id);
  if (!stream->finished) {
    *more_to_come = true;
    return false;
  }
  if (stream->trailers.empty()) return false;
  HeaderBlock block;
  block.AddAll(stream->trailers);
  nghttp2_submit_trailer(session(), id, block.data(), block.size());
  return true;
}

void Http2Server::OnBodySent(int32_t id, size_t bytes) {
  unsent_ -= bytes;
  sent_in_window_ += bytes;
  progress_at_ = SteadyClock::now();
  Stream* const stream = Find(id);
  if (stream == nullptr) return;
  stream->sent_in_window += bytes;
  if (stream->output.size() == 0) stream->waits_since_window = false;
  if (stream->state != nullptr) stream->state->OnSent(bytes);
}

void Http2Server::SubmitHeaders(Stream& stream, int status, const Headers& headers,
                                bool with_body) {
  const std::string status_text = std::to_string(status);
  HeaderBlock block;
  block.Add(":status", status_text);
  block.AddAll(headers);
  nghttp2_data_provider provider = BodyProvider();
  nghttp2_submit_response(session(), stream.id, block.data(), block.size(),
                          with_body ? &provider : nullptr);
}

void Http2Server::Respond(int64_t exchange, Response response) {
  Stream* const stream = Find(exchange);
  if (stream == nullptr) return;
  const std::string length = std::to_string(response.body.size());
  if (response.trailers.empty() && response.status != 204 && response.status != 304) {
    response.headers.emplace_back("content-length", length);
  }
  if (stream->head_request) response.body.clear();
  if (stream->state != nullptr && !stream->state->HoldWhole(core_->memory, response.body.size())) {
    return RefuseBodyOf(*stream, false);
  }
  if (response.body.empty() && response.trailers.empty()) {
    for (auto& [name, value] : response.headers) value = CleanHeaderValue(std::move(value));
    return SubmitHeaders(*stream, response.status, response.headers, false);
  }
  StartResponse(exchange, response.status, std::move(response.headers));
  WriteResponse(exchange, std::move(response.body));
  FinishResponse(exchange, std::move(response.trailers));
}

void Http2Server::StartResponse(int64_t exchange, int status, Headers headers) {
  Stream* const stream = Find(exchange);
  if (stream == nullptr) return;
  for (auto& [name, value] : headers) value = CleanHeaderValue(std::move(value));
  SubmitHeaders(*stream, status, headers, true);
}

void Http2Server::WriteResponse(int64_t exchange, std::string bytes) {
  Stream* const stream = Find(exchange);
  if (stream == nullptr || stream->head_request || bytes.empty()) return;
  if (unsent_ == 0) {
    progress_at_ = SteadyClock::now();
    BeginReadWindow(progress_at_);
  }
  unsent_ += bytes.size();
  stream->output.Push(std::move(bytes));
  nghttp2_session_resume_data(session(), stream->id);
}

void Http2Server::FinishResponse(int64_t exchange, Headers trailers) {
  Stream* const stream = Find(exchange);
  if (stream == nullptr) return;
  for (auto& [name, value] : trailers) value = CleanHeaderValue(std::move(value));
  stream->trailers = std::move(trailers);
  stream->finished = true;
  nghttp2_session_resume_data(session(), stream->id);
}

void Http2Server::AbortResponse(int64_t exchange) {
  if (Find(exchange) == nullptr) return;
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, static_cast<int32_t>(exchange),
                            NGHTTP2_INTERNAL_ERROR);
}

// What comes in pieces may pause as long as a connection may.
TimePoint Http2Server::BodyDeadlineOf(const Stream& stream) const {
  if (stream.is_streamed) return stream.body_since + core_->limits.idle_timeout;
  return BodyDeadline(core_->limits, stream.body_since, stream.body.size());
}

void Http2Server::OnLateBody(Stream& stream) {
  const base::Status status(base::StatusCode::kDeadlineExceeded, "request body comes too slowly");
  if (!stream.is_streamed) return Refuse(stream, Refusal::kSlowBody, 408, status);
  core_->refusals.Add(Refusal::kSlowBody);
  StopReceiving(stream);
  EndBody(stream, status);
}

std::optional<TimePoint> Http2Server::EarliestBodyDeadline() const {
  std::optional<TimePoint> earliest;
  if (receiving_ == 0) return earliest;
  for (const auto& [id, stream] : streams_) {
    if (!stream->receiving) continue;
    const TimePoint at = BodyDeadlineOf(*stream);
    if (!earliest || at < *earliest) earliest = at;
  }
  return earliest;
}

std::optional<TimePoint> Http2Server::Deadline() const {
  std::optional<TimePoint> next = EarliestBodyDeadline();
  const auto consider = [&next](TimePoint at) {
    if (!next || at < *next) next = at;
  };
  if (header_block_since_) consider(*header_block_since_ + core_->limits.header_timeout);
  if (unsent_ > 0) {
    consider(progress_at_ + core_->limits.idle_timeout);
    consider(read_check_at_);
  }
  if (streams_.empty()) consider(idle_since_ + core_->limits.idle_timeout);
  return next;
}

void Http2Server::OnDeadline(TimePoint now) {
  const ServerLimits& limits = core_->limits;
  if (header_block_since_ && *header_block_since_ + limits.header_timeout <= now) {
    core_->refusals.Add(Refusal::kHeaderTimeout);
    broken_ = true;
    nghttp2_session_terminate_session(session(), NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  if (unsent_ > 0 && progress_at_ + limits.idle_timeout <= now) return DropSlowReader();
  if (unsent_ > 0 && read_check_at_ <= now) return CheckReader(now);
  if (streams_.empty() && idle_since_ + limits.idle_timeout <= now) return OnDrain();
  for (const auto& [id, stream] : streams_) {
    if (!stream->receiving) continue;
    if (BodyDeadlineOf(*stream) <= now) OnLateBody(*stream);
  }
}

void Http2Server::BeginReadWindow(TimePoint now) {
  read_check_at_ = now + core_->limits.read_window;
  sent_in_window_ = 0;
}

void Http2Server::DropSlowReader() {
  core_->refusals.Add(Refusal::kSlowReader);
  broken_ = true;
  nghttp2_session_terminate_session(session(), NGHTTP2_ENHANCE_YOUR_CALM);
}

// Something has waited all the time since the last look, so the peer sets the pace: of the
// connection, and of the streams whose window it keeps shut.
void Http2Server::CheckReader(TimePoint now) {
  const double seconds = std::chrono::duration<double>(core_->limits.read_window).count();
  const auto least =
      static_cast<size_t>(static_cast<double>(core_->limits.min_read_bytes_per_second) * seconds);
  if (sent_in_window_ < least) return DropSlowReader();
  for (const auto& [id, stream] : streams_) {
    const bool is_slow = stream->waits_since_window && stream->sent_in_window < least;
    if (is_slow && nghttp2_session_get_stream_remote_window_size(session(), stream->id) <= 0) {
      core_->refusals.Add(Refusal::kSlowReader);
      nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream->id,
                                NGHTTP2_ENHANCE_YOUR_CALM);
    }
    stream->sent_in_window = 0;
    stream->waits_since_window = stream->output.size() > 0;
  }
  BeginReadWindow(now);
}

std::optional<TimePoint> Http2Server::IdleSince() const {
  return streams_.empty() ? std::optional<TimePoint>(idle_since_) : std::nullopt;
}

void Http2Server::OnDrain() {
  if (std::exchange(draining_, true)) return;
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Server::OnClosed(const base::Status& why) {
  const bool peer_has_gone = eof_ || why.code() == base::StatusCode::kUnavailable;
  for (const auto& [id, stream] : streams_) {
    if (stream->state == nullptr) continue;
    stream->state->Cancel();
    EndBody(*stream, {base::StatusCode::kCancelled, "the client has gone"});
    if (peer_has_gone) core_->refusals.AddAborted();
  }
}

}  // namespace spandrel::net
