// The saved process's memory as it was: pages from the image, the rest from the files that were
// mapped there, if they are still the same.
#pragma once
#include "ckpt/image/reader.h"
#include <map>

namespace glckpt::tools {

class MemoryView {
  public:
    explicit MemoryView(const ckpt::ImageReader& image) : image_(image) {}
    bool read(uint64_t address, void* out, size_t bytes) const;
    const ckpt::SavedMapping* mapping(uint64_t address) const;
    // Where the file that is mapped at `address` begins in memory (its ELF header).
    uint64_t module_base(uint64_t address) const;

  private:
    int file(const ckpt::SavedMapping& m) const;
    const ckpt::ImageReader& image_;
    mutable std::map<int, ckpt::UniqueFd> files_;
};

} // namespace glckpt::tools
