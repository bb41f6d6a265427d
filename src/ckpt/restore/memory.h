// The image's memory into the restorer's address space: at its own place where that is free, else
// at a temporary one from which the blob moves it.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/image/reader.h"
#include "ckpt/restore/address_space.h"
#include "ckpt/restore/blob/plan.h"
#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

// Shared memory objects of the tree (memfd, shm, deleted files), empty, by their tree-wide number;
// descriptors from `scratch` on. A System V segment's "descriptor" is its id.
Status make_objects(const ImageTree& tree, std::vector<int>& made, RestoreContext& ctx);

class MemoryLoader {
  public:
    MemoryLoader(const ImageReader& image, AddressSpace& space, bool lazy)
        : image_(image), space_(space), lazy_(lazy) {}

    void use_objects(const std::vector<int>& fds) { object_fds_ = &fds; }
    Status map_all(); // every mapping, empty
    Status load();    // the pages, each frame checked
    Status protect(); // final protections and advice
    // Where the byte that will be at `address` lies now.
    uint64_t now_at(uint64_t address) const;

    // Other images than this one that memory is mapped from.
    const std::vector<std::string>& mapped_origins() const { return mapped_origins_; }
    // Huge pages that there are none of here: bytes, by the pages' size.
    const std::map<uint32_t, uint64_t>& lacking_huge() const { return lacking_huge_; }
    const std::vector<BlobRange>& placed() const { return placed_; }
    const std::vector<BlobMove>& moves() const { return moves_; }

  private:
    struct Place {
        const SavedMapping* mapping;
        uint64_t at;                         // now
        const ImageReader* mapped = nullptr; // from this image, its bytes from
        uint64_t mapped_at = 0;              // this place in the file on
    };
    Status place(const SavedMapping& m);
    Status place_huge(Place& p, int fd);
    long map_there(const SavedMapping& m, int flags, int fd, uint64_t offset);
    Status place_sysv(const SavedMapping& m);
    Result<UniqueFd> open_backing(const SavedMapping& m) const;
    void choose_backing(Place& p);
    Status load_frame(size_t index, char* buffer);
    Status load_refs(size_t batch, char* buffer);
    Status load_ref(const PageRef& r, uint64_t offset, uint64_t bytes, char* buffer,
                    FrameCache& cache);
    void clear_leftovers();
    bool note_mapped_origin(const ImageReader& origin);
    Status load_part(const PageRun& run, uint64_t address, uint64_t bytes, const char* plain,
                     char* buffer, void* hash);
    Status fill_object(uint32_t space, uint64_t address, uint64_t bytes, const char* from);
    const Place* place_of(uint64_t address) const;

    const ImageReader& image_;
    AddressSpace& space_;
    const bool lazy_; // map whatever can be mapped, check nothing of it
    const std::vector<int>* object_fds_ = nullptr;
    std::vector<Place> places_;
    std::vector<std::string> mapped_origins_;
    std::map<uint32_t, uint64_t> lacking_huge_;
    std::vector<BlobRange> placed_;
    std::vector<BlobMove> moves_;
};

} // namespace glckpt::ckpt
