// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "span/span_view.h"

namespace spandrel::api {

// Everything about one span as docs/formats/ui-api.md says.
std::string SpanDetailsJson(const span::SpanRef& span);

}  // namespace spandrel::api
