using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Seedance.Onnx.Prompts;

/// <summary>
/// The ways in which one prompt tells several shots: numbered, "[Shot 1] … [Shot 2] …" and "镜头1:… 镜头2:…", or joined by cuts, "…, then cut to …" and
/// "……,然后切换到……".
/// </summary>
internal static partial class ShotNotation
{
    private const string Digits = "零一二三四五六七八九十";
    private static readonly char[] Ends = [' ', '\t', '\r', '\n', '.', '。', ',', '，', ';', '；'];

    /// <summary>Splits a prompt into the captions of its shots.</summary>
    /// <param name="words">The prompt without flags.</param>
    /// <param name="problems">Where a numbering that makes no sense goes, and a shot that says nothing.</param>
    /// <returns>The captions in order; the prompt as it is where it tells one shot. What stands before the first number is said of every shot.</returns>
    public static ImmutableArray<string> Split(string words, List<string> problems)
    {
        MatchCollection markers = Marker().Matches(words);
        ImmutableArray<string> captions = markers.Count > 0 ? SplitNumbered(words, markers, problems) : SplitCuts(words);
        if (captions.Length > 1)
        {
            problems.AddRange(captions.Index().Where(shot => shot.Item.Length == 0)
                .Select(shot => $"Shot {shot.Index + 1} of the prompt must say what it shows, but is empty. Describe it, or leave it out."));
        }

        return captions;
    }

    /// <summary>Whether a prompt is written in a notation of several shots.</summary>
    public static bool IsUsed(string words) => Marker().IsMatch(words) || SplitCuts(words).Length > 1;

    private static ImmutableArray<string> SplitNumbered(string words, MatchCollection markers, List<string> problems)
    {
        int[] numbers = [.. markers.Select(marker => Number(marker.Groups["number"].Value))];
        if (!numbers.SequenceEqual(Enumerable.Range(1, numbers.Length)))
        {
            problems.Add($"Shots of the prompt must be numbered 1, 2, 3 and so on, but are numbered {string.Join(", ", numbers)}. Number them in order.");
        }

        string common = words[..markers[0].Index].Trim(Ends);
        return [.. markers.Select((marker, index) =>
        {
            int begin = marker.Index + marker.Length, end = index + 1 < markers.Count ? markers[index + 1].Index : words.Length;
            return Caption.Join(common, words[begin..end].Trim(Ends));
        })];
    }

    private static ImmutableArray<string> SplitCuts(string words)
    {
        string[] parts = Cut().Split(words);
        return parts.Length == 1 ? [words] : [.. parts.Select(part => part.Trim(Ends))];
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : Digits.IndexOf(text[0], StringComparison.Ordinal);

    // A bare "Shot 1:" or "镜头1:" needs its colon, and a place where a sentence may begin: "the shot 1 m away" is no marker.
    [GeneratedRegex(
        @"[\[【]\s*(shot|镜头)\s*(?<number>\d{1,3}|[一二三四五六七八九十])\s*[\]】]\s*[:：]?|((?<=^|[\s.,;])shot\s+|镜头\s*)(?<number>\d{1,3}|[一二三四五六七八九十])\s*[:：]",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Marker();

    // No pattern begins with spaces: a run of them would be tried from each of its places.
    // "cut to" alone could be said of hair: it counts after a stop, or after "then".
    [GeneratedRegex(
        @"(?:[,;.]\s*(?:and\s+)?(?:then\s+)?|(?<=\s)(?:and\s+)?then\s+)cut\s+to\b:?|然后切换到[:：]?|[,，;；。.]\s*切换到[:：]?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Cut();
}
