// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"

// Standard output and standard error of a command.
namespace spandrel::cli {

// The statuses that a command ends with.
inline constexpr int kFound = 0;
inline constexpr int kNothingFound = 1;
inline constexpr int kFailed = 2;

// From here on a reader that has gone (`| head`) ends the process quietly, with status 0.
void EndQuietlyWithoutReader();

void Put(std::string_view text);
// JSON, with VisibleJson.
void PutJson(std::string_view json);
// Writes what waits; `status`, or kFailed when standard output could not be written.
int Finish(int status);

// "spandrel: message", a line break at its end.
void Complain(std::string_view message);
// The same; kFailed.
int Fail(const base::Status& status);

// On standard error, only when a person looks at the output.
void Note(std::string_view text);

}  // namespace spandrel::cli
