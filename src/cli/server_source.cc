// SPDX-License-Identifier: Apache-2.0
#include "cli/server_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/mutex.h"
#include "base/time_text.h"
#include "cli/tempo_answers.h"
#include "cli/visible_text.h"
#include "cli/when.h"
#include "endpoints/http_url.h"
#include "net/http/compression.h"
#include "wire/otlp/otlp.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr size_t kMaxAnswerBytes = size_t{1} << 30;
constexpr size_t kMaxTokenBytes = size_t{64} << 10;
constexpr size_t kMaxToldBytes = 2000;  // of an error's text
constexpr std::chrono::milliseconds kLookInterval{100};
// The server is given the whole timeout, and says itself when it is over.
constexpr std::chrono::seconds kGrace{2};
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kProtobufType = "application/protobuf";

// Where an answer arrives; a caller that has stopped waiting leaves it behind.
class Mailbox {
 public:
  void Put(Result<net::Response> answer) {
    base::MutexLock lock(mutex_);
    answer_ = std::move(answer);
    arrived_.NotifyAll();
  }
  // False when nothing has come so far.
  bool WaitFor(std::chrono::milliseconds time) {
    base::MutexLock lock(mutex_);
    if (!answer_) (void)arrived_.WaitFor(lock, time);
    return answer_.has_value();
  }
  // Once it is there.
  Result<net::Response> Take() {
    base::MutexLock lock(mutex_);
    return *std::move(answer_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar arrived_;
  std::optional<Result<net::Response>> answer_ SPANDREL_GUARDED_BY(mutex_);
};

Result<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  std::string text(kMaxTokenBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  const std::string token(base::Trim(text));
  if (token.empty() || token.find_first_of("\r\n") != std::string::npos) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("--token-file: '{}' does not hold one line with a token", path));
  }
  return token;
}

// "host:16686" means plaintext HTTP.
Result<endpoints::HttpUrl> ParseServer(const std::string& server) {
  if (server.find("://") == std::string::npos) return endpoints::ParseHttpUrl("http://" + server);
  return endpoints::ParseHttpUrl(server);
}

std::string Seconds(uint64_t unix_nano) {
  return std::to_string(unix_nano / kSecond);
}

std::string TargetOf(const std::string& path, const net::Headers& parameters) {
  std::string target = path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    target += fmt::format("{}{}={}", separator, name, net::PercentEncode(value));
    separator = '&';
  }
  return target;
}

Status ReadTls(const CommandOptions& options, net::ClientTls* tls) {
  tls->ca_file = options.ca_file;
  tls->cert_file = options.cert_file;
  tls->key_file = options.key_file;
  if (tls->authorities().is_set()) {
    const Status authorities = net::CheckAuthorities(tls->authorities());
    if (!authorities.ok()) return authorities.Annotate("--ca-file");
  }
  if (!tls->certificate().is_set() && !tls->key().is_set()) return {};
  return net::CheckKeyPair(tls->certificate(), tls->key()).Annotate("--cert-file, --key-file");
}

StatusCode CodeOf(int http_status) {
  switch (http_status) {
    case 400:
      return StatusCode::kInvalidArgument;
    case 404:
      return StatusCode::kNotFound;
    case 504:
      return StatusCode::kDeadlineExceeded;
    case 429:
    case 502:
    case 503:
      return StatusCode::kResourceExhausted;  // somebody is there, and busy
    default:
      return StatusCode::kUnknown;
  }
}

}  // namespace

Result<std::unique_ptr<ServerSource>> ServerSource::Make(const CommandOptions& options,
                                                         const store_tool::Interrupts& interrupts) {
  std::unique_ptr<ServerSource> source(new ServerSource(interrupts));
  SPANDREL_RETURN_IF_ERROR(source->Configure(options));
  return source;
}

Status ServerSource::Configure(const CommandOptions& options) {
  auto url = ParseServer(options.server);
  if (!url.ok()) return url.status().Annotate("--server");
  server_ = options.server;
  authority_ = url->authority;
  prefix_ = url->target.substr(0, url->target.find('?'));
  while (prefix_.ends_with('/')) prefix_.pop_back();
  const auto timeout = ParseSpan(options.timeout);
  if (!timeout.ok()) return timeout.status().Annotate("--timeout");
  timeout_ = std::chrono::nanoseconds(*timeout);
  SPANDREL_RETURN_IF_ERROR(AddHeaders(options));
  net::HttpClientOptions client{.endpoint = url->endpoint, .max_response_bytes = kMaxAnswerBytes};
  client.tls.insecure = url->plaintext;
  SPANDREL_RETURN_IF_ERROR(ReadTls(options, &client.tls));
  client_ = std::make_unique<net::HttpClient>(runtime_, std::move(client));
  return {};
}

Status ServerSource::AddHeaders(const CommandOptions& options) {
  headers_ = {{"user-agent", "spandrel-cli"},
              {"accept-encoding", "gzip"},
              {"x-query-timeout", fmt::format("{}ms", timeout_ / std::chrono::milliseconds(1))}};
  for (const std::string& header : options.headers) {
    const size_t colon = header.find(':');
    const std::string name = base::LowerCase(base::Trim(header.substr(0, colon)));
    if (colon == std::string::npos || name.empty() ||
        name.find_first_of(" \t\r\n") != std::string::npos) {
      return {StatusCode::kInvalidArgument, "--header: expected 'Name: value'"};
    }
    headers_.emplace_back(name,
                          net::CleanHeaderValue(std::string(base::Trim(header.substr(colon + 1)))));
  }
  if (!options.token_file.empty()) {
    const auto token = ReadToken(options.token_file);
    if (!token.ok()) return token.status();
    headers_.emplace_back("authorization", "Bearer " + *token);
  }
  if (!options.tenant.empty()) {
    headers_.emplace_back("x-scope-orgid", net::CleanHeaderValue(options.tenant));
  }
  if (options.exact_names) headers_.emplace_back("x-spandrel-exact-names", "true");
  return {};
}

Result<net::Response> ServerSource::Await(net::Request request) {
  const auto mailbox = std::make_shared<Mailbox>();
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_ + kGrace);
  client_->Send(std::move(request), timeout,
                [mailbox](Result<net::Response> answer) { mailbox->Put(std::move(answer)); });
  store_tool::ProgressLine line("");
  const auto started = std::chrono::steady_clock::now();
  while (!mailbox->WaitFor(kLookInterval)) {
    if (interrupts_.came()) return Status(StatusCode::kCancelled, "interrupted");
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - started;
    line.ShowText(fmt::format("asking {}, {:.1f} s", VisibleText(server_), waited.count()));
  }
  return mailbox->Take();
}

Result<std::string> ServerSource::Get(const std::string& path, const net::Headers& parameters,
                                      std::string_view accept) {
  net::Request request;
  request.method = "GET";
  request.target = TargetOf(prefix_ + path, parameters);
  request.authority = authority_;
  request.headers = headers_;
  request.headers.emplace_back("accept", accept);
  auto response = Await(std::move(request));
  if (!response.ok()) return response.status();
  const std::string_view encoding = net::FindHeader(response->headers, "content-encoding");
  auto body = net::Decompress(encoding, response->body, kMaxAnswerBytes, nullptr);
  if (!body.ok()) return body.status().Annotate(server_);
  response->body = *std::move(body);
  if (response->status != 200) return RefusalOf(*response);
  for (const net::Headers* headers : {&response->headers, &response->trailers}) {
    const std::string_view lost = net::FindHeader(*headers, "x-spandrel-unreadable-spans");
    unreadable_spans_ += base::ParseUnsigned(lost).value_or(0);
  }
  return std::move(response->body);
}

Status ServerSource::RefusalOf(const net::Response& response) const {
  const std::string_view text = base::Trim(response.body);
  const std::string told = VisibleText(text.substr(0, kMaxToldBytes));
  if (response.status == 401 || response.status == 403) {
    return {StatusCode::kPermissionDenied,
            fmt::format("{}: {} {}; --token-file and --header send a login", VisibleText(server_),
                        response.status, told.empty() ? "not allowed" : told)};
  }
  // What the server says of a question is for the person who asked.
  if (response.status == 400 && !told.empty()) return {StatusCode::kInvalidArgument, told};
  return {CodeOf(response.status), fmt::format("{}: HTTP status {}{}{}", VisibleText(server_),
                                               response.status, told.empty() ? "" : ": ", told)};
}

Result<SearchAnswer> ServerSource::Search(const SearchQuestion& question) {
  const auto json = Get("/api/search",
                        {{"q", question.query},
                         {"start", Seconds(question.from_unix_nano)},
                         {"end", Seconds(question.to_unix_nano)},
                         {"limit", std::to_string(question.limit)},
                         {"spss", std::to_string(question.spans_per_set)}},
                        kJsonType);
  if (!json.ok()) return json.status();
  return ParseSearchAnswer(*json);
}

Result<SeriesAnswer> ServerSource::Series(const SeriesQuestion& question) {
  const auto json = Get("/api/metrics/query_range",
                        {{"q", question.query},
                         {"start", Seconds(question.from_unix_nano)},
                         {"end", Seconds(question.to_unix_nano)},
                         {"step", fmt::format("{}s", question.step_nano / kSecond)},
                         {"maxSeries", std::to_string(question.limit)}},
                        kJsonType);
  if (!json.ok()) return json.status();
  return ParseSeriesAnswer(*json);
}

Result<span::SpanBatch> ServerSource::Trace(const span::TraceId& id) {
  auto bytes = Get("/api/traces/" + id.ToHex(), {}, kProtobufType);
  if (!bytes.ok()) return bytes.status();
  auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(*std::move(bytes)));
  if (!request.ok()) return request.status().Annotate("the server's answer");
  if (request->chunk->spans.empty()) return Status(StatusCode::kNotFound, "no span of it");
  return span::SpanBatch(request->chunk);
}

}  // namespace spandrel::cli
