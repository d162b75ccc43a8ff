// SPDX-License-Identifier: Apache-2.0
// What a server may send to an HTTP/2 client with three calls under way, without sockets: one whose
// response is collected, one that may send more than a window and takes its response as it comes,
// and a small one. The first byte says how the connection ends, the second in which pieces the rest
// comes.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/http2/http2_client.h"

namespace spandrel::net {
namespace {

constexpr size_t kMaxResponseBytes = 1 << 10;
constexpr size_t kMaxHeaderBytes = 64 << 10;
constexpr size_t kRequestBytes = 100 << 10;  // over HTTP/2's first window of 64 KiB - 1
// What may be sent in answer to a byte: a reset of 13 bytes to a frame of 9, and the like.
constexpr size_t kOutputPerInput = 4;
constexpr size_t kOutputOfItself = 2 << 10;

struct Choices {
  explicit Choices(uint8_t byte)
      : ends_with_eof((byte & 1) == 0),
        is_late((byte & 2) != 0),
        cancels((byte & 4) != 0),
        sends_much((byte & 0xf8) == 8) {}  // seldom, since it is slow
  bool ends_with_eof;
  bool is_late;  // the deadline passes
  bool cancels;  // the second call does, soon
  bool sends_much;
};

// What one connection does with the answer.
class Talk {
 public:
  Talk(Choices choices, std::string_view answer, size_t piece, bool answers_at_once)
      : choices_(choices), input_bytes_(answer.size()) {
    SPANDREL_CHECK(client_.OnConnected("h2").ok());
    Call(0, 0);
    Call(1, choices.sends_much ? kRequestBytes : 100);
    Call(2, 10);
    Produce();
    while (!answer.empty() && !client_.Done() && client_.WantsRead()) {
      client_.OnBytes(answer.substr(0, piece));
      answer.remove_prefix(std::min(piece, answer.size()));
      if (answers_at_once) Produce();
    }
    End();
  }

  const std::vector<std::optional<ClientOutcome>>& outcomes() const { return outcomes_; }
  size_t streamed_bytes() const { return streamed_bytes_; }

 private:
  void Call(size_t number, size_t request_bytes) {
    auto call = std::make_shared<ClientCall>();
    call->request.method = "POST";
    call->request.target = "/fuzz";
    call->request.authority = "fuzz";
    call->request.headers = {{"te", "trailers"}, {"content-type", "application/grpc"}};
    call->request.body.assign(request_bytes, 'x');
    call->deadline = TimePoint() + std::chrono::hours(1);
    call->max_response_bytes = kMaxResponseBytes;
    if (number == 1) {
      call->on_headers = [](const Response& response) { CheckHeaders(response); };
      call->on_data = [this](std::string_view bytes) { return TakeData(bytes); };
    }
    auto finisher = [this, number](const std::shared_ptr<ClientCall>&, ClientOutcome outcome) {
      SPANDREL_CHECK(!outcomes_[number]);
      CheckOutcome(outcome);
      outcomes_[number] = std::move(outcome);
    };
    client_.Call(std::make_shared<CallTicket>(std::move(call), end_, std::move(finisher)));
  }

  bool TakeData(std::string_view bytes) {
    SPANDREL_CHECK(!outcomes_[1]);
    streamed_bytes_ += bytes.size();
    SPANDREL_CHECK(streamed_bytes_ <= input_bytes_);
    return !choices_.cancels;
  }

  void Produce() {
    std::string output;
    client_.Produce(1 << 20, &output);
    output_bytes_ += output.size();
    SPANDREL_CHECK(output_bytes_ <=
                   kRequestBytes + kOutputOfItself + kOutputPerInput * input_bytes_);
  }

  void End() {
    Produce();
    if (choices_.is_late && client_.Deadline()) client_.OnDeadline(*client_.Deadline());
    Produce();
    if (choices_.ends_with_eof) client_.OnEof();
    client_.OnClosed({});
    SPANDREL_CHECK(client_.Done() && !client_.Deadline() && is_going_away_);
    for (const auto& outcome : outcomes_) SPANDREL_CHECK(outcome.has_value());
  }

  static void CheckHeaders(const Response& response) {
    SPANDREL_CHECK(response.status >= 200 && response.status <= 999);
    size_t header_bytes = 0;
    for (const Headers* headers : {&response.headers, &response.trailers}) {
      for (const auto& [name, value] : *headers) {
        SPANDREL_CHECK(!name.empty() && name.front() != ':');
        header_bytes += name.size() + value.size();
      }
    }
    SPANDREL_CHECK(header_bytes <= kMaxHeaderBytes);
  }

  void CheckOutcome(const ClientOutcome& outcome) const {
    SPANDREL_CHECK(outcome.response.body.size() <= std::min(kMaxResponseBytes, input_bytes_));
    if (outcome.status.ok()) return CheckHeaders(outcome.response);
    SPANDREL_CHECK(!outcome.status.message().empty() && outcome.status.message().size() < 500);
    const base::StatusCode code = outcome.status.code();
    SPANDREL_CHECK(
        code == base::StatusCode::kUnavailable || code == base::StatusCode::kResourceExhausted ||
        code == base::StatusCode::kDeadlineExceeded || code == base::StatusCode::kCancelled);
  }

  const Choices choices_;
  const size_t input_bytes_;
  const std::shared_ptr<ConnectionEnd> end_ = std::make_shared<ConnectionEnd>();
  bool is_going_away_ = false;
  std::vector<std::optional<ClientOutcome>> outcomes_{3};
  size_t streamed_bytes_ = 0;
  size_t output_bytes_ = 0;
  Http2Client client_{"http", false, end_, [this] { is_going_away_ = true; }};
};

// nghttp2 counts a CONTINUATION again for each piece of its header.
bool HasManyContinuations(const Talk& talk) {
  return std::any_of(talk.outcomes().begin(), talk.outcomes().end(), [](const auto& outcome) {
    return outcome->status.message().find("CONTINUATION") != std::string::npos;
  });
}

void CheckSame(const ClientOutcome& a, const ClientOutcome& b) {
  SPANDREL_CHECK(a.status.ToString() == b.status.ToString());
  SPANDREL_CHECK(a.unprocessed == b.unprocessed);
  SPANDREL_CHECK(a.response.headers == b.response.headers);
  SPANDREL_CHECK(a.response.body == b.response.body);
  SPANDREL_CHECK(a.response.trailers == b.response.trailers);
}

}  // namespace
}  // namespace spandrel::net

// The calls end the same however the answer is cut, as long as what the client says in between does
// not change it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::net;
  if (size < 2) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Choices choices(data[0]);
  const size_t piece = size_t{data[1]} + 1;
  const Talk whole(choices, answer, answer.size(), false);
  const Talk cut(choices, answer, piece, false);
  const Talk lively(choices, answer, piece, true);
  if (HasManyContinuations(cut)) return 0;
  for (size_t i = 0; i < whole.outcomes().size(); ++i) {
    CheckSame(*whole.outcomes()[i], *cut.outcomes()[i]);
  }
  if (!choices.cancels) SPANDREL_CHECK(whole.streamed_bytes() == cut.streamed_bytes());
  return 0;
}
