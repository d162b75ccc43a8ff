// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_api.h"

#include <memory>
#include <string>
#include <utility>

#include "api/http/json_text.h"
#include "api/http/otlp_stream.h"
#include "api/http/responses.h"
#include "api/tempo/tempo_errors.h"
#include "api/tempo/tempo_hints.h"
#include "api/tempo/tempo_json.h"
#include "api/tempo/tempo_lists.h"
#include "api/tempo/tempo_metrics.h"
#include "api/tempo/tempo_parameters.h"
#include "api/text/trace_text.h"
#include "proto/writer.h"
#include "query/traceql/search.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using wire::JsonWriter;

constexpr size_t kFlushedBytes = 64 << 10;
constexpr std::string_view kProtobufType = "application/protobuf";
constexpr std::string_view kModelType = "application/vnd.grafana.llm";
constexpr size_t kMostSpansForModels = 200;
// Of tempopb.TraceByIDResponse.
constexpr uint32_t kTraceField = 1;

bool WantsProtobuf(const RoutedRequest& request) {
  return net::FindHeader(request.http.headers, "accept").find(kProtobufType) !=
         std::string_view::npos;
}

bool IsMissing(const Status& status) {
  return status.code() == StatusCode::kNotFound;
}

class TempoApi {
 public:
  explicit TempoApi(const ServiceContext& context) : context_(context) {}

  static net::Response Echo(const RoutedRequest&) { return MakeResponse(200, kTextType, "echo\n"); }

  net::Response GetBuildInfo(const RoutedRequest&) const {
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    TextField("version", context_.status().version, &json);
    for (const char* name : {"revision", "branch", "buildUser", "buildDate", "goVersion"}) {
      TextField(name, "", &json);
    }
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  void Search(const RoutedRequest& request, ResponseSink& sink) const {
    const auto question = TempoSearch(request.parameters);
    if (!question.ok()) return sink.Fail(TempoError(question.status()));
    const auto found = query::SearchSpans(request.context, context_.reader, question->search);
    if (!found.ok()) return sink.Fail(TempoError(found.status()));
    sink.Start(200, JsonHeaders(question->note));
    if (WriteTraces(request, *found, sink).ok()) sink.Finish();
  }

  // The newer of the two answers: an envelope, in which a trace that is not stored is an empty one.
  void GetTraceV2(const RoutedRequest& request, ResponseSink& sink) const {
    auto trace = Load(request);
    if (!trace.ok() && !IsMissing(trace.status())) return sink.Fail(TempoError(trace.status()));
    span::SpanBatch spans = trace.ok() ? *std::move(trace) : span::SpanBatch();
    if (WantsProtobuf(request)) {
      return SendProtobuf(request, spans, /*in_envelope=*/true, sink);
    }
    sink.Start(200, {{"content-type", std::string(kJsonType)}});
    Status status = sink.Write(R"({"trace":)");
    if (status.ok() && spans.span_count() == 0) status = sink.Write("{}");
    if (status.ok() && spans.span_count() > 0) {
      status = WriteJson(std::move(spans), "resourceSpans", sink);
    }
    if (status.ok()) status = sink.Write(R"(,"metrics":{}})");
    if (status.ok()) sink.Finish();
  }

  // For language models: what is in a trace in a few lines.
  net::Response GetTraceText(const RoutedRequest& request) const {
    const auto trace = Load(request);
    if (!trace.ok() && IsMissing(trace.status())) return TempoError(404, "no such trace");
    if (!trace.ok()) return TempoError(trace.status());
    const Status fits = request.context.Reserve(2 * trace->byte_size());
    if (!fits.ok()) return TempoError(fits);
    return MakeResponse(200, kModelType,
                        OutlineText(*trace, kMostSpansForModels) + "\n" + ErrorsText(*trace) +
                            "\n" + CriticalPathText(*trace));
  }

  void GetTraceV1(const RoutedRequest& request, ResponseSink& sink) const {
    auto trace = Load(request);
    if (!trace.ok() && IsMissing(trace.status())) return sink.Fail(TempoError(404, ""));
    if (!trace.ok()) return sink.Fail(TempoError(trace.status()));
    if (WantsProtobuf(request)) return SendProtobuf(request, *trace, /*in_envelope=*/false, sink);
    sink.Start(200, {{"content-type", std::string(kJsonType)}});
    if (WriteJson(*std::move(trace), "batches", sink).ok()) sink.Finish();
  }

 private:
  static Status WriteTraces(const RoutedRequest& request, const query::FoundTraces& found,
                            ResponseSink& sink) {
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("traces");
    json.OpenArray();
    for (const query::FoundTrace& trace : found.traces) {
      WriteTempoTrace(trace, &json);
      if (text.size() < kFlushedBytes) continue;
      SPANDREL_RETURN_IF_ERROR(sink.Write(text));
      text.clear();
    }
    json.CloseArray();
    WriteTempoSearchMetrics(request.context, found.inspected, &json);
    json.CloseObject();
    return sink.Write(text);
  }

  Result<span::SpanBatch> Load(const RoutedRequest& request) const {
    const auto id = ParseTraceId(request.PathParameter("traceId"));
    if (!id) return Status(StatusCode::kInvalidArgument, "trace id: expected 1 to 32 hex digits");
    return context_.reader.GetTrace(request.context, *id);
  }

  static Status WriteJson(span::SpanBatch spans, std::string_view list, ResponseSink& sink) {
    OtlpJsonStream stream(sink, list, wire::JsonForm::kProtobuf);
    SPANDREL_RETURN_IF_ERROR(stream.Add(std::move(spans)));
    return stream.End();
  }

  static void SendProtobuf(const RoutedRequest& request, const span::SpanBatch& spans,
                           bool in_envelope, ResponseSink& sink) {
    storage::QueryMemory memory(request.context);
    const Status fits = memory.Grow(2 * wire::EncodedOtlpSize(spans));
    if (!fits.ok()) return sink.Fail(TempoError(fits));
    std::string trace = wire::EncodeOtlpProtobuf(spans);
    std::string header;
    if (in_envelope) proto::Writer(&header).BytesHeader(kTraceField, trace.size());
    sink.Start(200, {{"content-type", std::string(kProtobufType)}});
    if (sink.Write(header).ok() && sink.Write(trace).ok()) sink.Finish();
  }

  const ServiceContext context_;
};

}  // namespace

void AddTempoApi(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const TempoApi>(context);
  router->Get("/api/echo", TempoApi::Echo, Cost::kQuick);
  router->Get(
      "/api/status/buildinfo", [api](const auto& r) { return api->GetBuildInfo(r); }, Cost::kQuick);
  router->GetStream("/api/search", [api](const auto& r, auto& sink) { api->Search(r, sink); });
  router->GetStreamAs(kModelType, "/api/v2/traces/{traceId}",
                      Whole([api](const RoutedRequest& r) { return api->GetTraceText(r); }),
                      Cost::kQuick);
  router->GetStream(
      "/api/v2/traces/{traceId}", [api](const auto& r, auto& sink) { api->GetTraceV2(r, sink); },
      Cost::kQuick);
  AddTempoLists(context, router);
  AddTempoMetrics(context, router);
}

void AddTempoTraceById(const ServiceContext& context, TempoTraces when, Router* router) {
  const auto api = std::make_shared<const TempoApi>(context);
  const std::string_view media_type = when == TempoTraces::kAlways ? "" : kProtobufType;
  router->GetStreamAs(
      media_type, "/api/traces/{traceId}",
      [api](const auto& r, auto& sink) { api->GetTraceV1(r, sink); }, Cost::kQuick);
}

}  // namespace spandrel::api
