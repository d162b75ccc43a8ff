// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

namespace spandrel::cli {
namespace {

enum class Takes : uint8_t { kNothing, kWord, kChoice, kFile, kDirectory };

struct OptionInfo {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  Takes takes = Takes::kNothing;
  std::string choices;  // with blanks between
};

struct CommandInfo {
  std::string path;  // "spandrel store stat"
  std::vector<OptionInfo> options;
  std::vector<std::pair<std::string, std::string>> commands;  // below: name and help
  std::string choices;  // of its first argument, with blanks between
  bool takes_directory = false;
};

// What stands in braces in the type's name, "{table,json}": the check of the option wrote it.
std::string ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  const size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::string choices = type.substr(begin + 1, end - begin - 1);
  std::replace(choices.begin(), choices.end(), ',', ' ');
  return choices;
}

Takes TakesOf(const CLI::Option& option, const std::string& choices) {
  if (option.get_items_expected_max() == 0) return Takes::kNothing;
  if (!choices.empty()) return Takes::kChoice;
  const std::string type = option.get_type_name();
  if (type.find("FILE") != std::string::npos) return Takes::kFile;
  return type.find("DIR") != std::string::npos ? Takes::kDirectory : Takes::kWord;
}

OptionInfo Describe(const CLI::Option& option) {
  OptionInfo info;
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  info.help = option.get_description();
  info.choices = ChoicesOf(option);
  info.takes = TakesOf(option, info.choices);
  return info;
}

// The command and all below, each before those below it.
std::vector<CommandInfo> Describe(const CLI::App& app) {
  std::vector<std::pair<const CLI::App*, std::string>> waiting = {{&app, app.get_name()}};
  std::vector<CommandInfo> commands;
  for (size_t i = 0; i < waiting.size(); ++i) {
    const auto [one, path] = waiting[i];
    CommandInfo command{.path = path};
    for (const CLI::Option* option : one->get_options()) {
      const OptionInfo info = Describe(*option);
      if (!info.names.empty()) command.options.push_back(info);
      if (info.names.empty() && command.choices.empty()) command.choices = info.choices;
      if (info.names.empty() && option->get_name() == "DIR") command.takes_directory = true;
    }
    for (const CLI::App* below : one->get_subcommands([](const CLI::App*) { return true; })) {
      command.commands.emplace_back(below->get_name(), below->get_description());
      waiting.emplace_back(below, path + " " + below->get_name());
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

// The first sentence, on one line, for between single quotes.
std::string ShortHelp(const std::string& help) {
  std::string text = help.substr(0, std::min(help.find(". "), help.find(" (default")));
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\'', '"');
  return text;
}

std::string WordsOf(const CommandInfo& command) {
  std::string words = command.choices;
  const auto add = [&words](const std::string& word) {
    words += (words.empty() ? "" : " ") + word;
  };
  for (const auto& [name, help] : command.commands) add(name);
  for (const OptionInfo& option : command.options) {
    for (const std::string& name : option.names) add(name);
  }
  return words;
}

// "'a b --x'|'a b -x'", as cases of bash and zsh.
std::string PatternOf(const CommandInfo& command, const OptionInfo& option) {
  std::string pattern;
  for (const std::string& name : option.names) {
    pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : "|", command.path, name);
  }
  return pattern;
}

std::string PathPatterns(const std::vector<CommandInfo>& commands) {
  std::string patterns;
  for (size_t i = 1; i < commands.size(); ++i) {
    patterns += fmt::format("{}'{}'", i == 1 ? "" : "|", commands[i].path);
  }
  return patterns;
}

std::string BashScript(const std::vector<CommandInfo>& commands) {
  const std::string& name = commands[0].path;
  std::string script = fmt::format(
      "# bash completion of {0}: source it, or put it into bash-completion's folder as `{0}`.\n"
      "_{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} "
      "path={0} i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${{COMP_WORDS[i]}}\" in\n"
      "      {1}) path=\"$path ${{COMP_WORDS[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$path $previous\" in\n",
      name, PathPatterns(commands));
  for (const CommandInfo& command : commands) {
    for (const OptionInfo& option : command.options) {
      if (option.takes == Takes::kNothing) continue;
      std::string action = "return";
      if (option.takes == Takes::kChoice) {
        action =
            fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\")); return", option.choices);
      } else if (option.takes == Takes::kFile) {
        action = "COMPREPLY=($(compgen -f -- \"$current\")); return";
      } else if (option.takes == Takes::kDirectory) {
        action = "COMPREPLY=($(compgen -d -- \"$current\")); return";
      }
      script += fmt::format("    {}) {} ;;\n", PatternOf(command, option), action);
    }
  }
  script += "  esac\n  local words=\n  case \"$path\" in\n";
  for (const CommandInfo& command : commands) {
    script += fmt::format("    '{}') words='{}' ;;\n", command.path, WordsOf(command));
  }
  return script + fmt::format(
                      "  esac\n"
                      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                      "}}\n"
                      "complete -o default -F _{0} {0}\n",
                      name);
}

// A word and its help, for `_describe`.
std::string ZshWord(const std::string& word, const std::string& help) {
  std::string escaped;
  for (const char c : word) escaped += c == ':' ? "\\:" : std::string(1, c);
  return fmt::format(" '{}:{}'", escaped, ShortHelp(help));
}

std::string ZshScript(const std::vector<CommandInfo>& commands) {
  const std::string& name = commands[0].path;
  std::string script = fmt::format(
      "#compdef {0}\n"
      "# zsh completion of {0}: put it into a folder of $fpath as `_{0}`.\n"
      "_{0}() {{\n"
      "  local path_so_far={0} i\n"
      "  local -a found\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$path_so_far ${{words[i]}}\" in\n"
      "      {1}) path_so_far=\"$path_so_far ${{words[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path_so_far ${{words[CURRENT - 1]}}\" in\n",
      name, PathPatterns(commands));
  for (const CommandInfo& command : commands) {
    for (const OptionInfo& option : command.options) {
      if (option.takes == Takes::kNothing) continue;
      std::string action = "return";
      if (option.takes == Takes::kChoice)
        action = fmt::format("compadd -- {}; return", option.choices);
      if (option.takes == Takes::kFile) action = "_files; return";
      if (option.takes == Takes::kDirectory) action = "_files -/; return";
      script += fmt::format("    {}) {} ;;\n", PatternOf(command, option), action);
    }
  }
  script += "  esac\n  case \"$path_so_far\" in\n";
  for (const CommandInfo& command : commands) {
    script += fmt::format("    '{}') found=(", command.path);
    for (const auto& [word, help] : command.commands) script += ZshWord(word, help);
    for (const OptionInfo& option : command.options) {
      for (const std::string& word : option.names) script += ZshWord(word, option.help);
    }
    script += ")";
    if (!command.choices.empty()) script += "; compadd -- " + command.choices;
    if (command.takes_directory) script += "; _files -/";
    script += " ;;\n";
  }
  return script +
         fmt::format(
             "  esac\n"
             "  _describe {0} found\n"
             "}}\n"
             "# Found in $fpath it is the function itself; sourced it only makes it known.\n"
             "if [[ $funcstack[1] == _{0} ]]; then _{0} \"$@\"; else compdef _{0} {0}; fi\n",
             name);
}

// Holds on the command line of that command, not of those below it.
std::string FishCondition(const CommandInfo& command) {
  std::string condition;
  std::string_view rest = command.path;
  while (rest.find(' ') != std::string_view::npos) {
    rest.remove_prefix(rest.find(' ') + 1);
    condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                             rest.substr(0, rest.find(' ')));
  }
  if (command.commands.empty()) return condition;
  condition += condition.empty() ? "not __fish_seen_subcommand_from"
                                 : "; and not __fish_seen_subcommand_from";
  for (const auto& [name, help] : command.commands) condition += " " + name;
  return condition;
}

std::string FishOption(const std::string& start, const OptionInfo& option) {
  std::string line = start;
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes == Takes::kChoice) line += fmt::format(" -x -a '{}'", option.choices);
  if (option.takes == Takes::kWord) line += " -x";
  if (option.takes == Takes::kFile) line += " -r -F";
  if (option.takes == Takes::kDirectory) line += " -x -a '(__fish_complete_directories)'";
  return line + fmt::format(" -d '{}'\n", ShortHelp(option.help));
}

std::string FishScript(const std::vector<CommandInfo>& commands) {
  const std::string& name = commands[0].path;
  std::string script = fmt::format(
      "# fish completion of {0}: put it into ~/.config/fish/completions as `{0}.fish`.\n", name);
  for (const CommandInfo& command : commands) {
    const std::string start = fmt::format("complete -c {} -n '{}'", name, FishCondition(command));
    for (const auto& [word, help] : command.commands) {
      script += fmt::format("{} -f -a {} -d '{}'\n", start, word, ShortHelp(help));
    }
    if (!command.choices.empty()) script += fmt::format("{} -f -a '{}'\n", start, command.choices);
    for (const OptionInfo& option : command.options) script += FishOption(start, option);
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  const std::vector<CommandInfo> commands = Describe(app);
  if (shell == "bash") return BashScript(commands);
  if (shell == "zsh") return ZshScript(commands);
  return FishScript(commands);
}

}  // namespace spandrel::cli
