#include "ckpt/image/baseline.h"
#include <algorithm>

namespace glckpt::ckpt {
namespace {

// The process's own part of a tree's image; a number that is another's now leads to a
// comparison in which little is the same.
const TreeMember* member_of(const TreeState& tree, int pid) {
    for (const TreeMember& m : tree.members)
        if (m.pid == pid && !m.zombie)
            return &m;
    return nullptr;
}

bool same_object(const SharedObject& a, const SharedObject& b) {
    return a.kind == b.kind && a.name == b.name && a.ino == b.ino && a.dev == b.dev;
}

// After a restart the same objects have other inodes.
bool like_object(const SharedObject& a, const SharedObject& b) {
    return a.kind == b.kind && a.name == b.name;
}

} // namespace

// The image that is being written takes its name's place: nothing of it may lie in what has that
// name now.
bool Baseline::usable(const ImageOrigin& name, const std::string& final) const {
    return path_from(folder_of(final), name.name) != final;
}

bool Baseline::open(const std::string& parent, const std::string& final,
                    const ProcessState& state) {
    auto file = ImageReader::open(parent);
    if (!file)
        return false;
    files_.reserve(2);
    files_.push_back(std::move(*file));
    parent_ = &files_[0];
    if (const TreeState* tree = parent_->tree()) {
        const TreeMember* self = member_of(*tree, state.pid);
        if (!self)
            return false;
        if (self->start) {
            auto part = files_[0].open_part(self->start, self->end);
            if (!part)
                return false;
            files_.push_back(std::move(*part));
            parent_ = &files_[1];
        }
    }
    seed_ = parent_->header().page_seed;
    const std::string folder = folder_of(final);
    if (const ChainState* chain = parent_->chain()) {
        depth_ = chain->depth;
        for (const ImageOrigin& o : chain->origins) {
            auto image = std::make_unique<ImageReader>(ImageReader::none());
            Origin here{o, nullptr};
            here.name.name =
                path_relative_to(folder, path_from(folder_of(parent_->true_path()), o.name));
            if (usable(here.name, final) && parent_->open_origin(o, *image).ok() &&
                image->header().page_seed == seed_) {
                here.image = image.get();
                opened_.push_back(std::move(image));
            }
            origins_.push_back(std::move(here));
        }
    }
    const ImageOrigin self = parent_->as_origin(folder);
    origins_.push_back({self, usable(self, final) ? parent_ : nullptr});
    add_extents(state);
    return true;
}

// The parent's number of each space of now; -1: it has none such.
std::vector<int> Baseline::spaces_of(const ProcessState& state) const {
    const auto& then = parent_->process().objects;
    std::vector<int> out{(int)kProcessSpace};
    for (size_t i = 0; i < state.objects.size(); ++i) {
        int found = -1;
        for (size_t k = 0; k < then.size() && found < 0; ++k)
            if (same_object(state.objects[i], then[k]))
                found = (int)k + 1;
        if (found < 0 && i < then.size() && like_object(state.objects[i], then[i]))
            found = (int)i + 1;
        out.push_back(found);
    }
    return out;
}

void Baseline::add_extents(const ProcessState& state) {
    const std::vector<int> then = spaces_of(state);
    spaces_.resize(then.size());
    cursor_.resize(then.size());
    const auto own = (uint32_t)origins_.size() - 1;
    for (size_t now = 0; now < then.size(); ++now) {
        std::vector<Extent>& out = spaces_[now];
        uint64_t page = 0;
        for (const PageRun& r : parent_->runs()) {
            if ((int)r.space == then[now] && origins_[own].image)
                out.push_back({r.address, r.address + r.bytes, page, own});
            page += page_count(r.bytes);
        }
        for (const PageRef& r : parent_->refs()) {
            const ImageReader* image = origins_[r.origin].image;
            if ((int)r.space == then[now] && image && r.page <= image->hashes().size() &&
                page_count(r.bytes) <= image->hashes().size() - r.page)
                out.push_back({r.address, r.address + r.bytes, r.page, r.origin});
        }
        std::sort(out.begin(), out.end(),
                  [](const Extent& a, const Extent& b) { return a.address < b.address; });
    }
}

// Pages are asked for in ascending order.
const Baseline::Extent* Baseline::find(uint32_t space, uint64_t address) {
    if (space >= spaces_.size())
        return nullptr;
    const std::vector<Extent>& all = spaces_[space];
    size_t& at = cursor_[space];
    while (at < all.size() && all[at].end <= address)
        ++at;
    return at < all.size() && all[at].address <= address ? &all[at] : nullptr;
}

void Baseline::split(std::vector<PageRun>& runs, const PageSource& source,
                     std::vector<PageRef>& refs) {
    const auto buffer = std::make_unique<char[]>(kFrameBytes);
    std::vector<PageRun> own;
    const auto keep = [&](const PageRun& r, uint64_t address) {
        if (!own.empty() && own.back().space == r.space && address > r.address &&
            own.back().address + own.back().bytes == address)
            own.back().bytes += kPage;
        else
            own.push_back({address, kPage, 0, r.space, 0});
    };
    const auto refer = [&](const PageRun& r, uint64_t address, uint64_t page, uint32_t origin) {
        if (!refs.empty() && refs.back().space == r.space && refs.back().origin == origin &&
            address > r.address && refs.back().address + refs.back().bytes == address &&
            refs.back().page + page_count(refs.back().bytes) == page)
            refs.back().bytes += kPage;
        else
            refs.push_back({address, kPage, page, r.space, origin});
    };
    for (const PageRun& r : runs)
        for (uint64_t done = 0; done < r.bytes;) {
            const uint64_t n = std::min(r.bytes - done, kFrameBytes);
            const char* data = source(r.space, r.address + done, n, buffer.get());
            for (uint64_t at = 0; at < n; at += kPage) {
                const uint64_t address = r.address + done + at;
                const Extent* e = find(r.space, address);
                const uint64_t page = e ? e->page + page_count(address - e->address) : 0;
                if (e && origins_[e->origin].image->hash_of(page) == hash_of_page(data + at, seed_))
                    refer(r, address, page, e->origin);
                else
                    keep(r, address);
            }
            done += n;
        }
    runs = std::move(own);
}

ChainState Baseline::chain(std::vector<PageRef>& refs) const {
    ChainState out;
    out.depth = depth_ + 1;
    out.parent = origins_.back().name;
    std::vector<int> number(origins_.size(), -1);
    for (PageRef& r : refs) {
        int& n = number[r.origin];
        if (n < 0) {
            n = (int)out.origins.size();
            out.origins.push_back(origins_[r.origin].name);
        }
        r.origin = (uint32_t)n;
    }
    return out;
}

} // namespace glckpt::ckpt
