using System.Globalization;

namespace Seedance.Onnx.Latents;

/// <summary>Two positive whole numbers, without zeros in front, around a separator: how sizes and ratios are written.</summary>
internal static class SidePair
{
    public static bool TryParse(string? text, char separator, out int first, out int second)
    {
        first = second = 0;
        int middle = text?.IndexOf(separator, StringComparison.Ordinal) ?? -1;
        return middle > 0
            && int.TryParse(text.AsSpan(0, middle), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && int.TryParse(text.AsSpan(middle + 1), NumberStyles.None, CultureInfo.InvariantCulture, out second)
            && text![0] != '0'
            && text[middle + 1] != '0';
    }
}
