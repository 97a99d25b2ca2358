using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Prompts;

/// <summary>A prompt as people write it: words, and flags such as "--ratio 16:9 --dur 5" among them. Immutable.</summary>
/// <remarks>
/// Flags are weak: they count where a request leaves something open, and one that makes no sense is passed over with a notice, never refused. The names are those
/// that Seedance's own service understands, long and short. A word with two dashes that is none of them stays a word.
/// </remarks>
public sealed partial record PromptText
{
    private PromptText()
    {
    }

    /// <summary>The prompt without its flags.</summary>
    public required string Words { get; init; }

    /// <summary>--resolution, --rs: a size in pixels; null if not written.</summary>
    public VideoSize? Size { get; private init; }

    /// <summary>--resolution, --rs written as 480p, 720p and so on: the short side in pixels; null if not written.</summary>
    public int? ShortSide { get; private init; }

    /// <summary>--ratio, --rt; null if not written, or "adaptive".</summary>
    public AspectRatio? Ratio { get; private init; }

    /// <summary>--duration, --dur, in seconds; null if not written.</summary>
    public TimeSpan? Duration { get; private init; }

    /// <summary>--frames; null if not written. Counts more than <see cref="Duration"/>.</summary>
    public int? Frames { get; private init; }

    /// <summary>--framespersecond, --fps; null if not written.</summary>
    public int? Fps { get; private init; }

    /// <summary>--seed; null if not written, or −1, which stands for any.</summary>
    public ulong? Seed { get; private init; }

    /// <summary>--camerafixed, --cf; null if not written.</summary>
    public bool? FixedCamera { get; private init; }

    /// <summary>--watermark, --wm; null if not written.</summary>
    public bool? Watermark { get; private init; }

    /// <summary>Flags that were passed over, and why: a sentence each.</summary>
    public ImmutableArray<string> Notices { get; private init; } = [];

    /// <summary>Takes the flags out of a prompt.</summary>
    /// <param name="prompt">The prompt as written; null is empty.</param>
    /// <returns>Words and flags. The last of equal flags counts.</returns>
    public static PromptText Parse(string? prompt)
    {
        string text = prompt ?? "";
        PromptText parsed = new() { Words = text };
        StringBuilder words = new();
        int after = 0;
        foreach (Match flag in Flag().Matches(text))
        {
            parsed = parsed.With(flag.Groups["name"].Value.ToLowerInvariant(), flag.Groups["value"].Value);
            _ = words.Append(text.AsSpan(after, flag.Index - after).TrimEnd());
            after = flag.Index + flag.Length;
        }

        // Without flags the words stay as they are, character by character: a seed then means what it meant.
        return after == 0 ? parsed : parsed with { Words = words.Append(text.AsSpan(after)).ToString().Trim() };
    }

    private PromptText With(string name, string value)
    {
        PromptText? with = name switch
        {
            "resolution" or "rs" => VideoSize.TryParse(value, out VideoSize size) ? this with { Size = size, ShortSide = null }
                : value is [.., 'p' or 'P'] && Whole(value[..^1]) is > 0 and var side ? this with { ShortSide = side, Size = null } : null,
            "ratio" or "rt" => value == "adaptive" ? this with { Ratio = null } : AspectRatio.TryParse(value, out AspectRatio ratio) ? this with { Ratio = ratio } : null,
            "duration" or "dur" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e6
                ? this with { Duration = TimeSpan.FromSeconds(seconds) } : null,
            "frames" => Whole(value) is > 0 and var frames ? this with { Frames = frames } : null,
            "framespersecond" or "fps" => Whole(value) is > 0 and var fps ? this with { Fps = fps } : null,
            "seed" => value == "-1" ? this with { Seed = null }
                : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? this with { Seed = seed } : null,
            "camerafixed" or "cf" => Truth(value) is { } isFixed ? this with { FixedCamera = isFixed } : null,
            _ => Truth(value) is { } watermark ? this with { Watermark = watermark } : null,
        };
        return with ?? this with { Notices = Notices.Add($"--{name} in the prompt is passed over: {(value.Length > 0 ? $"'{value}' is" : "nothing after it is")} no value of it.") };
    }

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static bool? Truth(string text) => bool.TryParse(text, out bool truth) ? truth : null;

    [GeneratedRegex(
        @"(?<!\S)--(?<name>resolution|rs|ratio|rt|duration|dur|frames|framespersecond|fps|seed|camerafixed|cf|watermark|wm)((=|[ \t]+)(?<value>(?!--)\S+)|(?=\s|$))",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Flag();
}
