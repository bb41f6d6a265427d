// The image's memory into the restorer's address space: at its own place where that is free, else
// at a temporary one from which the blob moves it.
#pragma once
#include "ckpt/image/reader.h"
#include "ckpt/restore/address_space.h"
#include "ckpt/restore/blob/plan.h"

namespace glckpt::ckpt {

class MemoryLoader {
  public:
    MemoryLoader(const ImageReader& image, AddressSpace& space, bool lazy)
        : image_(image), space_(space), lazy_(lazy) {}

    Status make_objects(std::vector<int>& object_fds, int scratch); // memfd, shm, deleted files
    Status map_all();                                               // every mapping, empty
    Status load();                                                  // the pages, each frame checked
    Status protect();                                               // final protections and advice
    // Where the byte that will be at `address` lies now.
    uint64_t now_at(uint64_t address) const;

    const std::vector<BlobRange>& placed() const { return placed_; }
    const std::vector<BlobMove>& moves() const { return moves_; }

  private:
    struct Place {
        const SavedMapping* mapping;
        uint64_t at; // now
        bool mapped; // from the image itself
    };
    Status place(const SavedMapping& m);
    Status place_sysv(const SavedMapping& m);
    Result<UniqueFd> open_backing(const SavedMapping& m) const;
    bool map_from_image(const SavedMapping& m) const;
    Status load_frame(size_t index, char* buffer);
    bool load_part(const PageRun& run, uint64_t address, uint64_t bytes, const char* plain,
                   char* buffer, void* hash);
    void fill_object(uint32_t space, uint64_t address, uint64_t bytes, const char* from);
    const Place* place_of(uint64_t address) const;

    const ImageReader& image_;
    AddressSpace& space_;
    const bool lazy_; // map whatever can be mapped, check nothing of it
    std::vector<int>* object_fds_ = nullptr;
    std::vector<Place> places_;
    std::vector<BlobRange> placed_;
    std::vector<BlobMove> moves_;
};

} // namespace glckpt::ckpt
