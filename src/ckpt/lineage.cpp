#include "ckpt/lineage.h"
#include "ckpt/image/chain_file.h"
#include "ckpt/output.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>

namespace glckpt::ckpt {
namespace {

// Asked for one by one, without --full-every: a restart opens every image that it needs.
constexpr unsigned kLongestChain = 100;

struct Written {
    std::string path;
    bool named_by_us = false;
    bool known = false; // `needs` could be read
    std::vector<std::string> needs;
};
std::vector<Written>& written() {
    static auto* all = new std::vector<Written>();
    return *all;
}

std::string without_links(const std::string& path) {
    const UniqueFd fd = open_fd(path.c_str(), O_PATH);
    std::string out;
    read_link(format("/proc/thread-self/fd/%d", fd.get()).c_str(), out);
    return out.starts_with("/") ? out : path;
}

bool is_gone(const std::string& path) { return open_fd(path.c_str(), O_PATH).error() == ENOENT; }

void note(const std::string& image, bool named_by_us) {
    Written w;
    w.path = without_links(image);
    w.named_by_us = named_by_us;
    if (auto chain = read_chain_summary(w.path)) {
        w.known = true;
        w.needs = chain->needs;
    }
    // One of that name before is no more.
    std::erase_if(written(), [&](const Written& old) { return old.path == w.path; });
    written().push_back(std::move(w));
}

void drop_old(unsigned keep) {
    auto& all = written();
    std::erase_if(all, [](const Written& w) { return is_gone(w.path); });
    if (keep == 0)
        return;
    std::vector<const Written*> kept;
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        if (it->named_by_us && keep == 0)
            continue;
        keep -= it->named_by_us ? 1 : 0;
        kept.push_back(&*it);
    }
    const auto stays = [&](const Written& w) {
        for (const Written* k : kept)
            if (k == &w || !k->known ||
                std::find(k->needs.begin(), k->needs.end(), w.path) != k->needs.end())
                return true;
        return !w.named_by_us;
    };
    std::vector<std::string> goes;
    for (const Written& w : all)
        if (!stays(w))
            goes.push_back(w.path);
    for (const std::string& path : goes) {
        raw_syscall(SYS_unlink, path.c_str());
        std::erase_if(all, [&](const Written& w) { return w.path == path; });
    }
}

} // namespace

// An image whose name somebody has chosen may be moved away or replaced: it is full, and nothing
// builds on it, unless that is asked for.
std::string parent_for(const CheckpointRequest& request, const Settings& settings,
                       const std::string& final) {
    const bool asked = request.kind == ImageKind::Incremental;
    if (request.kind == ImageKind::Full ||
        (!asked && (settings.full_every <= 1 || !request.output.empty())))
        return {};
    const auto& all = written();
    const auto last = std::find_if(all.rbegin(), all.rend(),
                                   [&](const Written& w) { return asked || w.named_by_us; });
    if (last == all.rend() || last->path == without_links(final))
        return {};
    const auto chain = read_chain_summary(last->path);
    const unsigned longest = settings.full_every > 1 ? settings.full_every : kLongestChain;
    if (!chain || chain->depth + 1 >= longest)
        return {};
    return last->path;
}

void note_written_image(const CheckpointRequest& request, const std::string& image, unsigned keep) {
    note(image, request.output.empty());
    drop_old(keep);
}

void note_restored_image(const std::string& image, const Settings& settings) {
    note(image, is_own_name(image, settings.folder));
}

} // namespace glckpt::ckpt
