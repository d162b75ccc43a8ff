// SPDX-License-Identifier: Apache-2.0
// What a call is told when its connection fails: the connection's own fault, however early that
// came and whichever calls it takes down.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <poll.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/http1/http1_client.h"
#include "net/http2/http2_client.h"
#include "net/peer/client.h"
#include "net/socket/asio_runtime.h"
#include "net/testing/certificates.h"
#include "net/testing/peer.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using testing::kPatience;
using testing::RawPeer;
using testing::TestCertificates;
using testing::TestServer;

enum class Kind { kHttp1, kHttp2, kGrpc };

// A client of either kind that tells how its calls end.
class Caller {
 public:
  Caller(IoRuntime& runtime, Kind kind, const Endpoint& endpoint, const ClientTls& tls) {
    if (kind == Kind::kGrpc) {
      GrpcChannelOptions options;
      options.endpoint = endpoint;
      options.tls = tls;
      grpc_ = std::make_unique<GrpcChannel>(runtime, options);
    } else {
      HttpClientOptions options;
      options.endpoint = endpoint;
      options.tls = tls;
      options.http2 = kind == Kind::kHttp2;
      http_ = std::make_unique<HttpClient>(runtime, options);
    }
  }

  void Call(std::function<void(Status)> done, size_t body_bytes = 1,
            milliseconds timeout = kPatience) {
    if (grpc_ != nullptr) {
      return grpc_->Unary("/test.Echo/Say", std::string(body_bytes, 'x'), timeout,
                          [done](GrpcChannel::Reply reply) { done(reply.status); });
    }
    Request request;
    request.method = "POST";
    request.target = "/echo";
    request.body.assign(body_bytes, 'x');
    http_->Send(std::move(request), timeout, [done](const base::Result<Response>& response) {
      if (!response.ok()) return done(response.status());
      done(response->status == 200
               ? Status()
               : Status(StatusCode::kUnknown, "status " + std::to_string(response->status)));
    });
  }
  // Of so many calls at once.
  std::vector<Status> CallAndWait(size_t count, size_t body_bytes = 1,
                                  milliseconds timeout = kPatience) {
    std::vector<std::promise<Status>> promises(count);
    for (auto& promise : promises) {
      Call([&promise](Status status) { promise.set_value(std::move(status)); }, body_bytes,
           timeout);
    }
    std::vector<Status> ends;
    for (auto& promise : promises) ends.push_back(promise.get_future().get());
    return ends;
  }

 private:
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<GrpcChannel> grpc_;
};

// A peer that the client's own and only I/O thread plays, in a turn between any two of its other
// handlers: what it does when it accepts has always come before the client looks at the connection.
class EarlyPeer {
 public:
  struct Script {
    std::string at_once;
    std::string later;  // some turns after that
    bool close_at_once = false;
    bool close_later = false;
  };

  // The last script serves all further connections too.
  explicit EarlyPeer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    SPANDREL_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    SPANDREL_CHECK(listen(listener_, 16) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    endpoint_ = {"127.0.0.1", ntohs(address.sin_port)};
    Turn();
  }
  ~EarlyPeer() {
    stopping_ = true;
    stopped_.get_future().wait();
    for (const auto& [fd, open] : open_) close(fd);
    close(listener_);
  }
  EarlyPeer(const EarlyPeer&) = delete;
  EarlyPeer& operator=(const EarlyPeer&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  size_t connections() const { return accepted_; }

  IoRuntime runtime{1};

 private:
  struct Open {
    Script script;
    int turns = 0;
  };

  void Turn() {
    asio::post(runtime.impl().context, [this] {
      if (stopping_) return stopped_.set_value();
      Play();
      Turn();
    });
  }
  void Play() {
    constexpr int kLater = 50;
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, 1) > 0) {
      const int fd = accept(listener_, nullptr, nullptr);
      const Script& script = scripts_[std::min<size_t>(accepted_++, scripts_.size() - 1)];
      RawPeer::Send(fd, script.at_once);
      script.close_at_once ? void(close(fd)) : void(open_.emplace(fd, Open{script}));
    }
    for (auto it = open_.begin(); it != open_.end();) {
      Open& open = it->second;
      const bool due = ++open.turns == kLater;
      if (due) RawPeer::Send(it->first, open.script.later);
      const bool ends = due && open.script.close_later;
      if (ends) close(it->first);
      it = ends ? open_.erase(it) : std::next(it);
    }
  }

  const std::vector<Script> scripts_;
  Endpoint endpoint_;
  int listener_ = -1;
  std::map<int, Open> open_;  // used on the runtime's thread only
  std::atomic<size_t> accepted_{0};
  std::atomic<bool> stopping_{false};
  std::promise<void> stopped_;
};

std::string Big(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// What a TLS 1.2 server says until the client checks its certificate. Nothing of it depends on what
// the client has said.
std::string CertificateFlight(const TestCertificates& files) {
  FILE* const file = fopen(files.cert().c_str(), "r");
  X509* const certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  fclose(file);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  const std::string bytes(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  X509_free(certificate);
  const auto sized = [](const std::string& text, int width) {
    return Big(static_cast<uint32_t>(text.size()), width) + text;
  };
  const std::string renegotiation_info = sized(Big(0xff01, 2) + sized(Big(0, 1), 2), 2);
  const std::string hello = Big(0x0303, 2) + std::string(32, 'r') + Big(0, 1) +
                            Big(0xc02b, 2) /* ECDHE-ECDSA-AES128-GCM-SHA256 */ + Big(0, 1) +
                            renegotiation_info;
  const std::string messages =
      Big(2, 1) + sized(hello, 3) + Big(11, 1) + sized(sized(sized(bytes, 3), 3), 3);
  return Big(0x160303, 3) + sized(messages, 2);
}

std::string Frame(int type, int flags, uint32_t stream, const std::string& payload) {
  return Big(static_cast<uint32_t>(payload.size()), 3) + Big(static_cast<uint32_t>(type), 1) +
         Big(static_cast<uint32_t>(flags), 1) + Big(stream, 4) + payload;
}
std::string SettingsFrame() {
  return Frame(4, 0, 0, "");
}
std::string GoawayFrame(uint32_t error, const std::string& text) {
  return Frame(7, 0, 0, Big(0, 4) + Big(error, 4) + text);
}
constexpr uint32_t kEnhanceYourCalm = 11;

ClientTls Plain() {
  ClientTls tls;
  tls.insecure = true;
  return tls;
}

void ExpectAll(const std::vector<Status>& ends, const std::string& text) {
  for (const Status& end : ends) {
    EXPECT_EQ(end.code(), StatusCode::kUnavailable) << end.ToString();
    EXPECT_NE(end.message().find(text), std::string::npos) << end.ToString();
  }
}

class ClientFailureTest : public ::testing::TestWithParam<Kind> {};

std::string NameOf(const ::testing::TestParamInfo<Kind>& info) {
  if (info.param == Kind::kGrpc) return "Grpc";
  return info.param == Kind::kHttp1 ? "Http1" : "Http2";
}

INSTANTIATE_TEST_SUITE_P(Kinds, ClientFailureTest,
                         ::testing::Values(Kind::kHttp1, Kind::kHttp2, Kind::kGrpc), NameOf);

class Http2FailureTest : public ClientFailureTest {};
INSTANTIATE_TEST_SUITE_P(Kinds, Http2FailureTest, ::testing::Values(Kind::kHttp2, Kind::kGrpc),
                         NameOf);

// The handshake has failed before any call reaches the connection.
TEST_P(ClientFailureTest, WrongCertificateBeforeTheCallsCome) {
  const TestCertificates files;
  EarlyPeer peer({{CertificateFlight(files), "", false, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), ClientTls{});
  ExpectAll(caller.CallAndWait(3), "certificate verify failed: self-signed certificate");
  EXPECT_EQ(peer.connections(), GetParam() == Kind::kHttp1 ? 3U : 1U) << "no call tries again";
}

// Calls at every moment of the handshake, from every thread.
TEST_P(ClientFailureTest, WrongCertificateWhileCallsCome) {
  const TestCertificates files;
  TestServer server([](std::shared_ptr<ServerCall>) {}, {},
                    ServerTls{files.cert(), files.key(), ""});
  IoRuntime runtime(2);
  Caller caller(runtime, GetParam(), server.endpoint(), ClientTls{});
  constexpr size_t kCalls = 60;
  std::vector<std::promise<Status>> after(kCalls);
  std::vector<std::promise<Status>> promises(kCalls);
  for (size_t i = 0; i < kCalls; ++i) {
    caller.Call([&, i](Status status) {
      promises[i].set_value(std::move(status));
      caller.Call([&, i](Status next) { after[i].set_value(std::move(next)); });
    });
  }
  std::vector<Status> ends;
  for (auto& promise : promises) ends.push_back(promise.get_future().get());
  for (auto& promise : after) ends.push_back(promise.get_future().get());
  ExpectAll(ends, "certificate verify failed");
}

TEST_P(ClientFailureTest, ServerClosesDuringTheHandshake) {
  EarlyPeer peer({{"", "", true, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), ClientTls{});
  ExpectAll(caller.CallAndWait(2), "tls: connection closed during handshake");
}

TEST_P(ClientFailureTest, ServerDoesNotSpeakTls) {
  EarlyPeer peer({{"HTTP/1.1 400 Bad Request\r\n\r\n", "", true, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), ClientTls{});
  ExpectAll(caller.CallAndWait(2), "tls: wrong version number");
}

TEST_P(ClientFailureTest, ServerSaysNothingDuringTheHandshake) {
  EarlyPeer peer({{"", "", false, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), ClientTls{});
  caller.Call([](const Status&) {});
  while (peer.connections() == 0) std::this_thread::yield();
  for (const Status& end : caller.CallAndWait(2, 1, milliseconds(50))) {
    EXPECT_EQ(end.code(), StatusCode::kDeadlineExceeded);
    EXPECT_NE(end.message().find("no tls handshake in time"), std::string::npos) << end.message();
  }
}

// By TLS 1.3 the client is up before the server has looked at its certificate, and it may be
// writing when it is refused.
TEST_P(ClientFailureTest, ServerWantsACertificate) {
  const TestCertificates files;
  TestServer server([](std::shared_ptr<ServerCall>) {}, {},
                    ServerTls{files.cert(), files.key(), files.ca()});
  ClientTls tls;
  tls.insecure_skip_verify = true;
  Caller caller(server.runtime, GetParam(), server.endpoint(), tls);
  const auto ends = caller.CallAndWait(5, 1 << 20);
  ExpectAll(ends, "certificate required");
  for (const Status& end : ends) {
    EXPECT_EQ(end.message().find("self-signed"), std::string::npos)
        << "not asked: " << end.message();
  }
}

TEST_P(Http2FailureTest, GoawayWithAReason) {
  const std::string bytes = SettingsFrame() + GoawayFrame(kEnhanceYourCalm, "too_many_pings\n");
  for (const bool close : {true, false}) {
    EarlyPeer peer({{bytes, "", close, false}});
    Caller caller(peer.runtime, GetParam(), peer.endpoint(), Plain());
    ExpectAll(caller.CallAndWait(2), "server went away: ENHANCE_YOUR_CALM: too_many_pings?");
  }
}

TEST_P(Http2FailureTest, ServerDoesNotSpeakHttp2) {
  EarlyPeer peer({{"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", "", true, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), Plain());
  ExpectAll(caller.CallAndWait(2), "http/2: PROTOCOL_ERROR: SETTINGS expected");
}

// The second connection ends without a word.
TEST_P(Http2FailureTest, TheFirstReasonIsKept) {
  EarlyPeer peer(
      {{SettingsFrame() + GoawayFrame(kEnhanceYourCalm, "too_many_pings"), "", true, false},
       {"", "", true, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), Plain());
  ExpectAll(caller.CallAndWait(1), "too_many_pings");
  EXPECT_GE(peer.connections(), 2U);
}

// Calls that wait for a place among the concurrent streams go to the next connection.
TEST_P(Http2FailureTest, GoawayBeforeACallIsSent) {
  const std::string no_streams = Frame(4, 0, 0, Big(3, 2) + Big(0, 4));
  EarlyPeer peer({{no_streams, GoawayFrame(0, ""), false, false},
                  {SettingsFrame() + GoawayFrame(kEnhanceYourCalm, "seen"), "", true, false}});
  Caller caller(peer.runtime, GetParam(), peer.endpoint(), Plain());
  ExpectAll(caller.CallAndWait(1), "seen");
}

// A server that refuses a large body early closes without having read it.
TEST(ClientFailureHttp1Test, AnswerBeforeTheBodyWasTaken) {
  EarlyPeer peer({{"", "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n", false, true}});
  Caller caller(peer.runtime, Kind::kHttp1, peer.endpoint(), Plain());
  const Status end = caller.CallAndWait(1, 64 << 20)[0];
  EXPECT_EQ(end.message(), "status 413");
}

// Of a protocol without a socket.
class ClientEndTest : public ::testing::TestWithParam<bool> {
 protected:
  ClientEndTest() {
    if (GetParam()) {
      protocol = std::make_unique<Http2Client>("http", false, end, [] {});
    } else {
      protocol = std::make_unique<Http1Client>(end, [] {});
    }
  }

  void Call() {
    auto call = std::make_shared<ClientCall>();
    call->request.method = "POST";
    call->request.target = "/";
    call->max_response_bytes = 100;
    auto ticket = std::make_shared<CallTicket>(
        call, end, [this](std::shared_ptr<ClientCall>, ClientOutcome outcome) {
          outcomes.push_back(std::move(outcome));
        });
    if (GetParam()) {
      static_cast<Http2Client&>(*protocol).Call(std::move(ticket));
    } else {
      static_cast<Http1Client&>(*protocol).Call(std::move(ticket));
    }
  }

  std::shared_ptr<ConnectionEnd> end = std::make_shared<ConnectionEnd>();
  std::unique_ptr<Protocol> protocol;
  std::vector<ClientOutcome> outcomes;
};

INSTANTIATE_TEST_SUITE_P(Versions, ClientEndTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Http2" : "Http1"; });

const Status kFault(StatusCode::kUnavailable, "the fault");

TEST_P(ClientEndTest, ACallOnAConnectionThatNeverCameUpIsNotSentAgain) {
  Call();
  protocol->OnClosed(kFault);
  Call();
  protocol.reset();
  ASSERT_EQ(outcomes.size(), 2U);
  for (const ClientOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome.status.message(), "the fault");
    EXPECT_FALSE(outcome.unprocessed);
  }
}

TEST_P(ClientEndTest, ACallThatComesAfterTheEndIsSentAgain) {
  ASSERT_TRUE(protocol->OnConnected("").ok());
  protocol->OnEof();
  Call();
  protocol->OnClosed(kFault);
  Call();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_TRUE(outcomes[0].unexplained) << outcomes[0].status.ToString();
  EXPECT_EQ(outcomes[1].status.message(), "the fault");
  for (const ClientOutcome& outcome : outcomes) EXPECT_TRUE(outcome.unprocessed);
}

TEST_P(ClientEndTest, ACallOfWhichTheServerMayKnowIsNotSentAgain) {
  ASSERT_TRUE(protocol->OnConnected("").ok());
  Call();
  std::string sent;
  protocol->Produce(1 << 20, &sent);
  protocol->OnClosed(kFault);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].status.message(), "the fault");
  EXPECT_FALSE(outcomes[0].unprocessed);
}

TEST(ConnectionEndTest, TheFirstReasonCountsButForOurOwn) {
  ConnectionEnd end;
  end.SetUp();
  end.Note({});
  EXPECT_TRUE(end.Lost().unexplained);
  end.Note(kFault);
  end.Note({StatusCode::kUnavailable, "broken pipe"});
  EXPECT_EQ(end.Lost().status.message(), "the fault");
  EXPECT_FALSE(end.Lost().unexplained);
  end.Note({StatusCode::kCancelled, "client closed"});
  EXPECT_EQ(end.Lost().status.code(), StatusCode::kCancelled);
}

ClientOutcome Unprocessed(const std::string& text, bool unexplained) {
  ClientOutcome outcome;
  outcome.status = Status(StatusCode::kUnavailable, text);
  outcome.unprocessed = true;
  outcome.unexplained = unexplained;
  return outcome;
}

TEST(ClientCallTest, TheLastAttemptTellsTheFirstReason) {
  ClientCall call;
  ClientOutcome closed = Unprocessed("closed", true);
  ClientOutcome fault = Unprocessed("the fault", false);
  ClientOutcome other = Unprocessed("another fault", false);
  EXPECT_TRUE(call.TakeAnotherAttempt(closed));
  EXPECT_TRUE(call.TakeAnotherAttempt(fault));
  EXPECT_TRUE(call.TakeAnotherAttempt(other));
  EXPECT_TRUE(call.TakeAnotherAttempt(closed));
  EXPECT_FALSE(call.TakeAnotherAttempt(closed));
  EXPECT_EQ(closed.status.message(), "the fault");
  other.unprocessed = false;
  EXPECT_FALSE(call.TakeAnotherAttempt(other));
  EXPECT_EQ(other.status.message(), "another fault, after: the fault");
  ClientOutcome fine;
  EXPECT_FALSE(call.TakeAnotherAttempt(fine));
  EXPECT_TRUE(fine.status.ok());
}

}  // namespace
}  // namespace spandrel::net
