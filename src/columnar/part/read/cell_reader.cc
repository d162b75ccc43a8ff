// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/cell_reader.h"

#include <algorithm>

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint32_t kBuffered = 512;

}  // namespace

span::ValueView ViewOfCell(CellType type, std::string_view text, uint64_t scalar) {
  switch (type) {
    case CellType::kText:
      return span::ValueView::OfString(text);
    case CellType::kBool:
      return span::ValueView::OfBool(scalar != 0);
    case CellType::kDouble:
      return span::ValueView::OfDoubleBits(scalar);
    case CellType::kInt:
      return span::ValueView::OfInt(static_cast<int64_t>(scalar));
    default:
      return span::ValueView::FromMessage(text);
  }
}

Result<CellReader> CellReader::Open(const RowGroup& group, uint32_t column) {
  CellReader reader;
  if (!IsText(group.table().columns[column].type)) {
    const Result<NumberColumn> scalars = group.Numbers(column);
    if (!scalars.ok()) return scalars.status();
    reader.scalars_ = *scalars;
    reader.size_ = scalars->size();
    return reader;
  }
  const Result<columns::TextColumn> texts = group.Texts(column);
  if (!texts.ok()) return texts.status();
  reader.size_ = texts->size();
  reader.texts_.emplace(*texts);
  if (texts->encoding() == columns::TextEncoding::kDictionary) reader.dictionary_ = *texts;
  return reader;
}

Status CellReader::Next() {
  if (++at_ < buffered_) return {};
  return Fill();
}

Status CellReader::Fill() {
  if (next_ >= size_) return {StatusCode::kDataLoss, "cell is missing"};
  const uint32_t count = std::min(kBuffered, size_ - next_);
  at_ = 0;
  if (texts_ && !dictionary_) {
    const auto views = texts_->Read(next_, count);
    if (!views.ok()) return views.status();
    views_ = *views;
    buffered_ = views_.size();
  } else {
    numbers_.resize(count);
    if (dictionary_) {
      dictionary_->codes().Read(next_, count, numbers_.data());
    } else {
      scalars_->Read(next_, count, numbers_.data());
    }
    buffered_ = count;
  }
  next_ += static_cast<uint32_t>(buffered_);
  return {};
}

}  // namespace spandrel::columnar
