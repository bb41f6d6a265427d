// An image with all the processes in it: one, mostly.
#pragma once
#include "ckpt/image/reader.h"

namespace glckpt::ckpt {

class ImageTree {
  public:
    static Result<ImageTree> open(const std::string& path);
    // The images that this one builds on: refused if one is missing, or is not the one it was.
    Status open_origins();

    size_t size() const { return members_.size(); }
    const TreeMember& member(size_t i) const { return members_[i]; }
    const std::vector<TreeMember>& members() const { return members_; }
    bool living(size_t i) const { return readers_[i] != nullptr; }
    ImageReader& reader(size_t i) { return *readers_[i]; }
    const ImageReader& reader(size_t i) const { return *readers_[i]; }
    const ImageReader& root() const { return *readers_[0]; }
    const ProcessState& process(size_t i) const { return readers_[i]->process(); }
    int descriptions() const { return descriptions_; }
    int objects() const { return objects_; }

    Status verify_pages() const;
    Status verify_gaps() const;

  private:
    Status check_numbers() const;
    std::vector<std::unique_ptr<ImageReader>> readers_; // null: a zombie
    std::vector<TreeMember> members_;
    int descriptions_ = 0, objects_ = 0;
};

} // namespace glckpt::ckpt
