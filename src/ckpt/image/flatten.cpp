#include "ckpt/image/flatten.h"
#include "ckpt/image/archive.h"
#include "ckpt/image/reader.h"
#include "ckpt/image/writer.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <set>
#include <unistd.h>

namespace glckpt::ckpt {
namespace {

// Pages of one process, wherever they lie, in ascending order.
struct Piece {
    PageRun run;
    uint64_t stream;    // in the image's own stream, if it is there
    const PageRef* ref; // else
};

class Pages {
  public:
    explicit Pages(const ImageReader& image) : image_(image) {
        uint64_t stream = 0;
        for (const PageRun& r : image.runs()) {
            pieces_.push_back({{r.address, r.bytes, 0, r.space, 0}, stream, nullptr});
            stream += r.bytes;
        }
        for (const PageRef& r : image.refs())
            pieces_.push_back({{r.address, r.bytes, 0, r.space, 0}, 0, &r});
        std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
            return a.run.space != b.run.space ? a.run.space < b.run.space
                                              : a.run.address < b.run.address;
        });
    }
    std::vector<PageRun> runs() const {
        std::vector<PageRun> out;
        for (const Piece& p : pieces_)
            out.push_back(p.run);
        return out;
    }
    // Within one piece; asked for in their order.
    const char* read(uint32_t space, uint64_t address, uint64_t bytes, char* buffer) {
        while (pieces_[at_].run.space != space ||
               pieces_[at_].run.address + pieces_[at_].run.bytes <= address)
            ++at_;
        const Piece& p = pieces_[at_];
        const uint64_t offset = address - p.run.address;
        Status s;
        if (p.ref) {
            s = image_.read_ref(*p.ref, offset, bytes, buffer, cache_);
        } else {
            s = image_.read_stream(p.stream + offset, bytes, buffer, cache_);
            if (s.ok() &&
                !image_.has_pages(page_count(p.stream + offset), buffer, page_count(bytes)))
                s = Status::refused("the image is damaged (page data)");
        }
        if (!s.ok() && status_.ok())
            status_ = std::move(s);
        return buffer;
    }
    const Status& status() const { return status_; }

  private:
    const ImageReader& image_;
    std::vector<Piece> pieces_;
    size_t at_ = 0;
    FrameCache cache_;
    Status status_;
};

// What is written anew rather than copied.
bool is_rewritten(const std::string& section) {
    static const std::set<std::string> kNames{kSectionProcess, kSectionRuns, kSectionFrames,
                                              kSectionHashes,  kSectionRefs, kSectionChain,
                                              kSectionTree};
    return kNames.count(section) != 0;
}

Status write_process(const ImageReader& image, int fd, uint64_t start, uint64_t data_at,
                     const TreeState* tree, bool durable, uint64_t& end) {
    Pages pages(image);
    std::vector<PageRun> runs = pages.runs();
    ProcessState state = image.process();
    ImageWriter writer(fd, image.profile(), start, data_at, random_seed());
    writer.lay_out_memory(runs, {}, state.mappings);
    const PageSource source = [&](uint32_t space, uint64_t address, uint64_t bytes, char* buffer) {
        return pages.read(space, address, bytes, buffer);
    };
    if (Status s = writer.write_pages(runs, source, nullptr); !s)
        return s;
    if (!pages.status().ok())
        return pages.status();
    if (Status s = writer.add_section(kSectionProcess, encode(state)); !s)
        return s;
    for (const std::string& name : image.section_names())
        if (!is_rewritten(name))
            if (Status s = writer.add_section(name, image.section(name)); !s)
                return s;
    if (tree)
        if (Status s = writer.add_section(kSectionTree, encode(*tree)); !s)
            return s;
    Status s = writer.finish(durable);
    end = writer.file_bytes();
    return s;
}

Status write_all_processes(ImageReader& root, int fd) {
    if (!root.tree()) {
        uint64_t end = 0;
        return write_process(root, fd, 0, kPage, nullptr, true, end);
    }
    TreeState tree = *root.tree();
    uint64_t at = kPage;
    for (size_t i = 1; i < tree.members.size(); ++i) {
        TreeMember& m = tree.members[i];
        if (m.zombie)
            continue;
        auto part = root.open_part(m.start, m.end);
        if (!part)
            return part.status();
        if (Status s = part->open_origins(); !s)
            return s;
        m.start = at;
        if (Status s = write_process(*part, fd, at, at + kPage, nullptr, false, m.end); !s)
            return s;
        at = (m.end + kPage - 1) & ~(kPage - 1);
    }
    uint64_t end = 0;
    return write_process(root, fd, 0, at, &tree, true, end);
}

Status failure(const std::string& out, int error) {
    return Status::refused(format("cannot write %s: %s", out.c_str(), error_text(error)));
}

} // namespace

Status flatten_image(const std::string& image, const std::string& out) {
    auto root = ImageReader::open(image);
    if (!root)
        return root.status();
    if (Status s = root->open_origins(); !s)
        return std::move(s).with_context(image);
    const std::string temporary = out + format(".%d.tmp", getpid());
    UniqueFd fd = open_fd(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!fd.ok())
        return failure(out, fd.error());
    Status s = write_all_processes(*root, fd.get());
    if (s.ok() && rename(temporary.c_str(), out.c_str()) < 0)
        s = failure(out, errno);
    if (!s.ok()) {
        unlink(temporary.c_str());
        return std::move(s).with_context(image);
    }
    const UniqueFd folder = open_fd(folder_of(out).c_str(), O_RDONLY | O_DIRECTORY);
    if (fsync(folder.get()) < 0)
        return failure(out, errno);
    return {};
}

} // namespace glckpt::ckpt
