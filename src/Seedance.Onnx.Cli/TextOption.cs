using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Prompts;
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

    /// <summary>A size in pixels, or a resolution's name.</summary>
    public static Option<string?> Resolution(string name, string description) =>
        Create<string?>(name, "WxH|NAME", description, "a size in pixels such as 96x64, or a name such as 720p", [], static (string text, out string? value) =>
            VideoSize.TryParse(value = text, out _) || (text is [>= '1' and <= '9', .. var digits, 'p' or 'P'] && digits.All(char.IsAsciiDigit)));

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

    public static Option<SolverKind?> Solver(string name, string description) => Choice<SolverKind?>(
        name, description, SolverNames.All, static (string text, out SolverKind? value) =>
        {
            value = SolverNames.TryParse(text, out SolverKind kind) ? kind : null;
            return value is not null;
        });

    public static Option<NoiseInterval?> Interval(string name, string description) =>
        Create<NoiseInterval?>(name, "LOW..HIGH", description, "two noise levels from 0 to 1 such as 0.2..0.8", [], static (string text, out NoiseInterval? value) =>
        {
            value = NoiseInterval.TryParse(text, out NoiseInterval interval) ? interval : null;
            return value is not null;
        });

    public static Option<CameraMove?> Camera(string name, string description) => Choice<CameraMove?>(
        name, description, CameraNames.All, static (string text, out CameraMove? value) =>
        {
            value = CameraNames.TryParse(text, out CameraMove move) ? move : null;
            return value is not null;
        });

    public static Option<string?> Codec(string name, string description) => Choice<string?>(
        name, description, VideoFormat.Codecs, static (string text, out string? value) => VideoFormat.Codecs.Contains(value = text));

    /// <summary>Files, one each time that the option is written.</summary>
    public static Option<IReadOnlyList<string>> Files(string name, string helpName, string description) =>
        Many(name, helpName, description, "a path", static (string text, out string value) => !string.IsNullOrWhiteSpace(value = text));

    public static Option<ExecutionTarget?> Target(string name, string description) => Choice<ExecutionTarget?>(
        name, description, ExecutionTarget.Names, static (string text, out ExecutionTarget? value) =>
        {
            value = ExecutionTarget.TryParse(text, out ExecutionTarget target) ? target : null;
            return value is not null;
        });

    public static Option<GraphTarget?> GraphTarget(string name, string description) => Choice<GraphTarget?>(
        name, description, GraphTargetNames.All, static (string text, out GraphTarget? value) =>
        {
            value = GraphTargetNames.TryParse(text, out GraphTarget target) ? target : null;
            return value is not null;
        });

    public static Option<ComputePrecision?> ComputePrecision(string name, string description) => Choice<ComputePrecision?>(
        name, description, ComputePrecisionNames.All, static (string text, out ComputePrecision? value) =>
        {
            value = ComputePrecisionNames.TryParse(text, out ComputePrecision precision) ? precision : null;
            return value is not null;
        });

    public static Option<GraphPrecision?> Precision(string name, string description) => Choice<GraphPrecision?>(
        name, description, GraphPrecisionNames.All, static (string text, out GraphPrecision? value) =>
        {
            value = GraphPrecisionNames.TryParse(text, out GraphPrecision precision) ? precision : null;
            return value is not null;
        });

    public static Option<NumberFormat?> NumberFormat(string name, string description) => Choice<NumberFormat?>(
        name, description, NumberFormatNames.All, static (string text, out NumberFormat? value) =>
        {
            value = NumberFormatNames.TryParse(text, out NumberFormat format) ? format : null;
            return value is not null;
        });

    /// <summary>Texts, one each time that the option is written.</summary>
    public static Option<IReadOnlyList<string>> Texts(string name, string helpName, string description) =>
        Many(name, helpName, description, "a text that is not empty", static (string text, out string value) => !string.IsNullOrWhiteSpace(value = text));

    /// <summary>Names with paths: "pixels=in.npy".</summary>
    public static Option<IReadOnlyList<KeyValuePair<string, string>>> NamedFiles(string name, string helpName, string description) =>
        Many(name, helpName, description, "a name, = and a path", static (string text, out KeyValuePair<string, string> value) => TrySplit(text, text.IndexOf('='), out value));

    /// <summary>Names with lengths: "B=1" or, with several, "pixels=1,3,64,64".</summary>
    public static Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> NamedLengths(string name, string helpName, string description, bool several)
    {
        string expected = several ? "a name, = and lengths, such as pixels=1,3,64,64" : "a name, = and a length, such as B=1";
        return Many(name, helpName, description, expected, (string text, out KeyValuePair<string, ImmutableArray<long>> value) =>
        {
            bool named = TrySplit(text, text.LastIndexOf('='), out KeyValuePair<string, string> pair);
            long?[] lengths = named
                ? [.. pair.Value.Split(',').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long length) && length is > 0 and <= int.MaxValue ? length : (long?)null)]
                : [];
            value = KeyValuePair.Create(pair.Key, lengths.Select(length => length ?? 0).ToImmutableArray());
            return named && Array.TrueForAll(lengths, length => length is not null) && (several || lengths.Length == 1);
        });
    }

    private static bool TrySplit(string text, int at, out KeyValuePair<string, string> pair)
    {
        bool split = at > 0 && at < text.Length - 1;
        pair = split ? KeyValuePair.Create(text[..at], text[(at + 1)..]) : default;
        return split;
    }

    private static Option<T> Choice<T>(string name, string description, IReadOnlyList<string> names, Reader<T> read)
    {
        Option<T> option = Create(name, string.Join('|', names), description, $"one of {string.Join(", ", names)}", [], read);
        option.CompletionSources.Add([.. names]);
        return option;
    }

    private static Option<IReadOnlyList<T>> Many<T>(string name, string helpName, string description, string expected, Reader<T> read) => new(name)
    {
        HelpName = helpName,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            List<T> values = [];
            foreach (Token token in result.Tokens)
            {
                if (read(token.Value, out T value))
                {
                    values.Add(value);
                }
                else
                {
                    result.AddError($"{name} must be {expected}, but is '{token.Value}'.");
                }
            }

            return values;
        },
    };

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
