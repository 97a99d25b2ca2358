using System.Globalization;
using System.Text;

namespace Seedance.Onnx.Cli;

/// <summary>Names a video whose name was not given: after its prompt and seed.</summary>
internal static class OutputName
{
    // File systems take 255 bytes; the seed, a number and the extension come on top.
    private const int MaxBytes = 80;

    /// <summary>A name that no file in the folder has.</summary>
    /// <param name="prompt">What the video shows.</param>
    /// <param name="seed">Its seed.</param>
    /// <param name="folder">Where it goes.</param>
    /// <returns>A full path, such as "…/a-red-ball-7.mp4", or "…/a-red-ball-7-2.mp4" when that is taken.</returns>
    public static string Choose(string prompt, ulong seed, string folder)
    {
        string stem = string.Create(CultureInfo.InvariantCulture, $"{Slug(prompt)}-{seed}");
        return Enumerable.Range(1, int.MaxValue)
            .Select(number => Path.Combine(folder, number == 1 ? $"{stem}.mp4" : string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}.mp4")))
            .First(path => !Path.Exists(path));
    }

    /// <summary>The letters and digits of a text, in lower case, with a dash for everything between them.</summary>
    private static string Slug(string text)
    {
        StringBuilder slug = new();
        bool gap = false;
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsPartOfWord(rune))
            {
                gap = slug.Length > 0;
                continue;
            }

            bytes += rune.Utf8SequenceLength + (gap ? 1 : 0);
            if (bytes > MaxBytes)
            {
                break;
            }

            _ = gap ? slug.Append('-') : slug;
            _ = slug.Append(Rune.ToLowerInvariant(rune));
            gap = false;
        }

        return slug.Length > 0 ? slug.ToString() : "video";
    }

    private static bool IsPartOfWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
