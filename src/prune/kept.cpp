#include "prune/objects.h"
#include "prune/slots.h"
#include <algorithm>

namespace glckpt::prune {

Blob* Blob::make(size_t n) {
    auto* b = new Blob;
    b->bytes = n;
    b->data = static_cast<char*>(operator new(n ? n : 1));
    memset(b->data, 0, n);
    return b;
}

Blob* Blob::copy(const void* from, size_t n) {
    auto* b = new Blob;
    b->bytes = n;
    b->data = static_cast<char*>(operator new(n ? n : 1));
    memcpy(b->data, from, n);
    return b;
}

Blob::~Blob() { operator delete(data); }

int32_t* unpack_place(UnpackState& u, uint32_t pname) {
    switch (pname) {
    case 0x0CF0: // GL_UNPACK_SWAP_BYTES
        return &u.swap_bytes;
    case 0x0CF1:
        return &u.lsb_first;
    case 0x0CF2: // GL_UNPACK_ROW_LENGTH
        return &u.row_length;
    case 0x0CF3:
        return &u.skip_rows;
    case 0x0CF4:
        return &u.skip_pixels;
    case 0x0CF5: // GL_UNPACK_ALIGNMENT
        return &u.alignment;
    case 0x806D: // GL_UNPACK_SKIP_IMAGES
        return &u.skip_images;
    case 0x806E:
        return &u.image_height;
    default:
        return nullptr;
    }
}

size_t Kept::memory() const {
    size_t n = bytes.size();
    for (const auto& b : blobs)
        n += b->bytes;
    return n;
}

void Slots::erase_parts(const Key& whole) {
    bool any = false;
    for (uint8_t d = (uint8_t)(whole.depth + 1); d <= 2; ++d) {
        const auto it = deeper_.find((uint32_t)whole.family << 2 | d);
        any |= it != deeper_.end() && it->second > 0;
    }
    if (!any)
        return;
    for (auto it = map_.begin(); it != map_.end();) {
        const Key& k = it->first;
        const bool part = k.family == whole.family && k.depth > whole.depth &&
                          (whole.depth == 0 || k.k[0] == whole.k[0]);
        if (part)
            --deeper_[(uint32_t)k.family << 2 | k.depth];
        it = part ? map_.erase(it) : std::next(it);
    }
}

// A doubtful record comes to those that it may not have replaced. (One command that is doubtful
// again and again is there once: its last time decides.)
void Slots::add_doubtful(const Key& key, Kept& kept) {
    auto add = [&](const Kept& k) {
        std::erase_if(kept.before, [&](const Ref<Kept>& b) { return b->bytes == k.bytes; });
        if (k.doubtful && k.bytes == kept.bytes)
            return;
        auto* alone = new Kept(k);
        alone->refs = 0;
        alone->before.clear();
        Ref<Kept> copy(alone);
        kept.before.push_back(std::move(copy));
    };
    std::vector<Kept*> replaced;
    for (const auto& [k, was] : map_)
        if (k.family == key.family && k.depth >= key.depth &&
            (key.depth < 1 || k.k[0] == key.k[0]) && (key.depth < 2 || k.k[1] == key.k[1]))
            replaced.push_back(was.get());
    sort_by_sequence(replaced);
    for (const Kept* was : replaced) {
        for (const Ref<Kept>& b : was->before)
            add(*b);
        add(*was);
    }
}

void Slots::set(const Key& key, Ref<Kept> kept) {
    if (kept->doubtful) [[unlikely]]
        add_doubtful(key, *kept);
    erase_parts(key);
    auto [it, fresh] = map_.try_emplace(key, std::move(kept));
    if (fresh)
        ++deeper_[(uint32_t)key.family << 2 | key.depth];
    else
        it->second = std::move(kept);
}

bool Slots::overwrite(const Key& key, const char* record, size_t bytes, uint64_t sequence,
                      const UnpackState& unpack) {
    Kept* k = find(key);
    if (!k || k->refs != 1 || k->bytes.size() != bytes || !k->blobs.empty() ||
        !k->dependencies.empty() || k->transformed || k->doubtful)
        return false;
    erase_parts(key);
    memcpy(k->bytes.data(), record, bytes);
    k->sequence = sequence;
    k->unpack = unpack;
    return true;
}

void Slots::erase(const Key& key) {
    if (map_.erase(key))
        --deeper_[(uint32_t)key.family << 2 | key.depth];
}

void Slots::erase_family(uint16_t family) {
    std::erase_if(map_, [&](const auto& e) { return e.first.family == family; });
    for (uint8_t d = 0; d <= 2; ++d)
        deeper_[(uint32_t)family << 2 | d] = 0;
}

Kept* Slots::find(const Key& key) const {
    const auto it = map_.find(key);
    return it == map_.end() ? nullptr : it->second.get();
}

void Slots::collect(std::vector<Kept*>& to) const {
    const size_t from = to.size();
    for (const auto& [key, kept] : map_)
        to.push_back(kept.get());
    std::sort(to.begin() + (ptrdiff_t)from, to.end());
    to.erase(std::unique(to.begin() + (ptrdiff_t)from, to.end()), to.end());
    std::sort(to.begin() + (ptrdiff_t)from, to.end(),
              [](Kept* a, Kept* b) { return a->sequence < b->sequence; });
}

void sort_by_sequence(std::vector<Kept*>& records) {
    std::sort(records.begin(), records.end(),
              [](Kept* a, Kept* b) { return a->sequence < b->sequence; });
    records.erase(std::unique(records.begin(), records.end()), records.end());
}

} // namespace glckpt::prune
