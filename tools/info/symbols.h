// Function names of an ELF file, for backtraces.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace glckpt::tools {

class Symbols {
  public:
    explicit Symbols(const std::string& path);
    // "name+0x12", or empty. `offset`: from where the file's first page is mapped.
    std::string name(uint64_t offset) const;

  private:
    struct Function {
        uint64_t bytes;
        std::string name;
    };
    void read_table(const std::string& file, uint64_t at, uint64_t bytes, uint64_t names,
                    uint64_t names_bytes);
    uint64_t first_address_ = 0; // of the first segment: not 0 in a program linked to an address
    std::map<uint64_t, Function> functions_;
};

} // namespace glckpt::tools
