// Reads an image, believing nothing that it has not checked. For glckpt-restore, glckpt-info,
// glckpt-log and the tests.
#pragma once
#include "base/status.h"
#include "ckpt/image/chain.h"
#include "ckpt/image/format.h"
#include "ckpt/state.h"
#include "ckpt/sys.h"
#include "ckpt/tree/tree.h"
#include <algorithm>
#include <map>
#include <memory>
#include <span>

namespace glckpt::ckpt {

// A packed frame, unpacked: what is read next often lies in the same one.
struct FrameCache {
    const class ImageReader* image = nullptr;
    size_t frame = 0;
    std::unique_ptr<char[]> bytes;
};

class ImageReader {
  public:
    // Opens and checks everything but the page data: header, table, sections, structure. Refuses a
    // file that is not the caller's own or that others can write: whoever can write an image owns
    // the process made of it.
    static Result<ImageReader> open(const std::string& path);
    // Another process of the same tree, whose image lies at [start, end) of the file.
    Result<ImageReader> open_part(uint64_t start, uint64_t end) const;
    static ImageReader none() { return {}; } // for open_origin
    ImageReader(ImageReader&&) noexcept;
    ImageReader& operator=(ImageReader&&) noexcept;
    ~ImageReader();

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }
    uint64_t start() const { return start_; } // of this process's image in the file
    // The same files under numbers from `least` on.
    void lift_fds(int least);
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

    // Every byte of the page data, and that nothing but zeros lies between the pieces. With what
    // lies in other images.
    Status verify_pages() const;
    Status verify_gaps() const;

    // An incremental image; null: it is whole in itself.
    const ChainState* chain() const { return chain_.get(); }
    // The images that it builds on; before anything of its refs is read. Refuses, by name, one that
    // is missing or is not the one that was there.
    Status open_origins();
    Status open_origin(const ImageOrigin& wanted, ImageReader& out) const;
    void close_origins() { origins_.clear(); }
    const ImageReader& origin(size_t index) const { return *origins_[index]; }
    size_t origins() const { return origins_.size(); }
    // How another image in that folder names this one.
    ImageOrigin as_origin(const std::string& folder) const;
    std::string true_path() const; // without links

    std::span<const PageRef> refs() const { return refs_; }
    std::span<const PageHash> hashes() const { return hashes_; }
    const PageHash& hash_of(uint64_t page) const { return hashes_[page]; }
    // Are these the pages of its stream from that one on?
    bool has_pages(uint64_t page, const char* bytes, uint64_t count) const;
    // Bytes of its own stream of pages; whole pages. Not checked in the raw profile.
    Status read_stream(uint64_t at, uint64_t bytes, char* out, FrameCache& cache) const;
    // Raw: where in the file that page of the stream lies.
    uint64_t file_offset_of(uint64_t page) const;
    // A part of what is in another image, checked.
    Status read_ref(const PageRef& ref, uint64_t offset, uint64_t bytes, char* out,
                    FrameCache& cache) const;
    // What is in other images, in batches for several threads: part(ref, offset in it, bytes, at
    // most a frame) -> Status.
    size_t ref_batches() const { return (ref_bytes_ + kRefBatch - 1) / kRefBatch; }
    uint64_t ref_bytes() const { return ref_bytes_; }
    template <class F>
    Status for_each_in_batch(size_t batch, F part) const {
        uint64_t at = batch * kRefBatch, left = std::min(kRefBatch, ref_bytes_ - at);
        for (size_t r = last_before(ref_start_, at); left; ++r) {
            for (uint64_t in_ref = at - ref_start_[r]; left && in_ref < refs_[r].bytes;) {
                const uint64_t n = std::min({left, refs_[r].bytes - in_ref, kFrameBytes});
                if (Status s = part(refs_[r], in_ref, n); !s)
                    return s;
                in_ref += n;
                at += n;
                left -= n;
            }
        }
        return {};
    }

  private:
    ImageReader();
    Status load(uint64_t start, uint64_t end);
    Status load_table();
    Status load_pages();
    Status load_refs();
    bool read_page_elsewhere(uint64_t address, char* out, uint64_t bytes, uint32_t space) const;
    static constexpr uint64_t kRefBatch = 4 << 20;
    // The index of the last start that is not beyond `at`.
    static size_t last_before(const std::vector<uint64_t>& starts, uint64_t at) {
        return (size_t)(std::upper_bound(starts.begin(), starts.end(), at) - starts.begin()) - 1;
    }
    Status check_structure() const;
    size_t run_at(uint64_t stream_offset) const { return last_before(run_start_, stream_offset); }
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
    std::span<const PageHash> hashes_;
    std::unique_ptr<ChainState> chain_;
    std::span<const PageRef> refs_;
    std::vector<uint64_t> ref_start_; // as run_start_
    uint64_t ref_bytes_ = 0;
    std::vector<std::unique_ptr<ImageReader>> origins_;
    mutable FrameCache ref_cache_;
    mutable size_t cached_frame_ = SIZE_MAX;
    mutable std::unique_ptr<char[]> cache_;
};

} // namespace glckpt::ckpt
