using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Cli;

/// <summary>
/// Options whose text is read here, so that a wrong one is refused in our words. Only the form is checked: what a pack can do with the
/// value is checked with the request, where all problems are reported at once.
/// </summary>
internal static class TextOption
{
    private const double LongestSeconds = 1e9;

    private delegate bool Reader<T>(string text, out T value);

    public static Option<bool> Json(string description) => new("--json") { Description = description };

    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) =>
        Create<string?>(name, helpName, description, "a text", aliases, static (string text, out string? value) => (value = text) is not null);

    public static Option<string?> File(string name, string helpName, string description, params string[] aliases) =>
        Create<string?>(name, helpName, description, "a path", aliases, static (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));

    public static Option<int?> Count(string name, string helpName, string description, int least = int.MinValue, int most = int.MaxValue)
    {
        string expected = least == int.MinValue ? "a whole number" : $"a whole number from {least} to {most}";
        return Create<int?>(name, helpName, description, expected, [], (string text, out int? value) =>
        {
            value = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;
            return value >= least && value <= most;
        });
    }

    public static Option<ulong?> Seed(string name, string description) =>
        Create<ulong?>(name, "N", description, "a whole number from 0", [], static (string text, out ulong? value) =>
        {
            value = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
            return value is not null;
        });

    public static Option<double?> Number(string name, string helpName, string description) =>
        Create<double?>(name, helpName, description, "a number", [], static (string text, out double? value) =>
        {
            value = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
            return value is not null;
        });

    public static Option<TimeSpan?> Seconds(string name, string description) =>
        Create<TimeSpan?>(name, "SECONDS", description, "a number of seconds", [], static (string text, out TimeSpan? value) =>
        {
            bool valid = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) <= LongestSeconds;
            value = valid ? TimeSpan.FromSeconds(number) : null;
            return valid;
        });

    public static Option<VideoSize?> Size(string name, string description) =>
        Create<VideoSize?>(name, "WxH", description, "a size in pixels such as 96x64", [], static (string text, out VideoSize? value) =>
        {
            value = VideoSize.TryParse(text, out VideoSize size) ? size : null;
            return value is not null;
        });

    public static Option<AspectRatio?> Ratio(string name, string description) =>
        Create<AspectRatio?>(name, "W:H", description, "a ratio such as 16:9", [], static (string text, out AspectRatio? value) =>
        {
            value = AspectRatio.TryParse(text, out AspectRatio ratio) ? ratio : null;
            return value is not null;
        });

    public static Option<SolverKind?> Solver(string name, string description)
    {
        Option<SolverKind?> option = Create<SolverKind?>(
            name, string.Join('|', SolverNames.All), description, $"one of {string.Join(", ", SolverNames.All)}", [], static (string text, out SolverKind? value) =>
            {
                value = SolverNames.TryParse(text, out SolverKind kind) ? kind : null;
                return value is not null;
            });
        option.CompletionSources.Add([.. SolverNames.All]);
        return option;
    }

    public static Option<ExecutionTarget?> Target(string name, string description)
    {
        Option<ExecutionTarget?> option = Create<ExecutionTarget?>(
            name, string.Join('|', ExecutionTarget.Names), description, $"one of {string.Join(", ", ExecutionTarget.Names)}", [],
            static (string text, out ExecutionTarget? value) =>
            {
                value = ExecutionTarget.TryParse(text, out ExecutionTarget target) ? target : null;
                return value is not null;
            });
        option.CompletionSources.Add([.. ExecutionTarget.Names]);
        return option;
    }

    public static Option<ComputePrecision?> Precision(string name, string description)
    {
        Option<ComputePrecision?> option = Create<ComputePrecision?>(
            name, string.Join('|', ComputePrecisionNames.All), description, $"one of {string.Join(", ", ComputePrecisionNames.All)}", [],
            static (string text, out ComputePrecision? value) =>
            {
                value = ComputePrecisionNames.TryParse(text, out ComputePrecision precision) ? precision : null;
                return value is not null;
            });
        option.CompletionSources.Add([.. ComputePrecisionNames.All]);
        return option;
    }

    private static Option<T> Create<T>(string name, string helpName, string description, string expected, string[] aliases, Reader<T> read) => new(name, aliases)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result =>
        {
            Token token = result.Tokens[^1];
            if (read(token.Value, out T value))
            {
                return value;
            }

            result.AddError($"{name} must be {expected}, but is '{token.Value}'.");
            return default;
        },
    };
}
