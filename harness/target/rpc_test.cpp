// The other end is a shell: what it says is written down in each test.
#include "harness/target/rpc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::target {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Rpc::Limits kLimits{.patience = 300ms, .line = 1000, .messages = 20};

std::unique_ptr<Rpc> shell(const std::string& script, Rpc::Limits limits = kLimits) {
  auto rpc = Rpc::start({"sh", "-c", script}, limits);
  EXPECT_TRUE(rpc) << rpc.error();
  return std::move(*rpc);
}

std::string problem(const std::string& script) {
  const auto rpc = shell(script);
  const auto answer = rpc->call("x", Json::object());
  EXPECT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 0);
  EXPECT_EQ(rpc->broken(), answer.error().message);
  const auto again = rpc->call("x", Json::object());
  EXPECT_EQ(again.error().message, rpc->broken()) << "it is told the same of every later call";
  return rpc->broken();
}

TEST(Rpc, AProgramThatIsNotThere) {
  const auto rpc = Rpc::start({"/nowhere/at-all"});
  ASSERT_FALSE(rpc);
  EXPECT_THAT(rpc.error(), HasSubstr("/nowhere/at-all cannot be started"));
}

TEST(Rpc, ACallIsALineAndItsAnswerIsAnother) {
  const auto rpc =
      shell(R"(read line; echo "$line" >&2; echo '{"jsonrpc":"2.0","id":1,"result":{"taken":3}}'; read line)");
  const auto answer = rpc->call("send", {{"socket", 7}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->at("taken"), 3);
  rpc->give_up("done");
  EXPECT_THAT(rpc->broken(), HasSubstr(R"({"id":1,"jsonrpc":"2.0","method":"send","params":{"socket":7}})"));
}

TEST(Rpc, NotificationsComeBeforeTheAnswer) {
  const auto rpc = shell(R"(read line; echo '{"method":"packet","params":{"octets":"00"}}'; echo '{"method":"event"}'
                            echo '{"id":1,"result":{}}'; read line)");
  std::string seen;
  rpc->on_told([&](const std::string& method, const Json& params) { seen += method + params.dump(); });
  EXPECT_TRUE(rpc->call("advance", {}));
  EXPECT_EQ(seen, R"(packet{"octets":"00"}event{})");
}

TEST(Rpc, AnErrorIsHandedOn) {
  const auto rpc =
      shell(R"(read line; echo '{"id":1,"error":{"code":1,"message":"no","data":{"errno":"EAGAIN"}}}'; read line)");
  const auto answer = rpc->call("accept", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 1);
  EXPECT_EQ(answer.error().message, "no");
  EXPECT_EQ(answer.error().data.at("errno"), "EAGAIN");
  EXPECT_EQ(rpc->broken(), "");
}

TEST(Rpc, WhatAProgramMayNotDo) {
  EXPECT_EQ(problem("echo oh no >&2; exit 3"), "the adapter is gone (it ended with code 3); it said: oh no");
  EXPECT_THAT(problem("exec sleep 100"), StartsWith("the adapter has not answered for 300 ms"));
  EXPECT_THAT(problem("echo hello; read line"), StartsWith("the adapter has sent what is no JSON object: hello"));
  EXPECT_THAT(problem("echo '[1]'; read line"), StartsWith("the adapter has sent what is no JSON object: [1]"));
  for (const char* line : {R"({"id":2,"result":{}})", R"({"result":{}})", R"({"id":1})",
                           R"({"id":1,"result":{},"error":{"code":1,"message":""}})", R"({"id":1,"method":"x"})"}) {
    EXPECT_THAT(problem(std::string("echo '") + line + "'; read line; read line"),
                StartsWith("the adapter has sent what is neither the answer to the last call nor a notification"))
        << line;
  }
  const std::string deep = "{\"id\":1,\"result\":" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_THAT(problem("echo '" + deep + "'; read line; read line"),
              StartsWith("the adapter has sent what is no JSON object"));
  for (const char* error : {"17", R"({"code":4294967296,"message":""})", R"({"code":0,"message":""})",
                            R"({"code":"1","message":""})", R"({"code":1})"}) {
    EXPECT_THAT(problem(std::string(R"(echo '{"id":1,"error":)") + error + "}'; read line; read line"),
                StartsWith("the adapter has sent an error without a code and a message"))
        << error;
  }
  EXPECT_THAT(problem("head -c 5000 /dev/zero | tr '\\0' x; read line; read line"),
              StartsWith("the adapter has sent a line of over 1000 octets"));
  EXPECT_THAT(problem(R"(while echo '{"method":"event"}'; do :; done)"),
              StartsWith("the adapter has sent 20 messages and not the answer"));
}

TEST(Rpc, AProgramThatDoesNotRead) {
  const auto rpc = shell("exec sleep 100");
  const auto answer = rpc->call("x", {{"octets", std::string(4'000'000, '0')}});
  ASSERT_FALSE(answer);
  EXPECT_THAT(rpc->broken(), StartsWith("the adapter has read nothing for 300 ms"));
}

TEST(Rpc, ALineAsItIs) {
  const auto rpc = shell(R"(read line; echo '{"id":null,"error":{"code":-32700,"message":"no JSON"}}'
                            read line; echo '{"id":7,"error":{"code":-32600,"message":"no request"}}'; read line)");
  EXPECT_EQ(rpc->raw("{").error().code, kParseError);
  EXPECT_EQ(rpc->raw(R"({"id":7})").error().code, kInvalidRequest);
  EXPECT_EQ(rpc->broken(), "");
}

TEST(Rpc, ItEndsWhenItsInputDoes) {
  EXPECT_TRUE(shell("while read line; do :; done")->hang_up());
  EXPECT_FALSE(shell("exec sleep 100")->hang_up());
}

}  // namespace
}  // namespace finwait::target
