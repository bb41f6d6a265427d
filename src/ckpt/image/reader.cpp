#include "ckpt/image/reader.h"
#include "ckpt/image/archive.h"
#include "ckpt/image/structure.h"
#include "ckpt/text.h"
#define XXH_INLINE_ALL
#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <zstd.h>

namespace glckpt::ckpt {
namespace {

Status damaged(const char* what) {
    return Status::refused(format("the image is damaged (%s)", what));
}

Status check_owner(const struct stat& st, const std::string& path) {
    if (!S_ISREG(st.st_mode))
        return Status::refused(path + " is not a regular file");
    if (st.st_uid != raw_syscall(SYS_geteuid))
        return Status::refused(format("%s belongs to another user (uid %u): an image is code, only "
                                      "your own are run",
                                      path.c_str(), st.st_uid));
    if (st.st_mode & 022)
        return Status::refused(format("%s can be written by others (mode %04o): an image is code; "
                                      "chmod go-w it if you trust it",
                                      path.c_str(), st.st_mode & 07777));
    return {};
}

} // namespace

ImageReader::ImageReader() = default;
ImageReader::ImageReader(ImageReader&& o) noexcept { *this = std::move(o); }
ImageReader& ImageReader::operator=(ImageReader&& o) noexcept {
    path_ = std::move(o.path_);
    fd_ = std::move(o.fd_);
    std::swap(map_, o.map_);
    std::swap(mapped_bytes_, o.mapped_bytes_);
    start_ = o.start_;
    file_bytes_ = o.file_bytes_;
    tree_ = std::move(o.tree_);
    header_ = o.header_;
    sections_ = std::move(o.sections_);
    process_ = std::move(o.process_);
    runs_ = o.runs_;
    frames_ = o.frames_;
    run_start_ = std::move(o.run_start_);
    stream_bytes_ = o.stream_bytes_;
    hashes_ = o.hashes_;
    chain_ = std::move(o.chain_);
    refs_ = o.refs_;
    ref_start_ = std::move(o.ref_start_);
    ref_bytes_ = o.ref_bytes_;
    origins_ = std::move(o.origins_);
    ref_cache_ = std::move(o.ref_cache_);
    cache_ = std::move(o.cache_);
    cached_frame_ = o.cached_frame_;
    return *this;
}
ImageReader::~ImageReader() {
    if (map_)
        munmap(const_cast<char*>(map_), mapped_bytes_);
}

Result<ImageReader> ImageReader::open(const std::string& path) {
    ImageReader r;
    r.path_ = path;
    r.fd_ = open_fd(path.c_str(), O_RDONLY);
    if (!r.fd_.ok())
        return Status::refused(
            format("cannot open %s: %s", path.c_str(), error_text(r.fd_.error())));
    if (Status s = r.load(0, 0); !s)
        return s;
    return r;
}

Result<ImageReader> ImageReader::open_part(uint64_t start, uint64_t end) const {
    ImageReader r;
    r.path_ = path_;
    r.fd_ = UniqueFd(raw_syscall(SYS_fcntl, fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (start % kPage || end < start + kPage || end > mapped_bytes_)
        return damaged("tree");
    if (Status s = r.load(start, end); !s)
        return s;
    return r;
}

Status ImageReader::load(uint64_t start, uint64_t end) {
    struct stat st {};
    raw_syscall(SYS_fstat, fd_.get(), &st);
    if (Status s = check_owner(st, path_); !s)
        return s;
    if ((uint64_t)st.st_size < sizeof(FileHeader))
        return Status::refused(path_ + " is not a glckpt image");
    mapped_bytes_ = (uint64_t)st.st_size;
    start_ = start;
    file_bytes_ = end ? end : mapped_bytes_;
    void* map = mmap(nullptr, mapped_bytes_, PROT_READ, MAP_PRIVATE, fd_.get(), 0);
    if (map == MAP_FAILED)
        return Status::refused("cannot map " + path_);
    map_ = static_cast<const char*>(map);
    if (file_bytes_ > mapped_bytes_)
        return damaged("tree");
    header_ = reinterpret_cast<const FileHeader*>(map_ + start_);
    if (memcmp(header_->magic, kMagic, sizeof kMagic) != 0)
        return Status::refused(path_ + " is not a glckpt image");
    if (XXH3_64bits(header_, offsetof(FileHeader, header_hash)) != header_->header_hash)
        return damaged("header");
    if (header_->version != kFormatVersion || header_->arch != kArchX86_64)
        return Status::refused(format("%s has format version %u; this glckpt reads %u",
                                      path_.c_str(), header_->version, kFormatVersion));
    if (header_->profile != Profile::Raw && header_->profile != Profile::Packed)
        return damaged("profile");
    if (header_->file_bytes != file_bytes_)
        return Status::refused(format("the image is damaged (it has %lu bytes instead of %lu)",
                                      (unsigned long)file_bytes_,
                                      (unsigned long)header_->file_bytes));
    if (Status s = load_table(); !s)
        return s;
    if (Status s = load_pages(); !s)
        return s;
    if (Status s = load_refs(); !s)
        return s;
    return check_structure();
}

Status ImageReader::load_table() {
    const uint64_t bytes = header_->section_count * sizeof(SectionEntry);
    if (header_->section_count > kMaxSections || header_->table_offset > file_bytes_ ||
        bytes != file_bytes_ - header_->table_offset)
        return damaged("section table");
    if (XXH3_64bits(at(header_->table_offset), bytes) != header_->table_hash)
        return damaged("section table");
    for (uint32_t i = 0; i < header_->section_count; ++i) {
        SectionEntry e;
        memcpy(&e, at(header_->table_offset + i * sizeof e), sizeof e);
        e.name[sizeof e.name - 1] = '\0';
        if (e.offset > file_bytes_ || e.bytes > file_bytes_ - e.offset)
            return damaged(e.name);
        if (XXH3_64bits(at(e.offset), e.bytes) != e.hash)
            return damaged(e.name);
        sections_[e.name] = e;
    }
    process_ = std::make_unique<ProcessState>();
    if (!has_section(kSectionProcess) || !decode(section(kSectionProcess), *process_))
        return damaged("process section");
    if (start_ == 0 && has_section(kSectionTree)) {
        tree_ = std::make_unique<TreeState>();
        if (!decode(section(kSectionTree), *tree_))
            return damaged("tree section");
        return check_tree_structure(*tree_, *process_, file_bytes_);
    }
    return {};
}

Status ImageReader::load_pages() {
    const std::string_view runs = section(kSectionRuns), frames = section(kSectionFrames);
    if (runs.size() % sizeof(PageRun) || frames.size() % sizeof(PageFrame) ||
        (uintptr_t)runs.data() % alignof(PageRun) || (uintptr_t)frames.data() % alignof(PageFrame))
        return damaged("page tables");
    runs_ = {reinterpret_cast<const PageRun*>(runs.data()), runs.size() / sizeof(PageRun)};
    frames_ = {reinterpret_cast<const PageFrame*>(frames.data()),
               frames.size() / sizeof(PageFrame)};
    for (const PageRun& r : runs_) {
        if (r.bytes == 0 || r.bytes % kPage || r.address % kPage || r.bytes > 1ull << 47)
            return damaged("page runs");
        run_start_.push_back(stream_bytes_);
        stream_bytes_ += r.bytes;
        if (profile() == Profile::Raw &&
            (r.file_offset < kPage || r.file_offset > file_bytes_ ||
             r.bytes > file_bytes_ - r.file_offset || r.file_offset % kPage))
            return damaged("page runs");
    }
    if (frames_.size() != (stream_bytes_ + kFrameBytes - 1) / kFrameBytes)
        return damaged("page frames");
    for (size_t i = 0; i < frames_.size(); ++i) {
        const PageFrame& f = frames_[i];
        const bool fits = f.file_offset <= file_bytes_ && f.stored <= file_bytes_ - f.file_offset;
        if (profile() == Profile::Packed ? !fits || f.stored == 0 : f.stored != frame_bytes(i))
            return damaged("page frames");
    }
    const std::string_view hashes = section(kSectionHashes);
    if (hashes.size() != page_count(stream_bytes_) * sizeof(PageHash) ||
        (uintptr_t)hashes.data() % alignof(PageHash))
        return damaged("page hashes");
    hashes_ = {reinterpret_cast<const PageHash*>(hashes.data()), hashes.size() / sizeof(PageHash)};
    return {};
}

Status ImageReader::check_structure() const {
    if (refs_.empty())
        return check_image_structure(*process_, runs_);
    std::vector<PageRun> all(runs_.begin(), runs_.end());
    for (const PageRef& r : refs_)
        all.push_back({r.address, r.bytes, 0, r.space, 0});
    std::sort(all.begin(), all.end(), [](const PageRun& a, const PageRun& b) {
        return a.space != b.space ? a.space < b.space : a.address < b.address;
    });
    if (Status s = check_image_structure(*process_, runs_); !s)
        return s; // they must be in order by themselves
    return check_image_structure(*process_, all);
}

void ImageReader::number_alone() {
    int n = 0;
    for (Description& d : process_->descriptions)
        d.tree_id = n++;
    n = 0;
    for (SharedObject& o : process_->objects)
        o.tree_id = n++;
}

std::vector<std::string> ImageReader::section_names() const {
    std::vector<std::string> out;
    for (const auto& [name, e] : sections_)
        out.push_back(name);
    return out;
}

std::string_view ImageReader::section(const std::string& name) const {
    const auto it = sections_.find(name);
    if (it == sections_.end())
        return {};
    return {at(it->second.offset), it->second.bytes};
}

std::string_view ImageReader::stored(const PageFrame& f) const {
    return {at(f.file_offset), f.stored};
}

uint64_t ImageReader::frame_bytes(size_t index) const {
    return std::min(kFrameBytes, stream_bytes_ - index * kFrameBytes);
}

Status ImageReader::read_frame(size_t index, char* out) const {
    const PageFrame& f = frames_[index];
    if (profile() == Profile::Packed) {
        const std::string_view s = stored(f);
        if (XXH3_64bits(s.data(), s.size()) != f.hash)
            return damaged("page data");
        const size_t n = ZSTD_decompress(out, kFrameBytes, s.data(), s.size());
        return ZSTD_isError(n) || n != frame_bytes(index) ? damaged("page data") : Status();
    }
    uint64_t have = 0;
    bool read = true;
    for_each_part(index, [&](const PageRun& r, uint64_t offset, uint64_t n) {
        read &= pread_all(fd_.get(), out + have, n, r.file_offset + offset);
        have += n;
    });
    return read && XXH3_64bits(out, have) == f.hash ? Status() : damaged("page data");
}

bool ImageReader::read_memory(uint64_t address, void* out, size_t bytes, uint32_t space) const {
    auto* to = static_cast<char*>(out);
    while (bytes) {
        // The last run that starts at or before the address.
        const auto it = std::upper_bound(
            runs_.begin(), runs_.end(), address, [space](uint64_t a, const PageRun& r) {
                return r.space != space ? r.space > space : a < r.address;
            });
        const PageRun* own = it == runs_.begin() ? nullptr : &*std::prev(it);
        if (!own || own->space != space || address - own->address >= own->bytes) {
            const uint64_t n = std::min<uint64_t>(bytes, kPage - address % kPage);
            if (!read_page_elsewhere(address, to, n, space))
                return false;
            to += n;
            address += n;
            bytes -= n;
            continue;
        }
        const PageRun& r = *own;
        const uint64_t in_stream =
            run_start_[(size_t)(std::prev(it) - runs_.begin())] + (address - r.address);
        const size_t frame = in_stream / kFrameBytes;
        if (frame != cached_frame_) {
            if (!cache_)
                cache_ = std::make_unique<char[]>(kFrameBytes);
            if (!read_frame(frame, cache_.get()).ok())
                return false;
            cached_frame_ = frame;
        }
        const uint64_t in_frame = in_stream % kFrameBytes;
        const size_t n = std::min<uint64_t>(
            {bytes, frame_bytes(frame) - in_frame, r.bytes - (address - r.address)});
        memcpy(to, cache_.get() + in_frame, n);
        to += n;
        address += n;
        bytes -= n;
    }
    return true;
}

} // namespace glckpt::ckpt
