// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <algorithm>
#include <random>
#include <utility>

#include "spandrel/curl.h"

namespace spandrel::demo {
namespace {

sdk::Options OptionsOf(std::string_view name, const std::string& endpoint) {
  sdk::Options options = sdk::OptionsFromEnvironment(name);
  options.service_name = name;
  if (!endpoint.empty()) options.exporter.endpoint = endpoint;
  options.shutdown_timeout = std::chrono::milliseconds(200);
  return options;
}

size_t Append(char* bytes, size_t, size_t size, void* text) {
  static_cast<std::string*>(text)->append(bytes, size);
  return size;
}

}  // namespace

Service::Service(std::string_view name, const std::string& endpoint)
    : provider_(sdk::MakeProvider(OptionsOf(name, endpoint))),
      tracing_(http::Options{provider_.tracer_provider()}) {
  server_.set_tracing(tracing_);
  server_.set_keep_alive_max_count(1);
}

bool Service::Start(int port) {
  if (port == 0) {
    port_ = server_.bind_to_any_port("127.0.0.1");
  } else {
    port_ = server_.bind_to_port("127.0.0.1", port) ? port : -1;
  }
  if (port_ < 0) return false;
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  while (!server_.is_running()) std::this_thread::yield();
  return true;
}

void Service::Stop() {
  if (!thread_.joinable()) return;
  server_.stop();
  thread_.join();
  (void)provider_.Shutdown(std::chrono::milliseconds(200));
}

Service::Answer Service::Get(const std::string& url) const {
  Answer answer;
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30'000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  if (spandrel::curl::Perform(curl, nullptr, tracing_) == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
  }
  curl_easy_cleanup(curl);
  return answer;
}

void SleepAbout(std::chrono::milliseconds mean) {
  static thread_local std::minstd_rand random{std::random_device()()};
  std::normal_distribution<double> factor(1.0, 0.1);
  std::this_thread::sleep_for(mean * std::clamp(factor(random), 0.5, 1.5));
}

std::string JsonField(std::string_view name, std::string_view value) {
  return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
}

}  // namespace spandrel::demo
