// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>

#include "cli/options.h"

namespace spandrel::cli {
namespace {

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    app_.add_subcommand("store", "Look")
        ->add_subcommand("stat", "It's a print")
        ->add_option("DIR", text_);
    AddCommands(app_, &options_);
  }

  std::string text_;
  CommandOptions options_;
  CLI::App app_{"", "spandrel"};
};

TEST_F(CompletionTest, BashKnowsCommandsOptionsAndChoices) {
  const std::string script = CompletionScript(app_, "bash");
  for (const char* part :
       {"complete -o default -F _spandrel spandrel", "'spandrel store stat'",
        "'spandrel query --format') COMPREPLY=($(compgen -W 'table json otlp'",
        "'spandrel query --token-file') COMPREPLY=($(compgen -f",
        "'spandrel trace --data') COMPREPLY=($(compgen -d", "'spandrel tail --overlap') return"}) {
    EXPECT_NE(script.find(part), std::string::npos) << part << " in\n" << script;
  }
  EXPECT_EQ(script.find("'spandrel tail --data'"), std::string::npos);
}

TEST_F(CompletionTest, OtherShellsKnowTheHelpToo) {
  const std::string zsh = CompletionScript(app_, "zsh");
  EXPECT_TRUE(zsh.starts_with("#compdef spandrel\n"));
  EXPECT_NE(zsh.find("Print this help message and exit'); _files -/ ;;"), std::string::npos) << zsh;
  EXPECT_NE(zsh.find("'stat:It\"s a print'"), std::string::npos) << zsh;
  const std::string fish = CompletionScript(app_, "fish");
  EXPECT_NE(fish.find("complete -c spandrel -n '__fish_seen_subcommand_from query' -l format -x -a "
                      "'table json otlp'"),
            std::string::npos)
      << fish;
}

}  // namespace
}  // namespace spandrel::cli
