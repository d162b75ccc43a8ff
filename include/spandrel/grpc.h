// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/span_metadata.h"
#include "spandrel/detail/grpc_call.h"
#include "spandrel/grpc_options.h"

// gRPC C++ (1.51) clients and servers whose calls are traced, by its experimental interceptors:
//
//   auto channel = spandrel::grpc::CreateChannel("localhost:50051", credentials);
//
//   ::grpc::ServerBuilder builder;
//   spandrel::grpc::TraceCalls(builder);
//
// Every call is a span `package.Service/Method` after OpenTelemetry's conventions for RPC, unary
// and streaming ones alike; traceparent and its kin travel as metadata.
namespace spandrel::grpc {

// One call of a client: from its start to its status.
class ClientInterceptor final : public ::grpc::experimental::Interceptor {
 public:
  using Methods = ::grpc::experimental::InterceptorBatchMethods;
  using Hook = ::grpc::experimental::InterceptionHookPoints;

  ClientInterceptor(const Options& options, const std::string& target,
                    ::grpc::experimental::ClientRpcInfo& info)
      : call_(options, info.method(), opentelemetry::trace::SpanKind::kClient,
              opentelemetry::context::RuntimeContext::GetCurrent()),
        info_(info) {
    call_.SetServer(target);
  }
  // The application gave the call up without asking for its status.
  ~ClientInterceptor() override { call_.Abandon(); }

  void Intercept(Methods* methods) override {
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_INITIAL_METADATA)) {
      call_.Inject(*methods->GetSendInitialMetadata());
    }
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_MESSAGE)) call_.CountSent();
    if (methods->QueryInterceptionHookPoint(Hook::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      call_.CountReceived();
    }
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_CANCEL)) call_.Cancelled();
    if (methods->QueryInterceptionHookPoint(Hook::POST_RECV_STATUS)) {
      call_.SetPeer(info_.client_context()->peer());
      call_.End(*methods->GetRecvStatus(), true);
    }
    methods->Proceed();
  }

 private:
  Call call_;
  ::grpc::experimental::ClientRpcInfo& info_;
};

// For channels that are made in another way than by CreateChannel. `target` ("host:port") becomes
// server.address and server.port; empty: they are left out. Thread-safe.
class ClientInterceptorFactory final
    : public ::grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit ClientInterceptorFactory(Options options = {}, std::string target = {})
      : options_(std::move(options)), target_(std::move(target)) {}

  ::grpc::experimental::Interceptor* CreateClientInterceptor(
      ::grpc::experimental::ClientRpcInfo* info) override {
    if (options_.filter && !options_.filter(info->method())) return nullptr;
    return new ClientInterceptor(options_, target_, *info);
  }

 private:
  const Options options_;
  const std::string target_;
};

// A channel whose calls are traced: children of the span that is current where they are started.
inline std::shared_ptr<::grpc::Channel> CreateChannel(
    const std::string& target, const std::shared_ptr<::grpc::ChannelCredentials>& credentials,
    Options options = {}, const ::grpc::ChannelArguments& arguments = {}) {
  std::vector<std::unique_ptr<::grpc::experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<ClientInterceptorFactory>(std::move(options), target));
  return ::grpc::experimental::CreateCustomChannelWithInterceptors(target, credentials, arguments,
                                                                   std::move(factories));
}

// How the methods of a service are written.
enum class ServerApi {
  // Each handler runs from begin to end on one thread, and the call's span is current there.
  kSynchronous,
  // Completion queues or reactors: nothing is made current; ContextOf(context) is what to attach.
  kAsynchronous,
};

// The context of a call that an asynchronous server is answering, with the call's span as the
// current one. The calling thread's context when that call is not traced, or is over.
inline opentelemetry::context::Context ContextOf(const ::grpc::ServerContextBase& context) {
  return CallContexts::Instance().Find(&context);
}

// One call that a server answers: from its metadata to its status.
class ServerInterceptor final : public ::grpc::experimental::Interceptor {
 public:
  using Methods = ::grpc::experimental::InterceptorBatchMethods;
  using Hook = ::grpc::experimental::InterceptionHookPoints;

  ServerInterceptor(const Options& options, ServerApi api,
                    ::grpc::experimental::ServerRpcInfo& info)
      : options_(options), api_(api), info_(info) {}
  ~ServerInterceptor() override {
    Leave();
    if (call_) call_->Abandon();
  }

  void Intercept(Methods* methods) override {
    if (methods->QueryInterceptionHookPoint(Hook::POST_RECV_INITIAL_METADATA)) {
      Begin(*methods->GetRecvInitialMetadata());
    }
    if (call_) Observe(methods);
    methods->Proceed();
  }

 private:
  using Metadata = std::multimap<::grpc::string_ref, ::grpc::string_ref>;

  void Begin(const Metadata& metadata) {
    const ::grpc::ServerContextBase& context = *info_.server_context();
    call_ =
        std::make_unique<Call>(options_, info_.method(), opentelemetry::trace::SpanKind::kServer,
                               ExtractFrom(options_, metadata));
    const ::grpc::string_ref authority = context.ExperimentalGetAuthority();
    call_->SetServer({authority.data(), authority.size()});
    call_->SetPeer(context.peer());
    if (api_ == ServerApi::kSynchronous) {
      current_ = opentelemetry::context::RuntimeContext::Attach(call_->context());
    } else {
      CallContexts::Instance().Add(&context, call_->context());
    }
  }
  void Observe(Methods* methods) {
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_MESSAGE)) call_->CountSent();
    if (methods->QueryInterceptionHookPoint(Hook::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      call_->CountReceived();
    }
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_STATUS)) {
      Leave();
      if (api_ == ServerApi::kSynchronous && info_.server_context()->IsCancelled()) {
        call_->Cancelled();
      }
      call_->End(methods->GetSendStatus(), false);
    }
  }
  void Leave() {
    current_ = nullptr;
    if (call_ && api_ == ServerApi::kAsynchronous) {
      CallContexts::Instance().Remove(info_.server_context());
    }
  }

  const Options& options_;
  const ServerApi api_;
  ::grpc::experimental::ServerRpcInfo& info_;
  std::unique_ptr<Call> call_;
  opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> current_;
};

// For servers with further interceptors: one of ServerBuilder's interceptor creators. Thread-safe.
class ServerInterceptorFactory final
    : public ::grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit ServerInterceptorFactory(Options options = {}, ServerApi api = ServerApi::kSynchronous)
      : options_(std::move(options)), api_(api) {}

  ::grpc::experimental::Interceptor* CreateServerInterceptor(
      ::grpc::experimental::ServerRpcInfo* info) override {
    if (options_.filter && !options_.filter(info->method())) return nullptr;
    const bool reactor =
        dynamic_cast<::grpc::CallbackServerContext*>(info->server_context()) != nullptr;
    return new ServerInterceptor(options_, reactor ? ServerApi::kAsynchronous : api_, *info);
  }

 private:
  const Options options_;
  const ServerApi api_;
};

// Traces all calls of the server that `builder` will make. Replaces its interceptors.
inline void TraceCalls(::grpc::ServerBuilder& builder, Options options = {},
                       ServerApi api = ServerApi::kSynchronous) {
  std::vector<std::unique_ptr<::grpc::experimental::ServerInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<ServerInterceptorFactory>(std::move(options), api));
  builder.experimental().SetInterceptorCreators(std::move(factories));
}

}  // namespace spandrel::grpc
