// Fuzzes what glckpt-restore --check, glckpt-info and glckpt-log do with an image: everything that
// looks at one before anything is done with it. The first rule is that nothing outside the file's
// mapping and the decoded structures is touched, whatever the file says; the second, that it ends.
#include "assemble.h"
#include "ckpt/image/archive.h"
#include "ckpt/restore/image_tree.h"
#include "fuzz.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace glckpt;
using namespace glckpt::ckpt;
using namespace glckpt::fuzz;

namespace {

// One file, written anew for each input. A memfd passes for a file of one's own.
int scratch_file() {
    static const int fd = [] {
        const int made = memfd_create("image", MFD_CLOEXEC);
        fchmod(made, 0600);
        return made;
    }();
    return fd;
}

void look_at_all(ImageTree& tree) {
    std::string buffer(3 * kPage, '\0');
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        const ImageReader& r = tree.reader(i);
        for (const std::string& name : r.section_names())
            (void)r.section(name);
        const ProcessState& p = r.process();
        for (const SavedThread& t : p.threads)
            (void)r.read_memory(t.registers[15], buffer.data(), 64);
        for (const PageRun& run : r.runs()) {
            (void)r.read_memory(run.address + run.bytes - kPage, buffer.data(), buffer.size(),
                                run.space);
            (void)r.read_memory(run.address - 1, buffer.data(), 2, run.space);
        }
        for (size_t f = 0; f < r.frames().size() && f < 16; ++f) {
            uint64_t bytes = 0;
            r.for_each_part(f, [&](const PageRun& run, uint64_t in_run, uint64_t n) {
                if (in_run + n > run.bytes)
                    abort();
                bytes += n;
            });
            if (bytes != r.frame_bytes(f) || bytes > kFrameBytes)
                abort();
        }
    }
}

bool change_process(Parts& parts, std::mt19937& random) {
    for (Parts::Section& s : parts.sections) {
        ProcessState p;
        if (s.name != kSectionProcess || !decode(s.bytes, p))
            continue;
        const uint64_t odd[] = {0, 1, ~0ull, 1ull << 63, 0x7fff'ffff'f000, kPage - 1, random()};
        const uint64_t value = odd[random() % std::size(odd)];
        const auto any = [&](auto& list) -> auto& { return list[random() % list.size()]; };
        switch (random() % 8) {
        case 0:
            if (!p.mappings.empty())
                (random() % 2 ? any(p.mappings).start : any(p.mappings).end) = value;
            break;
        case 1:
            if (!p.mappings.empty())
                any(p.mappings).kind = (MappingKind)(random() % 9);
            break;
        case 2:
            if (!p.mappings.empty())
                any(p.mappings).file = any(p.mappings).object = (int32_t)value;
            break;
        case 3:
            if (!p.descriptors.empty())
                any(p.descriptors).description = (uint32_t)value;
            break;
        case 4:
            if (!p.threads.empty())
                any(p.threads).tid = (int32_t)value;
            break;
        case 5:
            if (!p.objects.empty())
                any(p.objects).bytes = value;
            break;
        case 6:
            if (!p.mappings.empty())
                p.mappings.push_back(any(p.mappings));
            break;
        default:
            p.layout.auxv.resize(random() % 8192);
        }
        s.bytes = encode(p);
        return true;
    }
    return false;
}

// The first pages alone, as a raw image has them: a whole one of a real program is too large.
void make_raw(Parts& parts, std::mt19937& random) {
    std::vector<PageRun> runs;
    std::vector<PageFrame> frames;
    uint64_t bytes = 0;
    for (Parts::Section& s : parts.sections) {
        if (s.name == kSectionRuns)
            for (size_t at = 0; at + sizeof(PageRun) <= s.bytes.size() && runs.size() < 40;
                 at += sizeof(PageRun)) {
                PageRun r;
                memcpy(&r, s.bytes.data() + at, sizeof r);
                r.bytes = std::min<uint64_t>(r.bytes, (1 + random() % 8) * kPage);
                r.file_offset = kPage + bytes;
                bytes += r.bytes;
                runs.push_back(r);
            }
    }
    for (uint64_t at = 0; at < bytes; at += kFrameBytes)
        frames.push_back({0, std::min(kFrameBytes, bytes - at), 0});
    for (Parts::Section& s : parts.sections) {
        if (s.name == kSectionRuns)
            s.bytes.assign(reinterpret_cast<const char*>(runs.data()),
                           runs.size() * sizeof runs[0]);
        if (s.name == kSectionFrames)
            s.bytes.assign(reinterpret_cast<const char*>(frames.data()),
                           frames.size() * sizeof frames[0]);
    }
    std::erase_if(parts.sections, [](const auto& s) { return s.name == kSectionTree; });
    parts.header.profile = Profile::Raw;
    parts.data.assign(bytes, (char)random());
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const int fd = scratch_file();
    if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        return 0;
    auto tree = ImageTree::open("/proc/self/fd/" + std::to_string(fd));
    if (!tree)
        return 0;
    look_at_all(*tree);
    (void)tree->verify_gaps();
    (void)tree->verify_pages();
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
    std::mt19937 random(seed);
    std::string image(reinterpret_cast<const char*>(data), size);
    Parts parts;
    const auto mutated = [&](std::string bytes, size_t room) {
        const size_t before = bytes.size();
        bytes.resize(before + room);
        bytes.resize(
            LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), before, bytes.size()));
        return bytes;
    };
    const bool whole = take_apart(image, parts) && !parts.sections.empty();
    switch (whole ? random() % 7 : 0) {
    case 0: // as it comes: the hashes find it
        image = mutated(image, 64);
        break;
    case 1: // anything, hashed again
        image = mutated(image, 0);
        fix_hashes(image, 0, image.size());
        break;
    case 2: {
        Parts::Section& s = parts.sections[random() % parts.sections.size()];
        s.bytes = mutated(s.bytes, 64);
        image = put_together(parts);
        fix_hashes(image, 0, image.size());
        break;
    }
    case 3:
        change_process(parts, random);
        image = put_together(parts);
        fix_hashes(image, 0, image.size());
        break;
    case 5:
        make_raw(parts, random);
        image = put_together(parts);
        fix_hashes(image, 0, image.size());
        break;
    case 4: // the header, hashed again
    {
        std::string head = mutated(image.substr(0, 64), 0);
        head.resize(64);
        image.replace(0, 64, head);
        fix_hashes(image, 0, image.size());
        break;
    }
    default:
        if (random() % 2)
            parts.sections.erase(parts.sections.begin() + (long)(random() % parts.sections.size()));
        else
            parts.data.resize(parts.data.size() / kPage * kPage / (1 + random() % 2));
        image = put_together(parts);
        fix_hashes(image, 0, image.size());
    }
    if (image.empty() || image.size() > max_size)
        return size;
    memcpy(data, image.data(), image.size());
    return image.size();
}
