// A run that is told as records and reported elsewhere reads as it does here.
#include "harness/run/record.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cases/catalogue.hpp"
#include "harness/report/json.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait::run {
namespace {

struct Told {
  std::vector<Instance> plan;
  std::string here;     // the JSON of the run itself
  std::string records;  // what was told of it
  RunInfo info;
  model::Profile profile;
};

const Told& told() {
  static const Told one = [] {
    Told t;
    t.plan = select(instances(cases::catalogue()), {"release/**", "keepalive/unanswered/**", "reset/**"}, {}).value();
    testing::FakeLab lab(testing::Defects{*testing::find_defect("ack-off-by-one")});
    report::Json json("");
    Recorder recorder([&](std::string_view octets) { t.records += octets; });
    struct Keep : Observer {
      explicit Keep(Told& t) : told(t) {}
      void run_started(const RunInfo& info) override { told.info = info, told.profile = *info.profile; }
      Told& told;
    } keep(t);
    Runner runner(lab, {}, {&json, &recorder, &keep}, {});
    EXPECT_TRUE(runner.run(t.plan, {}));
    t.here = json.text();
    return t;
  }();
  return one;
}

RecordReader::Lookup lookup(const Told& t) {
  return [&t](const std::string& id) -> const Instance* {
    const auto found = std::ranges::find(t.plan, id, &Instance::id);
    return found == t.plan.end() ? nullptr : &*found;
  };
}

TEST(Records, TellARunAsItWas) {
  const Told& t = told();
  for (const std::size_t piece : {std::size_t{1} << 30, std::size_t{1000}, std::size_t{7}}) {
    report::Json there("");
    RecordReader reader(lookup(t));
    RunInfo info = t.info;
    info.plan.clear();
    for (const auto& instance : t.plan) info.plan.push_back(&instance);
    info.profile = &t.profile;
    for (std::size_t at = 0; at < t.records.size(); at += piece) {
      reader.feed(std::string_view(t.records).substr(at, piece));
      for (;;) {
        auto record = reader.next();
        ASSERT_TRUE(record) << record.error();
        if (!*record) break;
        if (const auto* start = std::get_if<RecordedStart>(&**record)) {
          EXPECT_EQ(start->target, t.info.target);
          EXPECT_EQ(start->target_version, t.info.target_version);
          EXPECT_EQ(start->tick, t.profile.tick);
          info.started = start->started;
          there.run_started(info);
        } else if (auto* one = std::get_if<RecordedResult>(&**record)) {
          one->result.transcript = &one->transcript;
          there.case_finished(one->result);
        } else {
          there.run_finished(std::get<Totals>(**record));
        }
      }
    }
    EXPECT_EQ(there.text(), t.here);
  }
}

TEST(Records, MayBeCutOffAnywhere) {
  const Told& t = told();
  for (std::size_t size = 0; size < 3000; size += 13) {
    RecordReader reader(lookup(t));
    reader.feed(std::string_view(t.records).substr(0, size));
    for (;;) {
      const auto record = reader.next();
      ASSERT_TRUE(record) << record.error();
      if (!*record) break;
    }
  }
}

RC_GTEST_PROP(Records, ThatAreDamagedAreRefusedAndNoMore, ()) {
  const Told& t = told();
  std::string damaged = t.records.substr(0, 60000);
  const auto count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; i++)
    damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())] = *rc::gen::arbitrary<char>();
  RecordReader reader(lookup(t));
  reader.feed(damaged);
  for (;;) {
    const auto record = reader.next();
    if (!record) {
      RC_ASSERT(!record.error().empty());
      break;
    }
    if (!*record) break;
  }
}

}  // namespace
}  // namespace finwait::run
