// SPDX-License-Identifier: Apache-2.0
#include "server/process/exposure.h"

#include <fmt/format.h>

#include <set>

#include "endpoints/host_names.h"
#include "net/socket/endpoint.h"

namespace spandrel::server {
namespace {

void AddExposed(const pipeline::ComponentConfig& component, std::vector<std::string>* exposed) {
  if (component.config == nullptr) return;
  for (const pipeline::ListenAddress& address : component.config->listens()) {
    std::string text = ExposureOf(component.id, address);
    if (!text.empty()) exposed->push_back(std::move(text));
  }
}

}  // namespace

std::string ExposureOf(std::string_view name, const pipeline::ListenAddress& address) {
  if (endpoints::IsLoopbackName(address.host)) return {};
  if (address.is_encrypted && address.asks_login) return {};
  const std::string_view lacks = address.is_encrypted ? "without a login"
                                 : address.asks_login ? "without TLS"
                                                      : "without TLS and without a login";
  return fmt::format("{}: {} is open to other machines {}", name,
                     net::Endpoint{address.host, address.port}.ToString(), lacks);
}

std::vector<std::string> ExposedListeners(const pipeline::ServiceConfig& config) {
  std::set<std::string> running(config.service_extensions.begin(), config.service_extensions.end());
  std::vector<std::string> exposed;
  for (const pipeline::ComponentConfig& extension : config.extensions) {
    if (running.contains(extension.id)) AddExposed(extension, &exposed);
  }
  running.clear();
  for (const pipeline::PipelineConfig& pipeline : config.pipelines) {
    running.insert(pipeline.receivers.begin(), pipeline.receivers.end());
  }
  for (const pipeline::ComponentConfig& receiver : config.receivers) {
    if (running.contains(receiver.id)) AddExposed(receiver, &exposed);
  }
  return exposed;
}

}  // namespace spandrel::server
