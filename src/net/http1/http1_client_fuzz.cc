// SPDX-License-Identifier: Apache-2.0
// What a server may answer to an HTTP/1.1 client, without sockets. The first byte says how the
// client calls and how the connection ends, the second in which pieces the rest comes.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/http1/http1_client.h"

namespace spandrel::net {
namespace {

constexpr size_t kMaxResponseBytes = 1 << 10;
constexpr size_t kMaxHeaderBytes = 64 << 10;
constexpr size_t kMaxCalls = 3;

struct Choices {
  explicit Choices(uint8_t byte)
      : method(byte % 4 == 0 ? "HEAD" : (byte % 4 == 1 ? "POST" : "GET")),
        sends_all((byte & 4) == 0),
        ends_with_eof((byte & 8) == 0),
        is_late((byte & 16) != 0) {}
  const char* method;
  bool sends_all;  // before the answer comes
  bool ends_with_eof;
  bool is_late;  // the deadline passes
};

bool IsHeaderText(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void CheckResponse(const Choices& choices, size_t input_bytes, const Response& response) {
  SPANDREL_CHECK(response.status >= 200 && response.status <= 999);
  SPANDREL_CHECK(response.body.size() <= std::min(input_bytes, kMaxResponseBytes));
  if (choices.method == std::string_view("HEAD")) SPANDREL_CHECK(response.body.empty());
  size_t header_bytes = 0;
  for (const auto& [name, value] : response.headers) {
    SPANDREL_CHECK(IsHeaderText(name) && IsHeaderText(value));
    SPANDREL_CHECK(
        std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
    header_bytes += name.size() + value.size();
  }
  SPANDREL_CHECK(header_bytes <= std::min(input_bytes, kMaxHeaderBytes));
  SPANDREL_CHECK(response.trailers.empty());
}

// One connection, and the calls on it one after another.
class Talk {
 public:
  Talk(Choices choices, std::string_view answer, size_t piece)
      : choices_(choices), input_bytes_(answer.size()) {
    SPANDREL_CHECK(client_.OnConnected("").ok());
    CallNext();
    while (!answer.empty() && !client_.Done()) {
      client_.OnBytes(answer.substr(0, piece));
      answer.remove_prefix(std::min(piece, answer.size()));
      if (is_idle_) CallNext();
    }
    End();
  }

  const std::vector<ClientOutcome>& outcomes() const { return outcomes_; }

 private:
  void CallNext() {
    is_idle_ = false;
    if (calls_ == kMaxCalls) return;
    ++calls_;
    auto call = std::make_shared<ClientCall>();
    call->request.method = choices_.method;
    call->request.target = "/";
    call->request.authority = "fuzz";
    if (call->request.method == "POST") call->request.body.assign(100, 'x');
    call->deadline = TimePoint() + std::chrono::hours(1);
    call->max_response_bytes = kMaxResponseBytes;
    auto finisher = [this](const std::shared_ptr<ClientCall>&, ClientOutcome outcome) {
      CheckOutcome(outcome);
      outcomes_.push_back(std::move(outcome));
    };
    client_.Call(std::make_shared<CallTicket>(std::move(call), end_, std::move(finisher)));
    std::string request;
    client_.Produce(choices_.sends_all ? 1 << 20 : 10, &request);
  }

  void End() {
    SPANDREL_CHECK(client_.Done() || client_.WantsRead());
    if (choices_.is_late && client_.Deadline()) client_.OnDeadline(*client_.Deadline());
    if (choices_.ends_with_eof && !client_.Done()) client_.OnEof();
    client_.OnClosed({});
    SPANDREL_CHECK(client_.Done() && !client_.Deadline());
    SPANDREL_CHECK(outcomes_.size() == calls_);
  }

  void CheckOutcome(const ClientOutcome& outcome) const {
    if (outcome.status.ok()) return CheckResponse(choices_, input_bytes_, outcome.response);
    SPANDREL_CHECK(!outcome.status.message().empty());
    const base::StatusCode code = outcome.status.code();
    SPANDREL_CHECK(code == base::StatusCode::kUnavailable ||
                   code == base::StatusCode::kResourceExhausted ||
                   code == base::StatusCode::kDeadlineExceeded);
  }

  const Choices choices_;
  const size_t input_bytes_;
  const std::shared_ptr<ConnectionEnd> end_ = std::make_shared<ConnectionEnd>();
  bool is_idle_ = false;
  size_t calls_ = 0;
  std::vector<ClientOutcome> outcomes_;
  Http1Client client_{end_, [this] { is_idle_ = true; }};
};

// When a fault is seen, and so which of several, may depend on the pieces.
void CheckSame(const ClientOutcome& a, const ClientOutcome& b) {
  SPANDREL_CHECK(a.status.ok() == b.status.ok());
  SPANDREL_CHECK(a.unprocessed == b.unprocessed);
  if (!a.status.ok()) return;
  SPANDREL_CHECK(a.response.status == b.response.status);
  SPANDREL_CHECK(a.response.headers == b.response.headers);
  SPANDREL_CHECK(a.response.body == b.response.body);
}

}  // namespace
}  // namespace spandrel::net

// The first answer is the same however it is cut. What comes after it belongs to a later call only
// when it comes later.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::net;
  if (size < 2) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Choices choices(data[0]);
  const Talk whole(choices, answer, answer.size());
  const Talk cut(choices, answer, size_t{data[1]} + 1);
  CheckSame(whole.outcomes().front(), cut.outcomes().front());
  return 0;
}
