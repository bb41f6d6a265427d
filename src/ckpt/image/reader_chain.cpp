// The part of the reader that knows of other images.
#include "ckpt/image/archive.h"
#include "ckpt/image/reader.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstring>
#include <limits>

namespace glckpt::ckpt {
namespace {

constexpr size_t kMostOrigins = 4096;

Status damaged(const char* what) {
    return Status::refused(format("the image is damaged (%s)", what));
}

bool same_id(const ImageOrigin& o, const FileHeader& h) {
    return memcmp(o.id.data(), h.id, sizeof h.id) == 0 && o.header_hash == h.header_hash;
}

} // namespace

Status ImageReader::load_refs() {
    const std::string_view refs = section(kSectionRefs);
    if (has_section(kSectionChain)) {
        chain_ = std::make_unique<ChainState>();
        if (!decode(section(kSectionChain), *chain_) || chain_->origins.size() > kMostOrigins)
            return damaged("chain");
        for (const ImageOrigin& o : chain_->origins)
            if (o.name.empty() || o.start % kPage || o.end < o.start + kPage)
                return damaged("chain");
    }
    if (refs.size() % sizeof(PageRef) || (uintptr_t)refs.data() % alignof(PageRef))
        return damaged("page refs");
    refs_ = {reinterpret_cast<const PageRef*>(refs.data()), refs.size() / sizeof(PageRef)};
    for (const PageRef& r : refs_) {
        if (!chain_ || r.origin >= chain_->origins.size() || r.bytes == 0 || r.bytes % kPage ||
            r.address % kPage || r.bytes > 1ull << 47 || r.page > 1ull << 47)
            return damaged("page refs");
        ref_start_.push_back(ref_bytes_);
        if (r.bytes > std::numeric_limits<uint64_t>::max() / 2 - ref_bytes_)
            return damaged("page refs");
        ref_bytes_ += r.bytes;
    }
    return {};
}

std::string ImageReader::true_path() const {
    std::string path;
    read_link(format("/proc/thread-self/fd/%d", fd_.get()).c_str(), path);
    return path.starts_with("/") ? path : path_;
}

ImageOrigin ImageReader::as_origin(const std::string& folder) const {
    ImageOrigin o;
    o.name = path_relative_to(folder, true_path());
    memcpy(o.id.data(), header_->id, sizeof header_->id);
    o.header_hash = header_->header_hash;
    o.start = start_;
    o.end = file_bytes_;
    return o;
}

// The header is looked at first: what it covers need not be read of the wrong file.
Status ImageReader::open_origin(const ImageOrigin& wanted, ImageReader& out) const {
    const std::string path = path_from(folder_of(true_path()), wanted.name);
    out.path_ = path;
    out.fd_ = open_fd(path.c_str(), O_RDONLY);
    if (out.fd_.error() == ENOENT)
        return Status::refused(format("it needs the image %s, which is missing: bring it back, or "
                                      "use an image that does not build on it",
                                      path.c_str()));
    if (!out.fd_.ok())
        return Status::refused(format("it needs the image %s, which cannot be opened: %s",
                                      path.c_str(), error_text(out.fd_.error())));
    FileHeader h;
    if (!pread_all(out.fd_.get(), &h, sizeof h, wanted.start) || !same_id(wanted, h))
        return Status::refused(format("it needs the image that %s was: another file has that name "
                                      "now; bring it back, or use an image that does not build on "
                                      "it",
                                      path.c_str()));
    // A whole file's end is the file's, whatever the origin says.
    Status s = out.load(wanted.start, wanted.start ? wanted.end : 0);
    if (s.ok() && !same_id(wanted, out.header()))
        s = damaged("header");
    return std::move(s).with_context("the image that it builds on, " + path);
}

Status ImageReader::open_origins() {
    if (!chain_ || !origins_.empty())
        return {};
    for (const ImageOrigin& o : chain_->origins) {
        auto reader = std::unique_ptr<ImageReader>(new ImageReader());
        if (Status s = open_origin(o, *reader); !s)
            return s;
        origins_.push_back(std::move(reader));
    }
    for (const PageRef& r : refs_) {
        const uint64_t have = origins_[r.origin]->hashes_.size();
        if (r.page > have || page_count(r.bytes) > have - r.page)
            return damaged("page refs");
    }
    return {};
}

void ImageReader::lift_fds(int least) {
    const auto lift = [least](UniqueFd& fd) {
        fd = UniqueFd(raw_syscall(SYS_fcntl, fd.get(), F_DUPFD_CLOEXEC, least));
    };
    lift(fd_);
    for (const auto& o : origins_)
        lift(o->fd_);
}

bool ImageReader::has_pages(uint64_t page, const char* bytes, uint64_t count) const {
    for (uint64_t i = 0; i < count; ++i)
        if (hash_of_page(bytes + i * kPage, header_->page_seed) != hashes_[page + i])
            return false;
    return true;
}

uint64_t ImageReader::file_offset_of(uint64_t page) const {
    const size_t r = run_at(page * kPage);
    return runs_[r].file_offset + (page * kPage - run_start_[r]);
}

Status ImageReader::read_stream(uint64_t at, uint64_t bytes, char* out, FrameCache& cache) const {
    while (bytes) {
        uint64_t n = 0;
        if (profile() == Profile::Raw) {
            const size_t r = run_at(at);
            const uint64_t in_run = at - run_start_[r];
            n = std::min(bytes, runs_[r].bytes - in_run);
            if (!pread_all(fd_.get(), out, n, runs_[r].file_offset + in_run))
                return Status::refused("its pages cannot be read");
        } else {
            const size_t frame = at / kFrameBytes;
            if (!cache.bytes)
                cache.bytes = std::make_unique<char[]>(kFrameBytes);
            if (cache.image != this || cache.frame != frame) {
                cache.image = nullptr;
                if (Status s = read_frame(frame, cache.bytes.get()); !s)
                    return s;
                cache.image = this;
                cache.frame = frame;
            }
            const uint64_t in_frame = at % kFrameBytes;
            n = std::min(bytes, frame_bytes(frame) - in_frame);
            memcpy(out, cache.bytes.get() + in_frame, n);
        }
        at += n;
        bytes -= n;
        out += n;
    }
    return {};
}

Status ImageReader::read_ref(const PageRef& ref, uint64_t offset, uint64_t bytes, char* out,
                             FrameCache& cache) const {
    const ImageReader& from = origin(ref.origin);
    const uint64_t page = ref.page + page_count(offset);
    Status s = from.read_stream(page * kPage, bytes, out, cache);
    if (s.ok() && !from.has_pages(page, out, page_count(bytes)))
        s = damaged("page data");
    return std::move(s).with_context("the image that it builds on, " + from.path());
}

bool ImageReader::read_page_elsewhere(uint64_t address, char* out, uint64_t bytes,
                                      uint32_t space) const {
    const auto it = std::upper_bound(refs_.begin(), refs_.end(), address,
                                     [space](uint64_t a, const PageRef& r) {
                                         return r.space != space ? r.space > space : a < r.address;
                                     });
    if (it == refs_.begin() || origins_.empty())
        return false;
    const PageRef& r = *std::prev(it);
    if (r.space != space || address - r.address >= r.bytes)
        return false;
    char page[kPage];
    const uint64_t offset = (address - r.address) & ~(kPage - 1);
    if (!read_ref(r, offset, kPage, page, ref_cache_).ok())
        return false;
    memcpy(out, page + address % kPage, bytes);
    return true;
}

} // namespace glckpt::ckpt
