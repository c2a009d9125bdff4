#include "harness/target/local_kernel.hpp"
#include "harness/run/runner.hpp"
#include "harness/report/console.hpp"
#include "cases/catalogue.hpp"
int main(int argc,char**argv){
  finwait::target::LocalLab lab;
  finwait::report::Console console(stdout,{.verbose=argc>2});
  auto all=finwait::run::instances(finwait::cases::catalogue());
  std::vector<std::string> sel; if(argc>1) sel.push_back(argv[1]);
  auto plan=finwait::run::select(all,sel,{});
  if(!plan){fprintf(stderr,"%s\n",plan.error().c_str());return 2;}
  finwait::run::Runner r(lab,{},{&console},{});
  auto t=r.run(*plan,{});
  if(!t){fprintf(stderr,"%s\n",t.error().c_str());return 3;}
}
