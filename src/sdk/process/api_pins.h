// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::sdk {

// The API keeps its global provider, propagator, context storage and defaults in statics, which are
// destroyed at exit while threads may still start spans. From the first call on, whatever they hold
// when the process exits is never freed: threads that still trace, and destructors of statics that
// ask for a tracer, find it as it was. Thread-safe.
void KeepApiUsableAtExit();

}  // namespace spandrel::sdk
