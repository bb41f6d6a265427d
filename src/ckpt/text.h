// Small text tools that need neither libc's locale nor its allocator: used while the app's threads
// are stopped, and by the tools for the same /proc formats.
#pragma once
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace glckpt::ckpt {

[[gnu::format(printf, 1, 2)]] inline std::string format(const char* pattern, ...) {
    char buffer[1024];
    va_list args;
    va_start(args, pattern);
    const int n = vsnprintf(buffer, sizeof buffer, pattern, args);
    va_end(args);
    return std::string(buffer, n < 0                       ? 0
                               : (size_t)n < sizeof buffer ? (size_t)n
                                                           : sizeof buffer - 1);
}

// Takes from the front of a text, as /proc files want to be read.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}
    bool done() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    void skip(char c) {
        while (!rest_.empty() && rest_.front() == c)
            rest_.remove_prefix(1);
    }
    void advance(size_t n) { rest_.remove_prefix(n < rest_.size() ? n : rest_.size()); }
    // Up to `c`, which is taken too.
    std::string_view until(char c) {
        const size_t n = rest_.find(c);
        const std::string_view out = rest_.substr(0, n);
        rest_.remove_prefix(n == rest_.npos ? rest_.size() : n + 1);
        return out;
    }
    std::string_view line() { return until('\n'); }
    uint64_t hex() {
        uint64_t v = 0;
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            const char c = rest_.front();
            if (c >= '0' && c <= '9')
                v = v * 16 + (uint64_t)(c - '0');
            else if (c >= 'a' && c <= 'f')
                v = v * 16 + (uint64_t)(c - 'a' + 10);
            else
                break;
        }
        return v;
    }
    uint64_t decimal() {
        uint64_t v = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
             rest_.remove_prefix(1))
            v = v * 10 + (uint64_t)(rest_.front() - '0');
        return v;
    }
    int64_t number() {
        if (!rest_.empty() && rest_.front() == '-') {
            rest_.remove_prefix(1);
            return -(int64_t)decimal();
        }
        return (int64_t)decimal();
    }

  private:
    std::string_view rest_;
};

// The text after "key" (to the end of its line), leading blanks removed; empty if absent. The key
// is looked for at the start of a line.
inline std::string_view value_of(std::string_view text, std::string_view key) {
    for (Scanner lines(text); !lines.done();) {
        std::string_view line = lines.line();
        if (!line.starts_with(key))
            continue;
        line.remove_prefix(key.size());
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
            line.remove_prefix(1);
        return line;
    }
    return {};
}

} // namespace glckpt::ckpt
