#include "ckpt/image/structure.h"
#include "ckpt/text.h"
#include <algorithm>
#include <set>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kAddressEnd = 0x7fff'ffff'f000;
constexpr uint64_t kLargestObject = 1ull << 44;

Status damaged(const char* what) {
    return Status::refused(format("the image is damaged (%s)", what));
}

// Of huge TLB pages; 0: ordinary ones.
bool is_page_shift(uint32_t n) { return n == 0 || (n > 12 && n < 40); }

Status check_mappings(const ProcessState& s) {
    uint64_t last_end = 0;
    for (const SavedMapping& m : s.mappings) {
        if (m.start < last_end || m.end <= m.start || m.end > kAddressEnd || m.start % kPage ||
            m.end % kPage || m.offset % kPage || m.image_offset % kPage || m.prot > 7)
            return damaged("mappings");
        const bool of_file =
            m.kind == MappingKind::PrivateFile || m.kind == MappingKind::SharedFile;
        if (of_file && (m.file < 0 || (size_t)m.file >= s.files.size()))
            return damaged("mapped files");
        const bool of_object =
            m.kind == MappingKind::Shared || m.kind == MappingKind::PrivateObject;
        if (of_object && (m.object < 0 || (size_t)m.object >= s.objects.size()))
            return damaged("shared memory");
        if (m.kind > MappingKind::Vvar)
            return damaged("mappings");
        if (!is_page_shift(m.huge_shift) || ((m.start | m.end) & ((1ull << m.huge_shift) - 1)))
            return damaged("huge pages");
        last_end = m.end;
    }
    return {};
}

bool is_loaded(const SavedMapping& m) {
    return m.kind == MappingKind::Anonymous || m.kind == MappingKind::PrivateFile ||
           m.kind == MappingKind::PrivateObject || m.kind == MappingKind::Vdso;
}

Status check_runs(const ProcessState& s, std::span<const PageRun> runs) {
    size_t mapping = 0;
    uint32_t space = 0;
    uint64_t last_end = 0;
    for (const PageRun& r : runs) {
        if (r.space < space || r.space > s.objects.size())
            return damaged("page runs");
        if (r.space != space)
            last_end = 0;
        space = r.space;
        const uint64_t end = r.address + r.bytes;
        if (r.address < last_end || end < r.address)
            return damaged("page runs");
        last_end = end;
        if (space > 0) {
            if (end > ((s.objects[space - 1].bytes + kPage - 1) & ~(kPage - 1)))
                return damaged("shared memory's pages");
            continue;
        }
        while (mapping < s.mappings.size() && s.mappings[mapping].end <= r.address)
            ++mapping;
        if (mapping == s.mappings.size() || r.address < s.mappings[mapping].start ||
            end > s.mappings[mapping].end || !is_loaded(s.mappings[mapping]))
            return damaged("page runs outside memory");
    }
    return {};
}

// Within memory: nothing of the restorer's own may lie there.
Status check_guards(const ProcessState& s) {
    for (const GuardedPages& g : s.guards) {
        bool inside = false;
        for (const SavedMapping& m : s.mappings)
            inside |= g.start >= m.start && g.start < g.end && g.end <= m.end;
        if (!inside || g.start % kPage || g.end % kPage)
            return damaged("guard pages");
    }
    return {};
}

Status check_descriptors(const ProcessState& s) {
    std::set<int32_t> seen;
    for (const Descriptor& d : s.descriptors)
        if (d.fd < 0 || d.fd > 1 << 20 || d.description >= s.descriptions.size() ||
            !seen.insert(d.fd).second)
            return damaged("descriptors");
    for (const int32_t fd : s.own_fds)
        if (fd < 0 || fd > 1 << 20)
            return damaged("descriptors");
    return {};
}

Status check_threads(const ProcessState& s) {
    std::set<int32_t> seen;
    int leaders = 0, checkpointers = 0;
    for (const SavedThread& t : s.threads) {
        if (t.tid <= 0 || !seen.insert(t.tid).second)
            return damaged("threads");
        leaders += t.tid == s.pid;
        checkpointers += t.checkpointer;
        for (const SavedSignal& p : t.pending)
            if (p.siginfo.size() != 128)
                return damaged("pending signals");
    }
    for (const SavedSignal& p : s.pending)
        if (p.siginfo.size() != 128)
            return damaged("pending signals");
    // The first thread may have ended before the others (pthread_exit in main()).
    return leaders <= 1 && checkpointers == 1 ? Status() : damaged("threads");
}

} // namespace

// Parents (0: outside the tree) before their children, each process once, none inside another.
Status check_tree_structure(const TreeState& t, const ProcessState& root, uint64_t file_bytes) {
    std::set<int32_t> seen;
    uint64_t last_end = 0;
    if (t.members.empty() || t.members[0].pid != root.pid || t.members[0].start ||
        t.members[0].zombie || t.descriptions < 0 || t.objects < 0 || t.members.size() > 1 << 20 ||
        t.descriptions > 1 << 24 || t.objects > 1 << 24)
        return damaged("tree");
    for (size_t i = 0; i < t.members.size(); ++i) {
        const TreeMember& m = t.members[i];
        if (m.pid <= 0 || (i > 0 && m.parent != 0 && !seen.count(m.parent)) ||
            !seen.insert(m.pid).second)
            return damaged("tree");
        if (i == 0 || m.zombie)
            continue;
        // (The root's part begins the file; another may begin just where the one before it ends.)
        if (m.start % kPage || m.start < std::max<uint64_t>(last_end, kPage) ||
            m.end < m.start + kPage || m.end > file_bytes)
            return damaged("tree");
        last_end = m.end;
    }
    return {};
}

Status check_image_structure(const ProcessState& s, std::span<const PageRun> runs) {
    for (const SharedObject& o : s.objects)
        if (o.bytes > kLargestObject || !is_page_shift(o.huge_shift))
            return damaged("shared memory");
    if (s.layout.auxv.size() > 4096 || s.layout.auxv.size() % 8)
        return damaged("layout");
    for (const Status& st : {check_mappings(s), check_runs(s, runs), check_guards(s),
                             check_descriptors(s), check_threads(s)})
        if (!st.ok())
            return st;
    return {};
}

} // namespace glckpt::ckpt
