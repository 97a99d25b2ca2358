namespace Seedance.Onnx.Stages;

/// <summary>Between what FFmpeg has, rows of pixels with three bytes each, and what graphs have, planes of numbers from −1 to 1: x = byte / 127.5 − 1.</summary>
internal static class PixelPlanes
{
    /// <summary>Red, green, blue.</summary>
    public const int Colours = 3;

    /// <summary>What each byte is in a plane: to look it up takes less time than to divide.</summary>
    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(value => (value / 127.5f) - 1)];

    /// <summary>One colour of some pixels.</summary>
    /// <param name="pixels">[n, 3].</param>
    /// <param name="colour">Which of the three.</param>
    /// <param name="plane">[n]; written to.</param>
    public static void FromBytes(ReadOnlySpan<byte> pixels, int colour, Span<float> plane)
    {
        ReadOnlySpan<float> values = Values;
        pixels = pixels[..(plane.Length * Colours)];
        for (int x = 0, at = colour; x < plane.Length && at < pixels.Length; x++, at += Colours)
        {
            plane[x] = values[pixels[at]];
        }
    }

    /// <summary>One colour of some pixels, cut to 0 … 255 and rounded.</summary>
    /// <param name="plane">[n].</param>
    /// <param name="colour">Which of the three.</param>
    /// <param name="pixels">[n, 3]; every third byte is written to.</param>
    public static void ToBytes(ReadOnlySpan<float> plane, int colour, Span<byte> pixels)
    {
        pixels = pixels[..(plane.Length * Colours)];
        for (int x = 0, at = colour; x < plane.Length && at < pixels.Length; x++, at += Colours)
        {
            pixels[at] = (byte)MathF.Round((Math.Clamp(plane[x], -1f, 1f) + 1f) * 127.5f);
        }
    }
}
