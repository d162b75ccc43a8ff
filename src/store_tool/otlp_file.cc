// SPDX-License-Identifier: Apache-2.0
#include "store_tool/otlp_file.h"

#include <fmt/format.h>

#include <utility>

#include "wire/otlp/otlp.h"

namespace spandrel::store_tool {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kReadBytes = size_t{1} << 18;
constexpr size_t kLengthBytes = 4;
constexpr size_t kMaxBlanks = 1024;  // at the start; more are a text

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::string EncodeFileEntry(const span::SpanBatch& batch, OtlpFormat format) {
  if (format == OtlpFormat::kJson) return wire::EncodeOtlpJson(batch) + "\n";
  const std::string message = wire::EncodeOtlpProtobuf(batch);
  std::string entry;
  for (int shift = 24; shift >= 0; shift -= 8) {
    entry.push_back(static_cast<char>(message.size() >> shift));
  }
  return entry + message;
}

Result<std::optional<OtlpFileReader::Entry>> OtlpFileReader::Next() {
  SPANDREL_RETURN_IF_ERROR(FindFormat());
  const bool is_json = format_ == OtlpFormat::kJson;
  auto message = is_json ? NextLine() : NextMessage();
  if (!message.ok()) return message.status();
  if (!*message) return std::optional<Entry>();
  auto request = is_json ? wire::DecodeOtlpJson(**message)
                         : wire::DecodeOtlpProtobuf(base::MakeSharedBytes(*std::move(*message)));
  if (!request.ok()) return Malformed(request.status().message());
  ++entry_;
  return std::optional<Entry>(Entry{span::SpanBatch(request->chunk), request->rejected_spans});
}

// True when that many bytes are in the buffer, false when the file ends before.
Result<bool> OtlpFileReader::Fill(size_t wanted) {
  while (buffer_.size() - begin_ < wanted) {
    if (begin_ > 0) {
      buffer_.erase(0, begin_);
      begin_ = 0;
    }
    const size_t size = buffer_.size();
    buffer_.resize(size + kReadBytes);
    const Result<size_t> got = source_->Read(buffer_.data() + size, kReadBytes);
    buffer_.resize(size + (got.ok() ? *got : 0));
    if (!got.ok()) return got.status();
    if (*got == 0) return false;
  }
  return true;
}

// JSON begins with '{', perhaps behind blanks. A message's length begins with '{' only above 1.9
// GiB, and with a blank from 144 MiB on, but a '{' does not follow that.
Status OtlpFileReader::FindFormat() {
  if (format_) return {};
  size_t blanks = 0;
  Result<bool> filled = Fill(1);
  while (filled.ok() && *filled && blanks < kMaxBlanks &&
         IsBlank(buffer_.substr(begin_ + blanks, 1))) {
    ++blanks;
    filled = Fill(blanks + 1);
  }
  if (!filled.ok()) return filled.status();
  const bool is_json = !*filled || blanks == kMaxBlanks || buffer_[begin_ + blanks] == '{';
  format_ = is_json ? OtlpFormat::kJson : OtlpFormat::kProto;
  return {};
}

Result<std::optional<std::string>> OtlpFileReader::NextLine() {
  size_t searched = 0;
  while (true) {
    const size_t end = buffer_.find('\n', begin_ + searched);
    if (end != std::string::npos) {
      std::string line = TakeBytes(end - begin_ + 1);
      if (!IsBlank(line)) return std::optional<std::string>(std::move(line));
      searched = 0;
      continue;
    }
    searched = buffer_.size() - begin_;
    if (searched > kMaxFileMessageBytes) return Malformed("longer than 1 GiB");
    const Result<bool> filled = Fill(searched + 1);
    if (!filled.ok()) return filled.status();
    if (*filled) continue;
    std::string line = TakeBytes(buffer_.size() - begin_);
    if (IsBlank(line)) return std::optional<std::string>();
    return std::optional<std::string>(std::move(line));
  }
}

Result<std::optional<std::string>> OtlpFileReader::NextMessage() {
  const Result<bool> has_length = Fill(kLengthBytes);
  if (!has_length.ok()) return has_length.status();
  if (!*has_length && buffer_.size() == begin_) return std::optional<std::string>();
  if (!*has_length) return Malformed("cut off");
  const size_t size = ReadBigEndian(std::string_view(buffer_).substr(begin_, kLengthBytes));
  if (size > kMaxFileMessageBytes) return Malformed("longer than 1 GiB, or not an OTLP file");
  const Result<bool> has_message = Fill(kLengthBytes + size);
  if (!has_message.ok()) return has_message.status();
  if (!*has_message) return Malformed("cut off");
  begin_ += kLengthBytes;
  return std::optional<std::string>(TakeBytes(size));
}

Status OtlpFileReader::Malformed(std::string_view what) const {
  return {StatusCode::kInvalidArgument, fmt::format("entry {}: {}", entry_ + 1, what)};
}

std::string OtlpFileReader::TakeBytes(size_t count) {
  std::string bytes = buffer_.substr(begin_, count);
  begin_ += count;
  return bytes;
}

}  // namespace spandrel::store_tool
