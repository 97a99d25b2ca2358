using System.Globalization;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Measurement;

namespace Seedance.Onnx.Cli;

/// <summary>The sweeps of bench: from a case, one like it for each value of an axis.</summary>
internal static class BenchSweep
{
    /// <summary>Changes a case to a value of an axis; null where the value is none.</summary>
    private delegate BenchmarkCase? Change(BenchmarkCase one, string value);

    private static readonly Dictionary<string, (string Expected, Change Change)> Known = new(StringComparer.Ordinal)
    {
        ["steps"] = ("whole numbers", static (one, value) => Whole(value) is { } steps ? one with { Request = one.Request with { Steps = steps } } : null),
        ["frames"] = ("whole numbers", static (one, value) => Whole(value) is { } frames ? one with { Request = one.Request with { Frames = frames, Duration = null } } : null),
        ["duration"] = ("numbers of seconds", static (one, value) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e6
            ? one with { Request = one.Request with { Frames = null, Duration = TimeSpan.FromSeconds(seconds) } }
            : null),
        ["size"] = ("sizes such as 96x64", static (one, value) => VideoSize.TryParse(value, out VideoSize size) ? one with { Request = one.Request with { Width = size.Width, Height = size.Height } } : null),
        ["precision"] = ($"some of {string.Join(", ", GraphPrecisionNames.All)}", static (one, value) => GraphPrecisionNames.TryParse(value, out GraphPrecision precision) ? one with { Precision = precision } : null),
        ["provider"] = ($"some of {string.Join(", ", ExecutionTarget.Names)}", static (one, value) => ExecutionTarget.TryParse(value, out ExecutionTarget target) ? one with { Target = target.Over(one.Target) } : null),
    };

    public static IReadOnlyCollection<string> Axes => Known.Keys;

    /// <summary>The cases of all sweeps.</summary>
    /// <param name="sweeps">"AXIS=V,V,…" each.</param>
    /// <param name="first">What is changed.</param>
    /// <exception cref="InvalidRequestException">An axis or a value is none; all of them are listed.</exception>
    public static IReadOnlyList<BenchmarkCase> CasesOf(IEnumerable<string> sweeps, BenchmarkCase first)
    {
        List<string> problems = [];
        List<BenchmarkCase> cases = [];
        foreach (string sweep in sweeps)
        {
            string[] parts = sweep.Split('=', 2);
            if (parts.Length < 2 || !Known.TryGetValue(parts[0], out (string Expected, Change Change) axis))
            {
                problems.Add($"--sweep must be one of {string.Join(", ", Axes)}, = and values with commas between, but is '{sweep}'.");
                continue;
            }

            foreach (string value in parts[1].Split(','))
            {
                if (axis.Change(first, value) is { } changed)
                {
                    cases.Add(changed with { Name = $"{parts[0]} {value}", Group = parts[0] });
                }
                else
                {
                    problems.Add($"--sweep {parts[0]} must have {axis.Expected}, but has '{value}'.");
                }
            }
        }

        return problems.Count == 0 ? cases : throw new InvalidRequestException(problems);
    }

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
