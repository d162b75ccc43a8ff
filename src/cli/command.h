// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.h"
#include "cli/source.h"
#include "store_tool/terminal.h"

namespace spandrel::cli {

// `spandrel query`, `trace` or `tail`: runs it and returns the exit status (cli/output.h); 130 when
// a signal ended it.
int RunCommand(const CommandOptions& options);

// The actions. What goes wrong is said on standard error.
int QueryTraces(Source& source, const CommandOptions& options);
int PrintTrace(Source& source, const CommandOptions& options);
int TailSpans(Source& source, const CommandOptions& options,
              const store_tool::Interrupts& interrupts);

// Says why a question was not answered; the exit status.
int FailedQuestion(const base::Status& status, const CommandOptions& options);

}  // namespace spandrel::cli
