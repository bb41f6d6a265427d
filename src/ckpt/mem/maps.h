// The address space as /proc/self/maps and smaps tell it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glckpt::ckpt {

struct Range {
    uint64_t start = 0, end = 0;
    bool contains(uint64_t a) const { return a >= start && a < end; }
};

struct Vma {
    uint64_t start = 0, end = 0, offset = 0, ino = 0, dev = 0;
    uint32_t prot = 0;
    uint32_t flags = 0; // MappingFlags, from smaps
    bool shared = false;
    bool may_write = false;                // shared: the file was open for writing
    bool huge_tlb = false, device = false; // smaps: "ht", "io"/"pf"
    uint32_t huge_shift = 0;               // of the size of its pages; huge_tlb
    std::string name;

    bool is(const char* special) const { return name == special; }
    bool is_vvar() const { return name.starts_with("[vvar"); }
    bool is_vdso() const { return name == "[vdso]"; }
    bool has_file() const { return !name.empty() && name[0] == '/'; }
};

std::vector<Vma> read_maps();  // fast: no flags
std::vector<Vma> read_smaps(); // with flags; some 15 ms a GiB of small pages

// `all` without the addresses in `holes` (sorted or not); vmas that a hole cuts are split.
std::vector<Vma> without(const std::vector<Vma>& all, const std::vector<Range>& holes);

} // namespace glckpt::ckpt
