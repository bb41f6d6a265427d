// Slots: which record was the last to set what.
//
// A key is a family and up to two values. A record with fewer values than the family has stands
// for all of them and ends every deeper one (glBlendFunc ends what glBlendFunci set). A record may
// be in several slots (glVertexAttribPointer sets format, binding and buffer); it lives as long as
// it is the last writer of one. Emitted in the order of their sequence, what is left gives the
// same state as the whole history: a record overwritten in part comes before the one that did it.
#pragma once
#include "prune/kept.h"
#include <unordered_map>

namespace glckpt::prune {

struct Key {
    uint16_t family;
    uint8_t depth = 0; // values used
    uint64_t k[2] = {0, 0};
    friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
    size_t operator()(const Key& k) const {
        uint64_t h = k.family * 0x9e3779b97f4a7c15ull + k.depth;
        h = (h ^ k.k[0]) * 0xbf58476d1ce4e5b9ull;
        h = (h ^ (h >> 29) ^ k.k[1]) * 0x94d049bb133111ebull;
        return h ^ (h >> 32);
    }
};

class Slots {
  public:
    void set(const Key& key, Ref<Kept> kept);
    // Sets the key by writing over its last writer, if that is possible: it is as long, belongs to
    // no other slot and has neither payloads nor names beside it. (Most state is set anew in each
    // frame; this way it costs no allocation.)
    bool overwrite(const Key& key, const char* record, size_t bytes, uint64_t sequence,
                   const UnpackState& unpack);
    void erase(const Key& key);
    void erase_family(uint16_t family);
    Kept* find(const Key& key) const;
    const std::unordered_map<Key, Ref<Kept>, KeyHash>& all() const { return map_; }
    // Every record once, in the order of their sequence.
    void collect(std::vector<Kept*>& to) const;
    bool empty() const { return map_.empty(); }
    void clear() {
        map_.clear();
        deeper_.clear();
    }

  private:
    void erase_parts(const Key& whole);
    void add_doubtful(const Key& key, Kept& kept);
    std::unordered_map<Key, Ref<Kept>, KeyHash> map_;
    // Entries of a family by depth, to know when a whole has parts to end.
    std::unordered_map<uint32_t, int> deeper_;
};

void sort_by_sequence(std::vector<Kept*>& records);

} // namespace glckpt::prune
