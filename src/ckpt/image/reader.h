// Reads an image, believing nothing that it has not checked. For glckpt-restore, glckpt-info,
// glckpt-log and the tests.
#pragma once
#include "base/status.h"
#include "ckpt/image/format.h"
#include "ckpt/state.h"
#include "ckpt/sys.h"
#include "ckpt/tree/tree.h"
#include <map>
#include <memory>
#include <span>

namespace glckpt::ckpt {

class ImageReader {
  public:
    // Opens and checks everything but the page data: header, table, sections, structure. Refuses a
    // file that is not the caller's own or that others can write: whoever can write an image owns
    // the process made of it.
    static Result<ImageReader> open(const std::string& path);
    // Another process of the same tree, whose image lies at [start, end) of the file.
    Result<ImageReader> open_part(uint64_t start, uint64_t end) const;
    ImageReader(ImageReader&&) noexcept;
    ImageReader& operator=(ImageReader&&) noexcept;
    ~ImageReader();

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }
    void replace_fd(int fd) { fd_ = UniqueFd(fd); } // the same file under another number
    int release_fd() { return fd_.release(); }
    const FileHeader& header() const { return *header_; }
    Profile profile() const { return header_->profile; }
    const ProcessState& process() const { return *process_; }
    void number_alone(); // gives everything the tree-wide number that is its own
    const TreeState* tree() const { return tree_.get(); } // null: one process

    std::vector<std::string> section_names() const;
    bool has_section(const std::string& name) const { return sections_.count(name) != 0; }
    std::string_view section(const std::string& name) const; // empty if absent

    std::span<const PageRun> runs() const { return runs_; }
    std::span<const PageFrame> frames() const { return frames_; }
    uint64_t stream_bytes() const { return stream_bytes_; }
    // The stored form of a frame, packed profile only.
    std::string_view stored(const PageFrame& f) const;
    // Plain bytes of frame `index` into `out` (kFrameBytes large); checks the hash.
    Status read_frame(size_t index, char* out) const;
    uint64_t frame_bytes(size_t index) const; // plain
    // Calls part(run, offset in run, bytes) for the pieces of runs that make up frame `index`.
    template <class F>
    void for_each_part(size_t index, F part) const {
        uint64_t at = index * kFrameBytes, left = frame_bytes(index);
        for (size_t r = run_at(at); left; ++r) {
            const uint64_t in_run = at - run_start_[r];
            const uint64_t n = std::min(left, runs_[r].bytes - in_run);
            part(runs_[r], in_run, n);
            at += n;
            left -= n;
        }
    }

    // Memory of the saved process (space 0) or of a shared object, as far as it is in the image.
    bool read_memory(uint64_t address, void* out, size_t bytes,
                     uint32_t space = kProcessSpace) const;

    // Every byte of the page data, and that nothing but zeros lies between the pieces.
    Status verify_pages() const;
    Status verify_gaps() const;

  private:
    ImageReader();
    Status load(uint64_t start, uint64_t end);
    Status load_table();
    Status load_pages();
    Status check_structure() const;
    size_t run_at(uint64_t stream_offset) const;
    const char* at(uint64_t offset) const { return map_ + offset; }

    std::string path_;
    UniqueFd fd_;
    const char* map_ = nullptr;
    uint64_t mapped_bytes_ = 0;
    uint64_t start_ = 0, file_bytes_ = 0; // of this image; the second is its end
    const FileHeader* header_ = nullptr;
    std::map<std::string, SectionEntry> sections_;
    std::unique_ptr<ProcessState> process_;
    std::unique_ptr<TreeState> tree_;
    std::span<const PageRun> runs_;
    std::span<const PageFrame> frames_;
    std::vector<uint64_t> run_start_; // of each run in the stream
    uint64_t stream_bytes_ = 0;
    mutable size_t cached_frame_ = SIZE_MAX;
    mutable std::unique_ptr<char[]> cache_;
};

} // namespace glckpt::ckpt
