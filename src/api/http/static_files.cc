// SPDX-License-Identifier: Apache-2.0
#include "api/http/static_files.h"

#include <optional>
#include <string>

#include "api/http/http_answer.h"
#include "api/http/responses.h"
#include "base/ascii.h"

namespace spandrel::api {
namespace {

constexpr std::string_view kShellPath = "/index.html";
constexpr std::string_view kAssets = "/assets/";
constexpr std::string_view kTracePage = "/trace/";
constexpr std::string_view kZipkinTrace = "/zipkin/traces/";

constexpr std::string_view kNoPage =
    "<!doctype html><title>Spandrel</title><p>This Spandrel was built without its page "
    "(SPANDREL_UI=OFF). The APIs are here: <a href=\"api/ui/v1/status\">status</a>, "
    "<a href=\"metrics\">metrics</a>.</p>\n";

// The paths that the page routes by itself.
bool IsPagePath(std::string_view path) {
  return path == "/" || path == "/search" || path == "/map" || path == "/system" ||
         path.starts_with(kTracePage);
}

// Where a link of Zipkin's or Jaeger's page leads here.
std::optional<std::string> RedirectOf(std::string_view path) {
  if (path.starts_with(kZipkinTrace)) {
    const auto id = ParseTraceId(path.substr(kZipkinTrace.size()));
    if (id) return std::string(kTracePage) + id->ToHex();
  }
  if (path == "/zipkin" || path == "/zipkin/") return "/search";
  if (path == "/dependencies" || path == "/zipkin/dependency") return "/map";
  return std::nullopt;
}

net::Response Redirect(std::string location) {
  net::Response response = MakeResponse(302, kTextType, "");
  response.headers.emplace_back("location", std::move(location));
  return response;
}

// Lets the browser ask for the trace as soon as it has this response's headers, while it still
// loads the page that shows it. The address is the page's own, so the id stays as it is written.
std::optional<std::string> PreloadOf(std::string_view path) {
  if (!path.starts_with(kTracePage)) return std::nullopt;
  const std::string_view id = path.substr(kTracePage.size());
  if (!ParseTraceId(id)) return std::nullopt;
  return "<../api/ui/v1/trace/" + base::LowerCase(id) + ">; rel=preload; as=fetch; crossorigin";
}

net::Response FileResponse(const EmbeddedFile& file, const net::Request& request) {
  const bool zipped =
      !file.bytes_gzip.empty() && AcceptsGzip(net::FindHeader(request.headers, "accept-encoding"));
  net::Response response =
      MakeResponse(200, file.content_type, std::string(zipped ? file.bytes_gzip : file.bytes));
  if (zipped) response.headers.emplace_back("content-encoding", "gzip");
  if (!file.bytes_gzip.empty()) response.headers.emplace_back("vary", "accept-encoding");
  const bool is_hashed = file.path.starts_with(kAssets);
  response.headers.emplace_back("cache-control",
                                is_hashed ? "public, max-age=31536000, immutable" : "no-store");
  return response;
}

}  // namespace

const EmbeddedFile* StaticFiles::Find(std::string_view path) const {
  for (const EmbeddedFile& file : files_) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

net::Response StaticFiles::Serve(const RoutedRequest& request) const {
  const std::string_view path = request.http.path;
  if (auto location = RedirectOf(path)) return Redirect(std::move(*location));
  const EmbeddedFile* file = Find(IsPagePath(path) ? kShellPath : path);
  if (file != nullptr) {
    net::Response response = FileResponse(*file, request.http);
    if (auto preload = PreloadOf(path)) response.headers.emplace_back("link", std::move(*preload));
    return response;
  }
  if (IsPagePath(path)) {
    return MakeResponse(200, "text/html; charset=utf-8", std::string(kNoPage));
  }
  return ErrorResponse(404, "no such path");
}

}  // namespace spandrel::api
