// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::sdk {

// Whether the process has begun to exit: destructors of statics may have taken handles from threads
// that still use what they stood for.
bool ProcessExits();
void NoteProcessExit();

}  // namespace spandrel::sdk
