// Records that are kept: copies out of the stream, in the app's private memory.
//
// A Kept is held by the slots it is the last writer of, and by nothing else: when a newer record
// has taken over its last slot it is gone. So the live set is bounded by the number of slots.
#pragma once
#include "log/record.h"
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace glckpt::prune {

// Intrusive reference counting; the pruner's state belongs to one thread at a time.
template <class T>
class Ref {
  public:
    Ref() = default;
    Ref(T* p) : p_(p) { // NOLINT: implicit on purpose
        if (p_)
            ++p_->refs;
    }
    Ref(const Ref& o) : Ref(o.p_) {}
    Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
    Ref& operator=(Ref o) noexcept {
        std::swap(p_, o.p_);
        return *this;
    }
    ~Ref() {
        if (p_ && --p_->refs == 0)
            delete p_;
    }
    T* get() const { return p_; }
    T* operator->() const { return p_; }
    T& operator*() const { return *p_; }
    explicit operator bool() const { return p_ != nullptr; }
    friend bool operator==(const Ref& a, const Ref& b) { return a.p_ == b.p_; }

  private:
    T* p_ = nullptr;
};

struct Object;

// A payload too big to stay inside the record.
struct Blob {
    int refs = 0;
    size_t bytes = 0;
    char* data = nullptr;
    static Blob* copy(const void* from, size_t n);
    static Blob* make(size_t n); // zeroed
    ~Blob();
    Blob() = default;
    Blob(const Blob&) = delete;
    Blob& operator=(const Blob&) = delete;
};

// An object name inside a record: where it stands and whose it is. When the log is emitted the
// name is written anew, since the object may have lost it (deleted but in use).
struct Dependency {
    uint16_t offset;
    Ref<Object> object;
};

// The glPixelStore state that an upload was read with.
struct UnpackState {
    int32_t swap_bytes = 0, lsb_first = 0, alignment = 4, row_length = 0, skip_rows = 0,
            skip_pixels = 0, image_height = 0, skip_images = 0;
    friend bool operator==(const UnpackState&, const UnpackState&) = default;
};

// Where it has this parameter; null if it is none of unpacking.
int32_t* unpack_place(UnpackState& u, uint32_t pname);

// (A Kept refers to others only through `modelview`, `projection` and `before`, never in a ring.)
struct Kept {
    int refs = 0;
    uint64_t sequence = 0;
    std::vector<char> bytes; // the record; payloads inline, or PayloadRef::Heap into `blobs`
    std::vector<Ref<Blob>> blobs;
    std::vector<Dependency> dependencies;
    UnpackState unpack;       // of uploads
    uint32_t client_unit = 0; // of texture coordinate arrays
    // Positions that GL transforms when they are given (lights, clip planes, raster position):
    // the matrices in force then.
    std::vector<Ref<Kept>> modelview, projection;
    std::vector<Ref<Kept>> current; // of a raster position: the color and coordinates it took along
    bool transformed = false;
    bool lit = false; // a raster position whose color lighting has computed
    Ref<Blob> color;  // that color and the secondary one, 8 floats, once the driver has told
    // From a display list in which something was wrong: the driver told that, but not of which
    // command. If it was this one, what had been set before is still in force.
    bool doubtful = false;
    std::vector<Ref<Kept>> before;
    // A glColorMaterial that is over, with the last color that the material took (`current`).
    bool left_material = false;
    bool back_stencil = false; // set while glActiveStencilFaceEXT named the back face
    const log::RecordHeader& header() const {
        return *reinterpret_cast<const log::RecordHeader*>(bytes.data());
    }
    template <class R>
    const R& as() const {
        return *reinterpret_cast<const R*>(bytes.data());
    }
    template <class R>
    R& as() {
        return *reinterpret_cast<R*>(bytes.data());
    }
    const void* payload(log::PayloadRef ref) const {
        if (ref.kind == log::PayloadRef::Inline)
            return bytes.data() + ref.place;
        if (ref.kind == log::PayloadRef::Heap)
            return blobs[ref.place]->data;
        return nullptr;
    }
    size_t memory() const;
};

} // namespace glckpt::prune
