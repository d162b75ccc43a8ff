// SPDX-License-Identifier: Apache-2.0
#include "net/http2/http2_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_channel.h"
#include "net/grpc/grpc_server.h"
#include "net/testing/server.h"
#include "net/testing/socket.h"

namespace spandrel::net {
namespace {

using std::chrono::milliseconds;
using testing::TestServer;
using testing::TestSocket;

constexpr uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoaway = 7,
                  kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kAck = 1, kEndStream = 1, kEndHeaders = 4;

std::string Big32(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame = Big32(static_cast<uint32_t>(payload.size())).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  return frame + Big32(stream) + std::string(payload);
}

// A literal field that is not indexed (RFC 7541, 6.2.2); both parts shorter than 127 bytes.
std::string Field(std::string_view name, std::string_view value) {
  std::string field(1, '\0');
  field.push_back(static_cast<char>(name.size()));
  field.append(name);
  field.push_back(static_cast<char>(value.size()));
  return field.append(value);
}

std::string RequestFields(std::string_view path, bool grpc) {
  std::string fields = Field(":method", "POST") + Field(":scheme", "http") + Field(":path", path) +
                       Field(":authority", "h");
  if (grpc) fields += Field("content-type", "application/grpc") + Field("te", "trailers");
  return fields;
}

std::string RequestHeaders(uint32_t stream, uint8_t flags, bool grpc = false) {
  return Frame(kHeaders, kEndHeaders | flags, stream, RequestFields("/x", grpc));
}

struct ReceivedFrame {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

// A socket that has said the HTTP/2 preface and takes frames apart.
class Peer {
 public:
  explicit Peer(const Endpoint& endpoint) : socket(endpoint) {
    nghttp2_hd_inflate_new(&inflater_);
    socket.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, ""));
  }

  ~Peer() { nghttp2_hd_inflate_del(inflater_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // False at the end of the connection. The payload of headers is "name: value\n" for each.
  bool Next(ReceivedFrame* frame) {
    while (socket.received.size() < 9 || socket.received.size() < 9 + PayloadSize()) {
      if (!socket.ReadSome()) return false;
    }
    const size_t size = PayloadSize();
    frame->type = static_cast<uint8_t>(socket.received[3]);
    frame->flags = static_cast<uint8_t>(socket.received[4]);
    frame->stream = Byte(6) << 16 | Byte(7) << 8 | Byte(8);
    frame->payload = socket.received.substr(9, size);
    socket.received.erase(0, 9 + size);
    if (frame->type == kHeaders) frame->payload = Inflate(frame->payload);
    return true;
  }
  bool ReadUntil(uint8_t type, ReceivedFrame* frame) {
    while (Next(frame)) {
      if (frame->type == type) return true;
    }
    return false;
  }
  // The error code of the GOAWAY with which the server ends the connection; -1 when it just closes.
  int GoawayCode() {
    ReceivedFrame frame;
    if (!ReadUntil(kGoaway, &frame)) return -1;
    const int code = static_cast<unsigned char>(frame.payload[7]);
    socket.ReadAll();
    return code;
  }

  TestSocket socket;

 private:
  std::string Inflate(const std::string& block) {
    std::string text;
    const auto* data = reinterpret_cast<const uint8_t*>(block.data());
    for (size_t left = block.size();;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, data, left, 1);
      SPANDREL_CHECK(used >= 0);
      data += used;
      left -= static_cast<size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        text.append(reinterpret_cast<const char*>(field.name), field.namelen).append(": ");
        text.append(reinterpret_cast<const char*>(field.value), field.valuelen).append("\n");
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return text;
  }
  nghttp2_hd_inflater* inflater_ = nullptr;
  size_t Byte(size_t i) const { return static_cast<unsigned char>(socket.received[i]); }
  size_t PayloadSize() const { return Byte(0) << 16 | Byte(1) << 8 | Byte(2); }
};

void Answer(const std::shared_ptr<ServerCall>& call) {
  Response response;
  response.body = "ok";
  call->Respond(std::move(response));
}

void LongAnswer(const std::shared_ptr<ServerCall>& call) {
  Response response;
  response.body.assign(32 << 20, 'x');
  call->Respond(std::move(response));
}

// Keeps the calls, so that their streams stay open.
class Holder {
 public:
  void operator()(std::shared_ptr<ServerCall> call) {
    const std::lock_guard lock(*mutex_);
    calls_->push_back(std::move(call));
  }
  // A call keeps its server, which keeps this.
  void LetGo() {
    const std::lock_guard lock(*mutex_);
    calls_->clear();
  }

 private:
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
  std::shared_ptr<std::vector<std::shared_ptr<ServerCall>>> calls_ =
      std::make_shared<std::vector<std::shared_ptr<ServerCall>>>();
};

// CVE-2023-44487.
TEST(Http2MisuseTest, RapidResetEndsTheConnection) {
  TestServer server(Answer);
  Peer peer(server.endpoint());
  std::string flood;
  for (uint32_t i = 0; i < 5000; ++i) {
    flood += RequestHeaders(2 * i + 1, 0) + Frame(kReset, 0, 2 * i + 1, Big32(8));
  }
  peer.socket.Send(flood);
  EXPECT_EQ(peer.GoawayCode(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(server.Refused("misuse"), 1U);
}

TEST(Http2MisuseTest, FramesThatCostNothingAreLimited) {
  const std::string kFloods[] = {
      Frame(kPing, 0, 0, "12345678"),
      Frame(kSettings, 0, 0, ""),
      Frame(kWindowUpdate, 0, 0, Big32(1)),
      Frame(kData, 0, 1, ""),
  };
  TestServer server(Answer);
  uint64_t refused = 0;
  for (const std::string& frame : kFloods) {
    Peer peer(server.endpoint());
    std::string flood = RequestHeaders(1, 0);
    for (int i = 0; i < 1000; ++i) flood += frame;
    peer.socket.Send(flood);
    EXPECT_EQ(peer.GoawayCode(), NGHTTP2_ENHANCE_YOUR_CALM);
    EXPECT_EQ(server.Refused("misuse"), ++refused);
  }
}

// CVE-2024-27316, CVE-2024-28182.
TEST(Http2MisuseTest, EndlessContinuationEndsTheConnection) {
  TestServer server(Answer);
  Peer peer(server.endpoint());
  peer.socket.Send(Frame(kHeaders, 0, 1, RequestFields("/x", false)));
  const std::string more = Frame(kContinuation, 0, 1, Field("a", std::string(100, 'x')));
  for (int i = 0; i < 100'000 && peer.socket.Send(more); ++i) {
  }
  EXPECT_NE(peer.GoawayCode(), NGHTTP2_NO_ERROR);
  EXPECT_EQ(server.Refused("protocol_error") + server.Refused("headers_too_large"), 1U);
}

TEST(Http2MisuseTest, UnfinishedHeadersTimeOut) {
  ServerLimits limits;
  limits.header_timeout = milliseconds(30);
  TestServer server(Answer, limits);
  Peer peer(server.endpoint());
  peer.socket.Send(Frame(kHeaders, 0, 1, RequestFields("/x", false)));
  EXPECT_EQ(peer.GoawayCode(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(server.Refused("header_timeout"), 1U);
}

TEST(Http2MisuseTest, LargeHeadersAre431AndTheConnectionLives) {
  TestServer server(Answer);
  Peer peer(server.endpoint());
  std::string fields = RequestFields("/x", false);
  for (int i = 0; i < 130; ++i) fields += Field("a", std::string(100, 'x'));
  peer.socket.Send(Frame(kHeaders, kEndHeaders | kEndStream, 1, fields));
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_NE(frame.payload.find(":status: 431"), std::string::npos);
  peer.socket.Send(RequestHeaders(3, kEndStream));
  ASSERT_TRUE(peer.ReadUntil(kData, &frame));
  EXPECT_EQ(frame.stream, 3U);
  EXPECT_EQ(server.Refused("headers_too_large"), 1U);
}

// CVE-2023-33953: one byte a header, thousands of them from the dynamic table.
TEST(Http2MisuseTest, HpackBombEndsTheConnection) {
  TestServer server(Answer);
  Peer peer(server.endpoint());
  std::string fields = RequestFields("/x", false);
  fields +=
      "\x40\x01"
      "a"
      "\x7f\xa1\x1e" +
      std::string(4000, 'x');             // indexed, 4,000 bytes
  fields += std::string(10'000, '\xbe');  // that one again and again
  peer.socket.Send(Frame(kHeaders, kEndHeaders | kEndStream, 1, fields));
  EXPECT_NE(peer.GoawayCode(), NGHTTP2_NO_ERROR);
  EXPECT_EQ(server.Refused("headers_too_large"), 1U);
}

TEST(Http2MisuseTest, StreamsOverTheLimitAreRefused) {
  ServerLimits limits;
  limits.max_concurrent_streams = 4;
  Holder holder;
  TestServer server(holder, limits);
  Peer peer(server.endpoint());
  ReceivedFrame frame;
  for (uint32_t stream = 1; stream <= 9; stream += 2) {
    peer.socket.Send(RequestHeaders(stream, kEndStream));
  }
  ASSERT_TRUE(peer.ReadUntil(kReset, &frame));
  EXPECT_EQ(frame.stream, 9U);
  EXPECT_EQ(frame.payload, Big32(NGHTTP2_REFUSED_STREAM));
  holder.LetGo();
}

TEST(Http2MisuseTest, SlowBodyIsRefusedAndReset) {
  ServerLimits limits;
  limits.body_grace = milliseconds(30);
  limits.min_body_bytes_per_second = 1 << 20;
  TestServer server(Answer, limits);
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, 0) + Frame(kData, 0, 1, "x"));
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_NE(frame.payload.find(":status: 408"), std::string::npos);
  ASSERT_TRUE(peer.ReadUntil(kReset, &frame));
  EXPECT_EQ(server.Refused("slow_body"), 1U);
}

TEST(Http2MisuseTest, ZeroWindowReaderIsDropped) {
  ServerLimits limits;
  limits.idle_timeout = milliseconds(50);
  TestServer server(Answer, limits);
  TestSocket socket(server.endpoint());
  // SETTINGS_INITIAL_WINDOW_SIZE 0: no byte of the answer may be sent.
  socket.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
              Frame(kSettings, 0, 0, std::string("\0\4\0\0\0\0", 6)) +
              RequestHeaders(1, kEndStream));
  socket.ReadAll();
  EXPECT_EQ(server.Refused("slow_reader"), 1U);
}

// CVE-2019-9511: a window that is opened by a byte at a time.
TEST(Http2MisuseTest, ADribblingReaderIsDropped) {
  ServerLimits limits;
  limits.read_window = milliseconds(30);
  TestServer server(LongAnswer, limits);
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, kEndStream));
  ReceivedFrame frame;
  bool open = true;
  while (open && peer.Next(&frame) && frame.type != kGoaway) {
    if (frame.type != kData) continue;
    open = peer.socket.Send(Frame(kWindowUpdate, 0, 0, Big32(1)) +
                            Frame(kWindowUpdate, 0, 1, Big32(1)));
    if (frame.payload.size() == 1) std::this_thread::sleep_for(milliseconds(5));
  }
  peer.socket.ReadAll();
  EXPECT_EQ(server.Refused("slow_reader"), 1U);
}

TEST(Http2MisuseTest, AStreamThatIsNotReadIsResetAndOthersGoOn) {
  ServerLimits limits;
  limits.read_window = milliseconds(30);
  TestServer server(LongAnswer, limits);
  Peer peer(server.endpoint());
  // SETTINGS_INITIAL_WINDOW_SIZE 0: each stream waits until its own window is opened.
  peer.socket.Send(Frame(kSettings, 0, 0, std::string("\0\4\0\0\0\0", 6)) +
                   RequestHeaders(1, kEndStream) + RequestHeaders(3, kEndStream) +
                   Frame(kWindowUpdate, 0, 3, Big32(1000)));
  ReceivedFrame frame;
  uint32_t reset = 0;
  while (reset == 0 && peer.Next(&frame)) {
    if (frame.type == kReset) reset = frame.stream;
    if (frame.type != kData) continue;
    const std::string update = Big32(static_cast<uint32_t>(frame.payload.size()));
    peer.socket.Send(Frame(kWindowUpdate, 0, 0, update) + Frame(kWindowUpdate, 0, 3, update));
  }
  EXPECT_EQ(reset, 1U);
  EXPECT_EQ(server.Refused("slow_reader"), 1U);
}

TEST(Http2MisuseTest, IdleConnectionEndsInOrder) {
  ServerLimits limits;
  limits.idle_timeout = milliseconds(30);
  TestServer server(Answer, limits);
  Peer peer(server.endpoint());
  EXPECT_EQ(peer.GoawayCode(), NGHTTP2_NO_ERROR);
}

TEST(Http2MisuseTest, GarbageAfterThePrefaceIsCounted) {
  TestServer server(Answer);
  TestSocket socket(server.endpoint());
  socket.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(100, '\xff'));
  socket.ReadAll();
  EXPECT_EQ(server.Refused("protocol_error"), 1U);
}

TEST(Http2AbortTest, ARequestThatIsTakenBackIsCancelled) {
  std::promise<std::shared_ptr<ServerCall>> arrived;
  TestServer server(
      [&arrived](std::shared_ptr<ServerCall> call) { arrived.set_value(std::move(call)); });
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, kEndStream));
  const auto call = arrived.get_future().get();
  peer.socket.Send(Frame(kReset, 0, 1, Big32(NGHTTP2_CANCEL)));
  peer.socket.Send(Frame(kPing, 0, 0, "12345678"));
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kPing, &frame));
  EXPECT_TRUE(call->cancelled());
  EXPECT_EQ(server.metrics.AddCounter("spandrel_net_aborted_requests_total", {{"server", "test"}})
                .value(),
            1U);
}

// Keeps what it is given.
class KeptBody final : public BodyListener {
 public:
  void OnBytes(std::string_view bytes) override { bytes_ += bytes; }
  void OnEnd(const base::Status& status) override { end_.set_value({bytes_, status}); }
  std::pair<std::string, base::Status> Wait() { return end_.get_future().get(); }

 private:
  std::string bytes_;
  std::promise<std::pair<std::string, base::Status>> end_;
};

// A server that hands requests over by their heads.
class StreamedBodyTest : public ::testing::Test {
 protected:
  TestServer& Serve(ServerLimits limits = {}) {
    server_ = std::make_unique<TestServer>(
        [this](std::shared_ptr<ServerCall> call) {
          EXPECT_TRUE(call->Listen(body_));
          arrived_.set_value(std::move(call));
        },
        limits, std::nullopt, 256 << 20, HeadCheck(), [](const Request&) { return true; });
    return *server_;
  }

  const std::shared_ptr<KeptBody> body_ = std::make_shared<KeptBody>();
  std::promise<std::shared_ptr<ServerCall>> arrived_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(StreamedBodyTest, IsHandedOverByItsHead) {
  Peer peer(Serve().endpoint());
  peer.socket.Send(RequestHeaders(1, 0));
  const auto call = arrived_.get_future().get();
  call->Start(200, {});
  call->Write("an answer before the question");
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kData, &frame));
  peer.socket.Send(Frame(kData, 0, 1, "what ") + Frame(kData, kEndStream, 1, "was it"));
  const auto [bytes, status] = body_->Wait();
  EXPECT_EQ(bytes, "what was it");
  EXPECT_TRUE(status.ok());
  call->Finish();
  ASSERT_TRUE(peer.ReadUntil(kData, &frame));
  EXPECT_EQ(frame.flags, kEndStream);
}

TEST_F(StreamedBodyTest, OfAnAnswerThatHasEndedIsStopped) {
  Peer peer(Serve().endpoint());
  peer.socket.Send(RequestHeaders(1, 0) + Frame(kData, 0, 1, "a"));
  arrived_.get_future().get()->Respond(Response());
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kReset, &frame));
  EXPECT_EQ(frame.payload, Big32(NGHTTP2_NO_ERROR));
  EXPECT_EQ(body_->Wait().second.code(), base::StatusCode::kCancelled);
}

TEST_F(StreamedBodyTest, EndsWhenItsPeerTakesItBack) {
  Peer peer(Serve().endpoint());
  peer.socket.Send(RequestHeaders(1, 0) + Frame(kReset, 0, 1, Big32(NGHTTP2_CANCEL)));
  const auto call = arrived_.get_future().get();
  EXPECT_EQ(body_->Wait().second.code(), base::StatusCode::kCancelled);
  EXPECT_TRUE(call->cancelled());
}

TEST_F(StreamedBodyTest, EndsWhenItsConnectionDoes) {
  std::optional<Peer> peer(std::in_place, Serve().endpoint());
  peer->socket.Send(RequestHeaders(1, 0));
  const auto call = arrived_.get_future().get();
  peer.reset();
  EXPECT_EQ(body_->Wait().second.code(), base::StatusCode::kCancelled);
}

TEST_F(StreamedBodyTest, MayPauseForAWhile) {
  ServerLimits limits;
  limits.body_grace = milliseconds(1);
  limits.idle_timeout = milliseconds(50);
  Peer peer(Serve(limits).endpoint());
  peer.socket.Send(RequestHeaders(1, 0));
  const auto call = arrived_.get_future().get();
  EXPECT_EQ(body_->Wait().second.code(), base::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(server_->Refused("slow_body"), 1U);
  call->Respond(Response());
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kReset, &frame));
  EXPECT_EQ(frame.payload, Big32(NGHTTP2_NO_ERROR));
}

// RFC 9113, 5.1.
TEST(Http2StreamTest, NothingComesOnAStreamThatHasEnded) {
  const std::string kAfterwards[] = {Frame(kData, kEndStream, 1, "x"),
                                     RequestHeaders(1, kEndStream)};
  TestServer server(Answer);
  for (const std::string& frame : kAfterwards) {
    Peer peer(server.endpoint());
    peer.socket.Send(RequestHeaders(1, kEndStream));
    ReceivedFrame received;
    ASSERT_TRUE(peer.ReadUntil(kData, &received));
    peer.socket.Send(frame);
    EXPECT_EQ(peer.GoawayCode(), NGHTTP2_STREAM_CLOSED);
    Peer resetting(server.endpoint());
    resetting.socket.Send(RequestHeaders(1, 0) + Frame(kReset, 0, 1, Big32(NGHTTP2_CANCEL)) +
                          frame);
    EXPECT_EQ(resetting.GoawayCode(), NGHTTP2_STREAM_CLOSED);
  }
  EXPECT_EQ(server.Refused("protocol_error"), 2 * std::size(kAfterwards));
}

TEST(Http2StreamTest, NumbersThatWereLeftOutStayClosed) {
  TestServer server(Answer);
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(5, kEndStream) + RequestHeaders(3, kEndStream));
  EXPECT_EQ(peer.GoawayCode(), NGHTTP2_PROTOCOL_ERROR);
}

// What a peer sends before it has seen that we ended its stream is not its fault.
TEST(Http2StreamTest, WhatComesAfterOurResetIsIgnored) {
  ServerLimits limits;
  limits.max_body_bytes = 10;
  TestServer server(Answer, limits);
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, 0) + Frame(kData, 0, 1, std::string(20, 'x')));
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kReset, &frame));
  peer.socket.Send(Frame(kData, 0, 1, "x") + Frame(kData, kEndStream, 1, "x") +
                   RequestHeaders(3, kEndStream));
  ASSERT_TRUE(peer.ReadUntil(kData, &frame));
  EXPECT_EQ(frame.stream, 3U);
}

uint32_t SettingOf(std::string_view payload, char name) {
  const char key[] = {0, name};
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (payload.substr(0, 2) != std::string_view(key, 2)) continue;
    uint32_t value = 0;
    for (const char byte : payload.substr(2, 4)) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  return 0;
}

// The settings are all that a peer knows when it sends its first frame.
TEST(Http2BodyTest, FirstFrameMayBeAsLargeAsTheSettingsSay) {
  TestServer server(Answer, {}, {}, 256 << 20, [](const Request&) { return base::Status(); });
  Peer peer(server.endpoint());
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kSettings, &frame));
  const uint32_t size = SettingOf(frame.payload, NGHTTP2_SETTINGS_MAX_FRAME_SIZE);
  EXPECT_LE(size, SettingOf(frame.payload, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE));
  peer.socket.Send(Frame(kSettings, kAck, 0, "") + RequestHeaders(1, 0) +
                   Frame(kData, kEndStream, 1, std::string(size, 'x')));
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_NE(frame.payload.find(":status: 200"), std::string::npos);
}

TEST(Http2BodyTest, GrpcSizeOverTheLimitIsRefusedByItsPrefix) {
  ServerLimits limits;
  limits.max_body_bytes = 1000;
  TestServer server(Answer, limits);
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, 0, true) + Frame(kData, 0, 1, std::string("\0\xff\0\0\0", 5)));
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_EQ(frame.flags & kEndStream, kEndStream);
  EXPECT_NE(frame.payload.find("grpc-status"), std::string::npos);
  EXPECT_EQ(server.Refused("body_too_large"), 1U);
}

TEST(Http2BodyTest, NoMemoryIsUnavailableForGrpc) {
  TestServer server(Answer, {}, {}, 32 << 10);
  GrpcChannel channel(server.runtime, testing::PlainChannel(server.endpoint()));
  const auto reply = channel.UnaryAndWait("/a/b", std::string(64 << 10, 'x'), testing::kPatience);
  EXPECT_EQ(reply.status.code(), base::StatusCode::kUnavailable) << reply.status.ToString();
  EXPECT_TRUE(reply.status.retry_after());
  EXPECT_GE(server.Refused("no_memory"), 1U);
}

TEST(Http2BodyTest, WhatIsNotTakenIsRefusedByItsHead) {
  TestServer server(Answer, {}, {}, 256 << 20, [](const Request&) {
    return base::Status::Unavailable("busy", std::chrono::milliseconds(700));
  });
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, 0, true));  // no body yet
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_EQ(frame.flags & kEndStream, kEndStream);
  GrpcChannel channel(server.runtime, testing::PlainChannel(server.endpoint()));
  const auto reply = channel.UnaryAndWait("/a/b", std::string(64 << 10, 'x'), testing::kPatience);
  EXPECT_EQ(reply.status.code(), base::StatusCode::kUnavailable) << reply.status.ToString();
  EXPECT_EQ(reply.status.retry_after(), std::chrono::milliseconds(700));
  EXPECT_EQ(server.Refused("overload"), 2U);
}

TEST(Http2BodyTest, WhatIsTakenByItsHeadMayBeLong) {
  std::atomic<size_t> received = 0;
  TestServer server(
      [&received](const std::shared_ptr<ServerCall>& call) {
        base::ByteBudget::Reservation reservation;
        received = call->TakeBody(&reservation).size();
        call->Respond({200, {}, "", {}});
      },
      {}, {}, 256 << 20, [](const Request&) { return base::Status(); });
  for (const size_t size : {size_t{60} << 10, size_t{66} << 10, size_t{6} << 20}) {
    GrpcChannel channel(server.runtime, testing::PlainChannel(server.endpoint()));
    (void)channel.UnaryAndWait("/a/b", std::string(size, 'x'), testing::kPatience);
    EXPECT_EQ(received, size + 5);
  }
}

TEST(GrpcOverHttpTest, WhatIsNotGrpcIsRefused) {
  base::ByteBudget memory(1 << 20);
  GrpcRouter router(memory);
  TestServer server([&router](std::shared_ptr<ServerCall> call) { router(std::move(call)); });
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, kEndStream));  // no content-type
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_NE(frame.payload.find(":status: 415"), std::string::npos);

  const std::string no_te = Field(":method", "POST") + Field(":scheme", "http") +
                            Field(":path", "/x") + Field(":authority", "h") +
                            Field("content-type", "application/grpc");
  peer.socket.Send(Frame(kHeaders, kEndHeaders | kEndStream, 3, no_te));
  ASSERT_TRUE(peer.ReadUntil(kHeaders, &frame));
  EXPECT_NE(frame.payload.find("grpc-status"), std::string::npos);

  TestSocket http1(server.endpoint());
  http1.Send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/grpc\r\n\r\n");
  EXPECT_TRUE(http1.ReadUntil("HTTP/1.1 426 "));
}

TEST(Http2ShutdownTest, DrainAnswersWhatIsUnderWay) {
  std::promise<std::shared_ptr<ServerCall>> arrived;
  TestServer server(
      [&arrived](std::shared_ptr<ServerCall> call) { arrived.set_value(std::move(call)); });
  Peer peer(server.endpoint());
  peer.socket.Send(RequestHeaders(1, kEndStream));
  auto call = arrived.get_future().get();
  std::thread stopper(
      [&] { server.server->Shutdown(std::chrono::steady_clock::now() + testing::kPatience); });
  ReceivedFrame frame;
  ASSERT_TRUE(peer.ReadUntil(kGoaway, &frame));
  Answer(call);
  ASSERT_TRUE(peer.ReadUntil(kData, &frame));
  EXPECT_EQ(frame.payload, "ok");
  peer.socket.ReadAll();
  peer.socket.FinishSending();
  stopper.join();
}

}  // namespace
}  // namespace spandrel::net
