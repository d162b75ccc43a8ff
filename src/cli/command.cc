// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <fmt/format.h>

#include <memory>

#include "cli/look.h"
#include "cli/output.h"
#include "cli/query_text.h"
#include "cli/server_source.h"
#include "cli/store_source.h"
#include "cli/visible_text.h"

namespace spandrel::cli {
namespace {

using base::Result;

Result<std::unique_ptr<Source>> OpenSource(const CommandOptions& options,
                                           const store_tool::Interrupts& interrupts) {
  if (options.data.empty()) {
    auto server = ServerSource::Make(options, interrupts);
    if (!server.ok()) return server.status();
    return std::unique_ptr<Source>(*std::move(server));
  }
  auto store = StoreSource::Open(options, interrupts);
  if (!store.ok()) return store.status();
  return std::unique_ptr<Source>(*std::move(store));
}

int Run(Source& source, const CommandOptions& options, const store_tool::Interrupts& interrupts) {
  switch (options.action) {
    case Action::kTrace:
      return PrintTrace(source, options);
    case Action::kTail:
      return TailSpans(source, options, interrupts);
    case Action::kQuery:
      break;
  }
  return QueryTraces(source, options);
}

}  // namespace

int RunCommand(const CommandOptions& options) {
  EndQuietlyWithoutReader();
  store_tool::Interrupts interrupts;
  const auto source = OpenSource(options, interrupts);
  interrupts.Listen();
  if (!source.ok()) return Fail(source.status());
  const int status = Run(**source, options, interrupts);
  if (const uint64_t lost = (*source)->unreadable_spans(); lost > 0) {
    Complain(fmt::format("{} spans may be missing, since they are damaged where they are stored",
                         store_tool::WithCommas(lost)));
  }
  return Finish(status);
}

int FailedQuestion(const base::Status& status, const CommandOptions& options) {
  if (status.code() == base::StatusCode::kCancelled) return store_tool::kInterruptedStatus;
  if (status.code() == base::StatusCode::kInvalidArgument ||
      status.code() == base::StatusCode::kUnimplemented) {
    Complain(ExplainQueryError(options.query, status, LookOfOutput(options.color)));
    return kFailed;
  }
  std::string message = VisibleText(status.message());
  if (status.code() == base::StatusCode::kDeadlineExceeded) {
    message += fmt::format("; --timeout gives it more than {}", options.timeout);
  }
  if (status.code() == base::StatusCode::kUnavailable && options.data.empty()) {
    message += "; is a server there? --server names one, --data a directory";
  }
  Complain(message);
  return kFailed;
}

}  // namespace spandrel::cli
