#include "cases/catalogue.hpp"

namespace finwait {

const run::Chapter& release_chapter();
const run::Chapter& half_close_chapter();
const run::Chapter& duplicate_fin_chapter();
const run::Chapter& fin_retransmission_chapter();
const run::Chapter& abort_chapter();
const run::Chapter& reset_chapter();
const run::Chapter& time_wait_chapter();
const run::Chapter& keepalive_chapter();
const run::Chapter& seldom_chapter();
const run::Chapter& timers_chapter();
const run::Chapter& detect_chapter();

const run::Catalogue& cases::catalogue() {
  static const run::Catalogue all{
      &release_chapter(), &half_close_chapter(), &duplicate_fin_chapter(), &fin_retransmission_chapter(),
      &abort_chapter(),   &reset_chapter(),      &time_wait_chapter(),     &keepalive_chapter(),
      &seldom_chapter(),  &timers_chapter(),
  };
  return all;
}

const run::Chapter& cases::detection() { return detect_chapter(); }

}  // namespace finwait
