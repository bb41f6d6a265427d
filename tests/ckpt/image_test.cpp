// The image's building blocks, without a process: encoding, reading /proc's formats, structure.
#include "ckpt/control/protocol.h"
#include "ckpt/fd/locks.h"
#include "ckpt/image/archive.h"
#include "ckpt/image/chain.h"
#include "ckpt/image/compressor.h"
#include "ckpt/image/structure.h"
#include "ckpt/mem/maps.h"
#include "ckpt/text.h"
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <zstd.h>

namespace glckpt::ckpt {
namespace {

ProcessState small_process() {
    ProcessState s;
    s.program = "/usr/bin/true";
    s.command_line = {"true", "", "a b"};
    s.pid = 4711;
    SavedThread t;
    t.tid = 4711;
    t.name = "main";
    s.threads.push_back(t);
    t.tid = 4712;
    t.checkpointer = true;
    s.threads.push_back(t);
    SavedMapping m;
    m.start = 0x1000'0000;
    m.end = 0x1001'0000;
    m.prot = 3;
    s.mappings.push_back(m);
    return s;
}

TEST(Archive, GivesBackWhatWasPutIn) {
    const ProcessState s = small_process();
    ProcessState back;
    ASSERT_TRUE(decode(encode(s), back));
    EXPECT_EQ(back.program, s.program);
    EXPECT_EQ(back.command_line, s.command_line);
    EXPECT_EQ(back.threads[1].tid, 4712);
    EXPECT_EQ(encode(back), encode(s));
}

TEST(Archive, RefusesEveryTruncationAndAnyExcess) {
    const std::string bytes = encode(small_process());
    for (size_t n = 0; n < bytes.size(); ++n) {
        ProcessState back;
        EXPECT_FALSE(decode(std::string_view(bytes).substr(0, n), back)) << n;
    }
    ProcessState back;
    EXPECT_FALSE(decode(bytes + "x", back));
}

TEST(Archive, DoesNotBelieveAnAbsurdLength) {
    std::string bytes(8, '\xff');
    std::vector<std::string> out;
    Decoder d(bytes);
    d.get(out);
    EXPECT_FALSE(d.complete());
}

TEST(Archive, RefusesABoolThatIsNeitherTrueNorFalse) {
    bool v = false;
    EXPECT_TRUE(decode(std::string_view("\x01", 1), v) && v);
    EXPECT_TRUE(decode(std::string_view("\0", 1), v) && !v);
    EXPECT_FALSE(decode(std::string_view("\x21", 1), v));
}

TEST(Structure, AcceptsASoundProcess) {
    const PageRun run{0x1000'0000, 0x2000, 0, kProcessSpace, 0};
    EXPECT_TRUE(check_image_structure(small_process(), {&run, 1}).ok());
}

TEST(Structure, RefusesWhatDoesNotHangTogether) {
    const auto broken = [](auto change) {
        ProcessState s = small_process();
        change(s);
        return !check_image_structure(s, {}).ok();
    };
    EXPECT_TRUE(broken([](ProcessState& s) { s.mappings.push_back(s.mappings[0]); })); // overlap
    EXPECT_TRUE(broken([](ProcessState& s) { s.mappings[0].start += 1; }));
    EXPECT_TRUE(broken([](ProcessState& s) { s.mappings[0].end = 0xffff'8000'0000'0000; }));
    EXPECT_TRUE(broken([](ProcessState& s) { s.mappings[0].kind = MappingKind::PrivateFile; }));
    EXPECT_TRUE(broken([](ProcessState& s) { s.threads[1].tid = 4711; }));
    EXPECT_TRUE(broken([](ProcessState& s) { s.threads.pop_back(); }));
    EXPECT_TRUE(broken([](ProcessState& s) { s.descriptors.push_back({0, false, 0}); }));
    const PageRun outside{0x2000'0000, 0x1000, 0, kProcessSpace, 0};
    EXPECT_FALSE(check_image_structure(small_process(), {&outside, 1}).ok());
    const PageRun object{0, 0x1000, 0, 1, 0};
    EXPECT_FALSE(check_image_structure(small_process(), {&object, 1}).ok());
}

TEST(Chain, NamesFilesAsSeenFromAFolder) {
    const auto there_and_back = [](const char* folder, const char* path, const char* name) {
        EXPECT_EQ(path_relative_to(folder, path), name);
        EXPECT_EQ(path_from(folder, name), path);
    };
    there_and_back("/a/b", "/a/b/x.gck", "x.gck");
    there_and_back("/a/b", "/a/c/x.gck", "../c/x.gck");
    there_and_back("/a/b", "/x.gck", "../../x.gck");
    there_and_back("/", "/a/x.gck", "a/x.gck");
    EXPECT_EQ(path_from("/a", "../../../x"), "/x"); // the root is its own parent
    EXPECT_EQ(path_from("/a", "/b//c/./x"), "/b/c/x");
    EXPECT_EQ(folder_of("/x"), "/");
}

TEST(Chain, HashesDependOnEveryByteAndOnTheSeed) {
    std::string page(kPage, '\0');
    const PageHash zero = hash_of_page(page.data(), 1);
    EXPECT_FALSE(zero == hash_of_page(page.data(), 2));
    for (const size_t at : {(size_t)0, kPage / 2, kPage - 1}) {
        page[at] ^= 1;
        EXPECT_FALSE(zero == hash_of_page(page.data(), 1)) << at;
        page[at] ^= 1;
    }
    EXPECT_TRUE(zero == hash_of_page(page.data(), 1));
}

// Parts of a tree's image may touch: one that fills its last page is followed by the next.
TEST(Structure, LetsPartsOfATreeTouch) {
    ProcessState root;
    root.pid = 1;
    TreeState t;
    for (int i = 0; i < 3; ++i) {
        TreeMember m;
        m.pid = i + 1;
        m.parent = i;
        m.start = (uint64_t)i * 2 * kPage;
        m.end = m.start + 2 * kPage;
        t.members.push_back(m);
    }
    EXPECT_TRUE(check_tree_structure(t, root, 6 * kPage).ok());
    t.members[2].start -= kPage; // inside the one before it
    EXPECT_FALSE(check_tree_structure(t, root, 6 * kPage).ok());
    t.members[1].start = 0; // the root's
    EXPECT_FALSE(check_tree_structure(t, root, 6 * kPage).ok());
}

TEST(Protocol, CarriesAnyValue) {
    Message m;
    m.add("output", "/tmp/with\nnewline and \\ backslash");
    m.add("env", "A=1");
    m.add("env", "B=2");
    const Message back = Message::parse(m.text());
    EXPECT_EQ(back.get("output"), "/tmp/with\nnewline and \\ backslash");
    EXPECT_EQ(back.all("env"), (std::vector<std::string>{"A=1", "B=2"}));
    EXPECT_EQ(back.get("absent", "otherwise"), "otherwise");
}

TEST(Locks, AreReadFromFdinfo) {
    const auto locks = parse_locks("pos:\t0\n"
                                   "lock:\t1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF\n"
                                   "lock:\t2: POSIX  ADVISORY  READ 4711 08:01:1234 10 19\n");
    ASSERT_EQ(locks.size(), 2u);
    EXPECT_EQ(locks[0].kind, LockKind::Flock);
    EXPECT_TRUE(locks[0].write);
    EXPECT_EQ(locks[0].end, -1);
    EXPECT_EQ(locks[1].kind, LockKind::Posix);
    EXPECT_EQ(locks[1].start, 10);
    EXPECT_EQ(locks[1].end, 19);
}

TEST(Maps, LeavesOutWhatIsNotWanted) {
    Vma v;
    v.start = 0x1000;
    v.end = 0x9000;
    v.offset = 0;
    v.name = "/lib/x";
    const auto rest = without({v}, {{0x3000, 0x4000}, {0x8000, 0xa000}});
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest[0].end, 0x3000u);
    EXPECT_EQ(rest[1].start, 0x4000u);
    EXPECT_EQ(rest[1].end, 0x8000u);
    EXPECT_EQ(rest[1].offset, 0x3000u);
}

TEST(Maps, KnowsThisProcess) {
    const auto here = reinterpret_cast<uint64_t>(&read_smaps);
    bool stack = false, code = false;
    for (const Vma& v : read_smaps()) {
        stack |= v.name == "[stack]" && (v.flags & kGrowsDown);
        code |= v.start <= here && here < v.end && v.prot == 5;
    }
    EXPECT_TRUE(stack);
    EXPECT_TRUE(code);
}

TEST(Text, FindsValuesAtTheStartOfLines) {
    const char* text = "NotName: 1\nName:\tvalue here\nOther: 2\n";
    EXPECT_EQ(value_of(text, "Name:"), "value here");
    EXPECT_EQ(value_of(text, "Missing:"), "");
    Scanner s("7f00-8a r");
    EXPECT_EQ(s.hex(), 0x7f00u);
    s.advance(1);
    EXPECT_EQ(s.hex(), 0x8au);
}

} // namespace
// Frames that compress well and badly, empty and whole, all in the order in which they were given.
std::vector<std::string> compressed_by(FrameCompressor& c) {
    std::vector<std::string> out;
    const auto take = [&](bool last) {
        for (PackedFrame f; c.take(f, last);)
            out.emplace_back(f.data, f.bytes);
    };
    std::mt19937 random(7);
    for (uint32_t n = 0; n < 100; ++n) {
        const uint64_t bytes = n == 99 ? 4096 : kFrameBytes;
        for (uint64_t i = 0; i < bytes; ++i)
            c.plain()[i] = n % 3 == 0 ? 0 : n % 3 == 1 ? (char)(random() % 7) : (char)random();
        memcpy(c.plain(), &n, sizeof n);
        c.submit(bytes);
        take(false);
    }
    take(true);
    return out;
}

TEST(Compressor, HelpersGiveTheSameFramesInTheSameOrder) {
    FrameCompressor alone(0);
    auto* helped = new FrameCompressor(3); // its threads end with the process
    ASSERT_TRUE(alone.ok() && helped->ok());
    const auto one = compressed_by(alone), other = compressed_by(*helped);
    ASSERT_EQ(one.size(), 100u);
    EXPECT_EQ(one, other);
    std::string plain(kFrameBytes, 'x');
    for (uint32_t n = 0; n < 100; ++n) {
        const size_t got =
            ZSTD_decompress(plain.data(), plain.size(), one[n].data(), one[n].size());
        ASSERT_EQ(got, n == 99 ? 4096 : kFrameBytes);
        EXPECT_EQ(memcmp(plain.data(), &n, sizeof n), 0);
    }
}

} // namespace glckpt::ckpt
