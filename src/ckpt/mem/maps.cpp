#include "ckpt/mem/maps.h"
#include "ckpt/state.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <bit>
#include <sys/mman.h>
#include <sys/sysmacros.h>

namespace glckpt::ckpt {
namespace {

// 7f12a000-7f12b000 rw-p 00001000 08:01 1234                       /path
Vma parse_line(std::string_view text) {
    Scanner in(text);
    Vma v;
    v.start = in.hex();
    in.advance(1);
    v.end = in.hex();
    in.advance(1);
    const std::string_view mode = in.rest().substr(0, 4);
    v.prot = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) |
             (mode[2] == 'x' ? PROT_EXEC : 0);
    v.shared = mode[3] == 's';
    in.advance(5);
    v.offset = in.hex();
    in.advance(1);
    const uint64_t high = in.hex();
    in.advance(1);
    const uint64_t low = in.hex();
    v.dev = makedev(high, low);
    in.advance(1);
    v.ino = in.decimal();
    in.skip(' ');
    v.name = std::string(in.rest());
    return v;
}

void parse_flags(std::string_view text, Vma& v) {
    static constexpr struct {
        char name[3];
        uint32_t flag;
    } kFlags[] = {{"gd", kGrowsDown},    {"hg", kHugePages},      {"nh", kNoHugePages},
                  {"dc", kDontFork},     {"wf", kWipeOnFork},     {"nr", kNoReserve},
                  {"dd", kDontDump},     {"lo", kLocked},         {"mg", kMergeable},
                  {"rr", kRandomRead},   {"sr", kSequentialRead}, {"sl", kSealed},
                  {"lf", kLockedOnFault}};
    for (Scanner in(text); !in.done();) {
        in.skip(' ');
        const std::string_view word = in.until(' ');
        for (const auto& f : kFlags)
            if (word == f.name)
                v.flags |= f.flag;
        if (word == "ht")
            v.huge_tlb = true;
        if (word == "io" || word == "pf")
            v.device = true;
        if (word == "mw")
            v.may_write = true;
    }
    if (!v.huge_tlb)
        v.huge_shift = 0;
}

// "     2048 kB"
uint32_t page_shift(std::string_view size) {
    Scanner in(size);
    in.skip(' ');
    return (uint32_t)std::countr_zero(in.decimal() << 10);
}

bool starts_entry(std::string_view line) {
    const char c = line.empty() ? ' ' : line[0];
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

} // namespace

std::vector<Vma> read_maps() {
    std::vector<Vma> out;
    const std::string text = file_text("/proc/thread-self/maps");
    for (Scanner lines(text); !lines.done();)
        out.push_back(parse_line(lines.line()));
    return out;
}

std::vector<Vma> read_smaps() {
    std::vector<Vma> out;
    const std::string text = file_text("/proc/thread-self/smaps");
    for (Scanner lines(text); !lines.done();) {
        const std::string_view line = lines.line();
        if (starts_entry(line))
            out.push_back(parse_line(line));
        else if (line.starts_with("KernelPageSize:") && !out.empty())
            out.back().huge_shift = page_shift(line.substr(15));
        else if (line.starts_with("VmFlags:") && !out.empty())
            parse_flags(line.substr(8), out.back());
    }
    return out;
}

std::vector<Vma> without(const std::vector<Vma>& all, const std::vector<Range>& holes) {
    std::vector<Vma> out = all;
    for (const Range& h : holes) {
        std::vector<Vma> next;
        for (Vma& v : out) {
            if (v.end <= h.start || v.start >= h.end) {
                next.push_back(std::move(v));
                continue;
            }
            if (v.start < h.start) {
                next.push_back(v);
                next.back().end = h.start;
            }
            if (v.end > h.end) {
                next.push_back(v);
                next.back().start = h.end;
                if (v.has_file())
                    next.back().offset += h.end - v.start;
            }
        }
        out = std::move(next);
    }
    return out;
}

} // namespace glckpt::ckpt
