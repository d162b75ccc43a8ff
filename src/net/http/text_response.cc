// SPDX-License-Identifier: Apache-2.0
#include "net/http/text_response.h"

#include <utility>

namespace spandrel::net {

Response TextResponse(int status, std::string text) {
  text += '\n';
  return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text), {}};
}

}  // namespace spandrel::net
