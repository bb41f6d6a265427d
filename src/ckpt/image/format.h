// The image file, as laid out on disk. docs/image-format.md tells the same in prose.
//
//   0       FileHeader, one page, written last
//   4096..  page data: raw extents or zstd frames
//   ...     sections, each found through the section table
//   end     section table (SectionEntry[])
//
// Every byte is covered: the header and the table by a hash in the header, sections by a hash in
// the table, page data by the frames' hashes; whatever lies between must be zero.
//
// An incremental image has, of its pages, only those that its parent has not; of the others it says
// in which earlier image they lie (PageRef).
//
// An image of a process tree is the image of its root, with the images of the other processes
// inside: each lies between its own header and the end of its own section table, and section
// "tree" of the root's says where. All offsets count from the start of the file.
#pragma once
#include <cstdint>

namespace glckpt::ckpt {

constexpr char kMagic[8] = {'G', 'L', 'C', 'K', 'P', 'T', '\x1a', '\n'};
constexpr uint32_t kFormatVersion = 5;
constexpr uint32_t kArchX86_64 = 0x3e; // ELF's number
constexpr uint64_t kPage = 4096;
constexpr uint64_t kHugePage = 2 << 20;
constexpr uint64_t kFrameBytes = 256 << 10;
constexpr uint64_t kMaxSections = 256;

enum class Profile : uint32_t { Raw = 0, Packed = 1 };

struct FileHeader {
    char magic[8];
    uint32_t version;
    uint32_t arch;
    Profile profile;
    uint32_t section_count;
    uint64_t file_bytes;
    uint64_t table_offset;
    uint64_t table_hash;
    uint64_t page_seed; // of the page hashes
    uint8_t id[16];     // random: no two images have the same
    uint8_t zero[kPage - 80];
    uint64_t header_hash; // xxh3 of all bytes before it
};
static_assert(sizeof(FileHeader) == kPage);

struct SectionEntry {
    char name[40]; // zero padded
    uint64_t offset;
    uint64_t bytes;
    uint64_t hash;
};
static_assert(sizeof(SectionEntry) == 64);

// Page data is one stream: the runs' bytes one after another, cut into frames of kFrameBytes (the
// last is shorter). A frame is the unit of compression and of hashing.
constexpr uint32_t kProcessSpace = 0; // the process's memory; k > 0: shared object k-1
struct PageRun {
    uint64_t address;     // or the offset in the shared object
    uint64_t bytes;       // whole pages
    uint64_t file_offset; // raw: where the bytes lie; packed: 0
    uint32_t space;
    uint32_t reserved;
};
static_assert(sizeof(PageRun) == 32);

struct PageFrame {
    uint64_t file_offset; // packed; raw: 0
    uint64_t stored;      // packed: bytes in the file; raw: bytes of the stream
    uint64_t hash;        // of the stored bytes
};
static_assert(sizeof(PageFrame) == 24);

// xxh3 of 128 bits, one for each page of the stream: what the next image is compared with, and
// what says that a page which another image has is the one that is meant.
struct PageHash {
    uint64_t low, high;
    bool operator==(const PageHash&) const = default;
};
static_assert(sizeof(PageHash) == 16);

// An incremental image's pages that an earlier image (an *origin*, chain.h) has.
struct PageRef {
    uint64_t address; // as a run's
    uint64_t bytes;   // whole pages
    uint64_t page;    // which one of the origin's stream is the first
    uint32_t space;   // as a run's
    uint32_t origin;  // index in the list of origins
};
static_assert(sizeof(PageRef) == 32);

constexpr const char* kSectionProcess = "process";
constexpr const char* kSectionTree = "tree"; // tree/tree.h; only if there is more than one process
constexpr const char* kSectionRuns = "page-runs";
constexpr const char* kSectionFrames = "page-frames";
constexpr const char* kSectionHashes = "page-hashes";
constexpr const char* kSectionRefs = "page-refs"; // an incremental image's, as is the next
constexpr const char* kSectionChain = "chain";    // chain.h

} // namespace glckpt::ckpt
