#include "harness/wire/address.hpp"

#include <gtest/gtest.h>

namespace finwait::wire {
namespace {

TEST(Address, reads_and_writes_both_families) {
  for (const char* text : {"0.0.0.0", "198.18.0.1", "255.255.255.255", "::", "2001:db8::1", "fe80::1:2:3:4"}) {
    const auto address = Address::from_string(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  EXPECT_EQ(Address::from_string("1.2.3.4")->family, Family::ipv4);
  EXPECT_EQ(Address::from_string("1.2.3.4")->size(), 4U);
  EXPECT_EQ(Address::from_string("::")->family, Family::ipv6);
  EXPECT_EQ(Address::from_string("::")->size(), 16U);
}

TEST(Address, refuses_what_is_no_address) {
  for (const std::string& text : {std::string(), std::string("1.2.3"), std::string("1.2.3.256"), std::string("host"),
                                  std::string("1.2.3.4 "), std::string("::g"), std::string("1.2.3.4\0x", 9)})
    EXPECT_FALSE(Address::from_string(text)) << text;
}

TEST(Address, is_kept_in_network_order_and_zero_beyond_it) {
  const Address address = Address::v4(0xc6120001);
  EXPECT_EQ(address, Address::from_string("198.18.0.1"));
  EXPECT_EQ(address.octets, (std::array<std::uint8_t, 16>{198, 18, 0, 1}));
}

TEST(Address, counts_up_its_last_32_bits) {
  EXPECT_EQ(Address::from_string("198.18.0.255")->plus(2), Address::from_string("198.18.1.1"));
  EXPECT_EQ(Address::from_string("255.255.255.255")->plus(1), Address::from_string("0.0.0.0"));
  EXPECT_EQ(Address::from_string("2001:db8::ffff")->plus(1), Address::from_string("2001:db8::1:0"));
  EXPECT_EQ(Address::from_string("2001:db8::ffff:ffff")->plus(1), Address::from_string("2001:db8::"));
}

TEST(Address, families_differ_with_the_same_octets) {
  const Address v4 = *Address::from_string("0.0.0.0"), v6 = *Address::from_string("::");
  EXPECT_NE(v4, v6);
  EXPECT_LT(v4, v6);
  EXPECT_EQ(to_string(v4.family), "IPv4");
  EXPECT_EQ(to_string(v6.family), "IPv6");
}

TEST(Address, hash_sees_every_octet) {
  const AddressHash hash;
  const Address address = *Address::from_string("2001:db8::1");
  EXPECT_EQ(hash(address), hash(*Address::from_string("2001:db8:0::1")));
  EXPECT_NE(hash(address), hash(address.plus(1)));
  EXPECT_NE(hash(address), hash(*Address::from_string("2002:db8::1")));
}

TEST(Endpoint, puts_an_ipv6_address_in_brackets) {
  EXPECT_EQ((Endpoint{Address::v4(0xc6120001), Port{7}}.to_string()), "198.18.0.1:7");
  EXPECT_EQ((Endpoint{*Address::from_string("2001:db8::1"), Port{65535}}.to_string()), "[2001:db8::1]:65535");
}

}  // namespace
}  // namespace finwait::wire
