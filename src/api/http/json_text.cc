// SPDX-License-Identifier: Apache-2.0
#include "api/http/json_text.h"

#include <utility>

namespace spandrel::api {
namespace {

class Indenter {
 public:
  Indenter(std::string_view json, size_t spaces) : json_(json), spaces_(spaces) {}

  std::string Run() {
    while (at_ < json_.size()) Step();
    return std::move(out_);
  }

 private:
  void Step() {
    const char c = json_[at_++];
    switch (c) {
      case '"':
        return CopyString();
      case '{':
      case '[':
        return Open(c);
      case '}':
      case ']':
        --depth_;
        NewLine();
        break;
      case ',':
        out_ += c;
        return NewLine();
      case ':':
        out_ += ':';
        out_ += ' ';
        return;
      default:
        break;
    }
    out_ += c;
  }

  void Open(char bracket) {
    out_ += bracket;
    const bool is_empty = at_ < json_.size() && (json_[at_] == '}' || json_[at_] == ']');
    if (is_empty) {
      out_ += json_[at_++];
      return;
    }
    ++depth_;
    NewLine();
  }

  void CopyString() {
    const size_t start = at_ - 1;
    while (at_ < json_.size() && json_[at_] != '"') at_ += json_[at_] == '\\' ? 2 : 1;
    ++at_;
    out_ += json_.substr(start, at_ - start);
  }

  void NewLine() {
    out_ += '\n';
    out_.append(depth_ * spaces_, ' ');
  }

  std::string_view json_;
  const size_t spaces_;
  size_t at_ = 0;
  size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string IndentJson(std::string_view json, size_t spaces) {
  return Indenter(json, spaces).Run();
}

}  // namespace spandrel::api
