// What the copy of the process needs to write the image.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/maps.h"
#include "ckpt/mem/shared.h"
#include "ckpt/state.h"
#include "ckpt/stop/threads.h"
#include <atomic>

namespace glckpt::ckpt {

// Shared between the process and its copy: how far it is, and how it ended.
struct WriteStatus {
    std::atomic<uint64_t> done, total;
    uint64_t file_bytes;
    uint32_t finished; // committed under the final name
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
    ThreadSlot self;
    Staging staging;
    Range arena;
    WriteStatus* status = nullptr;
    Profile profile = Profile::Raw;
    int image_fd = -1;
    std::string temporary, final; // names, absolute
    bool unnamed = false;         // the file gets its temporary name only when it is whole
};

// Runs in the copy; ends it.
void write_image(void* job);

} // namespace glckpt::ckpt
