// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/http/response_sink.h"
#include "base/status.h"
#include "span/span_batch.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {

// Writes traces as one OTLP/JSON document, `{"resourceSpans":[...]}`, in pieces: a trace that is
// large is cut, so that its text is never whole in memory. Other answers have another name for the
// list, or another form of its items.
class OtlpJsonStream {
 public:
  explicit OtlpJsonStream(ResponseSink& sink, std::string_view list = "resourceSpans",
                          wire::JsonForm form = wire::JsonForm::kOtlp)
      : sink_(sink), begin_("{\"" + std::string(list) + "\":["), form_(form) {}

  // Appends a trace that is not empty. The first one begins the document.
  base::Status Add(span::SpanBatch&& trace);
  // Ends the document; one that was never begun is an empty one.
  base::Status End();
  bool empty() const { return empty_; }

 private:
  ResponseSink& sink_;
  const std::string begin_;
  const wire::JsonForm form_;
  bool empty_ = true;
};

}  // namespace spandrel::api
