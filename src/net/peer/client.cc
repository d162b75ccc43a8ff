// SPDX-License-Identifier: Apache-2.0
#include "net/peer/client.h"

#include <future>

#include "net/exchange/calls_under_way.h"
#include "net/http1/http1_pool.h"
#include "net/http2/http2_channel.h"

namespace spandrel::net {

struct HttpClient::Impl {
  Impl(IoRuntime& io_runtime, HttpClientOptions client_options)
      : runtime(io_runtime.impl()), options(std::move(client_options)) {
    if (options.http2) {
      http2 = std::make_shared<Http2Channel>(io_runtime, options.endpoint, options.tls,
                                             options.connect_timeout);
    } else {
      http1 = std::make_shared<Http1Pool>(io_runtime, options.endpoint, options.tls,
                                          options.connect_timeout);
    }
  }

  IoRuntime::Impl& runtime;
  const HttpClientOptions options;
  std::shared_ptr<Http2Channel> http2;  // this
  std::shared_ptr<Http1Pool> http1;     // or that
  CallsUnderWay calls;
};

HttpClient::HttpClient(IoRuntime& runtime, HttpClientOptions options)
    : impl_(std::make_shared<Impl>(runtime, std::move(options))) {}

HttpClient::~HttpClient() {
  impl_->http2 != nullptr ? impl_->http2->Close() : impl_->http1->Close();
  impl_->calls.WaitForNone(impl_->runtime);
}

void HttpClient::Send(Request request, std::chrono::milliseconds timeout,
                      std::function<void(base::Result<Response>)> done) {
  auto call = std::make_shared<ClientCall>();
  call->request = std::move(request);
  if (call->request.authority.empty()) {
    call->request.authority = impl_->options.endpoint.ToString();
  }
  call->deadline = SteadyClock::now() + timeout;
  call->max_response_bytes = impl_->options.max_response_bytes;
  call->done = [impl = impl_, done = std::move(done)](ClientOutcome outcome) {
    if (outcome.status.ok()) {
      done(std::move(outcome.response));
    } else {
      done(std::move(outcome.status));
    }
    impl->calls.End();
  };
  impl_->calls.Begin();
  impl_->http2 != nullptr ? impl_->http2->Send(std::move(call))
                          : impl_->http1->Send(std::move(call));
}

base::Result<Response> HttpClient::SendAndWait(Request request, std::chrono::milliseconds timeout) {
  auto promise = std::make_shared<std::promise<base::Result<Response>>>();
  auto future = promise->get_future();
  Send(std::move(request), timeout,
       [promise](base::Result<Response> response) { promise->set_value(std::move(response)); });
  return future.get();
}

}  // namespace spandrel::net
