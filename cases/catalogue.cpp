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
const run::Chapter& fin_chapter();
const run::Chapter& challenge_chapter();
const run::Chapter& reopen_chapter();
const run::Chapter& crossing_chapter();
const run::Chapter& opening_chapter();
const run::Chapter& text_chapter();
const run::Chapter& window_chapter();
const run::Chapter& timestamps_chapter();
const run::Chapter& timeout_chapter();
const run::Chapter& icmp_chapter();
const run::Chapter& socket_chapter();
const run::Chapter& textbook_chapter();
const run::Chapter& timers_chapter();
const run::Chapter& impaired_chapter();
const run::Chapter& detect_chapter();

const run::Catalogue& cases::catalogue() {
  static const run::Catalogue all{
      &release_chapter(),
      &half_close_chapter(),
      &fin_chapter(),
      &duplicate_fin_chapter(),
      &fin_retransmission_chapter(),
      &crossing_chapter(),
      &abort_chapter(),
      &reset_chapter(),
      &challenge_chapter(),
      &time_wait_chapter(),
      &reopen_chapter(),
      &keepalive_chapter(),
      &timeout_chapter(),
      &timestamps_chapter(),
      &icmp_chapter(),
      &socket_chapter(),
      &opening_chapter(),
      &text_chapter(),
      &window_chapter(),
      &impaired_chapter(),
      &timers_chapter(),
      &textbook_chapter(),
  };
  return all;
}

const run::Chapter& cases::detection() { return detect_chapter(); }

}  // namespace finwait
