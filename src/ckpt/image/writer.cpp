#include "ckpt/image/writer.h"
#include "ckpt/image/archive.h"
#include "ckpt/image/compressor.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#define XXH_INLINE_ALL
#include <algorithm>
#include <cstring>
#include <xxhash.h>

namespace glckpt::ckpt {
namespace {

uint64_t align_up(uint64_t n, uint64_t to) { return (n + to - 1) & ~(to - 1); }

} // namespace

// Where the stream of page bytes goes, one frame after another.
struct ImageWriter::FrameSink {
    explicit FrameSink(ImageWriter& w) : writer(w) {
        XXH3_64bits_reset(&hash);
        if (w.profile_ == Profile::Raw)
            raw = std::make_unique<char[]>(kFrameBytes);
        else
            packer = std::make_unique<FrameCompressor>(w.helpers_);
    }
    bool ok() const { return !packer || packer->ok(); }

    uint64_t room() const { return kFrameBytes - fill; }

    // `before`: the hashes of what lies in the file already, page by page.
    Status add(const char* data, uint64_t bytes, uint64_t file_offset, PageHash* before) {
        // Always through a copy: among the pages are this very thread's stack and variables, and
        // what is hashed must be what is written.
        char* copy = (packer ? packer->plain() : raw.get()) + fill;
        memcpy(copy, data, bytes);
        for (uint64_t at = 0; at < bytes; at += kPage)
            writer.hashes_.push_back(hash_of_page(copy + at, writer.seed_));
        if (writer.profile_ == Profile::Raw) {
            XXH3_64bits_update(&hash, copy, bytes);
            if (Status s = write_raw(copy, bytes, file_offset, before); !s)
                return s;
        }
        fill += bytes;
        return fill == kFrameBytes ? flush(false) : Status();
    }

    Status write_raw(const char* copy, uint64_t bytes, uint64_t file_offset, PageHash* before) {
        if (!before)
            return writer.write_at(copy, bytes, file_offset);
        const PageHash* now = &writer.hashes_[writer.hashes_.size() - bytes / kPage];
        for (uint64_t page = 0, pages = bytes / kPage; page < pages; ++page) {
            const bool same = before[page] == now[page];
            before[page] = {};
            if (same)
                continue;
            if (Status s = writer.write_at(copy + page * kPage, kPage, file_offset + page * kPage);
                !s)
                return s;
        }
        return {};
    }

    // `last`: and all that helpers still have.
    Status flush(bool last) {
        if (packer)
            return flush_packed(last);
        if (fill == 0)
            return {};
        writer.frames_.push_back({0, fill, XXH3_64bits_digest(&hash)});
        XXH3_64bits_reset(&hash);
        fill = 0;
        return {};
    }

    Status flush_packed(bool last) {
        if (fill > 0)
            packer->submit(fill);
        fill = 0;
        for (PackedFrame f; packer->take(f, last);) {
            if (f.bytes == 0)
                return Status::refused("compression failed");
            if (Status s = writer.write_at(f.data, f.bytes, writer.end_); !s)
                return s;
            writer.frames_.push_back({writer.end_, f.bytes, f.hash});
            writer.end_ += f.bytes;
        }
        return {};
    }

    ImageWriter& writer;
    uint64_t fill = 0;
    XXH3_state_t hash;
    std::unique_ptr<char[]> raw;
    std::unique_ptr<FrameCompressor> packer;
};

ImageWriter::ImageWriter(int fd, Profile profile, uint64_t header_at, uint64_t data_at,
                         uint64_t seed)
    : fd_(fd), profile_(profile), header_at_(header_at), end_(data_at), seed_(seed) {}
ImageWriter::~ImageWriter() = default;

uint64_t congruent(uint64_t at, uint64_t address) {
    const uint64_t want = address % kHugePage, have = at % kHugePage;
    return at + (want >= have ? want - have : kHugePage - have + want);
}

uint64_t random_seed() {
    uint64_t seed = 0;
    raw_syscall(SYS_getrandom, &seed, sizeof seed, 0);
    return seed;
}

Status ImageWriter::write_at(const void* data, uint64_t bytes, uint64_t offset) {
    int error = 0;
    if (!pwrite_all(fd_, data, bytes, offset, &error))
        return Status::refused(error_text(error));
    return {};
}

void ImageWriter::lay_out_precopied(std::vector<PageRun>::iterator from,
                                    std::vector<PageRun>::iterator to) {
    for (auto r = from; r != to; ++r) {
        r->file_offset = precopied_->place_of(r->address, r->address + r->bytes);
        if (r->file_offset == 0) {
            r->file_offset = align_up(end_, kPage);
            end_ = r->file_offset + r->bytes;
        }
    }
}

void ImageWriter::lay_out(std::vector<PageRun>& runs, std::vector<PageLayout>& mappings) {
    if (profile_ != Profile::Raw)
        return;
    // A huge, nearly empty reservation would make a file with holes of terabytes, which file
    // systems refuse, and the stack of every thread one of megabytes, which makes images look
    // larger than they are and copies slow: their pages are packed one run after another and
    // restored by reading.
    constexpr uint64_t kSparseAllowance = 256 << 10;
    if (precopied_)
        precopied_->split(runs);
    auto run = runs.begin();
    for (PageLayout& m : mappings) {
        const auto first = run;
        uint64_t present = 0;
        for (; run != runs.end() && run->space == kProcessSpace && run->address < m.end; ++run)
            present += run->bytes;
        if (present == 0)
            continue;
        if (precopied_ && std::any_of(first, run, [&](const PageRun& r) {
                return precopied_->place_of(r.address, r.address + r.bytes) != 0;
            })) {
            lay_out_precopied(first, run);
            m.image_offset = precopied_->place_of(m.start, m.end);
            continue;
        }
        const bool whole = m.may_be_whole && m.end - m.start <= 4 * present + kSparseAllowance;
        // Only what can be mapped with huge pages pays for the gap.
        uint64_t at = whole && m.end - m.start >= 2 * kHugePage ? congruent(end_, m.start)
                                                                : align_up(end_, kPage);
        for (auto r = first; r != run; ++r) {
            r->file_offset = whole ? at + (r->address - m.start) : at;
            if (!whole)
                at += r->bytes;
        }
        if (whole)
            m.image_offset = at;
        end_ = whole ? at + (m.end - m.start) : at;
    }
    for (; run != runs.end(); ++run) {
        run->file_offset = end_ = align_up(end_, kPage);
        end_ += run->bytes;
    }
}

Status ImageWriter::write_pages(const std::vector<PageRun>& runs, const PageSource& source,
                                std::atomic<uint64_t>* progress) {
    FrameSink sink(*this);
    if (!sink.ok())
        return Status::refused("no memory to compress in");
    const auto buffer = std::make_unique<char[]>(kFrameBytes);
    for (const PageRun& r : runs) {
        for (uint64_t done = 0; done < r.bytes;) {
            const uint64_t n = std::min(r.bytes - done, sink.room());
            const char* data = source(r.space, r.address + done, n, buffer.get());
            PageHash* before = precopied_ && r.space == kProcessSpace
                                   ? precopied_->hashes_of(r.address + done, n / kPage)
                                   : nullptr;
            if (Status s = sink.add(data, n, r.file_offset + done, before); !s)
                return s;
            done += n;
            if (progress)
                progress->fetch_add(n, std::memory_order_relaxed);
        }
    }
    if (Status s = sink.flush(true); !s)
        return s;
    if (precopied_)
        if (Status s = precopied_->clear_rest(fd_); !s)
            return s;
    const std::string_view run_bytes(reinterpret_cast<const char*>(runs.data()),
                                     runs.size() * sizeof(PageRun));
    const std::string_view frame_bytes(reinterpret_cast<const char*>(frames_.data()),
                                       frames_.size() * sizeof(PageFrame));
    const std::string_view hash_bytes(reinterpret_cast<const char*>(hashes_.data()),
                                      hashes_.size() * sizeof(PageHash));
    if (Status s = add_section(kSectionRuns, run_bytes); !s)
        return s;
    if (Status s = add_section(kSectionFrames, frame_bytes); !s)
        return s;
    return add_section(kSectionHashes, hash_bytes);
}

Status ImageWriter::write_refs(const std::vector<PageRef>& refs, const ChainState& chain) {
    const std::string_view bytes(reinterpret_cast<const char*>(refs.data()),
                                 refs.size() * sizeof(PageRef));
    if (Status s = add_section(kSectionRefs, bytes); !s)
        return s;
    return add_section(kSectionChain, encode(chain));
}

Status ImageWriter::add_section(std::string_view name, std::string_view bytes) {
    SectionEntry e{};
    memcpy(e.name, name.data(), std::min(name.size(), sizeof e.name - 1));
    e.offset = end_ = align_up(end_, 8);
    e.bytes = bytes.size();
    e.hash = XXH3_64bits(bytes.data(), bytes.size());
    table_.push_back(e);
    end_ += bytes.size();
    return write_at(bytes.data(), bytes.size(), e.offset);
}

Status ImageWriter::finish(bool durable) {
    FileHeader h{};
    memcpy(h.magic, kMagic, sizeof kMagic);
    h.version = kFormatVersion;
    h.arch = kArchX86_64;
    h.profile = profile_;
    h.section_count = (uint32_t)table_.size();
    h.page_seed = seed_;
    raw_syscall(SYS_getrandom, h.id, sizeof h.id, 0);
    h.table_offset = align_up(end_, 8);
    const uint64_t table_bytes = table_.size() * sizeof(SectionEntry);
    h.table_hash = XXH3_64bits(table_.data(), table_bytes);
    h.file_bytes = end_ = h.table_offset + table_bytes;
    h.header_hash = XXH3_64bits(&h, offsetof(FileHeader, header_hash));
    if (Status s = write_at(table_.data(), table_bytes, h.table_offset); !s)
        return s;
    // Everything the header vouches for is on the disk before the header is.
    if (durable && raw_syscall(SYS_fdatasync, fd_) < 0)
        return Status::refused("cannot be written to the disk");
    if (Status s = write_at(&h, sizeof h, header_at_); !s)
        return s;
    const long r = durable ? raw_syscall(SYS_fsync, fd_) : 0;
    return r < 0 ? Status::refused(error_text((int)-r)) : Status();
}

} // namespace glckpt::ckpt
