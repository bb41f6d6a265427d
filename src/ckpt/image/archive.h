// Structures to bytes and back, described once.
//
// A structure that goes into the image lists its members in fields(); the encoder and the decoder
// both walk that list, so the two cannot drift. Integers are stored as they lie in memory (the
// image is for one architecture and says so in its header). The decoder checks every length
// against what is left before it believes it: an image is input from outside.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace glckpt::ckpt {

template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <class T>
concept Described = requires(T& t) {
    t.fields();
};

class Encoder {
  public:
    template <Plain T>
    void put(const T& v) {
        out_.append(reinterpret_cast<const char*>(&v), sizeof v);
    }
    void put(const std::string& s) {
        put<uint64_t>(s.size());
        out_ += s;
    }
    template <class T>
    void put(const std::vector<T>& v) {
        put<uint64_t>(v.size());
        for (const T& item : v)
            put(item);
    }
    template <class T, size_t N>
    void put(const std::array<T, N>& v) {
        for (const T& item : v)
            put(item);
    }
    template <Described T>
    void put(const T& v) {
        // fields() is one function for both directions, hence not const; encoding only reads.
        std::apply([&](const auto&... m) { (put(m), ...); }, const_cast<T&>(v).fields());
    }
    std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

class Decoder {
  public:
    explicit Decoder(std::string_view in) : in_(in) {}

    template <Plain T>
    void get(T& v) {
        if constexpr (std::is_same_v<T, bool>) {
            // Any other value of its byte is none that a bool may have.
            if (take(1) && (unsigned char)*at_ <= 1)
                v = *at_ == 1;
            else
                ok_ = false;
        } else if (take(sizeof v))
            memcpy(static_cast<void*>(&v), at_, sizeof v);
    }
    void get(std::string& s) {
        uint64_t n = 0;
        get(n);
        if (take(n))
            s.assign(at_, n);
    }
    template <class T>
    void get(std::vector<T>& v) {
        uint64_t n = 0;
        get(n);
        if (n > in_.size()) { // every element takes at least a byte
            ok_ = false;
            return;
        }
        v.resize(ok_ ? n : 0);
        for (T& item : v) {
            if (!ok_)
                return;
            get(item);
        }
    }
    template <class T, size_t N>
    void get(std::array<T, N>& v) {
        for (T& item : v)
            get(item);
    }
    template <Described T>
    void get(T& v) {
        std::apply([&](auto&... m) { (get(m), ...); }, v.fields());
    }
    // Everything was there, and nothing is left over.
    bool complete() const { return ok_ && in_.empty(); }

  private:
    bool take(uint64_t n) {
        if (!ok_ || n > in_.size()) {
            ok_ = false;
            return false;
        }
        at_ = in_.data();
        in_.remove_prefix(n);
        return true;
    }
    std::string_view in_;
    const char* at_ = nullptr;
    bool ok_ = true;
};

template <class T>
std::string encode(const T& v) {
    Encoder e;
    e.put(v);
    return e.take();
}
template <class T>
bool decode(std::string_view bytes, T& v) {
    Decoder d(bytes);
    d.get(v);
    return d.complete();
}

} // namespace glckpt::ckpt
