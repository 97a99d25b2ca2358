using System.CommandLine;
using System.CommandLine.Parsing;

namespace Seedance.Onnx.Cli;

/// <summary>What is wrong with a command line, in the words of this program.</summary>
internal static class UsageProblems
{
    public static IReadOnlyList<string> Find(ParseResult parsed)
    {
        List<string> problems = [.. UnknownOptions(parsed).Select(option => $"'{option}' must be an option of this command, but is not. {Hint(parsed)}")];
        if (problems.Count > 0)
        {
            // What follows an unknown option was read as something that it is not: more would only confuse.
            return problems;
        }

        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [string word, ..])
        {
            return [command switch
            {
                { Subcommands: { Count: > 0 } commands } =>
                    $"The command must be one of {string.Join(", ", commands.Select(sub => sub.Name))}, but is '{word}'. {Hint(parsed)}",
                { Arguments: [{ Name: var name }] } => $"{name} must be one argument, but '{word}' follows it. Put it in quotes: \"a red ball\".",
                _ => $"'{command.Name}' must be followed by options only, but '{word}' follows. {Hint(parsed)}",
            }];
        }

        return [.. parsed.Errors.Select(error => Describe(error, command, parsed))];
    }

    private static string Describe(ParseError error, Command command, ParseResult parsed)
    {
        Argument? missing = command.Arguments.FirstOrDefault(argument => parsed.GetResult(argument)?.Tokens.Count is null or 0);
        return missing is not null && error.SymbolResult is not OptionResult && error.Message.Contains("missing", StringComparison.Ordinal)
            ? $"{missing.Name} must be given, but is missing. {Hint(parsed)}"
            : error.Message;
    }

    /// <summary>Words that look like options, but were taken for arguments. After "--" every word is an argument.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        HashSet<string> plain = [.. parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value)];
        IEnumerable<Token> taken = parsed.CommandResult.Command.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? []);
        return taken.Select(token => token.Value).Concat(parsed.UnmatchedTokens).Where(word => word is ['-', _, ..] && !plain.Contains(word));
    }

    private static string Hint(ParseResult parsed)
    {
        string command = parsed.CommandResult.Command.Name;
        return $"See: seedance {(command == SeedanceCommand.Name ? "" : command + " ")}--help";
    }
}
