// SPDX-License-Identifier: Apache-2.0
// A service under test: gRPC in and out, between HTTP that is not traced:
//
//   HTTP -> front --metadata--> gRPC server, traced --gRPC client, traced--> back -> HTTP
//
// The front turns trace headers into metadata line by line, and the back metadata into headers. The
// front is Beast, since cpp-httplib decodes %xx in headers. With the argument `http` it is the
// traced server: HTTP in, gRPC out.
#include "spandrel/grpc.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/method_handler.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "calls.h"
#include "spandrel/beast.h"

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::beast::flat_buffer;
using boost::beast::tcp_stream;
using grpc::ByteBuffer;
using Request = http::request<http::string_body>;

const auto& kTracing = spandrel::http::Instrumentation::Default();

constexpr char kMethod[] = "/w3c.Service/Call";
constexpr int kMaxMetadata = 1 << 20;

ByteBuffer ToBytes(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

std::string ToText(const ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) throw std::runtime_error("no message");
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// One method, of bytes, without a generated class.
class Service final : public grpc::Service {
 public:
  using Handler = std::function<void(const grpc::ServerContext&, const std::string& request)>;
  explicit Service(Handler handler) : handler_(std::move(handler)) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<Service, ByteBuffer, ByteBuffer>(
            [](Service* service, grpc::ServerContext* context, const ByteBuffer* request,
               ByteBuffer* response) {
              service->handler_(*context, ToText(*request));
              *response = ToBytes("");
              return grpc::Status::OK;
            },
            this)));
  }

 private:
  const Handler handler_;
};

// A service on a server of its own.
class Server {
 public:
  Server(Service::Handler handler, bool traced) : service_(std::move(handler)) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
    if (traced) spandrel::grpc::TraceCalls(builder);
    server_ = builder.BuildAndStart();
    target_ = "127.0.0.1:" + std::to_string(port);
  }
  const std::string& target() const { return target_; }

 private:
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string target_;
};

void MakeCall(grpc::Channel& channel, grpc::ClientContext& context, const std::string& request) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC);
  ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<ByteBuffer, ByteBuffer>(
      &channel, method, &context, ToBytes(request), &response);
  if (!status.ok()) throw std::runtime_error(status.error_message());
}

std::string AskFor(const Call& call) {
  return R"([{"url":")" + call.origin() + call.path + R"(","arguments":)" + call.body + "}]";
}

// Headers in small letters that the propagators read, or that resemble them.
bool IsTraceHeader(std::string_view name) {
  constexpr std::array kBeginnings = {"trace", "baggage", "b3", "x-b3-", "uber"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [name](std::string_view start) { return name.starts_with(start); });
}

std::string ToLower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// As metadata can hold it: without blanks around, and with blanks for tabs.
std::string ToMetadata(std::string value) {
  std::replace(value.begin(), value.end(), '\t', ' ');
  value.erase(0, value.find_first_not_of(' '));
  value.erase(value.find_last_not_of(' ') + 1);
  return value;
}

void AddMetadata(const Request& request, grpc::ClientContext& context) {
  for (const auto& line : request) {
    const std::string key = ToLower({line.name_string().data(), line.name_string().size()});
    const std::string value(line.value().data(), line.value().size());
    if (IsTraceHeader(key)) context.AddMetadata(key, ToMetadata(value));
  }
}

// Makes the call with the metadata of `context` as its headers.
void PostUntraced(const grpc::ServerContext& context, const Call& call) {
  httplib::Headers headers;
  for (const auto& [key, value] : context.client_metadata()) {
    const std::string name(key.data(), key.size());
    if (IsTraceHeader(name)) headers.emplace(name, std::string(value.data(), value.size()));
  }
  httplib::Client client(call.origin());
  const httplib::Result result = client.Post(call.path, headers, call.body, "application/json");
  if (!result) throw std::runtime_error(httplib::to_string(result.error()));
}

using Front = std::function<void(const Request&)>;

// One request a connection, as the harness sends them.
void Answer(tcp_stream& stream, bool traced, const Front& front) {
  flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  parser.header_limit(kMaxMetadata);
  http::read(stream, buffer, parser);
  const Request request = parser.release();
  std::optional<spandrel::beast::ServerSpan> span;
  if (traced) {
    span.emplace(kTracing, spandrel::beast::Connection(stream), request,
                 spandrel::beast::Activation::kThread);
  }
  http::response<http::string_body> response(http::status::ok, request.version());
  try {
    front(request);
  } catch (const std::exception&) {
    response.result(http::status::bad_request);
  }
  response.prepare_payload();
  if (span) span->SetResponse(response);
  http::write(stream, response);
}

[[noreturn]] void Serve(bool traced, const Front& front) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  PrintUrl(acceptor.local_endpoint().port());
  while (true) {
    std::thread([stream = tcp_stream(acceptor.accept()), traced, &front]() mutable {
      try {
        Answer(stream, traced, front);
      } catch (const std::exception&) {  // the peer is gone
      }
    }).detach();
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto tracing = StartTracing("w3c-grpc-service");
  const Server back(
      [](const grpc::ServerContext& context, const std::string& request) {
        for (const Call& call : ReadCalls(request)) PostUntraced(context, call);
      },
      false);
  const auto to_back =
      spandrel::grpc::CreateChannel(back.target(), grpc::InsecureChannelCredentials());
  const auto call_all = [&to_back](const std::string& request) {
    for (const Call& call : ReadCalls(request)) {
      grpc::ClientContext context;
      MakeCall(*to_back, context, AskFor(call));
    }
  };
  if (argc > 1 && std::string_view(argv[1]) == "http") {
    Serve(true, [&](const Request& request) { call_all(request.body()); });
  }
  const Server middle(
      [&](const grpc::ServerContext&, const std::string& request) { call_all(request); }, true);
  const auto to_middle = grpc::CreateChannel(middle.target(), grpc::InsecureChannelCredentials());
  Serve(false, [&](const Request& request) {
    grpc::ClientContext context;
    AddMetadata(request, context);
    MakeCall(*to_middle, context, request.body());
  });
}
