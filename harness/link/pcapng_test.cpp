// What tshark reads in our captures. It also judges the packets of wire/ from outside: checksums, options, quotes.
#include "harness/link/pcapng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "harness/wire/codec.hpp"
#include "harness/wire/icmp.hpp"
#include "harness/wire/samples_test.hpp"

namespace finwait::link {
namespace {

using testing::ElementsAre;
namespace samples = wire::samples;

constexpr std::int64_t kEpoch = 1'700'000'000'123'456'789;

std::string captured(const std::function<void(PcapngWriter&)>& fill, std::int64_t epoch = 0) {
  std::ostringstream out;
  PcapngWriter writer(out, "finwait0", "finwait 0.1", epoch);
  fill(writer);
  return out.str();
}

/// One line for each packet: the fields that were asked for, with a bar between them.
std::vector<std::string> tshark(const std::string& capture, const std::string& arguments) {
  const std::string path = testing::TempDir() + "finwait_pcapng_test_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".pcapng";
  std::ofstream(path, std::ios::binary) << capture;
  const std::string command = "tshark -n -r '" + path + "' -T fields -E separator='|' " + arguments + " 2>/dev/null";
  const auto close = [](std::FILE* pipe) {
    EXPECT_EQ(pclose(pipe), 0) << "tshark is missing or found the file broken";
  };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), size);
  std::remove(path.c_str());
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Bytes crafted(const wire::Segment& segment) { return *wire::craft(segment); }

TEST(Pcapng, keeps_times_directions_comments_and_lengths) {
  wire::Segment odd = samples::ipv4();
  odd.payload = wire::to_bytes("odd");
  const std::string capture = captured(
      [&](PcapngWriter& writer) {
        writer.packet(Direction::to_target, TimePoint(Duration(0)), crafted(samples::ipv4()));
        writer.packet(Direction::from_target, TimePoint(Duration(7'200'000'000'001)), crafted(odd), "not explained");
        writer.packet(Direction::from_target, TimePoint(Duration(7'200'000'000'002)), crafted(samples::ipv6()), "v6");
      },
      kEpoch);
  EXPECT_THAT(tshark(capture,
                     "-e frame.time_epoch -e frame.packet_flags_direction -e frame.comment -e frame.len "
                     "-e frame.interface_name -e ip.src -e ipv6.src"),
              ElementsAre("1700000000.123456789|0x00000001||40|finwait0|198.18.0.1|",
                          "1700007200.123456790|0x00000002|not explained|43|finwait0|198.18.0.1|",
                          "1700007200.123456791|0x00000002|v6|60|finwait0||2001:db8::1"));
}

TEST(Pcapng, keeps_virtual_time_without_an_epoch) {
  const std::string capture = captured([](PcapngWriter& writer) {
    writer.packet(Direction::to_target, TimePoint(Duration(5)), crafted(samples::ipv4()));
    writer.packet(Direction::to_target, TimePoint(Duration(-5)), crafted(samples::ipv4()));
  });
  EXPECT_THAT(tshark(capture, "-e frame.time_epoch"), ElementsAre("0.000000005", "0.000000000"));
}

TEST(Pcapng, is_made_of_blocks_of_whole_words_in_the_drafts_order) {
  const std::string capture = captured([](PcapngWriter& writer) {
    writer.packet(Direction::to_target, {}, Bytes{0x45, 1, 2}, "five!");
  });
  const auto word = [&](std::size_t at) {
    return std::uint32_t{static_cast<std::uint8_t>(capture[at])} |
           std::uint32_t{static_cast<std::uint8_t>(capture[at + 1])} << 8 |
           std::uint32_t{static_cast<std::uint8_t>(capture[at + 2])} << 16 |
           std::uint32_t{static_cast<std::uint8_t>(capture[at + 3])} << 24;
  };
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < capture.size(); at += word(at + 4)) {
    types.push_back(word(at));
    ASSERT_EQ(word(at + 4) % 4, 0U);
    ASSERT_LE(at + word(at + 4), capture.size());
    EXPECT_EQ(word(at + word(at + 4) - 4), word(at + 4)) << "the length stands at both ends";
  }
  EXPECT_THAT(types, ElementsAre(0x0a0d0d0a, 1, 6));
}

TEST(Pcapng, names_the_application) {
  const std::string capture = captured([](PcapngWriter&) {});
  const std::string option{
      "\x04\x00\x0b\x00"
      "finwait 0.1\0",
      16};  // shb_userappl, 11 octets and one of padding
  EXPECT_EQ(capture.find(option), 24U);
}

TEST(Pcapng, keeps_the_longest_comment_the_format_has_room_for) {
  const std::string capture = captured([](PcapngWriter& writer) {
    writer.packet(Direction::to_target, {}, crafted(samples::ipv4()), std::string(70000, 'c'));
    writer.packet(Direction::to_target, {}, crafted(samples::ipv4()), "next");
  });
  const auto lines = tshark(capture, "-e frame.comment");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], "next");
}

TEST(PcapngTap, writes_a_packet_at_the_latest_moment_it_may_have_passed) {
  std::ostringstream out;
  PcapngTap tap(out, "finwait0", "finwait", 0);
  const Bytes packet = crafted(samples::ipv4());
  tap.packet(Direction::from_target, {TimePoint(Duration(1)), TimePoint(Duration(2))}, packet);
  EXPECT_THAT(tshark(out.str(), "-e frame.time_epoch"), ElementsAre("0.000000002"));
}

TEST(PacketsSeenByTshark, have_right_checksums_and_fields) {
  wire::Segment v4 = samples::ipv4(), v6 = samples::ipv6();
  for (wire::Segment* segment : {&v4, &v6}) {
    segment->flags = wire::kSyn | wire::kEce;
    segment->options.mss(1460).sack_permitted().timestamps(1, 2).nop().window_scale(7);
    segment->payload = wire::to_bytes("odd");
  }
  const std::string capture = captured([&](PcapngWriter& writer) {
    for (const auto& segment : {v4, v6}) writer.packet(Direction::to_target, {}, crafted(segment));
    for (const auto& segment : {v4, v6})
      writer.packet(Direction::to_target, {},
                    *wire::icmp_error(wire::IcmpError::port_unreachable, segment.destination, crafted(segment)));
  });
  const std::string checks = "-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -E occurrence=f ";
  EXPECT_THAT(
      tshark(capture, checks + "-e ip.checksum.status -e tcp.checksum.status -e tcp.options.mss_val "
                               "-e tcp.window_size_value -e icmp.checksum.status -e icmpv6.checksum.status "
                               "-e icmp.code -e icmpv6.code -e tcp.srcport"),
      ElementsAre("1|1|1460|8192|||||40000", "|1|1460|8192|||||40000", "1||||1||3||40000", "|1|1460|8192||1||4|40000"));
}

}  // namespace
}  // namespace finwait::link
