// What the copy of the process needs to write the image.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/image/format.h"
#include "ckpt/image/precopy.h"
#include "ckpt/mem/huge.h"
#include "ckpt/mem/maps.h"
#include "ckpt/mem/shared.h"
#include "ckpt/state.h"
#include "ckpt/stop/threads.h"
#include "ckpt/tree/tree.h"
#include <atomic>

namespace glckpt::ckpt {

// Shared between the process and its copy: how far it is, and how it ended.
struct TreePlaceInFile {
    uint64_t start, end;
};
constexpr uint32_t kMostMembers = 4096; // of a tree, for which there is room here

struct WriteStatus {
    enum : uint32_t { Wait, Write, GiveUp };
    std::atomic<uint32_t> go;    // what the copy is to do; waited on
    uint64_t header_at, data_at; // where in the file
    uint64_t end;                // of this process's image; set by the copy
    uint32_t member_count;       // root of a tree: where the others' images are
    TreePlaceInFile members[kMostMembers];
    std::atomic<uint64_t> done, total;
    uint64_t file_bytes;
    uint32_t incremental; // it builds on others
    uint32_t finished;    // committed under the final name
    char error[512];
};

struct NamedSection {
    std::string name;
    std::string_view bytes; // staged
};

struct WriteJob {
    ProcessState state; // without memory, and without the checkpoint thread
    SaveContext descriptors;
    SharedContents shared;
    std::vector<NamedSection> sections;
    std::vector<Vma> special; // ranges whose flags a fork does not carry over
    HugeMemory huge;          // and what it must not have at all
    bool any_huge = false;    // when it was looked at before the stop: huge TLB pages of any kind
    ThreadSlot self;
    Staging staging;
    Range arena;
    WriteStatus* status = nullptr;
    Profile profile = Profile::Raw;
    int image_fd = -1;
    std::string temporary, final; // names, absolute
    std::string parent_image;     // to build on; empty: a full image
    Precopied precopied;          // what was written while the program ran; in_place
    TreeState tree;               // of a tree's root; empty: alone
    bool member = false;          // of a tree, and not its root, which commits the file
    int parent = 0;
    int leader = -1;       // member: the copy's connection to who says where to write
    bool in_place = false; // there is no copy: the stopped process itself writes
    bool unnamed = false;  // the file gets its temporary name only when it is whole
};

// Runs in the copy, and ends it.
void write_image(void* job);
// In the stopped process itself, where there can be no copy; then, when it runs again, what takes
// the image to the disk and gives it its name.
void write_image_in_place(void* job);
Status finish_image_in_place(const WriteJob& job);

} // namespace glckpt::ckpt
