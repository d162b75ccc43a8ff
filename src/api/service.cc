// SPDX-License-Identifier: Apache-2.0
#include "api/service.h"

#include <utility>

#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/jaeger/http/legacy_api.h"
#include "api/jaeger/http/v3_api.h"
#include "api/ui/ui_api.h"

namespace spandrel::api {

struct Service::Impl {
  explicit Impl(ServiceContext given)
      : context(std::move(given)), router(context.workers, context.metrics), page(context.page) {
    AddUiApi(context, &router);
    AddJaegerLegacyApi(context, &router);
    AddJaegerV3Api(context, &router);
    router.GetAtOnce("/health",
                     [](const RoutedRequest&) { return JsonResponse(R"({"status":"ok"})"); });
    router.GetAtOnce("/metrics", [this](const RoutedRequest&) {
      return MakeResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                          context.metrics.RenderPrometheus());
    });
    router.Fallback([this](const RoutedRequest& request) { return page.Serve(request); });
  }

  const ServiceContext context;
  Router router;
  const StaticFiles page;
};

Service::Service(ServiceContext context) : impl_(std::make_unique<Impl>(std::move(context))) {}
Service::~Service() = default;

net::Handler Service::handler() {
  return [this](const std::shared_ptr<net::ServerCall>& call) { impl_->router(call); };
}

}  // namespace spandrel::api
